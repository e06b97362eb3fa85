/*
 * mmap placement: no address, a hint, MAP_FIXED over what is there, and
 * MAP_FIXED_NOREPLACE; mappings without an address never overlap.
 *
 * From mmap(2).
 */
#include "check.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

enum { RW = PROT_READ | PROT_WRITE, ANON = MAP_PRIVATE | MAP_ANONYMOUS };

static char *const BASE = (char *)0x200000000000;

static char *at(char *address, size_t length, int flags)
{
	return mmap(address, length, RW, ANON | flags, -1, 0);
}

static void hints(void)
{
	YES_OF("a free hint is taken", at(BASE, PAGE, 0) == BASE);
	YES_OF("a taken hint is not", at(BASE, PAGE, 0) != BASE);
	YES_OF("a hint is rounded down", at(BASE + 2 * PAGE + 5, PAGE, 0) == BASE + 2 * PAGE);
	MUST(munmap(BASE, PAGE));
	YES_OF("free again", at(BASE, PAGE, 0) == BASE);
	MUST(munmap(BASE, 3 * PAGE));
}

static void fixed(void)
{
	char *p = at(BASE, 8 * PAGE, MAP_FIXED);

	YES_OF("MAP_FIXED goes where it is told", p == BASE);
	for (int i = 0; i < 8; i++)
		p[i * PAGE] = 'a' + i;
	MUST(at(BASE + 2 * PAGE, 3 * PAGE, MAP_FIXED) == MAP_FAILED ? -1 : 0);
	say("over the middle: %c %c %d %d %d %c %c", p[0], p[PAGE], p[2 * PAGE], p[3 * PAGE],
	    p[4 * PAGE], p[5 * PAGE], p[7 * PAGE]);
	mmap(BASE + PAGE, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0);
	say("a read-only page in it: %s, %s", try_write(p + PAGE), try_write(p));
	MUST(at(BASE + 7 * PAGE, 2 * PAGE, MAP_FIXED) == MAP_FAILED ? -1 : 0);
	say("across the end: %d, %s", p[7 * PAGE], try_write(p + 8 * PAGE));
	say("after it: %s", try_read(p + 9 * PAGE));
	MUST(munmap(BASE, 9 * PAGE));
}

static void no_replace(void)
{
	char *p = at(BASE, 2 * PAGE, MAP_FIXED_NOREPLACE);

	YES_OF("free: taken", p == BASE);
	p[PAGE] = 'k';
	VALUE_OF("all of it taken",
		 at(BASE, 2 * PAGE, MAP_FIXED_NOREPLACE) == MAP_FAILED ? -1L : 0);
	VALUE_OF("the end taken", at(BASE - PAGE, 2 * PAGE, MAP_FIXED_NOREPLACE) == MAP_FAILED ?
		 -1L : 0);
	VALUE_OF("the start taken", at(BASE + PAGE, 8 * PAGE, MAP_FIXED_NOREPLACE) == MAP_FAILED ?
		 -1L : 0);
	VALUE_OF("around it", at(BASE - PAGE, 8 * PAGE, MAP_FIXED_NOREPLACE) == MAP_FAILED ?
		 -1L : 0);
	YES_OF("beside it", at(BASE + 2 * PAGE, PAGE, MAP_FIXED_NOREPLACE) == BASE + 2 * PAGE);
	say("still there: %c", p[PAGE]);
	MUST(munmap(BASE, 3 * PAGE));
}

/* 300 mappings of all sizes, each filled with its own number. */
static void no_overlap(void)
{
	enum { MANY = 300 };
	static char *where[MANY];
	int wrong = 0, dirty = 0;

	for (int i = 0; i < MANY; i++) {
		where[i] = at(NULL, (i % 9 + 1) * PAGE, 0);
		MUST(where[i] == MAP_FAILED ? -1 : 0);
		dirty += where[i][0] != 0 || where[i][(i % 9 + 1) * PAGE - 1] != 0;
		memset(where[i], i, (i % 9 + 1) * PAGE);
		if (i % 3 == 2) {
			munmap(where[i - 1], ((i - 1) % 9 + 1) * PAGE);
			where[i - 1] = NULL;
		}
	}
	for (int i = 0; i < MANY; i++)
		for (int j = 0; where[i] && j < (i % 9 + 1) * PAGE; j += 512)
			wrong += where[i][j] != (char)i;
	for (int i = 0; i < MANY; i++)
		if (where[i])
			munmap(where[i], (i % 9 + 1) * PAGE);
	VALUE_OF("bytes overwritten", wrong);
	VALUE_OF("mappings that were not zero", dirty);
}

/* Stacks grow, and mmap keeps away from them. */
static int deep(int levels)
{
	volatile char frame[8192];

	frame[0] = levels;
	return levels == 0 ? 0 : frame[0] * 0 + deep(levels - 1) + 1;
}

int main(void)
{
	hints();
	fixed();
	no_replace();
	no_overlap();
	VALUE_OF("4 MiB of stack, frames", deep(512));
	return 0;
}
