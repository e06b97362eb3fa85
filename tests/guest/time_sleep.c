/*
 * nanosleep and clock_gettime: errors, that time passes as asked, and that the
 * monotonic clock does not go back.
 *
 * Upper bounds are wide: an emulated machine is slow. From nanosleep(2),
 * clock_gettime(2).
 */
#include "check.h"

static long sleep_raw(long seconds, long nanoseconds)
{
	struct timespec want = { seconds, nanoseconds };

	return syscall(SYS_nanosleep, &want, NULL);
}

static void errors(void)
{
	struct timespec now = { 0, 0 };

	VALUE(sleep_raw(0, 0));
	VALUE(sleep_raw(0, 1));
	VALUE(sleep_raw(0, 999999));
	VALUE(sleep_raw(0, 1000000000));
	VALUE(sleep_raw(0, -1));
	VALUE(sleep_raw(-1, 0));
	VALUE(sleep_raw(LONG_MIN, 0));
	VALUE(syscall(SYS_nanosleep, NULL, NULL));
	VALUE(syscall(SYS_nanosleep, nowhere, NULL));
	VALUE(syscall(SYS_nanosleep, in_kernel, NULL));
	VALUE_OF("bad remainder, not needed", syscall(SYS_nanosleep, &now, nowhere));
	VALUE(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, nowhere));
	VALUE(syscall(SYS_clock_gettime, CLOCK_REALTIME, in_kernel));
	VALUE(syscall(SYS_clock_gettime, CLOCK_REALTIME, NULL));
	VALUE(syscall(SYS_clock_gettime, 100, &now));
	VALUE(syscall(SYS_clock_gettime, CLOCK_REALTIME, &now));
	VALUE(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now));
}

static long ns_between(struct timespec a, struct timespec b)
{
	return (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec;
}

static void passes(clockid_t clock, const char *name)
{
	struct timespec before, after, want = { 0, 30000000 };
	long went;

	MUST(clock_gettime(clock, &before));
	MUST(nanosleep(&want, NULL));
	MUST(clock_gettime(clock, &after));
	went = ns_between(before, after);
	YES_OF(name, went >= 29900000 && went < 3000000000);
	YES_OF("nanoseconds in range", after.tv_nsec >= 0 && after.tv_nsec < 1000000000);
}

int main(void)
{
	struct timespec last, now;
	int back = 0, moved = 0;

	errors();
	passes(CLOCK_MONOTONIC, "CLOCK_MONOTONIC: 30 ms passed");
	passes(CLOCK_REALTIME, "CLOCK_REALTIME: 30 ms passed");
	MUST(clock_gettime(CLOCK_MONOTONIC, &last));
	for (int i = 0; i < 20000; i++) {
		MUST(clock_gettime(CLOCK_MONOTONIC, &now));
		back += ns_between(last, now) < 0;
		moved += ns_between(last, now) > 0;
		last = now;
	}
	VALUE_OF("times the clock went back", back);
	YES_OF("it is finer than a timer tick", moved > 100);
	return 0;
}
