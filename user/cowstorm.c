/*
 * cowstorm - threads that write while another one forks: a storm of copies.
 *
 * After fork each page that the parent writes is copied first, as long as the child has it too.
 * Look for: the pages copied for each fork (page faults, by getrusage) while 0, 1 and 4 threads
 * write again and again: fork itself is cheap, what comes after it costs what the writers touch.
 * To think about: the child here only waits for a moment, as one does that execs soon. What would
 * vfork or posix_spawn cost instead (`spawn`)? And a small helper process that forks (`lightproc`)?
 * In the kernel: kernel/mm/fault.c. With -v: the figures.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WRITERS = 4, PAGES_EACH = 128, PAGE_BYTES = 4096, FORKS = 2, OTHER_PAGES = 64 };

static bool verbose;
static int failures;
static _Atomic bool stop;
static char *memory;

/* How often each writer has gone over its pages. */
static _Atomic long rounds[WRITERS];

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

static void nap(void)
{
	struct timespec ms = { .tv_nsec = 1000000 };

	nanosleep(&ms, NULL);
}

static void *writer(void *number)
{
	volatile char *mine = memory + (long)number * PAGES_EACH * PAGE_BYTES;

	while (!stop) {
		for (size_t i = 0; i < PAGES_EACH; i++)
			mine[i * PAGE_BYTES]++;
		rounds[(long)number]++;
		nap();
	}
	return NULL;
}

/* Until each writer has written all its pages at least once from now on. */
static void wait_for_rounds(int writers)
{
	for (int i = 0; i < writers; i++) {
		long before = rounds[i];

		while (rounds[i] < before + 2)
			nap();
	}
}

static long faults(void)
{
	struct rusage usage;

	must(getrusage(RUSAGE_SELF, &usage), "getrusage");
	return usage.ru_minflt;
}

/* The child lives until the pipe is closed. */
static long faults_of_fork(int writers)
{
	long before = faults();
	int end[2], status;
	char byte;
	pid_t pid;

	must(pipe(end), "pipe");
	pid = (pid_t)must(fork(), "fork");
	if (pid == 0) {
		close(end[1]);
		_exit(read(end[0], &byte, 1) == 0 ? 0 : 1);
	}
	wait_for_rounds(writers);
	close(end[1]);
	close(end[0]);
	must(waitpid(pid, &status, 0), "waitpid");
	failures += status != 0;
	return faults() - before;
}

/* Pages copied for one fork on average. */
static long storm(int writers)
{
	pthread_t thread[WRITERS];
	long sum = 0;

	stop = false;
	for (long i = 0; i < writers; i++)
		must(-pthread_create(&thread[i], NULL, writer, (void *)i), "pthread_create");
	wait_for_rounds(writers);
	for (int i = 0; i < FORKS; i++)
		sum += faults_of_fork(writers);
	stop = true;
	for (int i = 0; i < writers; i++)
		must(-pthread_join(thread[i], NULL), "pthread_join");
	if (verbose)
		printf("# %d writers of %d pages each: %ld pages for each fork\n", writers,
		       PAGES_EACH, sum / FORKS);
	return sum / FORKS;
}

static bool is_near(long count, long pages)
{
	return count >= pages && count < pages + OTHER_PAGES;
}

int main(int argc, char **argv)
{
	size_t size = (size_t)WRITERS * PAGES_EACH * PAGE_BYTES;
	long none, one, all;

	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(memory == MAP_FAILED ? -1 : 0, "mmap");
	madvise(memory, size, MADV_NOHUGEPAGE);	/* where there are such */
	memset(memory, 1, size);
	none = storm(0);
	one = storm(1);
	all = storm(WRITERS);
	relation("fork without writers: hardly a page is copied", is_near(none, 0));
	relation("one writer: each page that it writes, once", is_near(one, PAGES_EACH));
	relation("four writers: four times as many", is_near(all, WRITERS * PAGES_EACH));
	return failures ? 1 : 0;
}
