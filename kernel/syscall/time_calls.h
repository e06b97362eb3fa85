/* Times given by user programs. */
#ifndef SYSCALL_TIME_CALLS_H
#define SYSCALL_TIME_CALLS_H

#include "lib/types.h"

/* struct timespec to nanoseconds: 0, -EFAULT, -EINVAL. Beyond 292 years it saturates. */
int timespec_from_user(u64 *ns, const void __user *timespec);
int timespec_to_user(void __user *timespec, u64 ns);

#endif
