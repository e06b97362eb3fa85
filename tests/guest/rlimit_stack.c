/*
 * The stack grows when it is touched below its end, by the program and by the
 * kernel on its behalf: as far as RLIMIT_STACK says at that moment, and not up
 * to another mapping. A far step down is allowed.
 *
 * native: no
 *
 * From setrlimit(2), mmap(2) (MAP_GROWSDOWN), signal(7).
 */
#include "check.h"

/* An address so many bytes below where we are now. */
static volatile char *below(size_t bytes)
{
	char here;
	volatile uintptr_t at = (uintptr_t)&here;

	return (volatile char *)(at - bytes);
}

static void limit(size_t soft)
{
	struct rlimit now;

	MUST(getrlimit(RLIMIT_STACK, &now));
	now.rlim_cur = soft;
	MUST(setrlimit(RLIMIT_STACK, &now));
}

static void grows(void)
{
	say("1 MiB: %s", try_write(below(MIB(1))));
	say("4 MiB, at once: %s", try_write(below(MIB(4))));
	say("what lies between: %s", try_read(below(MIB(3))));
	VALUE_OF("it is zero there", *below(MIB(2)));
	say("7.5 MiB, to read: %s", try_read(below(KIB(7680))));
	say("9 MiB: %s", try_write(below(MIB(9))));
	VALUE_OF("the code is SEGV_MAPERR", touch_code == SEGV_MAPERR);
	say("12 GiB: %s", try_write(below(GIB(12))));
}

static void follows_the_limit(void)
{
	limit(KIB(512));
	say("512 KiB limit, 256 KiB: %s", try_write(below(KIB(256))));
	say("1 MiB: %s", try_write(below(MIB(1))));
	limit(MIB(2));
	say("2 MiB limit, 1 MiB: %s", try_write(below(MIB(1))));
	say("3 MiB: %s", try_write(below(MIB(3))));
	limit(KIB(256));
	say("256 KiB limit, what is there stays, 1 MiB: %s", try_write(below(MIB(1))));
	say("64 KiB below: %s", try_write(below(MIB(1) + KIB(64))));
	limit(MIB(64));
	say("64 MiB limit, 60 MiB: %s", try_write(below(MIB(60))));
	say("65 MiB: %s", try_write(below(MIB(65))));
}

static void keeps_away(void)
{
	char *at = (char *)((uintptr_t)below(MIB(4)) & -PAGE);

	limit(MIB(16));
	at = mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	MUST(at == MAP_FAILED ? -1 : 0);
	say("2.5 MiB, the mapping is at 4: %s", try_write(below(KIB(2560))));
	say("3.5 MiB, too near: %s", try_write(below(KIB(3584))));
	say("6 MiB, below it: %s", try_write(below(MIB(6))));
	MUST(munmap(at, PAGE));
	say("3.5 MiB, when it has gone: %s", try_write(below(KIB(3584))));
}

static void by_the_kernel(void)
{
	int fds[2];

	MUST(pipe(fds));
	MUST(write(fds[1], "abc", 3));
	VALUE_OF("read to 2 MiB below", read(fds[0], (void *)below(MIB(2)), 3));
	VALUE_OF("write from 3 MiB below", write(fds[1], (void *)below(MIB(3)), 3));
	VALUE_OF("read to 10 MiB below", read(fds[0], (void *)below(MIB(10)), 3));
}

static int __attribute__((noinline)) deep(int n)
{
	volatile char frame[PAGE];

	frame[0] = 1;
	return n == 0 ? 0 : deep(n - 1) + frame[0];
}

static void recursion(void)
{
	VALUE_OF("1,000 pages deep", deep(1000));
	limit(MIB(8));
	deep(100000);
}

int main(void)
{
	limit(MIB(8));
	in_child("grows", grows);
	in_child("limit", follows_the_limit);
	in_child("neighbour", keeps_away);
	in_child("kernel", by_the_kernel);
	in_child("recursion", recursion);
	return 0;
}
