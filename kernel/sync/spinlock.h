/*
 * Spinlocks. Interrupts are off on a CPU while it holds any, so the same lock
 * may be taken by a system call and by an interrupt handler (xv6's push_off):
 * a depth count per CPU turns them on again after the last one.
 *
 * Every lock has a rank (sync/rank.h). A DEBUG build keeps each CPU's held
 * locks and panics, with both places, when one is taken out of order or twice.
 * Source for the memory order: Intel SDM vol. 3A 8.2 (a locked
 * instruction is a full barrier, a plain store releases).
 */
#ifndef SYNC_SPINLOCK_H
#define SYNC_SPINLOCK_H

#include "arch/cpu.h"
#include "lib/types.h"
#include "sync/rank.h"

struct spinlock {
	u32 holder; /* atomic: 0 free, else 1 + the CPU that holds it, in one word: spin_held is exact */
	u16 rank;
	const char *name;
#ifdef DEBUG
	const void *taken_at;
#endif
};

#define SPINLOCK_INIT(lock_name, lock_rank) {.rank = (lock_rank), .name = (lock_name)}

static inline void spin_init(struct spinlock *lock, const char *name, enum lock_rank rank)
{
	*lock = (struct spinlock)SPINLOCK_INIT(name, rank);
}

/* Takes a lock that was not free; answers other CPUs' flushes meanwhile (arch/shootdown.h). */
void spin_wait_and_take(struct spinlock *lock);

/* Which one each CPU is waiting for so; NULL: none. For who looks why a CPU is stuck. */
extern const struct spinlock *spin_waits_for[MAX_CPUS];

/* For who must not wait for ever for a CPU that may be stuck with the lock: so many tries. */
bool spin_lock_soon(struct spinlock *lock, u32 tries);

/* DEBUG: the order of ranks is checked; else these do nothing. Functions of their own then, so that
 * who calls them is the place of the lock. */
#ifdef DEBUG
#define SPIN_FUNCTION static __attribute__((noinline, unused)) void
#define SPIN_SITE ((const char *)__builtin_return_address(0) - 1)
void spin_check_take(struct spinlock *lock, bool second, const void *site);
void spin_note_taken(struct spinlock *lock, const void *site); /* while it waits, another holds it */
void spin_check_release(struct spinlock *lock);
#else
#define SPIN_FUNCTION static inline void
#define SPIN_SITE NULL
static inline void spin_check_take(struct spinlock *lock, bool second, const void *site)
{
	(void)lock;
	(void)second;
	(void)site;
}

static inline void spin_note_taken(struct spinlock *lock, const void *site)
{
	(void)lock;
	(void)site;
}

static inline void spin_check_release(struct spinlock *lock)
{
	(void)lock;
}
#endif

/* Interrupts off and on again, nesting with each other and with spinlocks. */
static inline void irq_off_push(void)
{
	u64 flags = cpu_flags();
	irq_disable();
	if (cpu_here->irq_off_depth++ == 0)
		cpu_here->irq_flags = flags;
}

static inline void irq_off_pop(void)
{
	if (--cpu_here->irq_off_depth == 0 && (cpu_here->irq_flags & RFLAGS_IF))
		irq_enable();
}

/* Interrupts are off. */
static inline bool spin_try(struct spinlock *lock)
{
	u32 nobody = 0;
	return __atomic_compare_exchange_n(&lock->holder, &nobody, cpu_here->id + 1, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void spin_take(struct spinlock *lock, bool second, const void *site)
{
	irq_off_push();
	spin_check_take(lock, second, site);
	if (__builtin_expect(!spin_try(lock), 0))
		spin_wait_and_take(lock);
	spin_note_taken(lock, site);
}

SPIN_FUNCTION spin_lock(struct spinlock *lock)
{
	spin_take(lock, false, SPIN_SITE);
}

/* The second of two locks of one rank: the one at the higher address. */
SPIN_FUNCTION spin_lock_second(struct spinlock *lock)
{
	spin_take(lock, true, SPIN_SITE);
}

static inline void spin_unlock(struct spinlock *lock)
{
	spin_check_release(lock);
	__atomic_store_n(&lock->holder, 0, __ATOMIC_RELEASE);
	irq_off_pop();
}

/* By this CPU? */
static inline bool spin_held(const struct spinlock *lock)
{
	return __atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == cpu_here->id + 1;
}

#endif
