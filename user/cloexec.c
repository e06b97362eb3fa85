/*
 * cloexec - close-on-exec, and the moment between open and fcntl in a process with threads.
 *
 * A descriptor that is opened first and marked FD_CLOEXEC then is open without the mark for a
 * moment. If another thread forks in that moment, the child has a copy of the table as it was, and
 * takes the descriptor through its exec: no later fcntl of the parent reaches it. Look for: the
 * leak made to happen, with the moment held open until the other thread has forked; the leak by
 * chance, both threads running free; that calls which mark as they make (O_CLOEXEC, pipe2, dup3,
 * F_DUPFD_CLOEXEC) have no such moment; and what a leak does: a pipe that never comes to its end.
 * To think about: a lock around both calls and around fork would do too. Why can a library not
 * rely on it?
 * In the kernel: fd_install in kernel/fs/files.c, files_close_on_exec, kernel/proc/exec.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HIGHEST = 63, PLACE = 50, TRIES_FOR_LEAK = 20000, TRIES_FOR_NONE = 30 };

static int failures;

static long must(long result, const char *call)
{
	if (result < 0) {
		perror(call);
		exit(2);
	}
	return result;
}

/* Each makes one or two descriptors: fd[1] is -1 if only one. */
static int by_open(int *fd)		{ return fd[0] = open("/dev/null", O_RDONLY); }
static int by_open_cloexec(int *fd)	{ return fd[0] = open("/dev/null", O_RDONLY | O_CLOEXEC); }
static int by_pipe(int *fd)		{ return pipe(fd); }
static int by_pipe2(int *fd)		{ return pipe2(fd, O_CLOEXEC); }
static int by_dup2(int *fd)		{ return fd[0] = dup2(STDIN_FILENO, PLACE); }
static int by_dup3(int *fd)		{ return fd[0] = dup3(STDIN_FILENO, PLACE, O_CLOEXEC); }
static int by_dupfd(int *fd)		{ return fd[0] = fcntl(0, F_DUPFD, PLACE); }
static int by_dupfd_cloexec(int *fd)	{ return fd[0] = fcntl(0, F_DUPFD_CLOEXEC, PLACE); }

static const struct way {
	const char *name;
	int (*make)(int *fd);
	bool mark;	/* by a second call */
} ways[] = {
	{ "open, then fcntl", by_open, true },
	{ "open with O_CLOEXEC", by_open_cloexec, false },
	{ "pipe, then fcntl", by_pipe, true },
	{ "pipe2 with O_CLOEXEC", by_pipe2, false },
	{ "dup2, then fcntl", by_dup2, true },
	{ "dup3 with O_CLOEXEC", by_dup3, false },
	{ "F_DUPFD, then fcntl", by_dupfd, true },
	{ "F_DUPFD_CLOEXEC", by_dupfd_cloexec, false },
};

/* The thread that opens. While it keeps the moment open, it says so and waits. */
static struct opener {
	const struct way *way;
	bool holds;
	sem_t is_made, may_mark;
	atomic_bool stop;
} opener;

static void *open_and_mark(void *unused)
{
	(void)unused;
	do {
		int fd[2] = { -1, -1 };

		must(opener.way->make(fd), opener.way->name);
		if (opener.holds) {
			sem_post(&opener.is_made);
			while (sem_wait(&opener.may_mark) < 0)
				;
		}
		for (int i = 0; i < 2 && fd[i] >= 0; i++) {
			if (opener.way->mark)
				must(fcntl(fd[i], F_SETFD, FD_CLOEXEC), "F_SETFD");
			close(fd[i]);
		}
	} while (!opener.holds && !opener.stop);
	return NULL;
}

static pthread_t start_opener(const struct way *way, bool holds)
{
	pthread_t thread;

	opener.way = way;
	opener.holds = holds;
	opener.stop = false;
	must(-pthread_create(&thread, NULL, open_and_mark, NULL), "pthread_create");
	return thread;
}

