/*
 * Finding room for mmap without a list of regions: the tree itself is searched,
 * from the top of the map area downwards, and an empty or reserved entry of an
 * upper level is passed in one step.
 *
 * A hint that moves (mm->map_hint, the lowest address given out since the last
 * gap above it was opened) makes the usual case one look at one entry. Only
 * entries that meet the wanted bytes are read.
 *
 * Entry points: tree_find_gap, tree_last_used, tree_over_limit. Lock: mm->lock.
 */
#include "arch/cpu.h"
#include "mm/layout.h"
#include "mm/tree.h"
#include "proc/task.h"

/* In one table that starts at table_va: recursion is by level, four deep at most. */
static bool last_used_in(const struct page *table, va_t table_va, va_t low, va_t high,
			 va_t *used_start)
{
	int level = table->level;
	u64 span = level_span(level);
	u64 last = (high - 1 - table_va) / span;
	unsigned index = MIN(last, table_length(level) - 1);
	const pte_t *entry = table_entries(table);

	for (;; index--) {
		va_t entry_va = table_va + index * span;
		if (entry_va + span <= low)
			return false;
		if (entry_is_table(entry[index], level)) {
			if (entry_page(entry[index])->used > 0 &&
			    last_used_in(entry_page(entry[index]), entry_va, low, high, used_start))
				return true;
		} else if (entry[index]) {
			*used_start = entry_va;
			return true;
		}
		if (index == 0)
			return false;
	}
}

bool tree_last_used(struct mm *mm, va_t low, va_t high, va_t *used_start)
{
	return last_used_in(pa_page(mm->root), 0, low, high, used_start);
}

/* The highest gap that ends at or below top; 0 if there is none. */
static va_t gap_below(struct mm *mm, va_t top, u64 len_bytes)
{
	while (top >= MAP_AREA_START + len_bytes) {
		va_t used_start;
		if (!tree_last_used(mm, top - len_bytes, top, &used_start))
			return top - len_bytes;
		top = MIN(top, used_start);
	}
	return 0;
}

va_t tree_find_gap(struct mm *mm, u64 len_bytes)
{
	va_t gap = gap_below(mm, mm->map_hint, len_bytes);
	if (!gap && mm->map_hint < MAP_AREA_END)
		gap = gap_below(mm, MAP_AREA_END, len_bytes);
	return gap;
}

bool tree_over_limit(const struct mm *mm, u64 more_bytes)
{
	u64 limit = task_rlimit(current, RLIMIT_AS);
	return more_bytes > limit || pa_page(mm->root)->mapped * PAGE_SIZE > limit - more_bytes;
}
