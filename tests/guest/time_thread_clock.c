/* A sleep on the clock of the own thread: EOPNOTSUPP on Linux (docs/abi.md says so, too); Tine: EINVAL. */
#include "check.h"

int main(void)
{
	struct timespec want = { 0, 1000000 };

	VALUE(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &want, NULL));
	return 0;
}
