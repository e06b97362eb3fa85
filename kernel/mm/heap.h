/*
 * The kernel heap. Objects up to 2 KiB come from slabs of one size class
 * each; larger ones from whole frames mapped side by side (mm/kmap.c).
 * Never sleeps; may be called under any spinlock below RANK_KMAP.
 */
#ifndef MM_HEAP_H
#define MM_HEAP_H

#include "lib/types.h"

enum { HEAP_ANY = -2 }; /* a class that is not known yet */

#define HEAP_POISON 0x6b6b6b6b6b6b6b6b /* DEBUG: each word of freed memory, no address */

/* The class of slabs for objects of n bytes (classes[] in mm/heap.c); -1: whole frames. */
static inline __attribute__((always_inline)) int heap_class(size_t n)
{
	return n <= 16	 ? 0
	       : n <= 32   ? 1
	       : n <= 64   ? 2
	       : n <= 96   ? 3
	       : n <= 128  ? 4
	       : n <= 192  ? 5
	       : n <= 256  ? 6
	       : n <= 384  ? 7
	       : n <= 512  ? 8
	       : n <= 640  ? 9
	       : n <= 1024 ? 10
	       : n <= 1360 ? 11
	       : n <= 2048 ? 12
			   : -1;
}

void *heap_alloc_from(int class, size_t size_bytes);  /* heap_alloc, with heap_class known */
void *heap_zalloc_from(int class, size_t size_bytes); /* heap_zalloc likewise */

/* Undefined content, 16-byte aligned; NULL when out of memory. */
static inline void *heap_alloc(size_t size_bytes)
{
	return heap_alloc_from(__builtin_constant_p(size_bytes) ? heap_class(size_bytes) : HEAP_ANY,
			       size_bytes);
}

/* Zeroed. */
static inline void *heap_zalloc(size_t size_bytes)
{
	return heap_zalloc_from(__builtin_constant_p(size_bytes) ? heap_class(size_bytes) : HEAP_ANY,
				size_bytes);
}
void heap_free(void *object);	      /* NULL is allowed */

struct heap_class_stats {
	u32 size_bytes;
	u64 objects, slabs;
};
size_t heap_stats(struct heap_class_stats *out, size_t max); /* returns how many classes */

#endif
