/*
 * mincore: what of memory is there; msync: nothing is lost, and its errors;
 * madvise: every kind of advice, on every kind of memory.
 *
 * From mincore(2), msync(2), madvise(2).
 */
#include "check.h"

enum { RW = PROT_READ | PROT_WRITE };

static int fd;

static char *map(size_t length, int prot, int flags)
{
	char *at = mmap(NULL, length, prot, flags, flags & MAP_ANONYMOUS ? -1 : fd, 0);

	MUST(at == MAP_FAILED ? -1 : 0);
	return at;
}

static const char *resident(char *p, int n)
{
	static char text[33];
	unsigned char vec[32];

	if (mincore(p, (size_t)n * PAGE, vec))
		return errno_text(errno);
	for (int i = 0; i < n; i++)
		text[i] = vec[i] & 1 ? '1' : '0';
	text[n] = 0;
	return text;
}

static void in_core(void)
{
	unsigned char vec[8];
	char *p = map(6 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS), *hole = map_before_hole(PAGE);

	p[PAGE] = 'x';
	(void)*(volatile char *)(p + 3 * PAGE);
	say("private: %s", resident(p, 6));
	MUST(mprotect(p + PAGE, PAGE, PROT_NONE));
	say("PROT_NONE: %s", resident(p, 6));
	MUST(madvise(p, 6 * PAGE, MADV_DONTNEED));
	say("thrown away: %s", resident(p, 6));
	munmap(p, 6 * PAGE);
	p = map(6 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS);
	p[2 * PAGE] = 'x';
	say("shared: %s", resident(p, 6));
	munmap(p, 6 * PAGE);
	VALUE_OF("not at a page", mincore(hole + 1, 1, vec));
	VALUE_OF("a hole", mincore(hole, 2 * PAGE, vec));
	VALUE_OF("no length", mincore(hole, 0, vec));
	VALUE_OF("too long", mincore(hole, (size_t)1 << 60, vec));
	VALUE_OF("bad vector", mincore(hole, PAGE, (unsigned char *)nowhere));
	VALUE_OF("vector in the kernel", mincore(hole, PAGE, (unsigned char *)in_kernel));
	munmap(hole, PAGE);
}

static void synced(void)
{
	char *p = map(2 * PAGE, RW, MAP_SHARED), *hole = map_before_hole(PAGE);

	OK(msync(p, 2 * PAGE, MS_SYNC));
	OK(msync(p, 2 * PAGE, MS_ASYNC));
	OK(msync(p, 2 * PAGE, MS_INVALIDATE | MS_SYNC));
	OK(msync(p, 1, 0));
	OK(msync(p, 0, MS_SYNC));
	VALUE(msync(p, PAGE, MS_SYNC | MS_ASYNC));
	VALUE(msync(p, PAGE, 8));
	VALUE(msync(p + 1, PAGE, MS_SYNC));
	VALUE(msync(p, -(size_t)PAGE, MS_SYNC));
	VALUE_OF("a hole", msync(hole, 2 * PAGE, MS_SYNC));
	munmap(p, 2 * PAGE);
	munmap(hole, PAGE);
}

static void advised(const char *label, char *p)
{
	static const struct { int number; const char *name; } kinds[] = {
		{0, "NORMAL"}, {1, "RANDOM"}, {2, "SEQUENTIAL"}, {3, "WILLNEED"}, {4, "DONTNEED"},
		{5, "5"}, {8, "FREE"}, {16, "DONTDUMP"}, {17, "DODUMP"}, {20, "COLD"},
		{21, "PAGEOUT"}, {22, "POPULATE_READ"}, {23, "POPULATE_WRITE"}, {99, "99"},
		{-1, "-1"},
	};

	say("%s", label);
	for (size_t i = 0; i < COUNT(kinds); i++)
		VALUE_OF(kinds[i].name, madvise(p, 2 * PAGE, kinds[i].number));
}

static void advice(void)
{
	char *p = map(2 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS), *hole = map_before_hole(PAGE);

	advised("private", p);
	MUST(mprotect(p, 2 * PAGE, PROT_READ));
	advised("read only", p);
	MUST(mprotect(p, 2 * PAGE, PROT_NONE));
	advised("no access", p);
	munmap(p, 2 * PAGE);
	p = map(2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS);
	advised("shared", p);
	munmap(p, 2 * PAGE);
	p = map(2 * PAGE, RW, MAP_PRIVATE);
	advised("private file", p);
	munmap(p, 2 * PAGE);
	p = map(2 * PAGE, RW, MAP_SHARED);
	advised("file", p);
	MUST(ftruncate(fd, PAGE));
	advised("beyond the end", p);
	munmap(p, 2 * PAGE);
	advised("a hole", hole);
	VALUE_OF("not at a page", madvise(hole + 1, PAGE, MADV_NORMAL));
	VALUE_OF("no length", madvise(hole, 0, MADV_NORMAL));
	VALUE_OF("too long", madvise(hole, -(size_t)1, MADV_NORMAL));
	munmap(hole, PAGE);
	p = map(4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS);
	MUST(madvise(p, PAGE, 22));
	MUST(madvise(p + 2 * PAGE, PAGE, 23));
	say("populated: %s", resident(p, 4));
	munmap(p, 4 * PAGE);
}

/* zero(4): anonymous memory. */
static void dev_zero(void)
{
	int zero = MUST(open("/dev/zero", O_RDWR)), null = MUST(open("/dev/null", O_RDWR));
	char *p = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, zero, 0);

	MUST(p == MAP_FAILED ? -1 : 0);
	p[PAGE] = 'x';
	say("private: %d %c", p[0], p[PAGE]);
	munmap(p, 2 * PAGE);
	p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, zero, 0);
	MUST(p == MAP_FAILED ? -1 : 0);
	if (fork() == 0) {
		p[PAGE] = 'c';
		_exit(0);
	}
	MUST(wait(NULL));
	say("shared: %d %c", p[0], p[PAGE]);
	munmap(p, 2 * PAGE);
	VALUE_OF("/dev/null", (long)mmap(NULL, PAGE, RW, MAP_PRIVATE, null, 0));
	close(zero), close(null);
}

int main(void)
{
	char bytes[2 * PAGE];

	memset(bytes, 'b', sizeof(bytes));
	make_file("mincore.tmp", 0644, bytes, sizeof(bytes));
	fd = MUST(open("mincore.tmp", O_RDWR));
	in_core();
	synced();
	advice();
	dev_zero();
	close(fd);
	MUST(unlink("mincore.tmp"));
	return 0;
}
