/*
 * Spinlocks. Interrupts are off on a CPU while it holds any, so the same lock
 * may be taken by a system call and by an interrupt handler (xv6's push_off):
 * a depth count per CPU turns them on again after the last one.
 *
 * Every lock has a rank (sync/rank.h). A DEBUG build keeps each CPU's held
 * locks and panics, with both places, when one is taken out of order or twice.
 */
#ifndef SYNC_SPINLOCK_H
#define SYNC_SPINLOCK_H

#include "lib/types.h"
#include "sync/rank.h"

struct spinlock {
	_Atomic u32 held; /* 0 free, 1 held */
	u16 rank;
	u16 cpu; /* of the holder, for asserts; valid while held */
	const char *name;
#ifdef DEBUG
	const void *taken_at;
#endif
};

#define SPINLOCK_INIT(lock_name, lock_rank) {.rank = (lock_rank), .name = (lock_name)}

void spin_init(struct spinlock *lock, const char *name, enum lock_rank rank);
void spin_lock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock);
bool spin_held(const struct spinlock *lock); /* by this CPU */

/* Interrupts off and on again, nesting with each other and with spinlocks. */
void irq_off_push(void);
void irq_off_pop(void);

#endif
