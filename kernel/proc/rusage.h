/* struct rusage of getrusage(2), for wait4, waitid and getrusage. */
#ifndef PROC_RUSAGE_H
#define PROC_RUSAGE_H

#include "proc/task.h"

int rusage_to_user(void __user *to, const struct usage *usage); /* 0 or -EFAULT */

#endif
