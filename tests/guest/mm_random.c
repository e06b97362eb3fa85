/*
 * Memory calls in any order: mmap of all kinds, munmap, mprotect, mremap,
 * madvise, ftruncate, fallocate, write, fork, and reads and writes of the
 * memory, chosen by dice that fall the same in each run. After each step all
 * memory and all files are read; whatever happened since the last line went into
 * the number that is printed. To find a step that differs from Linux print more.
 *
 * Left out: the error of MADV_POPULATE_READ and WRITE, and an mremap onto its own
 * place (Linux's versions differ in what they look at first); an mremap that grows
 * shared anonymous memory (docs/abi.md, mm/mremap.c).
 *
 * From the manual pages of these calls.
 */
#include "storm.h"
#include <setjmp.h>

enum { PAGES = 48, FILES = 3, FILE_PAGES = 30, STEPS = 150, DEPTH = 3,
       POPULATE_READ = 22, POPULATE_WRITE = 23 };
#define PRIME 1099511628211ul

/* A leaf table ends in the middle. */
static char *area = (char *)(0x400000200000 - PAGES / 2 * PAGE);
static int fds[FILES], has_shared_memory;
static unsigned seed;
static unsigned long sum;
static sigjmp_buf escape;

static void fault(int number)
{
	siglongjmp(escape, number);
}

static void add(unsigned long value)
{
	sum = (sum ^ value) * PRIME;
}

/* Two words of each page, the content of files, and their sizes. */
static void add_all(void)
{
	for (volatile int i = 0; i < 2 * PAGES; i++) {
		int number = sigsetjmp(escape, 1);

		add(number ? -number : *(volatile long *)(area + i * (PAGE / 2)));
	}
	for (int i = 0; i < FILES * FILE_PAGES; i++) {
		long word = -1;

		MUST(pread(fds[i / FILE_PAGES], &word, sizeof(word), i % FILE_PAGES * PAGE));
		add(word);
	}
	for (int i = 0; i < FILES; i++)
		add(MUST(lseek(fds[i], 0, SEEK_END)));
}

static unsigned roll(unsigned sides)
{
	return dice(&seed, sides);
}

static long result(long value)
{
	return value == -1 ? -errno : 0;
}

static long place(char *at, size_t length, int prot, int flags, int fd)
{
	flags |= MAP_FIXED | (roll(8) ? 0 : MAP_POPULATE);
	return result((long)mmap(at, length, prot, flags, fd, fd < 0 ? 0 : roll(16) * PAGE));
}

static long move(int from)
{
	int to = roll(PAGES), count = has_shared_memory ? 1 : 1 + roll(4);

	count = to + count > PAGES ? PAGES - to : count;
	if (to <= from && from < to + count)
		return 0;
	return result((long)mremap(area + from * PAGE, PAGE, count * PAGE,
				   MREMAP_MAYMOVE | MREMAP_FIXED, area + to * PAGE));
}

static long write_words(char *at, int count, long value)
{
	for (volatile int i = 0; i < count; i++) {
		int number = sigsetjmp(escape, 1);

		if (number == 0)
			*(volatile long *)(at + i * PAGE + roll(2) * (PAGE / 2)) = value + i;
		add(number);
	}
	return 0;
}

static void steps(int n, int depth);

static long child(int depth)
{
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0) {
		steps(30, depth + 1);
		_exit(sum & 0x7f);
	}
	MUST(waitpid(pid, &status, 0));
	return status;
}

static long step(int depth, long value)
{
	static const int prots[] = { 0, 1, 3, 3, 3, 3 };
	int from = roll(PAGES), count = 1 + roll(roll(3) ? 4 : PAGES);
	int prot = prots[roll(6)], fd = fds[roll(FILES)];

	count = from + count > PAGES ? PAGES - from : count;
	char *at = area + from * PAGE;
	size_t length = (size_t)count * PAGE;
	switch (roll(20)) {
	case 0: return place(at, length, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	case 1: return has_shared_memory ? place(at, length, prot, MAP_SHARED | MAP_ANONYMOUS, -1) : 0;
	case 2: case 3: return place(at, length, prot, MAP_PRIVATE, fd);
	case 4: case 5: return place(at, length, prot, MAP_SHARED, fd);
	case 6: return roll(3) ? 0 : result(munmap(at, length));
	case 7: case 8: return result(mprotect(at, length, prot));
	case 9: return move(from);
	case 10: return result((long)mremap(at, length, PAGE, 0));
	case 11: case 12: return result(madvise(at, length, MADV_DONTNEED));
	case 13: return madvise(at, length, roll(2) ? POPULATE_READ : POPULATE_WRITE) * 0;
	case 14: return result(ftruncate(fd, roll(24) * PAGE + (roll(3) ? 0 : 2000)));
	case 15: return result(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					 roll(20) * PAGE + (roll(3) ? 0 : 100), 1 + roll(5) * 4000));
	case 16: return result(pwrite(fd, &value, sizeof(value), roll(24) * PAGE));
	case 17: return depth < DEPTH && roll(3) == 0 ? child(depth) : 0;
	default: return write_words(at, count, value);
	}
}

static void steps(int n, int depth)
{
	for (int i = 0; i < n; i++) {
		add(step(depth, depth * 1000000 + i * 1000));
		add_all();
	}
}

int main(void)
{
	struct sigaction action = { .sa_handler = fault, .sa_flags = SA_NODEFER };

	MUST(sigaction(SIGSEGV, &action, NULL));
	MUST(sigaction(SIGBUS, &action, NULL));
	for (int i = 0; i < FILES; i++) {
		fds[i] = MUST(memfd_create("mm_random", 0));
		MUST(ftruncate(fds[i], i * 10 * PAGE));
	}
	for (int i = 1; i <= 8; i++) {
		seed = i;
		has_shared_memory = i % 2;
		MUST(munmap(area, PAGES * PAGE));
		steps(STEPS, 0);
		say("%d: %016lx", i, sum);
	}
	return 0;
}
