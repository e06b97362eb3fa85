/*
 * What fork costs does not depend on the size of the process: the time of
 * fork, of fork + exit + wait, and the memory that fork adds, for a small
 * process, one of 1 GiB, one with 8,192 pages in as many page tables' spans,
 * and one with 30,000 separate mappings. Times are counted in instructions
 * (tools/guest -i), so they repeat; the bounds are those of DESIGN.md: within
 * 10 % of a small process, at most 64 KiB added.
 *
 * guest: -i -m 1536 -t 120
 * tine-only: yes
 */
#include "check.h"

enum { ROUNDS = 9, SPARSE_PAGES = 8192, REGIONS = 30000 };

struct cost {
	long fork, whole; /* instructions: until fork returns; until wait does */
};

static long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return x < y ? -1 : x > y;
}

/* Medians over some forks of the process as it is now. */
static struct cost measure(void)
{
	long forks[ROUNDS], wholes[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		long start = now_ns();
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		forks[i] = now_ns() - start;
		MUST(pid);
		MUST(waitpid(pid, NULL, 0));
		wholes[i] = now_ns() - start;
	}
	qsort(forks, ROUNDS, sizeof(*forks), compare);
	qsort(wholes, ROUNDS, sizeof(*wholes), compare);
	return (struct cost){forks[ROUNDS / 2], wholes[ROUNDS / 2]};
}

static long free_kib(void)
{
	char text[512];
	long kib = 0;
	int fd = MUST(open("/proc/meminfo", O_RDONLY));
	long n = MUST(read(fd, text, sizeof(text) - 1));
	char *at;

	close(fd);
	text[n] = '\0';
	at = strstr(text, "MemFree:");
	if (at)
		kib = atol(at + 8);
	return kib;
}

/* KiB that are gone while a child lives that has written nothing. */
static long memory_added(void)
{
	int hold[2];
	long before, added;
	pid_t pid;

	MUST(pipe(hold));
	before = free_kib();
	pid = MUST(fork());
	if (pid == 0) {
		char c;

		close(hold[1]);
		_exit(read(hold[0], &c, 1) == 1);
	}
	added = before - free_kib();
	close(hold[0]);
	close(hold[1]);
	MUST(waitpid(pid, NULL, 0));
	return added;
}

static int within_10_percent(long value, long reference)
{
	return value * 10 <= reference * 11;
}

static void check(const char *what, struct cost small)
{
	struct cost cost = measure();
	long added = memory_added();

	say("# %s: fork %ld, fork + exit + wait %ld instructions, %ld KiB added", what, cost.fork,
	    cost.whole, added);
	say("%s", what);
	expect("  fork within 10 % of a small process", within_10_percent(cost.fork, small.fork));
	expect("  fork, exit and wait too", within_10_percent(cost.whole, small.whole));
	expect("  at most 64 KiB of memory added", added <= 64);
}

static void *map_at(void *at, size_t length)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0);
	char *p = mmap(at, length, PROT_READ | PROT_WRITE, flags, -1, 0);

	MUST(p == MAP_FAILED ? -1 : 0);
	return p;
}

int main(void)
{
	char *sparse = (char *)0x7f0000000000, *regions = (char *)0x7e0000000000;
	struct cost small = measure();
	char *big;

	say("# small: fork %ld, fork + exit + wait %ld instructions", small.fork, small.whole);
	big = map_at(NULL, GIB(1));
	for (size_t i = 0; i < GIB(1); i += PAGE)
		big[i] = 1;
	check("1 GiB of touched memory", small);
	munmap(big, GIB(1));

	for (size_t i = 0; i < SPARSE_PAGES; i++)
		*(char *)map_at(sparse + i * MIB(1), PAGE) = 1;
	check("8,192 pages, 1 MiB apart", small);
	munmap(sparse, SPARSE_PAGES * MIB(1));

	for (size_t i = 0; i < REGIONS; i++)
		map_at(regions + i * 2 * PAGE, PAGE);
	check("30,000 separate mappings", small);
	munmap(regions, REGIONS * 2 * (size_t)PAGE);
	return failures != 0;
}
