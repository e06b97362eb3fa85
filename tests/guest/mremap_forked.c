/*
 * mremap of memory that fork has made common: grown, moved and shrunk in child and
 * parent, in one or both, at and off the edges of tables; also with holes and
 * different protections inside the block. Each side sees its own bytes only.
 *
 * guest: -m 128 -t 120
 *
 * A table of x86-64 has 2 MiB: blocks lie across its edges, and the pieces
 * beside them must stay. From mremap(2), fork(2).
 */
#include "check.h"

enum { RW = PROT_READ | PROT_WRITE, TABLE = 2 << 20, PAGES = 1100, MOVES = 40 };

static char *const HERE = (char *)0x240000000000, *const THERE = (char *)0x250000000000;

/* PAGES pages that cross two table edges, each with its own mark. */
static char *block(char *at)
{
	char *p = mmap(at, PAGES * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	MUST(p == MAP_FAILED ? -1 : 0);
	for (int i = 0; i < PAGES; i++)
		*(int *)(p + i * PAGE) = i + 1;
	return p;
}

/* How many pages from `first` on do not have their mark, times `factor`. */
static int wrong(const char *p, int first, int count, int factor)
{
	int n = 0;

	for (int i = first; i < first + count; i++)
		n += *(const int *)(p + i * PAGE) != (i + 1) * factor;
	return n;
}

static void mark(char *p, int first, int count, int factor)
{
	for (int i = first; i < first + count; i++)
		*(int *)(p + i * PAGE) = (i + 1) * factor;
}

static char *move(char *from, int old_pages, int new_pages, char *to)
{
	char *p = mremap(from, (size_t)old_pages * PAGE, (size_t)new_pages * PAGE,
			 MREMAP_MAYMOVE | MREMAP_FIXED, to);

	MUST(p == MAP_FAILED ? -1 : 0);
	return p;
}

/* Moves a middle part away, as it is and written before or after; counts what is wrong. */
static int move_middle(char *p, char *to, int first, int count, int factor)
{
	char *q;
	int n = 0;

	mark(p, first + count / 2, 10, factor);
	q = move(p + first * PAGE, count, count, to) - first * PAGE;
	n += wrong(q, first, count / 2, 1);
	n += wrong(q, first + count / 2, 10, factor);
	n += wrong(q, first + count / 2 + 10, count - count / 2 - 10, 1);
	mark(q, first, count, factor);
	n += wrong(q, first, count, factor);
	n += wrong(p, 0, first, 1) + wrong(p, first + count, PAGES - first - count, 1);
	n += touch(p + first * PAGE, TOUCH_READ) != SIGSEGV;
	n += touch(p + (first + count - 1) * PAGE, TOUCH_WRITE) != SIGSEGV;
	munmap(q + first * PAGE, count * PAGE);
	return n;
}

/* The child moves, the parent's block is whole, then the parent moves. */
static void child_then_parent(const char *label, char *at, char *to, int first, int count)
{
	char *p = block(at);
	int status, before;
	pid_t pid = MUST(fork());

	if (pid == 0)
		_exit(move_middle(p, to, first, count, 2) != 0);
	MUST(waitpid(pid, &status, 0));
	before = wrong(p, 0, PAGES, 1);
	say("%s: child %s, parent's pages wrong %d, after its own move %d", label,
	    status_text(status), before, move_middle(p, to, first, count, 3));
	munmap(p, PAGES * PAGE);
}

/* Both have the tables in common while the parent moves; the child looks after it. */
static void parent_first(const char *label, char *at, char *to, int first, int count)
{
	char *p = block(at), byte;
	int go[2], status, n;
	pid_t pid;

	MUST(pipe(go));
	pid = MUST(fork());
	if (pid == 0) {
		MUST(read(go[0], &byte, 1));
		n = wrong(p, 0, PAGES, 1);
		_exit((n != 0) + 2 * (move_middle(p, to, first, count, 4) != 0));
	}
	n = move_middle(p, to, first, count, 5);
	MUST(write(go[1], "x", 1));
	MUST(waitpid(pid, &status, 0));
	say("%s: parent %d wrong, child %s", label, n, status_text(status));
	close(go[0]), close(go[1]);
	munmap(p, PAGES * PAGE);
}

static void grow_and_shrink(void)
{
	char *p = block(HERE), *q;
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0) {
		q = mremap(p, PAGES * PAGE, 3 * PAGES * PAGE, 0);
		if (q != p || wrong(q, 0, PAGES, 1) || q[(3 * PAGES - 1) * PAGE])
			_exit(1);
		mark(q, 0, 3 * PAGES, 6);
		q = move(q, 3 * PAGES, 2 * PAGES, THERE);
		if (wrong(q, 0, 2 * PAGES, 6) || touch(p, TOUCH_READ) != SIGSEGV)
			_exit(2);
		if (mremap(q, 2 * PAGES * PAGE, 5 * PAGE, 0) != q || wrong(q, 0, 5, 6))
			_exit(3);
		_exit(touch(q + 5 * PAGE, TOUCH_READ) == SIGSEGV ? 0 : 4);
	}
	MUST(waitpid(pid, &status, 0));
	say("grown and shrunk in a child: %s, parent's pages wrong %d", status_text(status),
	    wrong(p, 0, PAGES, 1));
	munmap(p, PAGES * PAGE);
}

