/*
 * prctl: names, dumpable, no_new_privs, the signal at the parent's death, bad
 * arguments; what fork and exec keep.
 *
 * native: no
 *
 * From prctl(2).
 */
#include "check.h"
#include <sys/prctl.h>

static void names(void)
{
	char name[32];

	VALUE(prctl(PR_SET_NAME, "short"));
	VALUE(prctl(PR_GET_NAME, name));
	say("name: %s", name);
	VALUE(prctl(PR_SET_NAME, "a name of more than sixteen"));
	VALUE(prctl(PR_GET_NAME, name));
	say("name: %s", name);
	VALUE(prctl(PR_SET_NAME, ""));
	VALUE(prctl(PR_GET_NAME, name));
	say("name: <%s>", name);
	VALUE(prctl(PR_SET_NAME, nowhere));
	VALUE(prctl(PR_GET_NAME, nowhere));
	MUST(prctl(PR_SET_NAME, "parent"));
	if (MUST(fork()) == 0) {
		MUST(prctl(PR_GET_NAME, name));
		say("a child's: %s", name);
		MUST(prctl(PR_SET_NAME, "child"));
		_exit(0);
	}
	MUST(wait(NULL));
	MUST(prctl(PR_GET_NAME, name));
	say("ours: %s", name);
}

static void arguments(void)
{
	int value = 7;

	VALUE(prctl(PR_SET_PDEATHSIG, 65));
	VALUE(prctl(PR_SET_PDEATHSIG, -1));
	VALUE(prctl(PR_SET_PDEATHSIG, 64));
	VALUE(prctl(PR_GET_PDEATHSIG, &value));
	VALUE_OF("signal", value);
	VALUE(prctl(PR_GET_PDEATHSIG, nowhere));
	VALUE(prctl(PR_SET_PDEATHSIG, 0));
	VALUE(prctl(PR_GET_DUMPABLE));
	VALUE(prctl(PR_SET_DUMPABLE, 2));
	VALUE(prctl(PR_SET_DUMPABLE, -1));
	VALUE(prctl(PR_SET_DUMPABLE, 0));
	VALUE(prctl(PR_GET_DUMPABLE));
	VALUE(prctl(PR_SET_DUMPABLE, 1));
	VALUE(prctl(PR_SET_CHILD_SUBREAPER, 1));
	VALUE(prctl(PR_GET_CHILD_SUBREAPER, &value));
	VALUE_OF("subreaper", value);
	VALUE(prctl(PR_GET_CHILD_SUBREAPER, nowhere));
	VALUE(prctl(PR_SET_CHILD_SUBREAPER, 0));
	VALUE(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	VALUE(prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0));
	VALUE(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
	VALUE(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
	VALUE(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	VALUE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	VALUE(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	VALUE(prctl(0x7fffffff));
	VALUE(prctl(-1));
}

static void inherited(void)
{
	int value;

	MUST(prctl(PR_SET_PDEATHSIG, SIGUSR1));
	MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
	MUST(prctl(PR_SET_DUMPABLE, 0));
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (MUST(fork()) == 0) {
		MUST(prctl(PR_GET_PDEATHSIG, &value));
		VALUE_OF("a child's signal", value);
		MUST(prctl(PR_GET_CHILD_SUBREAPER, &value));
		VALUE_OF("a child is a subreaper", value);
		VALUE_OF("a child is dumpable", prctl(PR_GET_DUMPABLE));
		VALUE_OF("a child's no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
		_exit(0);
	}
	MUST(wait(NULL));
}

/* The parent ends, the grandchild gets the signal; we are its subreaper. */
static void death(void)
{
	int go[2], status;
	char byte;

	MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
	MUST(pipe(go));
	if (MUST(fork()) == 0) {
		if (MUST(fork()) == 0) {
			MUST(prctl(PR_SET_PDEATHSIG, SIGUSR2));
			MUST(write(go[1], "r", 1));
			for (;;)
				pause();
		}
		MUST(read(go[0], &byte, 1));
		_exit(5);
	}
	MUST(wait(&status));
	say("the parent: %s", status_text(status));
	MUST(wait(&status));
	say("its child: %s", status_text(status));
}

static void change_of_ids(void)
{
	int value;

	MUST(prctl(PR_SET_PDEATHSIG, SIGUSR1));
	MUST(setresuid(-1, -1, 5));
	MUST(prctl(PR_GET_PDEATHSIG, &value));
	say("saved uid changed: signal %d, dumpable %d", value, prctl(PR_GET_DUMPABLE));
	MUST(setresuid(-1, 6, -1));
	MUST(prctl(PR_GET_PDEATHSIG, &value));
	say("effective uid changed: signal %d, dumpable %d", value, prctl(PR_GET_DUMPABLE));
}

/* What another process of the user may look at. */
static void look(void)
{
	char name[64], link[64];
	void *robust_list;
	size_t size;
	int ready[2], go[2];
	char byte;
	pid_t pid;

	MUST(setresuid(5, 5, 5));
	MUST(prctl(PR_SET_DUMPABLE, 1));
	MUST(pipe(ready));
	MUST(pipe(go));
	pid = MUST(fork());
	if (pid == 0) {
		MUST(write(ready[1], "r", 1));
		MUST(read(go[0], &byte, 1));
		MUST(prctl(PR_SET_DUMPABLE, 0));
		MUST(write(ready[1], "r", 1));
		for (;;)
			pause();
	}
	for (int round = 0; round < 2; round++) {
		MUST(read(ready[0], &byte, 1));
		snprintf(name, sizeof(name), "/proc/%d/environ", pid);
		OK_OF(round ? "environ, not dumpable" : "environ", open(name, O_RDONLY));
		snprintf(name, sizeof(name), "/proc/%d/exe", pid);
		OK_OF("exe", readlink(name, link, sizeof(link)));
		snprintf(name, sizeof(name), "/proc/%d/stat", pid);
		OK_OF("stat", open(name, O_RDONLY));
		OK_OF("robust list", syscall(SYS_get_robust_list, pid, &robust_list, &size));
		if (round == 0)
			MUST(write(go[1], "g", 1));
	}
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, NULL, 0));
}

int main(void)
{
	in_child("names", names);
	in_child("arguments", arguments);
	in_child("inherited", inherited);
	in_child("death", death);
	in_child("ids", change_of_ids);
	in_child("look", look);
	return 0;
}
