/*
 * orphan - a process whose parent has ended gets a new one: init, or the nearest subreaper.
 *
 * Look for: getppid() of the grandchild before and after its parent's exit; then the same where
 * the grandparent has asked to be the parent of such orphans (prctl PR_SET_CHILD_SUBREAPER), so
 * it is the one that can wait for them. In the kernel: kernel/proc/exit.c. With -v: the pids.
 * On a Linux host a session manager may be a subreaper above this program: then the new parent
 * is that one, and the demo says so in a line that begins with #.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct parents {
	pid_t self, before, after;
};

static bool verbose;
static int failures;

static long must(long result, const char *call)
{
	if (result < 0) {
		perror(call);
		exit(2);
	}
	return result;
}

static void relation(const char *what, bool holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "no");
	failures += !holds;
}

/* The grandchild: notes its parent, waits for a byte (its parent is gone by then), notes again. */
static void grandchild(int go, int result)
{
	struct parents p = { .self = getpid(), .before = getppid() };
	char byte;

	must(write(result, &p, sizeof(p)), "write");
	must(read(go, &byte, 1), "read");
	p.after = getppid();
	must(write(result, &p, sizeof(p)), "write");
	_exit(0);
}

/* Makes one orphan; gives its child-of-us parent in *middle. */
static struct parents make_orphan(pid_t *middle)
{
	struct parents p = { 0 };
	int go[2], result[2];

	must(pipe(go), "pipe");
	must(pipe(result), "pipe");
	*middle = (pid_t)must(fork(), "fork");
	if (*middle == 0) {
		if (must(fork(), "fork") == 0)
			grandchild(go[0], result[1]);
		must(read(result[0], &p, sizeof(p)), "read");	/* it has noted me */
		_exit(0);
	}
	must(waitpid(*middle, NULL, 0), "waitpid");	/* now its children have a new parent */
	must(write(go[1], "x", 1), "write");
	if (must(read(result[0], &p, sizeof(p)), "read") != sizeof(p))
		exit(2);
	for (int i = 0; i < 2; i++) {
		close(go[i]);
		close(result[i]);
	}
	if (verbose)
		printf("# orphan %d: parent was %d, is %d\n", p.self, p.before, p.after);
	return p;
}

int main(int argc, char **argv)
{
	struct parents p;
	pid_t middle;

	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	p = make_orphan(&middle);
	relation("before: its parent is the process that forked it", p.before == middle);
	if (p.after != 1)
		printf("# a subreaper above this program took it: %d\n", p.after);
	relation("after its parent's exit: it has another parent", p.after != middle);
	relation("after its parent's exit: not its grandparent", p.after != getpid());

	must(prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl");
	p = make_orphan(&middle);
	relation("with a subreaper, before: its parent is who forked it", p.before == middle);
	relation("with a subreaper, after: its parent is the subreaper", p.after == getpid());
	relation("the subreaper can wait for it", waitpid(p.self, NULL, 0) == p.self);
	return failures ? 1 : 0;
}
