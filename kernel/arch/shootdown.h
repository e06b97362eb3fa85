/*
 * TLB shootdown: what other CPUs remember of page tables is flushed by an
 * interrupt to each, and a wait for all. Any context, with or without locks: a
 * CPU that waits, here or for a spinlock, answers meanwhile.
 */
#ifndef ARCH_SHOOTDOWN_H
#define ARCH_SHOOTDOWN_H

#include "arch/cpu.h"

#define FLUSH_ALL_OF_USER 1ull /* instead of an address: no page begins there */
#define FLUSH_ALL 2ull

/*
 * These CPUs (bits; not this one) drop `count` pages from start on, and the
 * paging-structure caches of the way down to them; or all of the user's, or all. They
 * have done so when it returns.
 */
void shootdown(u32 targets, va_t start, size_t count);

/* The same on this CPU alone. */
void flush_here(va_t start, size_t count);

extern u32 shootdown_asked_by[MAX_CPUS]; /* atomic; bits of the CPUs that ask, by CPU asked */

/* For loops that wait with interrupts off: does what others have asked of this CPU. */
static inline void shootdown_poll(void)
{
	void tlb_answer(void);
	if (__atomic_load_n(&shootdown_asked_by[this_cpu()->id], __ATOMIC_RELAXED))
		tlb_answer();
}

#endif
