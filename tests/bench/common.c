/*
 * The tools of the measures: clock, median, output, failure, and the system calls that a measure
 * makes besides those that it measures, each with its check.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorts the values. */
uint64_t median(uint64_t *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), compare);
	return values[count / 2];
}

int rounds(int wanted)
{
	int n = wanted / (int)options.divisor;

	return n > 0 ? n : 1;
}

void report(const char *name, uint64_t value, const char *unit)
{
	printf("%s\t%llu\t%s\n", name, (unsigned long long)value, unit);
	fflush(stdout);
}

void report_sized(const char *name, size_t size, const char *size_unit, uint64_t value,
		  const char *unit)
{
	char full[128];

	snprintf(full, sizeof(full), "%s_%zu%s", name, size, size_unit);
	report(full, value, unit);
}

/* For people: the line has no figure for this reason. */
void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("# ", stdout);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

/* The end of a measure that cannot go on, with the error of the last call. */
_Noreturn void fail(const char *what)
{
	int error = errno;

	printf("FAIL %s: %s\n", what, strerror(error));
	fflush(stdout);
	_exit(1);
}

/* A figure of /proc/meminfo in KiB, or 0 where the kernel has none of that name. */
uint64_t meminfo_kib(const char *key)
{
	char line[256];
	size_t len = strlen(key);
	uint64_t value = 0;
	FILE *f = fopen("/proc/meminfo", "r");

	if (!f)
		fail("/proc/meminfo");
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, key, len) == 0 && line[len] == ':')
			value = strtoull(line + len + 1, NULL, 10);
	fclose(f);
	return value;
}

/* Anonymous memory of 4 KiB pages: at an address, or anywhere if NULL. */
void *map(void *at, size_t bytes)
{
	int fixed = at ? MAP_FIXED : 0;
	char *p = mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0);

	if (p == MAP_FAILED)
		fail("mmap");
	if (bytes > PAGE_BYTES)
		madvise(p, bytes, MADV_NOHUGEPAGE); /* not every kernel knows it */
	return p;
}

void touch(char *start, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE_BYTES)
		start[i] = 1;
}

void make_pipe(int fd[2])
{
	if (pipe(fd) < 0)
		fail("pipe");
}

pid_t fork_or_fail(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	return pid;
}

/* Reaps a child, which must have ended with status 0. */
void wait_well(pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid");
	if (status != 0) {
		errno = ECHILD;
		printf("# a child ended with wait status %#x\n", (unsigned)status);
		fail("child");
	}
}
