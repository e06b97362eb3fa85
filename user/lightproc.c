/*
 * lightproc - light processes: small helpers, forked early, that fork for a large threaded parent.
 *
 * A server with much memory and many threads had better not fork: each page that its threads
 * write until the child execs is copied (`cowstorm`), and locks stay locked (`deadlock`). So it
 * starts helpers first, while it is small and has one thread. They wait behind pipes for commands,
 * fork, exec, and send back output and status. Look for: the answers; the pages that the parent
 * copies for it, against those when it forks by itself.
 * To think about: which attributes of the parent does such a command not inherit?
 * In the kernel: kernel/mm/fault.c. With -v: the figures.
 */
#define _GNU_SOURCE
#include <fcntl.h>
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

enum { HELPERS = 3, WRITERS = 2, PAGES_EACH = 128, PAGE_BYTES = 4096, TEXT_BYTES = 200 };

/* What goes through the pipes, each in one piece (less than PIPE_BUF). */
struct request {
	char command[TEXT_BYTES];
};

struct reply {
	int status;
	char output[TEXT_BYTES];
};

static const struct request requests[] = {
	{ "echo one" }, { "echo two; exit 3" }, { "echo three | tr a-z A-Z" },
	{ "kill -9 $$" }, { "cd /proc; pwd" }, { "exit 6" },
};

enum { REQUESTS = sizeof(requests) / sizeof(requests[0]) };

static bool verbose;
static int failures;

static struct helper {
	pid_t pid;
	int requests, replies;	/* the parent's ends */
} helpers[HELPERS];

static _Atomic bool stop;
static _Atomic long rounds[WRITERS];
static char *memory;

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

/* Reads until the end of file: all that the command and its children print. */
static void collect(int from, pid_t pid, struct reply *reply)
{
	size_t length = 0;
	ssize_t n;

	memset(reply, 0, sizeof(*reply));
	while ((n = read(from, reply->output + length, TEXT_BYTES - 1 - length)) > 0)
		length += (size_t)n;
	close(from);
	must(waitpid(pid, &reply->status, 0), "waitpid");
}

/* Runs a command, its output through a pipe. It execs once it has read from `hold`. */
static pid_t start_command(const char *command, int *output, int hold)
{
	int ends[2];
	char byte;
	pid_t pid;

	must(pipe2(ends, O_CLOEXEC), "pipe2");
	pid = (pid_t)must(fork(), "fork");
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		if (hold >= 0 && read(hold, &byte, 1) < 0)
			_exit(126);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	*output = ends[0];
	return pid;
}

static void helper(int from, int to)
{
	struct request request;
	struct reply reply;
	int output;
	pid_t pid;

	while (read(from, &request, sizeof(request)) == sizeof(request)) {
		pid = start_command(request.command, &output, -1);
		collect(output, pid, &reply);
		must(write(to, &reply, sizeof(reply)), "write");
	}
	_exit(0);
}

/* A helper must not keep the parent's ends of those before it open, or these never see an end. */
static void start_helper(int number)
{
	int down[2], up[2];

	must(pipe2(down, O_CLOEXEC), "pipe2");
	must(pipe2(up, O_CLOEXEC), "pipe2");
	helpers[number].pid = (pid_t)must(fork(), "fork");
	if (helpers[number].pid == 0) {
		for (int i = 0; i < number; i++) {
			close(helpers[i].requests);
			close(helpers[i].replies);
		}
		close(down[1]);
		close(up[0]);
		helper(down[0], up[1]);
	}
	close(down[0]);
	close(up[1]);
	helpers[number].requests = down[1];
	helpers[number].replies = up[0];
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
static void wait_for_rounds(void)
{
	for (int i = 0; i < WRITERS; i++) {
		long before = rounds[i];

		while (rounds[i] < before + 2)
			nap();
	}
}

static void become_large(pthread_t thread[WRITERS])
{
	size_t size = (size_t)WRITERS * PAGES_EACH * PAGE_BYTES;

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(memory == MAP_FAILED ? -1 : 0, "mmap");
	madvise(memory, size, MADV_NOHUGEPAGE);	/* where there are such */
	memset(memory, 1, size);
	for (long i = 0; i < WRITERS; i++)
		must(-pthread_create(&thread[i], NULL, writer, (void *)i), "pthread_create");
	wait_for_rounds();
}

static long faults(void)
{
	struct rusage usage;

	must(getrusage(RUSAGE_SELF, &usage), "getrusage");
	return usage.ru_minflt;
}

static void show(const char *who, int number, const char *command, const struct reply *reply)
{
	printf("%s %d: `%s`: output \"%.*s\", ", who, number, command,
	       (int)strcspn(reply->output, "\n"), reply->output);
	if (WIFEXITED(reply->status))
		printf("exit %d\n", WEXITSTATUS(reply->status));
	else
		printf("signal %d\n", WTERMSIG(reply->status));
}

/* All helpers work at once; the answers are taken in order. */
static long through_helpers(struct reply replies[REQUESTS])
{
	long before = faults();

	for (int first = 0; first < REQUESTS; first += HELPERS) {
		for (int i = 0; i < HELPERS; i++)
			must(write(helpers[i].requests, &requests[first + i], sizeof(requests[0])),
			     "write");
		for (int i = 0; i < HELPERS; i++)
			failures += read(helpers[i].replies, &replies[first + i],
					 sizeof(replies[0])) != sizeof(replies[0]);
	}
	return faults() - before;
}

/* The child takes its time before its exec, here: until the writers have gone over their pages. */
static long by_itself(struct reply replies[REQUESTS])
{
	long before = faults();

	for (int i = 0; i < REQUESTS; i++) {
		int output, hold[2];
		pid_t pid;

		must(pipe2(hold, O_CLOEXEC), "pipe2");
		pid = start_command(requests[i].command, &output, hold[0]);
		wait_for_rounds();
		must(write(hold[1], "g", 1), "write");
		collect(output, pid, &replies[i]);
		close(hold[0]);
		close(hold[1]);
	}
	return faults() - before;
}

int main(int argc, char **argv)
{
	struct reply replies[REQUESTS], own[REQUESTS];
	pthread_t thread[WRITERS];
	long helped, alone;
	bool ended = true;
	int status;

	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 0; i < HELPERS; i++)
		start_helper(i);
	become_large(thread);
	helped = through_helpers(replies);
	alone = by_itself(own);
	for (int i = 0; i < REQUESTS; i++)
		show("helper", i % HELPERS, requests[i].command, &replies[i]);
	if (verbose)
		printf("# pages copied for %d commands: %ld through helpers, %ld by itself\n",
		       REQUESTS, helped, alone);
	relation("forking by itself gives the same answers",
		 memcmp(replies, own, sizeof(own)) == 0);
	relation("and copies what the threads write, each time",
		 alone >= REQUESTS * WRITERS * PAGES_EACH);
	relation("through the helpers hardly a page is copied", helped < WRITERS * PAGES_EACH / 2);
	stop = true;
	for (int i = 0; i < WRITERS; i++)
		must(-pthread_join(thread[i], NULL), "pthread_join");
	for (int i = 0; i < HELPERS; i++) {
		close(helpers[i].requests);
		ended &= waitpid(helpers[i].pid, &status, 0) == helpers[i].pid && status == 0;
	}
	relation("the helpers end when their pipes do", ended);
	return failures ? 1 : 0;
}