static int count_open(void)
{
	int count = 0;

	for (int fd = STDERR_FILENO + 1; fd <= HIGHEST; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* This program anew, in a child. "count": it ends with the number of its descriptors, "wait": with
 * the end of stdin, which is the pipe `from`. */
static pid_t start_program(const char *what, int from)
{
	pid_t pid = (pid_t)must(fork(), "fork");

	if (pid == 0) {
		if (from >= 0)
			dup2(from, STDIN_FILENO);
		execl("/proc/self/exe", "cloexec", what, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static int status_of(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0), "waitpid");
	must(WIFEXITED(status) && WEXITSTATUS(status) < 127 ? 0 : -1, "the program");
	return WEXITSTATUS(status);
}

static bool leaks_when_held(const struct way *way, int base)
{
	pthread_t thread = start_opener(way, true);
	int found;

	while (sem_wait(&opener.is_made) < 0)
		;
	found = status_of(start_program("count", -1));
	sem_post(&opener.may_mark);
	pthread_join(thread, NULL);
	return found > base;
}

/* How many tries it took: 0 if none leaked. */
static int leaks_by_chance(const struct way *way, int base)
{
	int tries = way->mark ? TRIES_FOR_LEAK : TRIES_FOR_NONE, leak_at = 0;
	pthread_t thread = start_opener(way, false);

	for (int i = 1; i <= tries && !leak_at; i++)
		if (status_of(start_program("count", -1)) > base)
			leak_at = i;
	opener.stop = true;
	pthread_join(thread, NULL);
	return leak_at;
}

static const char *verdict(bool leaks, bool should)
{
	failures += leaks != should;
	return leaks ? "leaks" : "closed";
}

/* What a leak is good for: nothing. The stranger has a write end that it knows nothing of. */
static void show_harm(const char *how, int flags)
{
	int stdin_of_stranger[2], pipe_fd[2];
	struct pollfd reader = { .events = POLLIN };
	pid_t stranger;
	bool early;

	must(pipe2(stdin_of_stranger, O_CLOEXEC), "pipe2");
	must(pipe2(pipe_fd, flags), "pipe2");
	stranger = start_program("wait", stdin_of_stranger[0]);
	close(pipe_fd[1]);
	reader.fd = pipe_fd[0];
	early = must(poll(&reader, 1, flags ? 5000 : 200), "poll") == 1;
	close(stdin_of_stranger[1]);
	status_of(stranger);
	printf("%s: the writer closes it, the reader sees the end %s\n", how,
	       early ? "at once" : "when a stranger exits");
	failures += early != !!flags || poll(&reader, 1, 5000) != 1;
	close(pipe_fd[0]);
	close(stdin_of_stranger[0]);
}

int main(int argc, char **argv)
{
	char byte;
	int base;

	if (argc == 2 && strcmp(argv[1], "count") == 0)
		return count_open();
	if (argc == 2 && strcmp(argv[1], "wait") == 0)
		return (int)read(STDIN_FILENO, &byte, 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	sem_init(&opener.is_made, 0, 0);
	sem_init(&opener.may_mark, 0, 0);
	base = count_open();
	printf("%-21s %-19s %s\n", "made by", "forked in between", "by chance");
	for (const struct way *way = ways; way < ways + sizeof(ways) / sizeof(ways[0]); way++) {
		bool held = leaks_when_held(way, base);
		int tries = leaks_by_chance(way, base);

		printf("%-21s %-19s %s\n", way->name, verdict(held, way->mark),
		       verdict(tries > 0, way->mark));
		if (tries)
			printf("# the first leak after %d tries\n", tries);
	}
	printf("\n");
	show_harm("a pipe without O_CLOEXEC", 0);
	show_harm("a pipe with O_CLOEXEC", O_CLOEXEC);
	return failures ? 1 : 0;
}
