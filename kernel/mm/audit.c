/*
 * /proc/audit: counts who points to each frame and compares with page->refs
 * (invariant I1), and looks for a walk on which W is set at every level but
 * something is shared (I3).
 *
 * Every frame gets a counter. Roots of all address spaces, the entries of every
 * table (each table's once, however many share it), and the pages that files
 * and the keys of futexes hold are counted; then each frame's count must be its
 * refs. Kernel frames and slabs must have one reference; free frames none.
 *
 * The other CPUs stand still meanwhile. A task that sleeps in the middle of
 * something (one that waits for memory, say) may hold a frame that nobody points
 * to, so it is exact on a quiet system, which is when tests read it.
 */
#include "fs/inode.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/tree.h"
#include "mm/walk.h"
#include "proc/futex.h"
#include "proc/sched.h"
#include "proc/task.h"

enum { MAX_REPORTED = 20 };

struct audit {
	u32 *found; /* by pfn: pointers seen */
	char *buf;
	size_t size, len;
	u32 nbad;
};

static __printf(2, 3) void report(struct audit *a, const char *fmt, ...)
{
	if (a->nbad++ >= MAX_REPORTED)
		return;
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(a->buf + a->len, a->size - a->len, fmt, args);
	va_end(args);
	a->len = MIN(a->len + n, a->size - 1);
}

/* Counts the pointers out of a table, once per table; by level, four deep. */
static void count_entries(struct audit *a, struct page *table)
{
	int level = table->level;
	u32 used = 0, resident = 0;
	u64 mapped = 0;
	for (unsigned i = 0; i < table_length(level); i++) {
		pte_t entry = table_entries(table)[i];
		used += (entry != 0);
		if (entry_has_frame(entry)) {
			struct page *below = entry_page(entry);
			if (below != zero_page && a->found[page_pfn(below)]++ == 0 &&
			    entry_is_table(entry, level))
				count_entries(a, below);
			if (entry_is_table(entry, level))
				resident += below->resident;
			else if (entry_is_page(entry, level))
				resident += below != zero_page;
		}
		mapped += entry_mapped(entry, level);
	}
	if (mapped != table_mapped(table))
		report(a, "table %#lx level %d: %lu pages mapped, counted as %lu\n",
		       page_pfn(table), level, mapped, table_mapped(table));
	if (resident != table->resident)
		report(a, "table %#lx level %d: %u pages resident, counted as %u\n",
		       page_pfn(table), level, resident, table->resident);
	if (used != table->used)
		report(a, "table %#lx level %d: %u entries, counted as %u\n", page_pfn(table),
		       level, used, table->used);
	sched_point();
}

/* I3, down one walk after another on which every level says W. */
static void check_writable(struct audit *a, struct page *table)
{
	int level = table->level;
	for (unsigned i = 0; i < table_length(level); i++) {
		pte_t entry = table_entries(table)[i];
		if (!(entry & PTE_P) || !(entry & PTE_W))
			continue;
		struct page *below = entry_page(entry);
		bool shared_page = level == LEVEL_LEAF && (entry & PTE_SHARED);
		if (below == zero_page || (page_refs(below) != 1 && !shared_page))
			report(a, "frame %#lx: writable at level %d, with %u references\n",
			       page_pfn(below), level, page_refs(below));
		else if (level > LEVEL_LEAF)
			check_writable(a, below);
	}
	sched_point();
}

static void audit_root(struct audit *a, struct mm *mm)
{
	mutex_lock(&mm->lock);
	struct page *root = pa_page(mm->root);
	a->found[page_pfn(root)]++;
	count_entries(a, root);
	check_writable(a, root);
	mutex_unlock(&mm->lock);
}

static void count_held_page(struct page *page, void *arg)
{
	struct audit *a = arg;
	a->found[page_pfn(page)]++;
}

static void compare(struct audit *a)
{
	for (pfn_t pfn = 0; pfn < npages; pfn++) {
		const struct page *page = &pages[pfn];
		u32 expected;
		switch (page->kind) {
		case PAGE_BOOT:
			continue;
		case PAGE_FREE:
			expected = 0;
			break;
		case PAGE_HEAP: case PAGE_KERNEL:
			expected = 1;
			break;
		default:
			expected = a->found[pfn];
			break;
		}
		if (page_refs(page) != expected)
			report(a, "frame %#lx kind %u level %u: refs %u, pointers %u\n", pfn,
			       page->kind, page->level, page_refs(page), expected);
		else if (a->found[pfn] > expected)
			report(a, "frame %#lx kind %u: %u pointers to it\n", pfn, page->kind,
			       a->found[pfn]);
	}
}

size_t audit_report(char *buf, size_t size)
{
	struct audit a = {.buf = buf, .size = size};
	a.found = heap_zalloc(npages * sizeof *a.found);
	sched_alone_begin();
	if (a.found) {
		for (struct mm *mm = mm_next(NULL); mm; mm = mm_next(mm))
			audit_root(&a, mm);
		inode_each_page(count_held_page, &a);
		futex_each_page(count_held_page, &a);
		compare(&a);
	}
	sched_alone_end();
	heap_free(a.found); /* its address still says that there was memory for it */
	if (!a.found)
		return snprintf(buf, size, "not done: too little memory\n");
	if (a.nbad == 0)
		return snprintf(buf, size, "ok %lu frames\n", npages);
	if (a.nbad > MAX_REPORTED)
		a.len += snprintf(buf + a.len, size - a.len, "and %u more\n", a.nbad - MAX_REPORTED);
	return a.len;
}
