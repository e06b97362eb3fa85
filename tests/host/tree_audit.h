/*
 * The invariants of docs/memory.md over all trees of tests/host/tree.c: I1
 * (references are pointers), used, groups, resident and mapped of every table, and
 * I3 (what can be written through is shared with nobody). Every frame that is
 * not free must have been found. Each table is looked through once.
 */
#ifndef TREE_AUDIT_H
#define TREE_AUDIT_H

#include "tree_map.h"

static u32 pointers[NFRAMES];

static void audit_leaf(pte_t entry, bool writable)
{
	const struct page *page = entry_page(entry);
	if (page == zero_page) {
		if (entry & PTE_W)
			broken("the zero page can be written");
		return;
	}
	if (page->kind != PAGE_ANON && page->kind != PAGE_FILE)
		broken("frame %lu: an entry leads to kind %d", page_pfn(page), page->kind);
	pointers[page_pfn(page)]++;
	if (writable && (entry & PTE_W) && page->refs != 1 && !(entry & PTE_SHARED))
		broken("frame %lu: writable, with %u references", page_pfn(page), page->refs);
}

/* The pointers to this table are counted by the caller. writable: W is set all the way down to
 * here. Data pages below it. */
static u32 audit_table(const struct page *table, int level, bool writable)
{
	u32 used = 0, resident = 0;
	u64 mapped = 0;
	if (table->kind != PAGE_TABLE || table->level != level)
		broken("frame %lu: not a table of level %d", page_pfn(table), level);
	if (writable && table->refs != 1)
		broken("table %lu: writable, with %u references", page_pfn(table), table->refs);
	if (pointers[page_pfn(table)]++ > 0)
		return table->resident; /* seen already: shared */
	const pte_t *entries = table_entries(table);
	for (unsigned i = 0; i < table_length(level); i++) {
		pte_t entry = entries[i];
		if (!entry)
			continue;
		used++;
		if (!(table->groups >> i / 8 & 1))
			broken("table %lu level %d: entry %u is in use, but not in groups %#lx",
			       page_pfn(table), level, i, table->groups);
		if (entry_is_table(entry, level)) {
			resident += audit_table(entry_page(entry), level - 1,
						writable && (entry & PTE_W));
		} else if (entry_is_page(entry, level)) {
			audit_leaf(entry, writable);
			resident += entry_page(entry) != zero_page;
		} else if (entry_is_mapping(entry)) {
			if (entry_page(entry)->kind != PAGE_MAPPING)
				broken("frame %lu: not a mapping", page_pfn(entry_page(entry)));
			pointers[page_pfn(entry_page(entry))]++;
		} else if (!entry_is_reserved(entry)) {
			broken("entry %#lx at level %d is of no kind", entry, level);
		}
		mapped += entry_mapped(entry, level);
	}
	if (used != table->used)
		broken("table %lu level %d: used %u, counted %u", page_pfn(table), level, table->used,
		       used);
	if (resident != table->resident)
		broken("table %lu level %d: resident %u, counted %u", page_pfn(table), level,
		       table->resident, resident);
	if (mapped != table_mapped(table))
		broken("table %lu level %d: mapped %lu, counted %lu", page_pfn(table), level,
		       table_mapped(table), mapped);
	for (unsigned i = table_length(level); i < TABLE_ENTRIES; i++)
		if (entries[i] != (KERNEL_ENTRY | PTE_P | PTE_W))
			broken("the kernel's half of a root has changed");
	return resident;
}

static void audit(void)
{
	memset(pointers, 0, sizeof pointers);
	for (u32 i = 0; i < MAX_MMS; i++)
		if (spaces[i].live)
			audit_table(pa_page(spaces[i].mm.root), LEVEL_ROOT, true);
	for (u32 i = 0; i < nobjects; i++)
		pointers[page_pfn(objects[i].page)] += objects[i].held;
	for (u32 i = 0; i < NFRAMES; i++) {
		u32 refs = pages[i].kind == PAGE_BOOT ? pages[i].refs - 1 : pages[i].refs;
		if (refs != pointers[i])
			broken("frame %u kind %d level %d: %u references, %u pointers", i,
			       pages[i].kind, pages[i].level, refs, pointers[i]);
	}
}

#endif
