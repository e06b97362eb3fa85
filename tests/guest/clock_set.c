/*
 * Setting the clock: it goes on from there, other clocks do not change, and it
 * cannot be set to a time before that at which the machine was started.
 *
 * native: no
 *
 * From clock_settime(2).
 */
#include "check.h"

static long set(clockid_t clock, long sec, long nsec)
{
	return syscall(SYS_clock_settime, clock, &(struct timespec){ sec, nsec });
}

int main(void)
{
	struct timespec before, after, real;

	MUST(clock_gettime(CLOCK_MONOTONIC, &before));
	OK(set(CLOCK_REALTIME, 1000000000, 0));
	MUST(clock_gettime(CLOCK_REALTIME, &real));
	YES(real.tv_sec >= 1000000000 && real.tv_sec < 1000000060);
	MUST(clock_gettime(CLOCK_MONOTONIC, &after));
	YES(after.tv_sec - before.tv_sec < 60);

	VALUE(set(CLOCK_REALTIME, 0, 0));
	VALUE_OF("a second less than since the start",
		 set(CLOCK_REALTIME, after.tv_sec - 1, after.tv_nsec));
	VALUE(set(CLOCK_REALTIME, -1, 0));
	VALUE(set(CLOCK_REALTIME, 1000000000, 1000000000));
	VALUE(set(CLOCK_REALTIME, 1000000000, -1));
	VALUE(set(CLOCK_MONOTONIC, 1000000000, 0));
	VALUE(set(100, 1000000000, 0));
	VALUE(syscall(SYS_clock_settime, CLOCK_REALTIME, nowhere));
	MUST(clock_gettime(CLOCK_REALTIME, &real));
	YES_OF("nothing of that was set", real.tv_sec >= 1000000000 && real.tv_sec < 1000000060);
	MUST(setuid(1000));
	VALUE_OF("no privileges", set(CLOCK_REALTIME, 1000000000, 0));
	VALUE_OF("nor a time", set(CLOCK_REALTIME, 0, 0));
	return 0;
}
