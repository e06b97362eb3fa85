/*
 * Ranks of spinlocks, checked (sync/spinlock.h): each CPU keeps a stack of the
 * locks that it holds. Without DEBUG there is only the wait for a lock.
 */
#include "sync/spinlock.h"
#include "arch/shootdown.h"
#include "lib/panic.h"

const struct spinlock *spin_waits_for[MAX_CPUS];

void spin_wait_and_take(struct spinlock *lock)
{
	u32 here = this_cpu()->id;
	spin_waits_for[here] = lock;
	do {
		while (__atomic_load_n(&lock->holder, __ATOMIC_RELAXED)) {
			shootdown_poll();
			cpu_relax();
		}
	} while (!spin_try(lock));
	spin_waits_for[here] = NULL;
}

__cold bool spin_lock_soon(struct spinlock *lock, u32 tries)
{
	irq_off_push();
	while (tries-- > 0) {
		if (spin_try(lock)) {
			spin_check_take(lock, false, SPIN_SITE);
			spin_note_taken(lock, SPIN_SITE);
			return true;
		}
		shootdown_poll();
		cpu_relax();
	}
	irq_off_pop();
	return false;
}

#ifdef DEBUG

enum { MAX_HELD = 16 };

static struct held {
	u32 n;
	const struct spinlock *lock[MAX_HELD];
} held[MAX_CPUS];

void spin_check_take(struct spinlock *lock, bool second, const void *site)
{
	struct held *h = &held[this_cpu()->id];
	const struct spinlock *last = h->n > 0 ? h->lock[h->n - 1] : NULL;
	bool pair = second && last && last->rank == lock->rank && last < lock;
	if (last && last->rank >= lock->rank && !pair)
		panic("lock order: %s (rank %u) at %pL, while %s (rank %u) is held since %pL",
		      lock->name, lock->rank, site, last->name, last->rank, last->taken_at);
	kassert(h->n < MAX_HELD);
	h->lock[h->n++] = lock;
}

void spin_note_taken(struct spinlock *lock, const void *site)
{
	lock->taken_at = site;
}

void spin_check_release(struct spinlock *lock)
{
	struct held *h = &held[this_cpu()->id];
	for (u32 i = h->n; i-- > 0;) {
		if (h->lock[i] != lock)
			continue;
		for (; i + 1 < h->n; i++)
			h->lock[i] = h->lock[i + 1];
		h->n--;
		return;
	}
	panic("%s is released by a CPU that does not hold it", lock->name);
}

#endif
