/*
 * Limits of futex waits: FUTEX_WAIT's is from now on, FUTEX_WAIT_BITSET's is a
 * time of CLOCK_MONOTONIC or CLOCK_REALTIME; limits that have passed, and those
 * that are none; what a limit is for operations without one. From futex(2).
 */
#include "futex.h"

static uint32_t word;

static struct timespec in_ms(clockid_t clock, long ms)
{
	struct timespec t;

	MUST(clock_gettime(clock, &t));
	t.tv_nsec += ms % 1000 * 1000000;
	t.tv_sec += ms / 1000 + t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

/* The call ends by its limit, after about 80 ms. */
static void takes_80_ms(const char *label, int op, const struct timespec *limit)
{
	long begin = now_ms(), took;

	VALUE_OF(label, futex(&word, op, 0, limit, NULL, ANY));
	took = now_ms() - begin;
	if (took < 78 || took > 3000)
		say("%s: took %ld ms", label, took);
}

static void good(void)
{
	static const struct timespec for_80_ms = { 0, 80000000 };
	struct timespec monotonic, real;

	takes_80_ms("WAIT", FUTEX_WAIT | PRIVATE, &for_80_ms);
	takes_80_ms("WAIT, shared", FUTEX_WAIT, &for_80_ms);
	monotonic = in_ms(CLOCK_MONOTONIC, 80);
	takes_80_ms("WAIT_BITSET", FUTEX_WAIT_BITSET | PRIVATE, &monotonic);
	real = in_ms(CLOCK_REALTIME, 80);
	takes_80_ms("WAIT_BITSET, real time", FUTEX_WAIT_BITSET | REALTIME, &real);
	VALUE_OF("the same again, over", futex(&word, FUTEX_WAIT_BITSET | REALTIME, 0, &real, NULL, ANY));
	VALUE_OF("over, monotonic", futex(&word, FUTEX_WAIT_BITSET, 0, &monotonic, NULL, ANY));
	VALUE_OF("over, and another value", futex(&word, FUTEX_WAIT_BITSET, 1, &monotonic, NULL, ANY));
	VALUE_OF("over, and no bits", futex(&word, FUTEX_WAIT_BITSET, 0, &monotonic, NULL, 0));
}

static void zero_and_bad(void)
{
	static const struct timespec zero, too_many = { 0, 1000000000 }, negative = { -1, 0 },
				     negative_ns = { 0, -1 };
	static const int ops[] = { FUTEX_WAIT, FUTEX_WAIT_BITSET, FUTEX_WAIT_BITSET | REALTIME,
				   FUTEX_WAIT | REALTIME };

	for (size_t i = 0; i < COUNT(ops); i++) {
		say("operation %#x", ops[i]);
		VALUE_OF("0", futex(&word, ops[i], 0, &zero, NULL, ANY));
		VALUE_OF("0, another value", futex(&word, ops[i], 1, &zero, NULL, ANY));
		VALUE_OF("1,000,000,000 ns", futex(&word, ops[i], 1, &too_many, NULL, ANY));
		VALUE_OF("-1 s", futex(&word, ops[i], 0, &negative, NULL, ANY));
		VALUE_OF("-1 ns", futex(&word, ops[i], 0, &negative_ns, NULL, ANY));
		VALUE_OF("bad address", futex(&word, ops[i], 0, nowhere, NULL, ANY));
		VALUE_OF("kernel's address", futex(&word, ops[i], 0, in_kernel, NULL, ANY));
		VALUE_OF("no limit, another value", futex(&word, ops[i], 1, NULL, NULL, ANY));
		VALUE_OF("bad limit, odd word", futex((char *)&word + 1, ops[i], 0, &negative, NULL, 1));
	}
	VALUE_OF("a wake has none", futex(&word, FUTEX_WAKE, 1, nowhere, NULL, 0));
	VALUE_OF("nor with bits", futex(&word, FUTEX_WAKE_BITSET, 1, nowhere, NULL, 1));
}

/* A wake comes before the limit; limits far away are none. */
static void woken(void)
{
	static const struct timespec ever = { LONG_MAX, 999999999 };
	struct timespec later = in_ms(CLOCK_MONOTONIC, 60000), real = in_ms(CLOCK_REALTIME, 60000);
	struct sleeper s[5];
	int right = 0;

	start(&s[0], &word, FUTEX_WAIT | PRIVATE, 0, 0, &ever);
	start(&s[1], &word, FUTEX_WAIT_BITSET | PRIVATE, 0, ANY, &ever);
	start(&s[2], &word, FUTEX_WAIT_BITSET | PRIVATE | REALTIME, 0, ANY, &ever);
	start(&s[3], &word, FUTEX_WAIT_BITSET | PRIVATE, 0, ANY, &later);
	start(&s[4], &word, FUTEX_WAIT_BITSET | PRIVATE | REALTIME, 0, ANY, &real);
	VALUE_OF("asleep", settle(s, 5, 0));
	VALUE_OF("woken", futex(&word, FUTEX_WAKE | PRIVATE, 9, NULL, NULL, 0));
	finish(s, 5, &word, NULL);
	for (int i = 0; i < 5; i++)
		right += s[i].error == 0;
	VALUE_OF("returned 0", right);
}

int main(void)
{
	good();
	zero_and_bad();
	woken();
	return 0;
}