/* Every other page is gone or read-only: the moved part keeps that. */
static void split_child(char *p, int first, int count)
{
	char *q = move(p + first * PAGE, count, count, THERE + 7 * PAGE) - first * PAGE;
	int n = 0;

	for (int i = first; i < first + count; i++) {
		n += i % 16 != 5 && *(int *)(q + i * PAGE) != (i + 1) * (i % 16 != 9);
		if (i % 16 == 5)
			n += touch(q + i * PAGE, TOUCH_WRITE) != SIGSEGV;
	}
	_exit(n != 0);
}

static void split_protections(void)
{
	char *p = block(HERE + 3 * PAGE);
	int status, n = 0;
	pid_t pid;

	for (int i = 0; i < PAGES; i++) {
		if (i % 16 == 5)
			MUST(mprotect(p + i * PAGE, PAGE, PROT_READ));
		if (i % 16 == 9)
			MUST(madvise(p + i * PAGE, PAGE, MADV_DONTNEED));
	}
	pid = MUST(fork());
	if (pid == 0)
		split_child(p, 6, 3); /* pages 6 to 8: one mapping on Linux, too */
	MUST(waitpid(pid, &status, 0));
	for (int i = 0; i < PAGES; i++) {
		n += *(int *)(p + i * PAGE) != (i + 1) * (i % 16 != 9);
		n += (touch(p + i * PAGE, TOUCH_WRITE) == SIGSEGV) != (i % 16 == 5);
	}
	say("between protected pages: child %s, parent's pages wrong %d", status_text(status), n);
	munmap(p, PAGES * PAGE);
}

/* Shared memory stays one memory, wherever either side moves it. */
static void shared_memory(void)
{
	char *p = mmap(HERE, PAGES * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	int status;
	pid_t pid;

	MUST(p == MAP_FAILED ? -1 : 0);
	mark(p, 0, PAGES, 1);
	pid = MUST(fork());
	if (pid == 0) {
		char *q = move(p + 500 * PAGE, 100, 100, THERE) - 500 * PAGE;

		if (wrong(q, 500, 100, 1) || touch(p + 500 * PAGE, TOUCH_READ) != SIGSEGV)
			_exit(1);
		mark(q, 500, 100, 7);
		mark(p, 0, 100, 7);
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	say("shared, moved in a child: %s, wrong %d %d %d", status_text(status),
	    wrong(p, 0, 100, 7), wrong(p, 500, 100, 7), wrong(p, 600, 500, 1));
	p = move(p, PAGES, PAGES, THERE + 9 * PAGE);
	say("and in the parent: wrong %d %d %d", wrong(p, 0, 100, 7), wrong(p, 500, 100, 7),
	    wrong(p, 600, 500, 1));
	munmap(p, PAGES * PAGE);
}

/* Moved to and fro in generations of children, which end in any order. */
static void generations(void)
{
	char *p = block(HERE + 11 * PAGE), *other = THERE + TABLE - 5 * PAGE, *next;
	int status, failed = 0, children = 0;

	for (int i = 0; i < MOVES; i++) {
		pid_t pid = MUST(fork());

		if (pid == 0) {
			mark(p, i * 20, 20, 8);
			next = move(p, PAGES, PAGES, other);
			_exit(wrong(next, 0, i * 20, 1) || wrong(next, i * 20, 20, 8) ||
			      wrong(next, i * 20 + 20, PAGES - i * 20 - 20, 1));
		}
		children++;
		next = move(p, PAGES, PAGES, other);
		other = p;
		p = next;
		if (children < 4)
			continue;
		MUST(wait(&status));
		failed += status != 0;
		children--;
	}
	for (; children > 0; children--) {
		MUST(wait(&status));
		failed += status != 0;
	}
	say("to and fro: children that failed %d, pages wrong %d", failed, wrong(p, 0, PAGES, 1));
	munmap(p, PAGES * PAGE);
}

int main(void)
{
	child_then_parent("whole tables", HERE, THERE, 0, PAGES - 1);
	child_then_parent("one table", HERE, THERE, 512, 512);
	child_then_parent("inside a table", HERE, THERE, 100, 200);
	child_then_parent("across an edge", HERE + 5 * PAGE, THERE, 400, 300);
	child_then_parent("to another place in its table", HERE, THERE + 77 * PAGE, 400, 300);
	parent_first("whole tables", HERE, THERE, 0, PAGES - 1);
	parent_first("one table", HERE, THERE, 512, 512);
	parent_first("inside a table", HERE, THERE, 100, 200);
	parent_first("across an edge", HERE + 5 * PAGE, THERE, 400, 300);
	grow_and_shrink();
	split_protections();
	shared_memory();
	generations();
	return 0;
}
