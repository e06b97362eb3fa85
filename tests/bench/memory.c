/*
 * Faults, and memory by the GiB. Pages are of 4 KiB: a kernel that would use larger ones is asked
 * not to (map() in common.c), since it is the work for each page that is compared.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FAULTS = 2048 };

static const size_t GIB = 1024ul * MIB;

static void map_touch_unmap(void)
{
	char *p = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*(volatile char *)p = 1;
	munmap(p, PAGE_BYTES);
}

/* mmap_touch_munmap: one page mapped, written to, and unmapped. */
void mmap_touch_munmap(void)
{
	report("mmap_touch_munmap", per_call(200, map_touch_unmap), "ns");
}

/* anon_fault: the first write to a page of anonymous memory, the mean of 2,048 in a row. */
void anon_fault(void)
{
	size_t pages = (size_t)rounds(FAULTS);
	uint64_t ns[BATCHES];

	for (int b = 0; b < BATCHES; b++) {
		uint64_t start = now();
		char *p = map(NULL, pages * PAGE_BYTES);

		touch(p, pages * PAGE_BYTES);
		ns[b] = (now() - start) / pages;
		munmap(p, pages * PAGE_BYTES);
	}
	report("anon_fault", median(ns, BATCHES), "ns/page");
}

/* ns for each page that the child of a fork writes to, which it shares with its parent. */
static uint64_t child_writes(char *p, size_t pages)
{
	int fd[2];
	uint64_t ns = 0;

	make_pipe(fd);
	pid_t pid = fork_or_fail();
	if (pid == 0) {
		uint64_t start = now();

		touch(p, pages * PAGE_BYTES);
		ns = (now() - start) / pages;
		_exit(write(fd[1], &ns, sizeof(ns)) != sizeof(ns));
	}
	if (read(fd[0], &ns, sizeof(ns)) != sizeof(ns))
		fail("read from the child");
	wait_well(pid);
	close(fd[0]);
	close(fd[1]);
	return ns;
}

/* cow_fault: a write to a page that parent and child share: a copy. The mean of 2,048 in a row. */
void cow_fault(void)
{
	size_t pages = (size_t)rounds(FAULTS);
	uint64_t ns[BATCHES];
	char *p = map(NULL, pages * PAGE_BYTES);

	touch(p, pages * PAGE_BYTES);
	for (int b = 0; b < BATCHES; b++)
		ns[b] = child_writes(p, pages);
	report("cow_fault", median(ns, BATCHES), "ns/page");
}

/*
 * cow_reuse_fault: the write of the parent to such a page once the child is gone: no copy is needed.
 * Small, if the kernel finds out for many pages at once.
 */
void cow_reuse_fault(void)
{
	size_t pages = (size_t)rounds(FAULTS);
	uint64_t ns[BATCHES];
	char *p = map(NULL, pages * PAGE_BYTES);

	touch(p, pages * PAGE_BYTES);
	for (int b = 0; b < BATCHES; b++) {
		child_writes(p, pages);
		uint64_t start = now();

		touch(p, pages * PAGE_BYTES);
		ns[b] = (now() - start) / pages;
	}
	report("cow_reuse_fault", median(ns, BATCHES), "ns/page");
}

/* Whether there is, and may be used, a GiB to measure with. */
static int room_for_a_gib(const char *lines)
{
	if (options.max_mib < GIB / MIB)
		return 0;
	if (meminfo_kib("MemFree") > (GIB + GIB / 16) / KIB)
		return 1;
	note("%s: left out: not enough free memory", lines);
	return 0;
}

/*
 * touch_1GiB: mmap of 1 GiB and a write to each of its 262,144 pages. munmap_1GiB: giving all that
 * back. Once each: the runner repeats the program.
 */
void touch_1GiB(void)
{
	if (!room_for_a_gib("touch_1GiB, munmap_1GiB"))
		return;
	uint64_t start = now();
	char *p = map(NULL, GIB);

	touch(p, GIB);
	report("touch_1GiB", now() - start, "ns");
	start = now();
	if (munmap(p, GIB) < 0)
		fail("munmap");
	report("munmap_1GiB", now() - start, "ns");
}

/*
 * exit_1GiB: from the _exit of a process that has 1 GiB of touched memory until its parent's wait
 * returns. Not the touching.
 */
void exit_1GiB(void)
{
	if (!room_for_a_gib("exit_1GiB"))
		return;
	uint64_t *start = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			       -1, 0);
	if (start == MAP_FAILED)
		fail("mmap");
	pid_t pid = fork_or_fail();
	if (pid == 0) {
		touch(map(NULL, GIB), GIB);
		*start = now();
		_exit(0);
	}
	wait_well(pid);
	report("exit_1GiB", now() - *start, "ns");
}
