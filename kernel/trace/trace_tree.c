/*
 * Snapshots: the page-table tree of an address space as events, whenever fork, exec, exit, a fault
 * or (where category syscall is on too) a call such as mmap has changed it. Category tree;
 * tools/trace --html draws them.
 *
 *	tree begin mm=4 why=fork-child ...	where its parts are: text, data, heap, stack
 *	tree table level=3 frame=0x123 ...	a table, the root first, then what it leads to
 *	tree run in=0x123 first=1 n=388 ...	entries of it side by side that look alike
 *	tree end mm=4 truncated=0		1: there was more than MOST_LINES
 *
 * The caller holds mm->lock, or nobody else has the address space (any more, or yet). Then nothing
 * changes while we walk: its own tables under the lock alone, shared ones not at all (I2). Only
 * counts may: others let go of what we share. Writing events takes no lock and does not sleep.
 */
#include "mm/tree.h"
#include "proc/task.h"
#include "trace/trace.h"

enum { MOST_LINES = 512 }; /* an eighth of a ring */

struct snapshot {
	u32 lines;
};

static const char *kind_of(pte_t entry, int level)
{
	if (entry_is_table(entry, level))
		return "table";
	if (!entry_is_page(entry, level))
		return "promise";
	const struct page *page = entry_page(entry);
	return page == zero_page ? "zero" : page->kind == PAGE_FILE ? "file" : "anon";
}

/* What the program may do; W: the CPU may write, if all above says so too; s: MAP_SHARED. */
static const char *bits_of(pte_t entry)
{
	static const char words[][6] = {
#define WITH_W_AND_S(prot) prot "--", prot "W-", prot "-s", prot "Ws"
		WITH_W_AND_S("---"), WITH_W_AND_S("r--"), WITH_W_AND_S("-w-"), WITH_W_AND_S("rw-"),
		WITH_W_AND_S("--x"), WITH_W_AND_S("r-x"), WITH_W_AND_S("-wx"), WITH_W_AND_S("rwx"),
	};
	bool w = (entry & PTE_P) && (entry & PTE_W), shared = entry & PTE_SHARED;
	unsigned prot = entry / PTE_READ % 8;
	return words[prot * 4 + shared * 2 + w];
}

/* The frame that an entry names and is counted for; NULL: it names none, or the zero page. */
static const struct page *frame_of(pte_t entry)
{
	const struct page *page = entry_has_frame(entry) ? entry_page(entry) : NULL;
	return page == zero_page ? NULL : page;
}

/* Does b, n entries further on, go on with the run that a begins? Frames go up or down by step. */
static bool continues(pte_t a, pte_t b, int level, s64 step, s64 n)
{
	const u64 untold = PTE_ADDR | PTE_A | PTE_D;
	const struct page *p = frame_of(a), *q = frame_of(b);
	if (((a ^ b) & ~untold) || entry_is_table(b, level) || !p != !q)
		return false;
	if (!p)
		return !entry_is_page(a, level) == !entry_is_page(b, level);
	return q == p + step * n && p->kind == q->kind && page_refs(p) == page_refs(q);
}

/* One line for as many entries as look alike from `first` on; how many. */
static unsigned show_run(const struct page *table, unsigned first)
{
	const pte_t *entries = table_entries(table);
	int level = table->level;
	unsigned n = 1, most = table_length(level) - first;
	pte_t entry = entries[first];
	const struct page *page = frame_of(entry);
	const struct page *next = most > 1 ? frame_of(entries[first + 1]) : NULL;
	s64 step = page && next ? next - page : 0;
	while (n < most && continues(entry, entries[first + n], level, step, n))
		n++;
	if (entry)
		trace(tree_run, page_pfn(table), first, n, (u64)kind_of(entry, level),
		      (u64)bits_of(entry), page ? page_pfn(page) : 0, page ? page_refs(page) : 0,
		      n > 1 ? step : 0);
	return n;
}

/* A table, its runs, and the tables below it: four deep. */
static void show_table(struct snapshot *shot, const struct page *table, va_t va)
{
	int level = table->level;
	trace(tree_table, level, page_pfn(table), page_refs(table), va);
	shot->lines++;
	for (unsigned i = 0; i < table_length(level) && shot->lines < MOST_LINES;) {
		pte_t entry = table_entries(table)[i];
		unsigned n = show_run(table, i);
		shot->lines += entry != 0;
		if (entry_is_table(entry, level))
			show_table(shot, entry_page(entry), va + i * level_span(level));
		i += n;
	}
}

void trace_tree(struct mm *mm, const char *why)
{
	const struct mm_layout *layout = &mm->layout;
	struct snapshot shot = {0};
	trace(tree_begin, mm->number, (u64)why, layout->code_start, layout->data_start,
	      mm->brk_start, mm->brk, layout->stack_bottom);
	show_table(&shot, pa_page(mm->root), 0);
	trace(tree_end, mm->number, shot.lines >= MOST_LINES);
	mm->tree_changed = false;
}

/* sure: it has changed; else only if a table or page of it was copied or taken back since then. */
static void trace_changed(struct mm *mm, const char *why, bool sure)
{
	mutex_lock(&mm->lock);
	if (sure || mm->tree_changed)
		trace_tree(mm, why);
	mutex_unlock(&mm->lock);
}

void trace_tree_fault(struct mm *mm)
{
	trace_changed(mm, "fault", false);
}

void trace_tree_call(u64 number)
{
	static const u8 change[] = {9, 10, 11, 12, 25, 28}; /* mmap to brk, mremap, madvise */
	bool sure = false;
	for (u32 i = 0; i < ARRAY_SIZE(change); i++)
		sure |= change[i] == number;
	trace_changed(current->mm, "call", sure);
}
