/* Times given by user programs. */
#ifndef SYSCALL_TIME_CALLS_H
#define SYSCALL_TIME_CALLS_H

#include "lib/types.h"

/* struct timespec to nanoseconds: 0, -EFAULT, -EINVAL. Beyond 292 years it saturates. */
int timespec_from_user(u64 *ns, const void __user *timespec);
int timespec_to_user(void __user *timespec, u64 ns);

/* Sleeps until time_now_ns is that: 0, or -EINTR. */
int time_sleep_until(u64 deadline_ns);

/* Clocks of CPU time (syscall/cpu_clocks.c): 0, or -EINVAL if there is no such clock. */
bool cpu_clock_is_one(int clock); /* by the form of its id */
int cpu_clock_read(int clock, u64 *ns);
u64 cpu_clock_resolution_ns(int clock);
s64 cpu_clock_sleep(int clock, bool absolute, u64 ns, void __user *remain);

#endif
