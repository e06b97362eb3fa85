/*
 * memcalls - what is resident after each call: mmap, mprotect, madvise, mlock, brk, munmap.
 *
 * Address space is promised, memory is given page by page when it is touched. Look for: the column
 * of resident pages (mincore) after each step; that mprotect changes what may be done with a page
 * and not whether it is there; that madvise(MADV_DONTNEED) gives the frames back and keeps the
 * addresses; that mlock is a touch of every page and a promise; that the heap of brk is memory
 * like all other, but at one place, which ends where the break is.
 * To think about: free(3) of a small block seldom gives memory back. Which of these calls could
 * it make, and what keeps it from that?
 * In the kernel: kernel/mm/map.c, kernel/mm/tree_range.c, fault_handle in kernel/mm/fault.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096, PAGES = 64, BYTES = PAGES * PAGE_BYTES };

static bool verbose;
static int failures;
static sigjmp_buf after_fault;

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
	printf("  %s: %s\n", what, holds ? "yes" : "no");
	failures += !holds;
}

/* The number behind a name such as "VmRSS:" in /proc/self/status, in KiB. */
static long figure(const char *name)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long kib = -1;

	must(file ? 0 : -1, "/proc/self/status");
	while (kib < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0)
			kib = atol(line + strlen(name));
	fclose(file);
	return must(kib, name);
}

static int resident(char *memory, size_t bytes)
{
	unsigned char pages[2 * PAGES];
	int count = 0;

	must(mincore(memory, bytes, pages), "mincore");
	for (size_t i = 0; i < bytes / PAGE_BYTES; i++)
		count += pages[i] & 1;
	return count;
}

static void step(const char *what, char *memory, int expected)
{
	int pages = resident(memory, BYTES);

	printf("%-52s %3d pages\n", what, pages);
	failures += pages != expected;
	if (verbose)
		printf("# VmSize %ld KiB, VmRSS %ld KiB, VmLck %ld KiB\n", figure("VmSize:"),
		       figure("VmRSS:"), figure("VmLck:"));
}

static void write_pages(volatile char *memory, int from, int to)
{
	for (int i = from; i < to; i++)
		memory[i * PAGE_BYTES] = 'x';
}

static bool all_are(const volatile char *memory, int from, int to, char value)
{
	for (int i = from; i < to; i++)
		if (memory[i * PAGE_BYTES] != value)
			return false;
	return true;
}

static void on_fault(int signo)
{
	siglongjmp(after_fault, signo);
}

static bool faults(volatile char *at, bool by_write)
{
	if (sigsetjmp(after_fault, 1))
		return true;
	if (by_write)
		*at = 'y';
	else
		(void)*at;
	return false;
}

static char *map(int protection)
{
	char *memory = mmap(NULL, BYTES, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(memory == MAP_FAILED ? -1 : 0, "mmap");
	return memory;
}

static void show_mapping(char *memory)
{
	step("mmap of 64 pages", memory, 0);
	write_pages(memory, 0, 16);
	step("a write to each of the first 16", memory, 16);
	must(mprotect(memory, BYTES, PROT_READ), "mprotect");
	step("mprotect: read only", memory, 16);
	relation("a read is fine, a write is SIGSEGV", !faults(memory, false) && faults(memory, true));
	must(mprotect(memory, BYTES, PROT_NONE), "mprotect");
	step("mprotect: nothing allowed", memory, 16);
	relation("a read is SIGSEGV", faults(memory, false));
	must(mprotect(memory, BYTES, PROT_READ | PROT_WRITE), "mprotect");
	step("mprotect: all allowed", memory, 16);
	relation("what was written is still there", all_are(memory, 0, 16, 'x'));
	must(madvise(memory, BYTES / 8, MADV_DONTNEED), "MADV_DONTNEED");
	step("madvise: the first 8 are not needed", memory, 8);
	relation("the others have kept their bytes", all_are(memory, 8, 16, 'x'));
	write_pages(memory, 0, 1);
	relation("what comes back is new and zero", memory[0] == 'x' && memory[1] == 0);
}

static void show_locking(char *memory)
{
	long locked = figure("VmLck:");

	must(mlock(memory, BYTES), "mlock");
	step("mlock", memory, PAGES);
	relation("VmLck counts them", figure("VmLck:") - locked == BYTES / 1024);
	relation("madvise(MADV_DONTNEED) is refused: EINVAL",
		 madvise(memory, BYTES, MADV_DONTNEED) < 0 && errno == EINVAL);
	must(munlock(memory, BYTES), "munlock");
	step("munlock", memory, PAGES);
	must(madvise(memory, BYTES, MADV_DONTNEED), "MADV_DONTNEED");
	step("madvise: none is needed", memory, 0);
	must(munmap(memory, BYTES), "munmap");
	relation("after munmap mincore says that nothing is there: ENOMEM",
		 mincore(memory, BYTES, (unsigned char[PAGES]){ 0 }) < 0 && errno == ENOMEM);
	must(mlockall(MCL_FUTURE), "mlockall");
	memory = map(PROT_READ | PROT_WRITE);
	step("mlockall for the future, and mmap again", memory, PAGES);
	must(munlockall(), "munlockall");
	must(munmap(memory, BYTES), "munmap");
}

/* The bare call: musl's brk() does nothing, and both libraries may use the heap themselves. */
static char *set_break(char *to)
{
	return (char *)syscall(SYS_brk, to);
}

static void show_break(void)
{
	char *old = set_break(NULL), *heap = old + (-(uintptr_t)old & (PAGE_BYTES - 1));

	relation("brk gives 64 pages more", set_break(heap + BYTES) == heap + BYTES);
	step("brk: 64 pages of heap", heap, 0);
	write_pages(heap, 0, PAGES);
	step("a write to each", heap, PAGES);
	relation("half of it is given back", set_break(heap + BYTES / 2) == heap + BYTES / 2);
	relation("beyond the break is SIGSEGV", faults(heap + BYTES / 2, false));
	relation("and again taken", set_break(heap + BYTES) == heap + BYTES);
	step("brk: half of the heap back, and taken again", heap, PAGES / 2);
	relation("the half that stayed has kept its bytes", all_are(heap, 0, PAGES / 2, 'x'));
	relation("the other is zero", all_are(heap, PAGES / 2, PAGES, 0));
	set_break(old);
}

int main(int argc, char **argv)
{
	static char buffer[BUFSIZ];
	char *memory;

	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	setvbuf(stdout, buffer, _IOLBF, sizeof(buffer));
	signal(SIGSEGV, on_fault);
	memory = map(PROT_READ | PROT_WRITE);
	show_mapping(memory);
	show_locking(memory);
	show_break();
	return failures ? 1 : 0;
}
