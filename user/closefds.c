/*
 * closefds - closing all descriptors but 0, 1 and 2 before exec: four ways, and what each costs.
 *
 * A child that is to become a program of another kind (another user's, a daemon) must not hand on
 * what its parent had open. Look for: the system calls that it takes, with 16 descriptors open of
 * 1,024 and of 65,536 possible ones; the time (lines that begin with #: one call may yet look at
 * each entry of the table); and what each way misses when the limit was lowered after the
 * descriptors were opened, as they stay open above the limit.
 * To think about: reading /proc/self/fd takes a descriptor and memory. Why is that a trouble for a
 * child that a process with threads has forked? What does CLOSE_RANGE_CLOEXEC let a child do that
 * must still report a failure of exec?
 * In the kernel: sys_close and sys_close_range, kernel/fs/files.c.
 * native: no
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

enum { FIRST = 3, OPEN = 16, FEW = 1024, MANY = 65536, LOWERED = FEW / 2, REPEATS = 5 };

static int failures;

/* What a child has found; shared memory, as it closes all else. */
static struct report {
	int calls, left;
	long ns;
} *report;

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

static int call_close(int fd)
{
	report->calls++;
	return close(fd);
}

/* The four ways. */
static void by_counting(void)
{
	struct rlimit limit;

	report->calls++;
	must(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
	for (int fd = FIRST; fd < (int)limit.rlim_cur; fd++)
		call_close(fd);
}

/* A directory entry as getdents64(2) gives it. The library's readdir would take memory. */
struct entry {
	uint64_t ino;
	int64_t off;
	unsigned short length;
	unsigned char type;
	char name[];
};

static void by_proc(void)
{
	static char buffer[4096] __attribute__((aligned(8)));
	int dir = (int)must(open("/proc/self/fd", O_RDONLY | O_DIRECTORY), "/proc/self/fd");
	int fds[sizeof(buffer) / sizeof(struct entry)], count = 0;
	long bytes;

	report->calls++;
	do {
		bytes = must(syscall(SYS_getdents64, dir, buffer, sizeof(buffer)), "getdents64");
		report->calls++;
		for (long at = 0; at < bytes; at += ((struct entry *)(buffer + at))->length)
			fds[count++] = atoi(((struct entry *)(buffer + at))->name);
	} while (bytes > 0);
	for (int i = 0; i < count; i++)
		if (fds[i] >= FIRST)	/* "." and "..": 0 */
			call_close(fds[i]);
}

static void by_range(void)
{
	report->calls++;
	must(syscall(SYS_close_range, FIRST, ~0U, 0), "close_range");
}

static void by_mark(void)
{
	report->calls++;
	must(syscall(SYS_close_range, FIRST, ~0U, CLOSE_RANGE_CLOEXEC), "CLOSE_RANGE_CLOEXEC");
}

enum { COUNTING, PROC, RANGE, MARK, WAYS };

static const struct way {
	const char *name;
	void (*run)(void);
} ways[WAYS] = {
	[COUNTING] = { "close, up to the limit", by_counting },
	[PROC] = { "close, by /proc/self/fd", by_proc },
	[RANGE] = { "close_range", by_range },
	[MARK] = { "close_range to mark them", by_mark },
};

static void set_limit(rlim_t count)
{
	struct rlimit limit = { .rlim_cur = count, .rlim_max = MANY };

	must(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

/* From the limit's top downwards, evenly. */
static void open_some(int limit)
{
	int null = (int)must(open("/dev/null", O_RDONLY), "open");

	for (int i = 1; i <= OPEN; i++)
		must(fcntl(null, F_DUPFD, i * (limit / OPEN) - 1), "F_DUPFD");
	close(null);
}

/* Those that a program would still have after exec. */
static int count_left(int limit)
{
	int count = 0;

	for (int i = 1; i <= OPEN; i++) {
		int flags = fcntl(i * (limit / OPEN) - 1, F_GETFD);

		count += flags >= 0 && !(flags & FD_CLOEXEC);
	}
	return count;
}

static long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void child(const struct way *way, int limit, int lowered)
{
	long start;

	set_limit((rlim_t)limit);
	open_some(limit);
	set_limit((rlim_t)lowered);
	start = now_ns();
	way->run();
	report->ns = now_ns() - start;
	report->left = count_left(limit);
	_exit(0);
}

/* One way at one limit: the quickest of several runs. */
static struct report run(const struct way *way, int limit, int lowered)
{
	struct report best = { .ns = -1 };
	int status;

	for (int i = 0; i < REPEATS; i++) {
		pid_t pid;

		memset(report, 0, sizeof(*report));
		pid = (pid_t)must(fork(), "fork");
		if (pid == 0)
			child(way, limit, lowered);
		must(waitpid(pid, &status, 0), "waitpid");
		must(status == 0 ? 0 : -1, way->name);
		if (best.ns < 0 || report->ns < best.ns)
			best = *report;
	}
	return best;
}

static void show_way(const struct way *way, long *few_ns, long *many_ns)
{
	struct report few = run(way, FEW, FEW), many = run(way, MANY, MANY);
	struct report lowered = run(way, FEW, LOWERED);

	printf("%-26s %6d %7d %8d\n", way->name, few.calls, many.calls, lowered.left);
	printf("# %ld us at 1,024, %ld us at 65,536\n", few.ns / 1000, many.ns / 1000);
	failures += few.left + many.left;
	*few_ns = few.ns;
	*many_ns = many.ns;
}

int main(void)
{
	long few[WAYS], many[WAYS];

	for (int fd = FIRST; fd < FEW; fd++)
		close(fd);	/* what a careless parent has left us */
	setvbuf(stdout, NULL, _IOLBF, 0);
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	must(report == MAP_FAILED ? -1 : 0, "mmap");
	printf("%-26s %-14s %s\n", "", "calls at limit", "left open above");
	printf("%-26s %6s %7s %s\n", "", "1,024", "65,536", "a lowered limit");
	for (int i = 0; i < WAYS; i++)
		show_way(&ways[i], &few[i], &many[i]);
	relation("counting takes at 65,536 more than 8 times as long as at 1,024",
		 many[COUNTING] > 8 * few[COUNTING]);
	relation("and there more than twice as long as by /proc/self/fd",
		 many[COUNTING] > 2 * many[PROC]);
	relation("close_range is quicker than counting, at both limits",
		 few[RANGE] < few[COUNTING] && many[RANGE] < many[COUNTING]);
	return failures ? 1 : 0;
}
