/*
 * Where things are in a user address space, from the top down: the stack, the
 * area in which mmap finds room, the heap above the program, the program.
 * Addresses are fixed (LINUX-DIFF: no randomisation, so that every run, trace
 * and lecture shows the same ones).
 *
 * The stack has the last entry of the root to itself, and begins 128 KiB into
 * the span of a leaf table: the tables which the first write after a fork must
 * copy are nearly empty, whatever else is mapped.
 */
#ifndef MM_LAYOUT_H
#define MM_LAYOUT_H

#include "arch/pte.h"

#define STACK_TOP 0x00007fffffe20000ull	       /* the first stack byte is below it */
#define STACK_STEP (32ull * 1024)	       /* reserved at once, at exec and when it grows: a short
					* table for fork to copy. LINUX-DIFF: there it is 128 KiB */
#define STACK_GUARD_GAP (1024ull * 1024)       /* kept free below a stack that grows */
#define MAP_AREA_END 0x00007f8000000000ull     /* mmap looks for gaps below */
#define MAP_AREA_START 0x0000000000010000ull   /* vm.mmap_min_addr on Linux */
#define PIE_BASE 0x0000555555554000ull	       /* where a PIE is loaded, as Linux without ASLR */

#endif
