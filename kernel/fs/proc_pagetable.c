/*
 * /proc/PID/pagetable, Tine's own: the tree of an address space as text, one
 * line for each table and for each run of equal neighbours in it, indented by
 * level. docs/memory.md explains a line.
 *
 *	000000400000      2 [2]            2M  table         -  refs 2, also of 81
 *	000000401000        1 [1-388]   1552K  file      r-x -  refs 5 /bin/sh
 *
 * Everything stands still for each part (sched_alone_begin), so what stands
 * on one screen fits together, and address spaces may be looked at without
 * their locks: a tree is valid wherever a task may have gone to sleep. Only
 * letting go of a file's inode can sleep here; each step walks from the root.
 */
#include "arch/cpu.h"
#include "fs/path.h"
#include "fs/procfs.h"
#include "mm/tree.h"
#include "proc/process.h"
#include "proc/sched.h"

enum { SHARERS_SHOWN = 8, ENTRIES_COLUMN = 36 };

/*
 * The table of this level on the way to va, or the last one above it. Without mm->lock: a table may
 * be freed while we look, and its frame hold anything. Then what we take for an entry may name any
 * frame, but none that does not exist; and no frame but a table has a level.
 */
static const struct page *table_at(const struct mm *mm, va_t va, int level)
{
	const struct page *table = pa_page(mm->root);
	int at = LEVEL_ROOT;
	while (at > level) {
		pte_t entry = __atomic_load_n(&table_entries(table)[level_index(va, at)],
					      __ATOMIC_RELAXED);
		if (!entry_is_table(entry, at) || (entry & PTE_ADDR) >> PAGE_SHIFT >= npages)
			break;
		table = entry_page(entry);
		at = MIN(at - 1, (int)table->level);
	}
	return table;
}

/* The other processes that have this table at va: it is shared by fork alone, so at one place. */
static void show_sharers(struct text *text, pid_t of, const struct page *table, va_t va)
{
	u32 n = 0;
	struct process *process;
	spin_lock(&proc_lock);
	list_for_each(process, &all_processes, all_link) {
		const struct task *task = process_living(process);
		if (!task || !task->mm || task_tgid(task) == of ||
		    table_at(task->mm, va, table->level) != table)
			continue;
		if (n++ < SHARERS_SHOWN)
			text_printf(text, n == 1 ? ", also of %d" : " %d", task_tgid(task));
	}
	spin_unlock(&proc_lock);
	if (n > SHARERS_SHOWN)
		text_printf(text, " and %u more", n - SHARERS_SHOWN);
}

/* The columns that all lines have: address, level, entries, size. */
static void show_place(struct text *text, va_t va, int level, unsigned first, unsigned end)
{
	static const char unit[] = "KMGT";
	u64 size = (end - first) * level_span(level) / KIB;
	int scale = 0, start = (int)text->len;
	while (size >= KIB && size % KIB == 0) {
		size /= KIB;
		scale++;
	}
	text_printf(text, "%012lx  %*s%d [%u", va, 2 * (LEVEL_ROOT - level), "", level, first);
	text_printf(text, end > first + 1 ? "-%u]" : "]", end - 1);
	int width = ENTRIES_COLUMN - ((int)text->len - start);
	text_printf(text, "%*lu%c  ", MAX(width, 1), size, unit[scale]);
}

static void show_run(struct text *text, pte_t entry, int level, char *path)
{
	const struct page *page = entry_is_page(entry, level) ? entry_page(entry) : NULL;
	bool file = page && page->kind == PAGE_FILE;
	text_printf(text, "%-8s  %c%c%c %c%s",
		    !page ? "reserved" : page == zero_page ? "zero" : file ? "file" : "anon",
		    entry & PTE_READ ? 'r' : '-', entry & PTE_WRITE ? 'w' : '-',
		    entry & PTE_EXEC ? 'x' : '-', entry & PTE_W ? 'W' : '-',
		    entry & PTE_SHARED ? "  shared" : "");
	if (page && page != zero_page)
		text_printf(text, "  refs %u", page_refs(page));
	if (entry_is_mapping(entry)) /* a hole of the file, or beyond its end */
		page = entry_page(entry);
	struct inode *inode = page ? inode_of_page(page) : NULL;
	if (inode && inode_path(inode, path, PATH_MAX))
		text_printf(text, " %s", path);
	if (inode)
		inode_put(inode);
	text_printf(text, "\n");
}

/* One line for both? Frames may differ, if there is nothing else to tell them apart. */
static bool equal(pte_t a, pte_t b, int level)
{
	const u64 untold = PTE_ADDR | PTE_A | PTE_D;
	if (((a ^ b) & ~untold) || entry_is_table(b, level))
		return false;
	if (!entry_is_page(a, level) || a == b)
		return true;
	const struct page *p = entry_page(a), *q = entry_page(b);
	return p->kind == q->kind && page_refs(p) == page_refs(q) && p != zero_page &&
	       q != zero_page && (p->kind != PAGE_FILE || p->owner == q->owner);
}

/* Shows what stands at *va in a table of this level, and steps on, or down into it. */
static void show_step(struct text *text, const struct mm *mm, pid_t of, va_t *va,
		      int *level, char *path)
{
	const struct page *table = table_at(mm, *va, *level);
	const pte_t *entries = table_entries(table);
	*level = table->level;
	unsigned first = level_index(*va, *level), end = first + 1;
	pte_t entry = entries[first];
	if (entry_is_table(entry, *level)) {
		const struct page *below = entry_page(entry);
		show_place(text, *va, *level, first, end);
		text_printf(text, "table         %c  refs %u", entry & PTE_W ? 'W' : '-',
			    page_refs(below));
		if (page_refs(below) > 1)
			show_sharers(text, of, below, *va);
		text_printf(text, "\n");
		--*level;
		return;
	}
	while (end < table_length(*level) && equal(entry, entries[end], *level))
		end++;
	if (entry) {
		show_place(text, *va, *level, first, end);
		show_run(text, entry, *level, path);
	}
	*va += (end - first) * level_span(*level);
	while (*level < LEVEL_ROOT && level_index(*va, *level) == 0) /* the end of this table */
		++*level;
}

/* In parts: text->next is the address to go on from, and in its low bits the level. */
int proc_show_pagetable(struct text *text, const struct proc_node *node)
{
	va_t va = text->next & PAGE_MASK;
	int level = text->next ? (int)(text->next & ~PAGE_MASK) : LEVEL_ROOT;
	bool begin = !text->next;
	struct mm *mm = proc_mm(node);
	text->next = 0;
	if (!mm)
		return 0;
	char *path = path_get_kernel("");
	if (IS_ERR(path)) {
		mm_put(mm);
		return PTR_ERR(path);
	}
	sched_alone_begin();
	spin_lock(&proc_lock);
	const struct task *task = proc_task(node);
	pid_t of = task ? task_tgid(task) : 0;
	spin_unlock(&proc_lock);
	if (begin) {
		text_printf(text, "root  refs %u", page_refs(pa_page(mm->root)));
		show_sharers(text, of, pa_page(mm->root), 0);
		text_printf(text, "\n");
	}
	while (va < USER_END && !text->err && !text->next) {
		show_step(text, mm, of, &va, &level, path);
		if (text->len > TEXT_PART)
			text->next = va | (u64)level;
	}
	sched_alone_end();
	path_free(path);
	mm_put(mm);
	return 0;
}
