/*
 * Entries of page tables: the bits that the CPU reads and the bits that are
 * ours (docs/memory.md). Only mm/tree.c stores user entries.
 *
 * Source: Intel SDM vol. 3A, 4.5 (4-level paging), tables 4-15 to 4-20. Bits
 * 9 to 11 and 52 to 58 are ignored by the CPU in every present entry; with P
 * clear all other bits are ours.
 */
#ifndef ARCH_PTE_H
#define ARCH_PTE_H

#include "lib/types.h"

typedef u64 pte_t;

enum {
	PTE_P = 1ull << 0,	/* present */
	PTE_W = 1ull << 1,	/* the CPU may write: says only "not shared", never "may not" */
	PTE_U = 1ull << 2,	/* user mode may use it */
	PTE_PWT = 1ull << 3,
	PTE_PCD = 1ull << 4,	/* not cached: device registers */
	PTE_A = 1ull << 5,	/* accessed, set by the CPU */
	PTE_D = 1ull << 6,	/* dirty, set by the CPU in leaves */
	PTE_LARGE = 1ull << 7,	/* a 2 MiB or 1 GiB page: only in the kernel's half */
	PTE_G = 1ull << 8,	/* global: stays in the TLB over CR3 loads */
	PTE_NX = 1ull << 63,	/* no instruction fetch (if EFER.NXE) */

	/* Logical protection of a leaf or reserved entry: what mmap and mprotect asked for. */
	PTE_READ = 1ull << 9,
	PTE_WRITE = 1ull << 10,
	PTE_EXEC = 1ull << 11,
	PTE_PROT = PTE_READ | PTE_WRITE | PTE_EXEC,

	PTE_SHARED = 1ull << 52,   /* MAP_SHARED: keeps W, is never copied */
	PTE_FRAME = 1ull << 53,	   /* P clear, but the entry keeps its frame: PROT_NONE */
	PTE_RESERVED = 1ull << 54, /* P clear: promised, not yet touched */
	PTE_MAPPING = 1ull << 55,  /* with RESERVED: of a file, by way of the frame in PTE_ADDR,
				    * which is of kind PAGE_MAPPING (mm/mapping.h) */
	PTE_NOWRITE = 1ull << 56,  /* a shared mapping of a file not open for writing: mprotect
				    * cannot add WRITE */
	PTE_LOCKED = 1ull << 57,   /* mlock: says only what munlock, VmLck and limits need */
	PTE_KEEP = PTE_SHARED | PTE_NOWRITE | PTE_LOCKED, /* whatever becomes of the page */

	PTE_ADDR = 0x000ffffffffff000ull,
};

enum {
	TABLE_ENTRIES = 512,
	LEVEL_LEAF = 1, /* its entries are pages; the root (PML4) is level 4 */
	LEVEL_ROOT = 4,
	ROOT_USER_ENTRIES = 256, /* the lower half is the user's */
};

/* Bytes that one entry of a table of this level stands for: 4 KiB, 2 MiB, 1 GiB, 512 GiB. */
static inline u64 level_span(int level)
{
	return 1ull << (PAGE_SHIFT + 9 * (level - 1));
}

static inline unsigned level_index(va_t va, int level)
{
	return (va >> (PAGE_SHIFT + 9 * (level - 1))) & (TABLE_ENTRIES - 1);
}

/* User addresses end one page below the hole, as on Linux (a SYSCALL at the
 * last bytes could otherwise return to a non-canonical address). */
#define USER_END 0x00007ffffffff000ull

/* All physical memory, at a fixed offset; the kernel itself in the top 2 GiB. */
#ifdef HOST_TEST
extern u8 host_memory[]; /* a host test's frames stand for physical memory */
#define DIRECT_MAP ((u64)host_memory)
#else
#define DIRECT_MAP 0xffff800000000000ull
#endif
#define KERNEL_BASE 0xffffffff80000000ull
/* Kernel stacks and large heap blocks, mapped page by page between guard pages. */
#define KMAP_START 0xffffc00000000000ull
#define KMAP_END 0xffffc08000000000ull

static inline void *pa_kva(pa_t pa)
{
	return (void *)(DIRECT_MAP + pa);
}

static inline pa_t kva_pa(const void *kva) /* of a direct map address */
{
	return (pa_t)kva - DIRECT_MAP;
}

#endif
