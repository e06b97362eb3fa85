/* Futexes: sleeping on a word of user memory. */
#ifndef PROC_FUTEX_H
#define PROC_FUTEX_H

#include "lib/types.h"

void futex_init(void);

/* Wakes all who sleep on the word in the current address space; how many. */
int futex_wake_all(u32 __user *addr);

#endif
