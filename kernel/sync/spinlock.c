/*
 * Spinlocks and the count of reasons to keep interrupts off (sync/spinlock.h).
 *
 * A DEBUG build keeps a stack of held locks per CPU and checks ranks; a plain
 * build only spins. Source: xv6's push_off and pop_off; Intel SDM vol. 3A 8.2
 * (an exchange is a full barrier, a plain store releases).
 */
#include "sync/spinlock.h"
#include "arch/cpu.h"
#include "lib/panic.h"

void irq_off_push(void)
{
	bool was_on = irq_enabled();
	irq_disable();
	struct cpu *cpu = this_cpu();
	if (cpu->irq_off_depth++ == 0)
		cpu->irq_was_on = was_on;
}

void irq_off_pop(void)
{
	struct cpu *cpu = this_cpu();
	kassert(cpu->irq_off_depth > 0);
	if (--cpu->irq_off_depth == 0 && cpu->irq_was_on)
		irq_enable();
}

#ifdef DEBUG

enum { MAX_HELD = 16 };

static struct held {
	u32 n;
	const struct spinlock *lock[MAX_HELD];
} held[MAX_CPUS];

static void check_take(struct spinlock *lock, const void *site)
{
	struct held *h = &held[this_cpu()->id];
	if (h->n > 0 && h->lock[h->n - 1]->rank >= lock->rank)
		panic("lock order: %s (rank %u) at %pS, while %s (rank %u) is held since %pS",
		      lock->name, lock->rank, site, h->lock[h->n - 1]->name,
		      h->lock[h->n - 1]->rank, h->lock[h->n - 1]->taken_at);
	kassert(h->n < MAX_HELD);
	h->lock[h->n++] = lock;
	lock->taken_at = site;
}

static void check_release(struct spinlock *lock)
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

#else

static inline void check_take(struct spinlock *lock, const void *site)
{
	(void)lock;
	(void)site;
}

static inline void check_release(struct spinlock *lock)
{
	(void)lock;
}

#endif

void spin_init(struct spinlock *lock, const char *name, enum lock_rank rank)
{
	*lock = (struct spinlock)SPINLOCK_INIT(name, rank);
}

void spin_lock(struct spinlock *lock)
{
	irq_off_push();
	check_take(lock, __builtin_return_address(0));
	while (__atomic_exchange_n((u32 *)&lock->held, 1, __ATOMIC_ACQUIRE))
		cpu_relax();
	lock->cpu = this_cpu()->id;
}

void spin_unlock(struct spinlock *lock)
{
	check_release(lock);
	__atomic_store_n((u32 *)&lock->held, 0, __ATOMIC_RELEASE);
	irq_off_pop();
}

bool spin_held(const struct spinlock *lock)
{
	return lock->held && lock->cpu == this_cpu()->id;
}
