/*
 * forkthread - fork in a threaded process copies one thread: the one that calls it.
 *
 * Look for: the threads in /proc/self/task before fork, in the child, and in the parent after;
 * that the memory is copied whole: in the child the stacks of the vanished threads are there,
 * but nobody runs on them; that the caller is the child's first thread, whichever it was before.
 * To think about: what if a vanished thread was just changing a list, or held a lock? (`deadlock`)
 * In the kernel: kernel/proc/clone.c. With -v: the tids.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 3 };

static bool verbose;
static int failures;
static _Atomic bool stop;

/* Each worker counts on its own stack; all see where. */
static volatile long *_Atomic on_stack[WORKERS];

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

static int threads(const char *when)
{
	DIR *folder = opendir("/proc/self/task");
	struct dirent *entry;
	int count = 0;

	must(folder ? 0 : -1, "/proc/self/task");
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		if (verbose)
			printf("# %s: pid %d has thread %s\n", when, getpid(), entry->d_name);
		count++;
	}
	closedir(folder);
	return count;
}

static void nap(void)
{
	struct timespec ms = { .tv_nsec = 1000000 };

	nanosleep(&ms, NULL);
}

static void *worker(void *number)
{
	volatile long count = 1;

	on_stack[(long)number] = &count;
	while (!stop) {
		count++;
		nap();
	}
	return NULL;
}

/* Whether all counts go on; one that has stopped is waited for, for a while. */
static bool all_count(int patience_ms)
{
	for (int i = 0; i < WORKERS; i++) {
		long before = *on_stack[i];

		for (int ms = 0; *on_stack[i] == before; ms++) {
			if (ms == patience_ms)
				return false;
			nap();
		}
	}
	return true;
}

static void child(const char *caller, pid_t parent)
{
	bool stacks_are_there = true;

	printf("child of %s\n", caller);
	relation("  there is one thread", threads("child") == 1);
	relation("  it is the one that called fork, and its tid is the pid now",
		 syscall(SYS_gettid) == getpid() && getpid() != parent);
	for (int i = 0; i < WORKERS; i++)
		stacks_are_there &= *on_stack[i] > 0;
	relation("  the stacks of the others were copied too", stacks_are_there);
	relation("  but nobody runs on them", !all_count(20));
	_exit(failures ? 1 : 0);
}

static void *fork_and_wait(void *caller)
{
	pid_t parent = getpid(), pid;
	int status;

	fflush(stdout);
	pid = (pid_t)must(fork(), "fork");
	if (pid == 0)
		child(caller, parent);
	must(waitpid(pid, &status, 0), "waitpid");
	relation("  the child has ended well", status == 0);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t workers[WORKERS], forker;

	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (long i = 0; i < WORKERS; i++)
		must(-pthread_create(&workers[i], NULL, worker, (void *)i), "pthread_create");
	for (int i = 0; i < WORKERS; i++)
		while (!on_stack[i])
			nap();
	relation("before: there are four threads", threads("before") == WORKERS + 1);
	fork_and_wait((void *)"the first thread");
	must(-pthread_create(&forker, NULL, fork_and_wait, (void *)"a fifth thread"),
	     "pthread_create");
	must(-pthread_join(forker, NULL), "pthread_join");
	relation("after: all count on in the parent", all_count(5000));
	stop = true;
	for (int i = 0; i < WORKERS; i++)
		must(-pthread_join(workers[i], NULL), "pthread_join");
	return failures ? 1 : 0;
}
