/*
 * Flushing what CPUs remember of a tree. mm->loaded says which CPUs have the
 * root in CR3, idle ones that keep an old root included; a CPU that has not
 * loaded it has nothing cached, because loading CR3 drops all of the user's.
 *
 * One CPU runs so far; the others are asked by an interrupt in the next step
 * of the kernel (docs/locking.md, "Several CPUs").
 */
#include "arch/cpu.h"
#include "arch/mmu.h"
#include "lib/panic.h"
#include "mm/tree.h"

static bool loaded_here(struct mm *mm)
{
	u32 here = 1u << this_cpu()->id;
	kassert((mm->loaded & ~here) == 0);
	return mm->loaded & here;
}

void tlb_flush_page(struct mm *mm, va_t va)
{
	if (loaded_here(mm))
		mmu_flush_page(va);
}

void tlb_flush_mm(struct mm *mm)
{
	if (loaded_here(mm))
		mmu_flush_user();
}
