/*
 * munmap: holes in the middle, at the ends, across several mappings, twice
 * over, whole gigabytes; what is beside stays; and the errors.
 *
 * From munmap(2).
 */
#include "check.h"

enum { PAGES = 16 };

static char *const BASE = (char *)0x210000000000;

static void fill(char *p, int pages)
{
	for (int i = 0; i < pages; i++)
		p[i * PAGE] = 'A' + i;
}

/* One letter a page: its content, '-' where nothing is mapped. */
static void picture(const char *label, char *p, int pages)
{
	char text[64];
	int i;

	for (i = 0; i < pages; i++)
		text[i] = touch(p + i * PAGE, TOUCH_READ) ? '-' : p[i * PAGE] ? p[i * PAGE] : '0';
	text[i] = '\0';
	say("%s: %s", label, text);
}

static void holes(void)
{
	char *p = mmap(BASE, PAGES * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	fill(p, PAGES);
	MUST(munmap(p + 3 * PAGE, 2 * PAGE));
	picture("a hole", p, PAGES);
	MUST(munmap(p, PAGE));
	picture("the start", p, PAGES);
	MUST(munmap(p + 15 * PAGE, PAGE));
	picture("the end", p, PAGES);
	VALUE_OF("over a hole", munmap(p + 2 * PAGE, 4 * PAGE));
	picture("over a hole", p, PAGES);
	VALUE_OF("where nothing is", munmap(p + 2 * PAGE, 4 * PAGE));
	VALUE_OF("part of a page", munmap(p + 8 * PAGE, 1));
	picture("part of a page", p, PAGES);
	VALUE_OF("a page and a byte", munmap(p + 10 * PAGE, PAGE + 1));
	picture("a page and a byte", p, PAGES);
	VALUE_OF("all and more", munmap(p - 100 * PAGE, 200 * PAGE));
	picture("all", p, PAGES);
	mmap(BASE, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
	     -1, 0);
	picture("mapped anew", p, PAGES);
	MUST(munmap(p, PAGES * PAGE));
}

static void errors(void)
{
	VALUE(munmap(BASE, 0));
	VALUE(munmap(BASE + 1, PAGE));
	VALUE(munmap(BASE, -1UL));
	VALUE(munmap(BASE, 1UL << 57));
	VALUE(munmap(BASE, 1UL << 63));
	VALUE(munmap((void *)0xffff888000000000, PAGE));
	VALUE(munmap((void *)(1UL << 57), PAGE));
	VALUE(munmap((void *)-4096, PAGE));
	VALUE(munmap(NULL, PAGE));
}

/* Spans of every level of the tree, with neighbours that must stay. */
static void levels(void)
{
	static const size_t spans[] = { PAGE, MIB(2), GIB(1), GIB(512) };
	static const char *const names[] = { "4 KiB", "2 MiB", "1 GiB", "512 GiB" };

	for (size_t i = 0; i < COUNT(spans); i++) {
		size_t span = spans[i];
		char *start = (char *)0x220000000000;
		char *p = mmap(start, 3 * span, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);

		MUST(p == MAP_FAILED ? -1 : 0);
		p[0] = 'a', p[span - 1] = 'b', p[span] = 'c', p[2 * span - 1] = 'd';
		p[2 * span] = 'e', p[3 * span - 1] = 'f';
		MUST(munmap(p + span, span));
		say("%s: %c %c, %s %s, %c %c", names[i], p[0], p[span - 1], try_read(p + span),
		    try_read(p + 2 * span - 1), p[2 * span], p[3 * span - 1]);
		if (span > PAGE) {
			MUST(munmap(p + 2 * span, PAGE));
			say("%s: a page of the next: %s %d %c", names[i], try_read(p + 2 * span),
			    p[2 * span + PAGE], p[3 * span - 1]);
		}
		MUST(munmap(p, 3 * span));
		say("%s: all: %s %s", names[i], try_read(p), try_read(p + 3 * span - 1));
	}
}

int main(void)
{
	holes();
	errors();
	levels();
	return 0;
}
