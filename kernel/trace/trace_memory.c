/*
 * What fork did to the page tables, found by a look at the child's new tree: mm/tree.c says the
 * rest itself (copy, own), and mm/fault.c (fault, page).
 *
 * Locks: the caller (mm_fork) holds the parent's mm->lock; nobody else has the child yet.
 */
#include "mm/tree.h"
#include "trace/trace_private.h"

/* Tables with more than one reference are shared, with all below them: those that are not (the way
 * to the stack's page) are looked into. */
static void shares_below(struct mm *parent, struct mm *child, const struct page *table, va_t start)
{
	int level = table->level;
	for (unsigned i = 0; i < table_length(level); i++) {
		pte_t entry = table_entries(table)[i];
		va_t va = start + i * level_span(level);
		if (!entry_is_table(entry, level))
			continue;
		const struct page *below = entry_page(entry);
		if (page_refs(below) > 1)
			trace(share, parent->number, child->number, below->level, page_pfn(below),
			      page_refs(below), va);
		else
			shares_below(parent, child, below, va);
	}
}

void trace_shares(struct mm *parent, struct mm *child, va_t stack)
{
	shares_below(parent, child, pa_page(child->root), 0);
	if (stack >= USER_END)
		return;
	pte_t from = tree_lookup(parent, stack, NULL), to = tree_lookup(child, stack, NULL);
	if ((from & PTE_P) && (to & PTE_P) && entry_page(from) != entry_page(to))
		trace(page, child->number, stack & PAGE_MASK, page_pfn(entry_page(from)),
		      page_pfn(entry_page(to)));
}
