/*
 * Loading trees and flushing what the CPU remembers of them (TLB and
 * paging-structure caches: SDM vol. 3A 4.10), and the kernel's own half.
 */
#ifndef ARCH_MMU_H
#define ARCH_MMU_H

#include "arch/pte.h"

struct mm;

/*
 * Builds the kernel's final tables: direct map of all RAM with the largest
 * pages the CPU has, kernel text read-only and executable, read-only data,
 * the rest never executable. Every upper root entry that will ever be in use is
 * filled now, so that every root can copy the 256 once and for all.
 * alloc_table returns a zeroed frame's physical address (boot allocator).
 */
void mmu_init_kernel(pa_t (*alloc_table)(void), pa_t ram_end);

extern pa_t kernel_root; /* the root without a user half */

/* The kernel's half of a new root, which is all zeros; and all zeros again. */
void mmu_fill_kernel_half(pte_t *root);
void mmu_clear_kernel_half(pte_t *root);

/* Loads CR3. Also drops every user translation of the CPU (no PCID yet). */
void mmu_load_root(pa_t root);

/* This CPU only. INVLPG drops the paging-structure caches too (SDM 4.10.4.1). */
void mmu_flush_page(va_t va);
void mmu_flush_user(void); /* all non-global translations */
void mmu_flush_all(void);  /* all: a change of CR4.PGE, SDM vol. 3A 4.10.4.1 */

/*
 * One page of the KMAP area. -ENOMEM if a table is lacking. Unmapping returns the
 * frame, and in *table the table that became empty by it or NULL: both are put
 * after tlb_flush_kernel. They lock for themselves (RANK_KMAP).
 */
struct page;
int mmu_kmap_page(va_t va, pa_t pa);
struct page *mmu_kunmap_page(va_t va, struct page **table);
void tlb_flush_kernel(va_t start, size_t count); /* on every CPU (mm/tlb.c) */
void tlb_flush_all(void);			 /* everything, on every CPU */

/*
 * Maps device registers, uncached; returns their address in the direct map.
 */
void *mmu_map_device(pa_t pa, size_t len_bytes);

#endif
