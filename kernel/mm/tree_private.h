/*
 * What the files of the tree share and nobody else sees: the groups of a table's
 * entries, and changing one table that is already known to be the address space's own.
 */
#ifndef MM_TREE_PRIVATE_H
#define MM_TREE_PRIVATE_H

#include "mm/tree.h"

/* Entries come in groups; page.groups says which can be in use, so that fork, copies, sweeps
 * and frees pass over the empty parts of a table. */
enum { GROUP = TABLE_ENTRIES / 64 };

/* Takes the next group in use off the mask: its first entry. */
static inline unsigned group_take(u64 *groups)
{
	unsigned first = __builtin_ctzll(*groups) * GROUP;
	*groups &= *groups - 1;
	return first;
}

/* Data pages that count as resident: the zero page is nobody's. */
static inline int entry_resident(pte_t entry)
{
	return (entry & (PTE_P | PTE_FRAME)) && entry_page(entry) != zero_page;
}

/* One step of tree_own: the table below parent's entry for va, made our own. */
int tree_own_table(struct mm *mm, struct page *parent, va_t va, struct page **table_out);

/* Stores an entry in an own table; counts entries. */
void table_store(struct page *table, unsigned index, pte_t entry);

/* Stores a promise of anonymous memory in entries [index, end) of an own leaf table, all empty. */
void table_fill(struct page *table, unsigned index, unsigned end, pte_t reserved);

#endif
