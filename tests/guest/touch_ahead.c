/*
 * Memory that is touched for the first time, page after page and here and there: who goes
 * through it in order may be given some pages ahead, but few, of zeros, and never beyond
 * what was mapped alike; who touches here and there gets what he touches.
 *
 * From mincore(2), mmap(2), getrusage(2).
 */
#include "check.h"

enum { RW = PROT_READ | PROT_WRITE, PAGES = 256, AHEAD = 15 /* at most */ };

static char *map(void)
{
	char *p = mmap(NULL, PAGES * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(p == MAP_FAILED ? -1 : 0);
	MUST(madvise(p, PAGES * PAGE, MADV_NOHUGEPAGE));
	return p;
}

static int resident(char *p, int from, int to)
{
	unsigned char vec[PAGES];
	int n = 0;

	MUST(mincore(p + from * PAGE, (size_t)(to - from) * PAGE, vec));
	for (int i = 0; i < to - from; i++)
		n += vec[i] & 1;
	return n;
}

static long faults(void)
{
	struct rusage usage;

	MUST(getrusage(RUSAGE_SELF, &usage));
	return usage.ru_minflt;
}

static void write_pages(char *p, int from, int to, int step)
{
	for (int i = from; i < to; i += step)
		p[i * PAGE + i] = (char)(i | 1);
}

/* Every byte is zero, but the one that write_pages has written. */
static int holds(const char *p, int from, int to, int touched)
{
	for (int i = from; i < to; i++)
		for (int at = 0; at < PAGE; at++)
			if (p[i * PAGE + at] != (i < touched && at == i ? (char)(i | 1) : 0))
				return 0;
	return 1;
}

static void here_and_there(void)
{
	char *p = map();

	write_pages(p, 0, PAGES, 2);
	VALUE_OF("every second page", resident(p, 0, PAGES));
	munmap(p, PAGES * PAGE);
	p = map();
	for (int i = PAGES - 1; i >= 0; i -= 3)
		p[i * PAGE] = 1;
	VALUE_OF("every third, downwards", resident(p, 0, PAGES));
	munmap(p, PAGES * PAGE);
	p = map();
	write_pages(p, 3, 19, 1);
	VALUE_OF("few in a row", resident(p, 0, PAGES));
	munmap(p, PAGES * PAGE);
}

static void in_a_row(int to)
{
	char *p = map();
	long before = faults();

	write_pages(p, 0, to, 1);
	YES(faults() - before <= to + 2);
	VALUE_OF("touched", resident(p, 0, to));
	YES(resident(p, to, PAGES) <= AHEAD);
	YES(holds(p, 0, PAGES, to));
	munmap(p, PAGES * PAGE);
}

/* What lies behind is mapped in another way, or not at all. */
static void up_to_a_border(void)
{
	char *p = map();
	unsigned char vec[1];

	MUST(mprotect(p + 101 * PAGE, 3 * PAGE, PROT_READ));
	MUST(munmap(p + 150 * PAGE, PAGE));
	write_pages(p, 0, 101, 1);
	VALUE_OF("before what is only read", resident(p, 0, 101));
	VALUE_OF("behind", resident(p, 101, 150));
	say("read only: %s", try_write(p + 101 * PAGE));
	write_pages(p, 104, 150, 1);
	VALUE_OF("before the hole", mincore(p + 149 * PAGE, PAGE, vec));
	YES(vec[0] & 1);
	VALUE_OF("the hole", mincore(p + 150 * PAGE, PAGE, vec));
	say("the hole, written: %s", try_write(p + 150 * PAGE));
	munmap(p, PAGES * PAGE);
}

static char *family;

static void child_goes_on(void)
{
	write_pages(family, 50, 120, 1);
	_exit(holds(family, 0, PAGES, 120) ? 0 : 1);
}

/* A child goes on where its parent was, and neither sees the other's. */
static void across_fork(void)
{
	family = map();
	write_pages(family, 0, 50, 1);
	in_child("child", child_goes_on);
	YES(holds(family, 0, PAGES, 50));
	write_pages(family, 50, 90, 1);
	YES(holds(family, 0, PAGES, 90));
	munmap(family, PAGES * PAGE);
}

int main(void)
{
	here_and_there();
	in_a_row(33);
	in_a_row(100);
	in_a_row(PAGES);
	up_to_a_border();
	across_fork();
	return 0;
}
