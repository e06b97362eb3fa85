/*
 * Sleeping locks: held across user copies, faults and allocations, never taken
 * in interrupts or under a spinlock. Not recursive. Fair enough: a woken waiter
 * competes with newcomers. Signals do not interrupt the wait.
 */
#ifndef SYNC_MUTEX_H
#define SYNC_MUTEX_H

#include "sync/wait.h"

struct mutex {
	_Atomic(struct task *) owner; /* NULL when free */
	_Atomic u32 nwaiting;
	struct waitq queue;
	u16 rank;
	const char *name;
};

void mutex_init(struct mutex *mutex, const char *name, enum lock_rank rank);
void mutex_lock(struct mutex *mutex);
/* One more of the rank held last, where the caller has an order for them (directories). */
void mutex_lock_second(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
bool mutex_held(const struct mutex *mutex); /* by the current task */

#endif
