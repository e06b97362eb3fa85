/*
 * Who may look at whose /proc/PID: by the owner of the files, and by the rule of ptrace(2),
 * "Ptrace access mode checking". After setuid without exec a process is not dumpable: its files
 * are root's, yet it may look at its own.
 *
 * From proc(5), prctl(2) PR_SET_DUMPABLE.
 * root: yes
 */
#include "check.h"

#include <sys/prctl.h>

static const char *how(int result)
{
	return result == -1 ? errno_text(errno) : "ok";
}

static const char *try_open(pid_t pid, const char *file)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/%d/%s", pid, file);
	int fd = open(name, O_RDONLY);
	const char *text = how(fd);

	if (fd >= 0)
		close(fd);
	return text;
}

static const char *try_link(pid_t pid, const char *file)
{
	char name[64], target[256];

	snprintf(name, sizeof(name), "/proc/%d/%s", pid, file);
	return how(readlink(name, target, sizeof(target)));
}

static void look(const char *label, pid_t pid)
{
	static const char *const files[] = {
		"stat", "status", "statm", "cmdline", "comm", "limits", "mounts", "maps", "smaps",
		"environ", "auxv", "pagemap", "fd", "fdinfo", "fdinfo/1", "task",
	};
	static const char *const links[] = { "exe", "cwd", "root", "fd/1" };
	char name[64], text[1024] = "";
	struct stat st;

	for (size_t i = 0; i < COUNT(files); i++)
		say("%s: open %s: %s", label, files[i], try_open(pid, files[i]));
	for (size_t i = 0; i < COUNT(links); i++)
		say("%s: readlink %s: %s", label, links[i], try_link(pid, links[i]));
	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	MUST(stat(name, &st));
	say("%s: maps is of user %u, group %u", label, st.st_uid, st.st_gid);
	snprintf(name, sizeof(name), "/proc/%d", pid);
	MUST(stat(name, &st));
	say("%s: the folder is of user %u", label, st.st_uid);
	snprintf(name, sizeof(name), "/proc/%d/wchan", pid);
	int wchan = MUST(open(name, O_RDONLY));
	say("%s: wchan tells: %s", label, read(wchan, text, sizeof(text)) > 1 ? "yes" : "no");
	close(wchan);
	memset(text, 0, sizeof(text));

	/* Addresses are not for everyone. */
	snprintf(name, sizeof(name), "/proc/%d/stat", pid);
	int fd = MUST(open(name, O_RDONLY)), field = 2;
	MUST(read(fd, text, sizeof(text) - 1));
	close(fd);
	for (char *at = strtok(strrchr(text, ')') + 2, " "); at; at = strtok(NULL, " "))
		if (++field == 26 || field == 28 || field == 47)
			say("%s: stat, field %d: %s", label, field,
			    strlen(at) > 1 ? "an address" : at);
}

/* A child that has become another user, and waits until the pipe is closed. */
static pid_t other_user(int end[2], uid_t uid, int dumpable)
{
	int ready[2];
	char c;
	MUST(pipe(end));
	MUST(pipe(ready));
	pid_t pid = MUST(fork());

	if (pid == 0) {
		close(end[1]);
		MUST(setgid(uid));
		MUST(setuid(uid));
		if (dumpable)
			MUST(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
		MUST(write(ready[1], "r", 1));
		_exit(read(end[0], &c, 1));
	}
	close(end[0]);
	MUST(read(ready[0], &c, 1));
	close(ready[0]);
	close(ready[1]);
	till_asleep(pid, pid); /* wchan tells where */
	return pid;
}

static void let_go(pid_t pid, int end[2])
{
	close(end[1]);
	MUST(waitpid(pid, NULL, 0));
}

static void as_user(void)
{
	MUST(setgid(1000));
	MUST(setuid(1000));
	say("dumpable after setuid: %d", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	look("itself", getpid());
	OK_OF("itself: open what fd/1 is", chdir("/proc/self/fd"));
	look("its parent, root", getppid());
}

static void as_equal(void)
{
	int end[2], open_end[2];
	pid_t closed = other_user(end, 1000, 0), open = other_user(open_end, 1000, 1);

	if (fork() == 0) {
		MUST(setgid(1000));
		MUST(setuid(1000));
		look("same user, not dumpable", closed);
		look("same user, dumpable", open);
		_exit(0);
	}
	MUST(wait(NULL));
	let_go(open, open_end); /* first: it has the other's pipe, too */
	let_go(closed, end);
}

int main(void)
{
	int end[2];
	pid_t pid = other_user(end, 1000, 0);

	look("root at another", pid);
	let_go(pid, end);
	in_child("as a user", as_user);
	in_child("as an equal", as_equal);
	return 0;
}
