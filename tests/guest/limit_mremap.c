/*
 * mremap with few frames left, of tables that fork has made common: a block has
 * moved whole or is where it was, and no part is at both places or at none.
 *
 * guest: -m 64 -t 120
 * tine-only: yes
 *
 * The child takes all memory by shared mappings, populated at once,
 * gives back so many frames, and moves the middle of a block that lies across
 * tables. On Linux memory cannot be taken to the last frame. From mremap(2).
 */
#include "check.h"

enum { RW = PROT_READ | PROT_WRITE, PAGES = 1300, FIRST = 100, COUNT_MOVED = 1050 };
enum { MOST_FRAMES = 24, CHUNKS = 4000, MOVED = 40, REFUSED = 41, DAMAGED = 42 };

static char *const HERE = (char *)0x240000000000, *const THERE = (char *)0x250000000000;
static struct { char *at; size_t length; } chunk[CHUNKS];
static int chunks;

/* The pages of stack and data that are written to later must be ours by then. */
static void own_pages(void)
{
	volatile char stack_pages[4 * PAGE];

	for (size_t i = 0; i < sizeof(stack_pages); i += 64)
		stack_pages[i] = 1;
	for (int i = 0; i < CHUNKS; i++)
		chunk[i].length = 0;
	touch(HERE, TOUCH_READ);
	chunks = failures = stack_pages[0] * 0;
}

static int take(size_t size)
{
	char *p = mmap(NULL, size, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || chunks == CHUNKS)
		return 0;
	if (madvise(p, size, 23 /* MADV_POPULATE_WRITE */)) {
		munmap(p, size);
		return 0;
	}
	chunk[chunks].at = p;
	chunk[chunks++].length = size;
	return 1;
}

/* The first chunks are single pages, to be given back one by one. */
static void take_all(void)
{
	while (chunks < MOST_FRAMES && take(PAGE))
		;
	for (size_t size = MIB(4); size >= PAGE; size /= 4)
		while (take(size))
			;
}

/* The first `n` chunks. */
static void give_back(int n)
{
	for (int i = 0; i < n; i++)
		if (chunk[i].length)
			munmap(chunk[i].at, chunk[i].length);
	for (int i = 0; i < n; i++)
		chunk[i].length = 0;
}

static int wrong(const char *p, int first, int count)
{
	int n = 0;

	for (int i = first; i < first + count; i++)
		n += *(const int *)(p + i * PAGE) != i + 1;
	return n;
}

static int gone(char *p, int first, int count)
{
	int n = 0;

	for (int i = first; i < first + count; i += 7)
		n += touch(p + i * PAGE, TOUCH_READ) == SIGSEGV;
	return n == (count + 6) / 7;
}

static void move_with(int frames, char *p, size_t new_pages)
{
	char *to = THERE + 5 * PAGE, *q;
	int error, bad, kept = new_pages < COUNT_MOVED ? new_pages : COUNT_MOVED;

	own_pages();
	take_all();
	give_back(frames);
	q = mremap(p + FIRST * PAGE, COUNT_MOVED * PAGE, new_pages * PAGE,
		   MREMAP_MAYMOVE | MREMAP_FIXED, to);
	error = errno;
	give_back(chunks);
	bad = wrong(p, 0, FIRST) + wrong(p, FIRST + COUNT_MOVED, PAGES - FIRST - COUNT_MOVED);
	if (q == MAP_FAILED) {
		bad += error != ENOMEM || wrong(p, FIRST, COUNT_MOVED);
		bad += !gone(to, 0, new_pages);
		_exit(bad ? DAMAGED : REFUSED);
	}
	bad += q != to || wrong(q - FIRST * PAGE, FIRST, kept);
	bad += !gone(p, FIRST, COUNT_MOVED);
	for (size_t i = COUNT_MOVED; i < new_pages; i++)
		bad += q[i * PAGE] != 0;
	_exit(bad ? DAMAGED : MOVED);
}

static void try(const char *label, size_t new_pages)
{
	int moved = 0, refused = 0, others = 0, status;

	for (int frames = 0; frames <= MOST_FRAMES; frames++) {
		char *p = mmap(HERE, PAGES * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			       -1, 0);
		pid_t pid;

		MUST(p == MAP_FAILED ? -1 : 0);
		for (int i = 0; i < PAGES; i++)
			*(int *)(p + i * PAGE) = i + 1;
		pid = MUST(fork());
		if (pid == 0)
			move_with(frames, p, new_pages);
		MUST(waitpid(pid, &status, 0));
		moved += status == MOVED << 8;
		refused += status == REFUSED << 8;
		if (status != MOVED << 8 && status != REFUSED << 8)
			say("%d frames: %s", frames, status_text(status));
		others += wrong(p, 0, PAGES);
		MUST(munmap(p, PAGES * PAGE));
	}
	say("# moved %d, refused %d", moved, refused);
	say("%s", label);
	expect("whole each time", moved + refused == MOST_FRAMES + 1);
	expect("refused without memory", refused > 0);
	expect("moved with some", moved > 0);
	expect("the parent's block is whole", others == 0);
}

int main(void)
{
	try("the same size", COUNT_MOVED);
	try("shrunk", COUNT_MOVED / 2);
	try("grown", 2 * COUNT_MOVED);
	return failures != 0;
}
