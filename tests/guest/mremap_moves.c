/*
 * mremap: shrink, grow in place, grow by moving, to a fixed place; contents
 * kept; shared memory stays shared; and the errors.
 *
 * From mremap(2).
 */
#include "check.h"

enum { RW = PROT_READ | PROT_WRITE };

static char *const BASE = (char *)0x230000000000;

static char *fresh(char *at, int pages)
{
	char *p = mmap(at, pages * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	MUST(p == MAP_FAILED ? -1 : 0);
	for (int i = 0; i < pages; i++)
		p[i * PAGE] = 'a' + i;
	return p;
}

static char *remap(char *old, int old_pages, int new_pages, int flags, char *to)
{
	return mremap(old, (size_t)old_pages * PAGE, (size_t)new_pages * PAGE, flags, to);
}

static void in_place(void)
{
	char *p = fresh(BASE, 8);

	YES_OF("shrink", remap(p, 8, 4, 0, NULL) == p);
	say("kept %c, beyond %s", p[3 * PAGE], try_read(p + 4 * PAGE));
	YES_OF("same size", remap(p, 4, 4, 0, NULL) == p);
	YES_OF("grow where it is free", remap(p, 4, 6, 0, NULL) == p);
	say("kept %c, new %d", p[3 * PAGE], p[5 * PAGE]);
	fresh(BASE + 6 * PAGE, 1);
	VALUE_OF("grow where it is taken", remap(p, 6, 7, 0, NULL) == MAP_FAILED ? -1L : 0);
	say("still there: %c %c", p[0], p[6 * PAGE]);
	munmap(p, 8 * PAGE);
}

static void moving(void)
{
	char *p = fresh(BASE, 4), *q;

	fresh(BASE + 4 * PAGE, 1);
	q = remap(p, 4, 600, MREMAP_MAYMOVE, NULL);
	YES_OF("moved", q != MAP_FAILED && q != p);
	say("content %c %c %c %c, new %d %d", q[0], q[PAGE], q[2 * PAGE], q[3 * PAGE], q[4 * PAGE],
	    q[599 * PAGE]);
	say("the old place: %s, its neighbour %c", try_read(p), p[4 * PAGE]);
	munmap(q, 600 * PAGE);
	p = fresh(BASE, 4);
	q = remap(p, 4, 4, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 100 * PAGE);
	YES_OF("to a fixed place", q == BASE + 100 * PAGE);
	say("content %c %c, the old place %s", q[0], q[3 * PAGE], try_read(p));
	p = fresh(BASE, 4);
	p[0] = 'N';
	q = remap(p, 4, 2, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 101 * PAGE);
	say("over another, smaller: %c %c %c, %c", q[-PAGE], q[0], q[PAGE], q[2 * PAGE]);
	say("the old place: %s %s", try_read(p), try_read(p + 3 * PAGE));
	munmap(BASE, 200 * PAGE);
	p = fresh(BASE, 4);
	MUST(mprotect(p, 4 * PAGE, PROT_READ));
	q = remap(p, 4, 5, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 100 * PAGE);
	say("protection moves too: %s %s", try_write(q), try_write(q + 4 * PAGE));
	munmap(BASE, 200 * PAGE);
}

static void shared(void)
{
	char *p = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *q;
	pid_t pid;

	p[0] = 's';
	pid = MUST(fork());
	if (pid == 0) {
		q = mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE);
		q[1] = 'c';
		_exit(q[0] == 's' ? 0 : 1);
	}
	MUST(waitpid(pid, NULL, 0));
	say("moved by the child, still shared: %c%c", p[0], p[1]);
	munmap(p, PAGE);
	/* A private one moved by the child is the child's affair only. */
	p = fresh(BASE, 2);
	pid = MUST(fork());
	if (pid == 0) {
		q = mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 10 * PAGE);
		q[0] = 'c';
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	say("moved by the child, private: %c%c", p[0], p[PAGE]);
	munmap(p, 2 * PAGE);
}

static void large(void)
{
	char *p = mmap(BASE, GIB(3), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
		       -1, 0), *q;

	p[0] = '0', p[GIB(1)] = '1', p[GIB(2) + 5] = '2';
	q = mremap(p, GIB(3), GIB(4), MREMAP_MAYMOVE | MREMAP_FIXED, BASE + GIB(16) + MIB(2));
	say("3 GiB moved: %c %c %c %d", q[0], q[GIB(1)], q[GIB(2) + 5], q[GIB(4) - 1]);
	say("the old place: %s", try_read(p + GIB(1)));
	munmap(q, GIB(4));
}

static long error(void *old, size_t old_size, size_t new_size, int flags, void *to)
{
	return syscall(SYS_mremap, old, old_size, new_size, flags, to) == -1 ? -1 : 0;
}

static void errors(void)
{
	char *p = fresh(BASE, 4);

	VALUE(error(p + 1, PAGE, PAGE, 0, NULL));
	VALUE(error(p, PAGE, 0, 0, NULL));
	VALUE(error(p, PAGE, PAGE, 0x100, NULL));
	VALUE(error(p, PAGE, PAGE, MREMAP_FIXED, p + 64 * PAGE));
	VALUE(error(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 64 * PAGE + 1));
	VALUE(error(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE));
	VALUE(error(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, in_kernel));
	/* ENOMEM in older kernels, EINVAL in newer ones. */
	YES_OF("2^57 is refused", error(p, 4 * PAGE, 1UL << 57, MREMAP_MAYMOVE, NULL) == -1);
	VALUE(error(p, 5 * PAGE, 6 * PAGE, MREMAP_MAYMOVE, NULL));
	VALUE(error(p + 40 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL));
	VALUE(error(in_kernel, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL));
	VALUE(error(p, 0, PAGE, MREMAP_MAYMOVE, NULL));
	say("still there: %c %c", p[0], p[3 * PAGE]);
	MUST(munmap(p + 2 * PAGE, PAGE));
	MUST(mprotect(p + 3 * PAGE, PAGE, PROT_READ));
	VALUE(error(p, 4 * PAGE, 3 * PAGE, 0, NULL));
	VALUE(error(p, 3 * PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL));
	VALUE(error(p, 4 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 64 * PAGE));
	VALUE(error(p, 4 * PAGE, 2 * PAGE, 0, NULL));
	MUST(error(p + 64 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p));
	say("%c %c %s", p[0], p[PAGE], try_read(p + 3 * PAGE));
	pid_t pid = MUST(fork());
	if (pid == 0) { /* Linux lets root do it */
		(void)!setuid(1000);
		VALUE(error(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, NULL));
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	munmap(p, 4 * PAGE);
}

int main(void)
{
	in_place();
	moving();
	shared();
	large();
	errors();
	return 0;
}
