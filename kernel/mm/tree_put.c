/*
 * Letting go of a tree: exit, exec, and whatever an unmap has cut off. What
 * others share costs one decrement; a table that nobody else has is emptied,
 * from the leaves up, and freed. A loop with a stack of four tables, not
 * recursion over entries: there may be 100 GiB below.
 *
 * Pages and tables go back to the free lists in chains, one lock for many.
 * Tables are all zero then, and so are clean for the next use.
 *
 * Entry point: tree_put. Locks: none, for nobody else can reach what is freed
 * (I4: it has been flushed before); counts are atomic.
 */
#include "arch/mmu.h"
#include "mm/tree_private.h"
#include "proc/sched.h"

static void put_leaves(struct page *table)
{
	struct page *freed = NULL;
	u32 left = table->used;
	for (u64 groups = table->groups; left > 0;) {
		pte_t *slot = &table_entries(table)[group_take(&groups)];
		for (const pte_t *end = slot + GROUP; slot < end; slot++) {
			pte_t old = *slot;
			*slot = 0;
			left -= old != 0;
			if (entry_has_frame(old) && page_drop(entry_page(old)))
				page_chain(entry_page(old), &freed);
		}
	}
	page_free_chain(freed);
}

/* Takes the next table that nobody else has out of an upper table; NULL: it is empty now. */
static struct page *take_child(struct page *table)
{
	pte_t *entry = table_entries(table);
	for (; table->used > 0; table->groups &= table->groups - 1) {
		unsigned first = __builtin_ctzll(table->groups) * GROUP;
		for (unsigned i = first; i < first + GROUP; i++) {
			pte_t old = entry[i];
			if (!old)
				continue;
			entry[i] = 0;
			table->used--;
			if (entry_is_table(old, table->level) && page_drop(entry_page(old)))
				return entry_page(old);
			if (entry_is_mapping(old))
				page_put(entry_page(old));
		}
	}
	return NULL;
}

void tree_put(struct page *top)
{
	enum { AT_ONCE = 32 };
	struct page *way[LEVEL_ROOT]; /* down to the table that is being emptied */
	struct page *freed = NULL;    /* a chain: their entries have been put and cleared */
	int depth = 0;
	unsigned nfreed = 0;

	if (!page_drop(top))
		return;
	way[depth++] = top;
	while (depth > 0) {
		struct page *table = way[depth - 1], *child = NULL;
		if (table->level > LEVEL_LEAF)
			child = take_child(table);
		else
			put_leaves(table);
		if (child) {
			way[depth++] = child;
			continue;
		}
		if (table->level == LEVEL_ROOT)
			mmu_clear_kernel_half(table_entries(table));
		table->next = freed;
		freed = table;
		depth--;
		if (++nfreed % AT_ONCE == 0) {
			page_free_clean(freed);
			freed = NULL;
		}
		sched_point();
	}
	if (freed)
		page_free_clean(freed);
}
