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

bool tree_last_used(struct mm *mm, va_t low, va_t high, va_t *used_start)
{
	while (high > low) {
		struct path path;
		pte_t entry = tree_find(mm, high - 1, &path);
		u64 span = level_span(path.level);
		const pte_t *first = table_entries(path.table[path.level]);
		high = ROUND_DOWN(high - 1, span); /* of the entry */
		if (entry) {
			*used_start = high;
			return true;
		}
		for (pte_t *at = path.leaf; high > low && at > first && !at[-1]; at--)
			high -= span;
	}
	return false;
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
