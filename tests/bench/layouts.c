/*
 * fork of address spaces that are not one lump: pages far apart, and many small regions. A kernel
 * pays for such by the table or by the region.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
	SPARSE_PAGES = 8192,
	REGIONS = 30000,
	SETTLE_MS = 200,
};

/* Memory in use, by two accounts: some kernels take pages off their free memory late. */
struct usage {
	uint64_t free_kib;
	uint64_t kernel_kib;
};

static struct usage look(void)
{
	/* What is freed lazily (by RCU, say) comes back first. */
	nanosleep(&(struct timespec){ .tv_nsec = SETTLE_MS * 1000000l }, NULL);
	return (struct usage){ meminfo_kib("MemFree"), meminfo_kib("Slab") + meminfo_kib("PageTables") };
}

/* KiB more in use since: by the account that shows more. */
static uint64_t grown_kib(struct usage since)
{
	struct usage u = look();
	uint64_t used = since.free_kib > u.free_kib ? since.free_kib - u.free_kib : 0;
	uint64_t kernel = u.kernel_kib > since.kernel_kib ? u.kernel_kib - since.kernel_kib : 0;

	return used > kernel ? used : kernel;
}

/* One fork whose child stays while memory is counted. Returns the ns until it returned. */
static uint64_t fork_and_count(const char *memory_line)
{
	int hold[2];

	make_pipe(hold);
	struct usage before = look();
	uint64_t start = now();
	pid_t pid = fork();
	if (pid == 0) {
		char c;

		close(hold[1]);
		_exit(read(hold[0], &c, 1) != 0);
	}
	uint64_t ns = now() - start;
	if (pid < 0)
		fail("fork");
	report(memory_line, grown_kib(before), "KiB");
	close(hold[1]);
	wait_well(pid);
	close(hold[0]);
	return ns;
}

/* The median of n forks; the last one stays while memory is counted. */
static uint64_t fork_return(int n, const char *memory_line)
{
	uint64_t ns[MAX_ROUNDS];

	for (int i = 0; i < n - 1; i++) {
		uint64_t start = now();
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		ns[i] = now() - start;
		if (pid < 0)
			fail("fork");
		wait_well(pid);
	}
	ns[n - 1] = fork_and_count(memory_line);
	return median(ns, n);
}

static void *map_page(char *at)
{
	char *p = mmap(at, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		       -1, 0);

	if (p == MAP_FAILED)
		fail("mmap");
	return p;
}

/*
 * sparse_*: 8,192 touched pages one MiB apart, so that each needs half a table of its own: the memory
 * that they take, what a fork adds to it, and how long it takes to return.
 */
void sparse(void)
{
	char *base = (char *)0x7f0000000000;
	size_t pages = (size_t)rounds(SPARSE_PAGES);
	struct usage before = look();

	for (size_t i = 0; i < pages; i++)
		touch(map_page(base + i * MIB), PAGE_BYTES);
	report("sparse_memory_mapped", grown_kib(before), "KiB");
	report("sparse_fork_return", fork_return(9, "sparse_memory_added_by_fork"), "ns");
}

/*
 * regions_*: 30,000 mappings of one page, none beside another, so that none can be merged, and none
 * touched: the time and memory for each, and the same of fork as above.
 */
void regions(void)
{
	char *base = (char *)0x7e0000000000;
	size_t count = (size_t)rounds(REGIONS);
	struct usage before = look();
	uint64_t start = now();

	for (size_t i = 0; i < count; i++)
		map_page(base + 2 * i * PAGE_BYTES);
	report("regions_mmap_each", (now() - start) / count, "ns");
	report("regions_memory_mapped", grown_kib(before), "KiB");
	report("regions_fork_return", fork_return(5, "regions_memory_added_by_fork"), "ns");
}
