/*
 * What the frame allocator asks of those who keep empty frames for later.
 */
#ifndef MM_HEAP_PRIVATE_H
#define MM_HEAP_PRIVATE_H

#include "lib/types.h"

u64 heap_reclaim(void);	    /* gives all empty slabs back; how many frames */
u64 heap_empty_slabs(void); /* frames that it could give back now */

u64 kstack_reclaim(void);	/* the same for stacks kept for the next fork */
u64 kstack_cached_pages(void);

#endif
