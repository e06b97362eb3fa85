/*
 * mremap: sizes, moves, flags, neighbours, shared and file mappings, errors.
 * Pages: mremap(2).
 *
 * native: no
 */
#include "spec.h"

static char *place = (char *)0x2d0000000000;

static char *fresh(int pages, int prot)
{
	char *at = mmap(place, (size_t)pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	MUST(at == MAP_FAILED ? -1 : 0);
	place += MIB(64);
	return at;
}

/* Where it went: same, moved, or the error. */
static char *remap(const char *label, char *old, size_t old_size, size_t size, int flags, void *to)
{
	char *at;

	errno = 0;
	at = mremap(old, old_size, size, flags, to);
	say("%s: %s", label, at == MAP_FAILED ? errno_text(errno) : at == old ? "in place" :
	    at == to ? "where asked for" : "moved");
	return at;
}

static void sizes(void)
{
	char *at = fresh(4, PROT_READ | PROT_WRITE);

	at[0] = 'a', at[3 * PAGE] = 'd';
	remap("shrink", at, 4 * PAGE, 2 * PAGE, 0, NULL);
	say("the rest is gone: %s, %s", try_read(at + PAGE), try_read(at + 2 * PAGE));
	remap("grow into free space", at, 2 * PAGE, 4 * PAGE, 0, NULL);
	VALUE(at[3 * PAGE]);
	remap("the same", at, 4 * PAGE, 4 * PAGE, 0, NULL);
	remap("sizes are rounded up", at, 3 * PAGE + 1, 4 * PAGE - 1, 0, NULL);
	MUST(mmap(at + 4 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	     MAP_FAILED ? -1 : 0);
	remap("a neighbour, must not move", at, 4 * PAGE, 5 * PAGE, 0, NULL);
	at[0] = 'a', at[3 * PAGE] = 'd';
	char *moved = remap("a neighbour, may move", at, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE, NULL);
	say("%c%c %d; old: %s", moved[0], moved[3 * PAGE], moved[5 * PAGE], try_read(at));
	char *part = remap("the middle grows: it must move", moved + PAGE, 2 * PAGE, 3 * PAGE, 0, NULL);
	part = remap("the middle grows, may move", moved + PAGE, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, NULL);
	say("%s %s %s", try_read(moved), try_read(moved + PAGE), try_read(moved + 3 * PAGE));
	remap("the middle shrinks", moved + 3 * PAGE, 2 * PAGE, PAGE, 0, NULL);
	say("%s %s %s", try_read(moved + 3 * PAGE), try_read(moved + 4 * PAGE), try_read(moved + 5 * PAGE));
	munmap(moved, 6 * PAGE), munmap(part, 3 * PAGE), munmap(at, 6 * PAGE);
}

static void fixed(void)
{
	char *at = fresh(4, PROT_READ | PROT_WRITE), *to = fresh(4, PROT_READ);

	memset(at, 'f', 4 * PAGE);
	remap("fixed without may-move", at, 4 * PAGE, 4 * PAGE, MREMAP_FIXED, to);
	remap("fixed, not aligned", at, 4 * PAGE, 4 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, to + 1);
	remap("fixed, overlapping", at, 4 * PAGE, 4 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, at + PAGE);
	remap("fixed, in the kernel", at, 4 * PAGE, 4 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, in_kernel);
	remap("fixed, onto a mapping", at, 4 * PAGE, 4 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, to);
	say("%s; %c %s", try_read(at), to[3 * PAGE], try_write(to));
	char *far = place;
	place += MIB(64);
	remap("fixed, smaller", to, 4 * PAGE, 2 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, far);
	say("%s %s; %s %s", try_read(to), try_read(to + 3 * PAGE), try_read(far + PAGE), try_read(far + 2 * PAGE));
	remap("fixed, larger", far, 2 * PAGE, 3 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, to);
	say("%c %d", to[PAGE], to[2 * PAGE]);
	munmap(to, 4 * PAGE);
}

static void errors(void)
{
	char *at = fresh(2, PROT_READ | PROT_WRITE);

	remap("not aligned", at + 1, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL);
	remap("to nothing", at, PAGE, 0, MREMAP_MAYMOVE, NULL);
	remap("unknown flags", at, PAGE, PAGE, 8, NULL);
	remap("unknown flags", at, PAGE, PAGE, -1, NULL);
	remap("not mapped", (char *)0x2c0000000000, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL);
	remap("not mapped, shrinking", (char *)0x2c0000000000, 2 * PAGE, PAGE, MREMAP_MAYMOVE, NULL);
	remap("more than is mapped", at, 3 * PAGE, 4 * PAGE, MREMAP_MAYMOVE, NULL);
	remap("too large", at, 2 * PAGE, 1UL << 47, MREMAP_MAYMOVE, NULL);
	remap("size wraps", at, 2 * PAGE, -1UL, MREMAP_MAYMOVE, NULL);
	remap("old size wraps", at, -1UL, PAGE, MREMAP_MAYMOVE, NULL);
	remap("an old size of 0, private", at, 0, PAGE, MREMAP_MAYMOVE, NULL);
	remap("kernel", in_kernel, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL);
	say("it is still there: %s", try_write(at + PAGE));
	munmap(at, 2 * PAGE);
	struct rlimit limit, old;
	MUST(getrlimit(RLIMIT_AS, &old));
	limit = old;
	limit.rlim_cur = MIB(64);
	at = fresh(2, PROT_READ | PROT_WRITE);
	MUST(setrlimit(RLIMIT_AS, &limit));
	remap("above RLIMIT_AS", at, 2 * PAGE, MIB(70), MREMAP_MAYMOVE, NULL);
	MUST(setrlimit(RLIMIT_AS, &old));
	munmap(at, 2 * PAGE);
}

static void files(void)
{
	static char data[2 * PAGE];
	int fd;
	char *at, byte;

	memset(data, '1', PAGE), memset(data + PAGE, '2', PAGE);
	make_file("f", 0644, data, sizeof(data));
	fd = MUST(open("f", O_RDWR));
	at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *to = place;
	place += MIB(64);
	remap("a shared file mapping", at, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	to[0] = 'X';
	VALUE(pread(fd, &byte, 1, 0));
	say("%c %c", byte, to[PAGE]);
	at = remap("its second page", to + PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to + 10 * PAGE);
	at[1] = 'Y';
	VALUE(pread(fd, &byte, 1, PAGE + 1));
	say("%c", byte);
	munmap(to, 12 * PAGE);
	close(fd);
	at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	at[0] = 's';
	to = remap("shared memory", at, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		to[1] = 'c';
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	say("%c%c", to[0], to[1]);
	munmap(to, 2 * PAGE);
}

int main(void)
{
	spec_enter();
	sizes();
	fixed();
	errors();
	files();
	spec_leave();
	return 0;
}
