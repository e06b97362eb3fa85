/*
 * Page faults: demand paging and copy-on-write.
 */
#ifndef MM_FAULT_H
#define MM_FAULT_H

#include "arch/regs.h"
#include "mm/mm.h"

enum { FAULT_VECTOR = 14 };

/* Bits of the error code that the CPU pushes (SDM vol. 3A 4.7). */
enum fault_bits {
	FAULT_PRESENT = 1, /* the walk ended at a present entry that forbids it */
	FAULT_WRITE = 2,
	FAULT_USER = 4,
	FAULT_RESERVED_BIT = 8,
	FAULT_FETCH = 16,
};

/* From the trap entry, interrupts on (if they were before the fault). */
void fault_page(struct regs *regs, va_t va, u64 error_code);

/*
 * Brings one page in, as a read or write of the program would. The caller holds mm->lock.
 * 0; -ENOMEM: no frame; -EFAULT: nothing is mapped there, it may not, or beyond a file's end.
 */
int fault_touch(struct mm *mm, va_t va, bool write);

/*
 * For exec: the page at va as the kernel may write it, whatever the protection, in an address
 * space that does not run yet and has something mapped there. The caller holds mm->lock. NULL: no
 * frame.
 */
void *mm_own_page(struct mm *mm, va_t va);

#endif
