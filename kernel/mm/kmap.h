/*
 * Kernel memory mapped page by page: stacks, each with an unmapped guard page
 * below it, and heap blocks larger than a slab takes. RANK_KMAP.
 */
#ifndef MM_KMAP_H
#define MM_KMAP_H

#include "lib/types.h"

enum { KSTACK_SIZE = 12 * 1024 }; /* three pages, below them the guard */

va_t kstack_alloc(void);     /* the top of a stack (exclusive end); 0 when out of memory */
void kstack_free(va_t top);  /* keeps some for the next fork */
u64 kstack_pages(void);	     /* in use, for /proc/meminfo's KernelStack */
bool kstack_guard_hit(va_t fault); /* the address lies in a guard page */
va_t kstack_bottom(va_t va); /* of the stack where that lies, if one is there; 0: none can be */

void *kmap_alloc(size_t npages); /* NULL when out of memory or of space */
void kmap_free(void *start);

#endif
