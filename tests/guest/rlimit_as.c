/*
 * RLIMIT_AS: mmap of every kind, brk, mremap and the stack stay within it; what
 * a mapping replaces does not count; fork is not asked. RLIMIT_DATA: brk.
 *
 * native: no
 *
 * From setrlimit(2), mmap(2), brk(2), mremap(2).
 */
#include "check.h"

/* The size of the address space now, from /proc/self/statm. */
static size_t mapped(void)
{
	char text[128] = "";
	int fd = MUST(open("/proc/self/statm", O_RDONLY));

	MUST(read(fd, text, sizeof(text) - 1));
	MUST(close(fd));
	return strtoul(text, NULL, 10) * PAGE;
}

static void leave(int which, size_t room)
{
	struct rlimit limit = { room, RLIM_INFINITY };

	if (which == RLIMIT_AS)
		limit.rlim_cur += mapped();
	MUST(setrlimit(which, &limit));
}

static long map(void *at, size_t length, int prot, int flags)
{
	void *where = mmap(at, length, prot, flags | MAP_ANONYMOUS, -1, 0);

	return where == MAP_FAILED ? -1 : 0;
}

static void by_mmap(void)
{
	char *at = map_anon(MIB(8), PROT_READ);
	size_t before = mapped();

	leave(RLIMIT_AS, MIB(4));
	VALUE_OF("5 MiB", map(NULL, MIB(5), PROT_READ, MAP_PRIVATE));
	VALUE_OF("5 MiB, shared", map(NULL, MIB(5), PROT_READ, MAP_SHARED));
	VALUE_OF("5 MiB, PROT_NONE", map(NULL, MIB(5), PROT_NONE, MAP_PRIVATE | MAP_NORESERVE));
	VALUE_OF("1 TiB", map(NULL, GIB(1024), PROT_NONE, MAP_PRIVATE | MAP_NORESERVE));
	VALUE_OF("over what is there", map(at, MIB(8), PROT_READ, MAP_PRIVATE | MAP_FIXED));
	VALUE_OF("over that and 2 MiB", map(at - MIB(2), MIB(10), PROT_READ,
					    MAP_PRIVATE | MAP_FIXED));
	YES_OF("that is 2 MiB more", mapped() == before + MIB(2));
	VALUE_OF("over that and 3 MiB", map(at - MIB(5), MIB(13), PROT_READ,
					    MAP_PRIVATE | MAP_FIXED));
	YES_OF("nothing has changed", mapped() == before + MIB(2));
	VALUE_OF("2 MiB", map(NULL, MIB(2), PROT_READ, MAP_PRIVATE));
	VALUE_OF("a page", map(NULL, PAGE, PROT_READ, MAP_PRIVATE));
	MUST(munmap(at, PAGE));
	VALUE_OF("a page, for one that has gone", map(NULL, PAGE, PROT_READ, MAP_PRIVATE));
	MUST(munmap(at + MIB(4), MIB(1)));
	YES_OF("1 MiB less", mapped() == before + MIB(3));
	leave(RLIMIT_AS, 0);
	VALUE_OF("below it is no limit: a page", map(NULL, PAGE, PROT_READ, MAP_PRIVATE));
	VALUE_OF("mprotect", mprotect(at + PAGE, PAGE, PROT_READ | PROT_WRITE));
	in_child("fork", abort);
}

static void by_mremap(void)
{
	char *at = map_anon(MIB(1), PROT_READ);

	leave(RLIMIT_AS, MIB(2));
	OK_OF("1 to 4 MiB", (long)mremap(at, MIB(1), MIB(4), MREMAP_MAYMOVE));
	OK_OF("1 to 3 MiB", (long)(at = mremap(at, MIB(1), MIB(3), MREMAP_MAYMOVE)));
	OK_OF("and a page", (long)mremap(at, MIB(3), MIB(3) + PAGE, MREMAP_MAYMOVE));
}

static void by_brk(void)
{
	char *end = sbrk(0);

	leave(RLIMIT_AS, MIB(2));
	YES_OF("brk up 3 MiB fails", syscall(SYS_brk, end + MIB(3)) == (long)end);
	YES_OF("1 MiB", syscall(SYS_brk, end + MIB(1)) == (long)end + (long)MIB(1));
	YES_OF("down", syscall(SYS_brk, end) == (long)end);
	leave(RLIMIT_AS, 0);
	YES_OF("nothing is left", syscall(SYS_brk, end + MIB(1)) == (long)end);
}

static void by_data(void)
{
	char *end = sbrk(0);

	leave(RLIMIT_DATA, MIB(4));
	YES_OF("4 MiB fails, there is data already", syscall(SYS_brk, end + MIB(4)) == (long)end);
	YES_OF("3 MiB", syscall(SYS_brk, end + MIB(3)) == (long)end + (long)MIB(3));
}

static void by_the_stack(void)
{
	volatile char here;
	volatile uintptr_t at = (uintptr_t)&here;

	leave(RLIMIT_AS, KIB(512));
	say("the stack, 256 KiB: %s", try_write((char *)at - KIB(256)));
	say("the stack, 2 MiB: %s", try_write((char *)at - MIB(2)));
	leave(RLIMIT_AS, MIB(4));
	say("again, with room: %s", try_write((char *)at - MIB(2)));
}

int main(void)
{
	in_child("mmap", by_mmap);
	in_child("mremap", by_mremap);
	in_child("brk", by_brk);
	in_child("data", by_data);
	in_child("stack", by_the_stack);
	return 0;
}
