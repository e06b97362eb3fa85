/*
 * What the rest of the kernel tells the interval timers of a process.
 */
#ifndef PROC_ITIMER_H
#define PROC_ITIMER_H

#include "lib/types.h"

/* The current task has had the CPU for these ns, in user mode or not. In the timer interrupt. */
void itimer_charge(bool user, u64 ns);

/* The current task has taken SIGALRM: the next interval begins. Takes proc_lock. */
void itimer_rearm(void);

#endif
