/*
 * vforkdemo - vfork: the child borrows the parent's address space, and the parent stands still
 * until the child execs or exits.
 *
 * Look for: a variable that the child wrote, seen by the parent (with fork it is not); the order
 * of events, which is always the same, although the child sleeps for a while.
 * In the kernel: kernel/proc/clone.c (CLONE_VM | CLONE_VFORK), exec.c and exit.c, which end the
 * parent's wait. With -v: how long the parent stood still.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NAP_MS = 50 };

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

static volatile int variable;
static volatile int parent_went_on;

static long now_ms(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_MONOTONIC, &t), "clock_gettime");
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void nap(void)
{
	struct timespec t = { .tv_nsec = NAP_MS * 1000000L };

	nanosleep(&t, NULL);
}

static int status_of(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0), "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void with_fork(void)
{
	pid_t pid;

	variable = 1;
	pid = (pid_t)must(fork(), "fork");
	if (pid == 0) {
		variable = 2;
		_exit(0);
	}
	status_of(pid);
	relation("fork: the parent does not see what the child wrote", variable == 1);
}

/* Between vfork and _exit the child runs on the parent's stack: it must do next to nothing. */
static void with_vfork_and_exit(void)
{
	long start = now_ms(), took;
	pid_t pid;

	variable = 1;
	parent_went_on = 0;
	pid = vfork();
	if (pid == 0) {
		nap();
		variable = parent_went_on ? 3 : 2;
		_exit(5);
	}
	parent_went_on = 1;
	must(pid, "vfork");
	took = now_ms() - start;
	if (verbose)
		printf("# the parent stood still for %ld ms\n", took);
	relation("vfork, exit: the parent sees what the child wrote", variable == 2);
	relation("vfork, exit: the parent stood still while the child slept", took >= NAP_MS - 1);
	relation("vfork, exit: the child's status is its own", status_of(pid) == 5);
}

static void with_vfork_and_exec(char *path)
{
	char *const argv[] = { path, (char *)"--child", NULL };
	char *const environment[] = { NULL };
	pid_t pid;

	variable = 1;
	pid = vfork();
	if (pid == 0) {
		variable = 2;
		execve("/proc/self/exe", argv, environment);
		variable = 4;
		_exit(127);
	}
	must(pid, "vfork");
	relation("vfork, exec: the parent sees what the child wrote before it", variable == 2);
	relation("vfork, exec: the new program runs while the parent goes on", status_of(pid) == 6);
	relation("vfork, exec: what the new program wrote is not here", variable == 2);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--child") == 0) {
		variable = 99;
		return 6;
	}
	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	with_fork();
	with_vfork_and_exit();
	with_vfork_and_exec(argv[0]);
	return failures ? 1 : 0;
}
