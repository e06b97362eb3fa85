/*
 * Flushing what CPUs remember of a tree (invariant I4). mm->loaded says which
 * CPUs have the root in CR3; one that has not loaded it has nothing cached,
 * because loading CR3 drops all of the user's. Who sets its bit after we have
 * looked loads CR3 after that (mm_switch), and so walks the tables as they are now.
 */
#include "arch/mmu.h"
#include "arch/shootdown.h"
#include "mm/tree.h"
#include "trace/trace.h"

/* As it is after the tables have changed: that is seen by others before we look. */
static u32 loaded_on(const struct mm *mm)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return mm->loaded;
}

static __attribute__((noinline)) void shootdown_mm(const struct mm *mm, u32 targets, va_t start,
						  size_t count)
{
	trace(shootdown, mm->number, targets, count);
	shootdown(targets, start, count);
}

void tlb_flush_page(struct mm *mm, va_t va)
{
	u32 loaded = loaded_on(mm), here = 1u << this_cpu()->id;
	if (loaded & here)
		mmu_flush_page(va);
	if (loaded & ~here)
		shootdown_mm(mm, loaded & ~here, va, 1);
}

void tlb_flush_pages(struct mm *mm, va_t start, size_t count)
{
	u32 loaded = loaded_on(mm), here = 1u << this_cpu()->id;
	if (loaded & here)
		flush_here(start, count);
	if (loaded & ~here)
		shootdown_mm(mm, loaded & ~here, start, count);
}

void tlb_flush_mm(struct mm *mm)
{
	u32 loaded = loaded_on(mm), here = 1u << this_cpu()->id;
	if (loaded & here)
		mmu_flush_user();
	if (loaded & ~here)
		shootdown_mm(mm, loaded & ~here, FLUSH_ALL_OF_USER, 0);
}

void tlb_flush_all(void)
{
	tlb_flush_kernel(FLUSH_ALL, 0);
}

void tlb_flush_kernel(va_t start, size_t count)
{
	u32 here = 1u << this_cpu()->id, online = (u32)((1ull << ncpus) - 1);
	flush_here(start, count);
	if (online & ~here)
		shootdown(online & ~here, start, count);
}
