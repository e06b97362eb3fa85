/*
 * The kernel heap. Objects up to 2 KiB come from slabs of one size class
 * each; larger ones from whole frames mapped side by side (mm/kmap.c).
 * Never sleeps; may be called under any spinlock below RANK_KMAP.
 */
#ifndef MM_HEAP_H
#define MM_HEAP_H

#include "lib/types.h"

void *heap_alloc(size_t size_bytes);  /* undefined content, 16-byte aligned; NULL when out */
void *heap_zalloc(size_t size_bytes); /* zeroed */
void heap_free(void *object);	      /* NULL is allowed */

struct heap_class_stats {
	u32 size_bytes;
	u64 objects, slabs;
};
size_t heap_stats(struct heap_class_stats *out, size_t max); /* returns how many classes */

#endif
