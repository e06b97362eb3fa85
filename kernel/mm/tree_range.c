/*
 * The tree over whole ranges: unmap, reserve, protect, mark, discard, move.
 *
 * One walk serves all but the last. It goes through the entries that meet
 * [start, end) and treats an entry as a whole where the range covers all that
 * it stands for: a 1 GiB reservation is one store, and a subtree that is
 * unmapped is cut off by one. Otherwise it makes the table below its own
 * (tree_own_table: copied, taken back or split) and goes down.
 *
 * What the walk cuts off is gathered, then flushed, then put (invariant I4).
 *
 * Entry points: the functions of mm/tree.h's second part. Lock: mm->lock.
 */
#include "lib/panic.h"
#include "mm/layout.h"
#include "mm/mapping.h"
#include "mm/tree_private.h"
#include "proc/sched.h"

enum change_op { CHANGE_UNMAP, CHANGE_RESERVE, CHANGE_DISCARD,
		 CHANGE_PROTECT, CHANGE_MARK /* these two need [start, end) without a hole */ };

enum { GATHER_MAX = 60, FLUSH_SINGLY = 16 /* pages; for more it is quicker to flush all */ };

struct change {
	struct mm *mm;
	enum change_op op;
	va_t start, end;
	pte_t reserved;	/* CHANGE_RESERVE */
	u64 prot;	/* CHANGE_PROTECT */
	u64 set, clear; /* CHANGE_MARK */
	bool holes;	/* CHANGE_MARK: there may be holes after all */
	bool must_flush;
	u32 nvictims;
	struct page *victim[GATHER_MAX]; /* data frames and tables cut off, not yet put */
};

static void gather_finish(struct change *c)
{
	u64 count = (c->end - c->start) >> PAGE_SHIFT;
	if (c->must_flush && count == 1)
		tlb_flush_page(c->mm, c->start);
	else if (c->must_flush && count <= FLUSH_SINGLY)
		tlb_flush_pages(c->mm, c->start, count);
	else if (c->must_flush)
		tlb_flush_mm(c->mm);
	c->must_flush = false;
	struct page *freed = NULL;
	while (c->nvictims > 0) {
		struct page *page = c->victim[--c->nvictims];
		if (page->kind == PAGE_TABLE)
			tree_put(page);
		else if (page_drop(page))
			page_chain(page, &freed);
	}
	page_free_chain(freed);
}

static void gather_add(struct change *c, struct page *page)
{
	c->must_flush = true;
	c->victim[c->nvictims++] = page;
	if (c->nvictims == GATHER_MAX)
		gather_finish(c);
}

/* Cuts off what an entry of an own leaf table points to, and leaves the entry empty. */
static inline void cut_leaf(struct change *c, struct page *leaf, pte_t *slot)
{
	pte_t entry = *slot;
	*slot = 0;
	leaf->used--;
	if (entry_has_frame(entry)) {
		leaf->resident -= entry_resident(entry);
		gather_add(c, entry_page(entry));
	}
}

/* The same, of an upper table. */
static void cut_off(struct change *c, struct page *table, unsigned index)
{
	pte_t entry = table_entries(table)[index];
	table_store(table, index, 0);
	if (entry_is_table(entry, table->level))
		table->resident -= entry_page(entry)->resident;
	if (entry_has_frame(entry))
		gather_add(c, entry_page(entry));
}

/* A page with other protection. The table is our own, and so is a page that nobody else has. */
static pte_t page_protect(pte_t entry, u64 prot)
{
	pte_t changed = leaf_entry(entry_page(entry), prot, entry & PTE_KEEP);
	if ((prot & PTE_WRITE) && page_is_own(entry))
		changed |= PTE_W;
	return changed;
}

static int protect_entry(struct change *c, pte_t *slot)
{
	pte_t old = *slot, changed = (old & ~(pte_t)PTE_PROT) | c->prot;
	if (!old)
		return -ENOMEM;
	if ((old & PTE_NOWRITE) && (c->prot & PTE_WRITE))
		return -EACCES;
	if (!entry_is_reserved(old)) {
		changed = page_protect(old, c->prot);
		if ((old & ~changed & (PTE_P | PTE_W)) || (changed & ~old & PTE_NX))
			c->must_flush = true; /* more rights need none: SDM 4.10.4.3 */
	}
	*slot = changed;
	return 0;
}

/* A private page is untouched memory again, or a page of the file that it is a copy of. */
static int discard_entry(struct change *c, struct page *table, unsigned index, va_t va)
{
	pte_t entry = table_entries(table)[index], fresh = reserved_entry(entry & PTE_PROT);
	if (!entry_is_page(entry, table->level) || (entry & PTE_SHARED) ||
	    entry_page(entry)->kind == PAGE_FILE)
		return 0;
	struct page *page = entry_page(entry);
	if (page->kind == PAGE_ANON && page->owner)
		fresh = mapping_entry(page->owner, page->index, va, entry & PTE_PROT, 0);
	if (!fresh)
		return -ENOMEM;
	table_entries(table)[index] = fresh;
	table->resident += entry_resident(fresh) - entry_resident(entry);
	gather_add(c, page);
	return 0;
}

/* The range covers all of this entry, and it is no table, or need not be entered. */
static int change_whole(struct change *c, struct page *table, unsigned index, va_t entry_va)
{
	pte_t entry = table_entries(table)[index];
	switch (c->op) {
	case CHANGE_UNMAP:
		if (entry)
			cut_off(c, table, index);
		return 0;
	case CHANGE_RESERVE:
		if (entry) /* an empty table */
			cut_off(c, table, index);
		table_store(table, index, c->reserved);
		if (entry_is_mapping(c->reserved))
			page_get(entry_page(c->reserved));
		return 0;
	case CHANGE_PROTECT:
		return protect_entry(c, &table_entries(table)[index]);
	case CHANGE_MARK:
		if (!entry)
			return c->holes ? 0 : -ENOMEM;
		table_entries(table)[index] = (entry & ~c->clear) | c->set;
		return 0;
	case CHANGE_DISCARD:
		return discard_entry(c, table, index, entry_va);
	}
	return 0;
}

static bool must_enter(const struct change *c, pte_t entry, int level)
{
	if (c->op == CHANGE_UNMAP || !entry_is_table(entry, level))
		return false;
	return c->op != CHANGE_RESERVE || entry_page(entry)->used > 0;
}

static int change_table(struct change *c, struct page *table, va_t table_va);

/* The range covers part of this entry, or the table below must be entered anyway. */
static int change_below(struct change *c, struct page *table, unsigned index, va_t entry_va)
{
	pte_t entry = table_entries(table)[index];
	if (!entry && c->op != CHANGE_RESERVE)
		return c->op >= CHANGE_PROTECT && !c->holes ? -ENOMEM : 0;
	if (c->op == CHANGE_DISCARD && entry_is_reserved(entry))
		return 0;

	struct page *below;
	int error = tree_own_table(c->mm, table, entry_va, &below);
	if (error)
		return error;
	u32 resident = below->resident;
	u64 mapped = table_mapped(below);
	error = change_table(c, below, entry_va);
	table->resident += below->resident - resident;
	table->mapped += table_mapped(below) - mapped;
	if (below->used == 0)
		cut_off(c, table, index);
	return error;
}

/* Promises of anonymous memory at the beginning; the index of what is something else. */
static unsigned change_plain(struct change *c, struct page *leaf, unsigned index, unsigned end)
{
	pte_t *entry = table_entries(leaf);
	pte_t keep = c->op == CHANGE_PROTECT ? ~(pte_t)PTE_PROT : 0;
	pte_t set = c->op == CHANGE_PROTECT ? c->prot : 0;
	unsigned first = index;
	for (; index < end && entry_is_plain(entry[index]); index++)
		entry[index] = (entry[index] & keep) | set;
	if (c->op == CHANGE_UNMAP)
		leaf->used -= index - first;
	if (!c->must_flush) /* nothing before here; one page at least, for the table might go */
		c->start += MIN(index - first, end - 1 - first) * PAGE_SIZE;
	return index;
}

/* What of the range is in this leaf table. Memory comes and goes in short loops, for the stack of a
 * thread is 30 entries. */
static int change_leaves(struct change *c, struct page *leaf, va_t table_va)
{
	pte_t *entry = table_entries(leaf);
	unsigned index = level_index(MAX(c->start, table_va), LEVEL_LEAF);
	unsigned end = MIN((c->end - table_va) >> PAGE_SHIFT, (u64)TABLE_ENTRIES);
	int error = 0;
	if (c->op == CHANGE_RESERVE && !entry_is_mapping(c->reserved)) {
		table_fill(leaf, index, end, c->reserved);
		return 0;
	}
	if (end - index > 1 && (c->op == CHANGE_PROTECT || c->op == CHANGE_UNMAP))
		index = change_plain(c, leaf, index, end);
	for (; index < end && !error; index++) {
		if (c->op != CHANGE_UNMAP)
			error = change_whole(c, leaf, index, table_va + index * PAGE_SIZE);
		else if (entry[index])
			cut_leaf(c, leaf, &entry[index]);
	}
	return error;
}

/* Recursion is by level: four deep at most. */
static int change_table(struct change *c, struct page *table, va_t table_va)
{
	int level = table->level, error = 0;
	u64 span = level_span(level);
	va_t from = MAX(c->start, table_va);
	unsigned index = level_index(from, level);

	if (level == LEVEL_LEAF) {
		error = change_leaves(c, table, table_va);
		index = TABLE_ENTRIES;
	}
	for (; index < table_length(level) && !error; index++) {
		va_t entry_va = table_va + index * span;
		if (entry_va >= c->end)
			break;
		bool whole = c->start <= entry_va && entry_va + span <= c->end;
		pte_t entry = table_entries(table)[index];
		if (whole && !must_enter(c, entry, level))
			error = change_whole(c, table, index, entry_va);
		else
			error = change_below(c, table, index, entry_va);
	}
	sched_point();
	return error;
}

/* Tables that have become empty go, from the leaf table up. */
static void cut_empty(struct change *c, const struct path *path)
{
	for (int level = LEVEL_LEAF; level < LEVEL_ROOT && path->table[level]->used == 0; level++)
		cut_off(c, path->table[level + 1], level_index(path->va, level + 1));
}

/* But those to the last page of mmap's area stay until fork, though empty: a mapping which has the
 * area to itself, as the stack of a first thread may, would make them anew each time. */
static bool may_stay_empty(const struct change *c)
{
	return c->op == CHANGE_UNMAP && c->start < MAP_AREA_END &&
	       c->start >= MAP_AREA_END - level_span(LEVEL_LEAF + 1);
}

/* The same for the common small range, all within one leaf table: one walk down, and one up. */
static int change_leaf_table(struct change *c, struct path *path)
{
	int error = tree_own(c->mm, path);
	if (error)
		return error;
	struct page *leaf = path->table[LEVEL_LEAF];
	u32 resident = leaf->resident;
	u64 mapped = leaf->used;
	error = change_leaves(c, leaf, ROUND_DOWN(c->start, level_span(LEVEL_LEAF + 1)));
	for (int level = LEVEL_LEAF + 1; level <= LEVEL_ROOT; level++) {
		path->table[level]->resident += leaf->resident - resident;
		path->table[level]->mapped += leaf->used - mapped;
	}
	if (leaf->used == 0 && may_stay_empty(c))
		c->mm->keeps_empty = true;
	else
		cut_empty(c, path);
	return error;
}

static bool is_in_leaf_table(const struct change *c, struct path *path)
{
	if ((c->start ^ (c->end - 1)) >= level_span(LEVEL_LEAF + 1))
		return false;
	tree_find(c->mm, c->start, path);
	return path->level == LEVEL_LEAF || c->op == CHANGE_RESERVE; /* which makes what is missing */
}

static int change_range(struct change *c)
{
	kassert(mutex_held(&c->mm->lock));
	kassert(c->end <= USER_END && !((c->start | c->end) & ~PAGE_MASK));
	if (c->start >= c->end)
		return 0;
	struct path path;
	int error = is_in_leaf_table(c, &path) ? change_leaf_table(c, &path)
					       : change_table(c, pa_page(c->mm->root), 0);
	gather_finish(c);
	return error;
}

/* Not an initializer: that would clear the victims, too. */
static void change_init(struct change *c, struct mm *mm, enum change_op op, va_t start, va_t end)
{
	c->mm = mm;
	c->op = op;
	c->start = start;
	c->end = end;
	c->holes = c->must_flush = false;
	c->nvictims = 0;
}

int tree_unmap(struct mm *mm, va_t start, va_t end)
{
	struct change c;
	change_init(&c, mm, CHANGE_UNMAP, start, end);
	mm->peak_mapped = MAX(mm->peak_mapped, pa_page(mm->root)->mapped);
	return change_range(&c);
}

int tree_reserve(struct mm *mm, va_t start, va_t end, pte_t reserved)
{
	struct change c;
	change_init(&c, mm, CHANGE_RESERVE, start, end);
	c.reserved = reserved;
	int error = change_range(&c);
	if (error)
		tree_unmap(mm, start, end); /* cannot need memory: what it meets is ours */
	return error;
}

int tree_protect(struct mm *mm, va_t start, va_t end, u64 prot)
{
	struct change c;
	change_init(&c, mm, CHANGE_PROTECT, start, end);
	c.prot = prot;
	return change_range(&c);
}

int tree_mark(struct mm *mm, va_t start, va_t end, u64 set, u64 clear)
{
	struct change c;
	change_init(&c, mm, CHANGE_MARK, start, end);
	c.set = set;
	c.clear = clear;
	return change_range(&c);
}

int tree_mark_all(struct mm *mm, u64 set, u64 clear)
{
	struct change c;
	change_init(&c, mm, CHANGE_MARK, 0, USER_END);
	c.holes = true;
	c.set = set;
	c.clear = clear;
	return change_range(&c);
}

void tree_trim(struct mm *mm)
{
	struct change c;
	struct path path;
	if (!mm->keeps_empty)
		return;
	mm->keeps_empty = false;
	tree_find(mm, MAP_AREA_END - PAGE_SIZE, &path);
	if (path.own > LEVEL_LEAF)
		return;
	change_init(&c, mm, CHANGE_UNMAP, path.va, path.va + PAGE_SIZE);
	cut_empty(&c, &path);
	gather_finish(&c);
}

int tree_discard(struct mm *mm, va_t start, va_t end)
{
	struct change c;
	change_init(&c, mm, CHANGE_DISCARD, start, end);
	return change_range(&c);
}

/* Moves what one entry at `from` says about the first bytes of len; how many, or -errno. */
static s64 move_some(struct mm *mm, va_t from, va_t to, u64 len_bytes,
		     struct mapping_move *mappings)
{
	u64 span;
	pte_t entry = tree_lookup(mm, from, &span);
	u64 chunk = MIN(len_bytes, span - (from & (span - 1)));
	if (!entry)
		return chunk;
	if (entry_is_reserved(entry)) {
		pte_t moved = mapping_moved(mappings, entry, to - from);
		int error = moved ? tree_reserve(mm, to, to + chunk, moved) : -ENOMEM;
		return error ? error : (s64)chunk;
	}
	struct path source, target;
	int error = tree_own_path(mm, to, &target);
	if (!error)
		error = tree_own_path(mm, from, &source);
	if (error)
		return error;
	tree_set_leaf(&target, *source.leaf); /* the reference moves along */
	tree_set_leaf(&source, 0);
	return PAGE_SIZE;
}

/* A page that has moved goes back; its old walk is still there, and ours. */
static void move_back(struct mm *mm, va_t from, va_t to, u64 len_bytes)
{
	for (u64 back = 0; back < len_bytes;) {
		u64 span;
		pte_t entry = tree_lookup(mm, to + back, &span);
		if (entry_is_page(entry, LEVEL_LEAF) && !entry_is_reserved(entry)) {
			struct path source, target;
			tree_own_path(mm, to + back, &target); /* neither needs memory */
			tree_own_path(mm, from + back, &source);
			tree_set_leaf(&source, entry);
			tree_set_leaf(&target, 0);
		}
		back += span - ((to + back) & (span - 1));
	}
	tlb_flush_mm(mm);
	tree_unmap(mm, to, to + len_bytes);
}

int tree_move(struct mm *mm, va_t from, va_t to, u64 len_bytes)
{
	struct path path;
	struct mapping_move mappings = {0};
	u64 done = 0;
	/* With both ends split and our own, the unmap below needs no memory. */
	int error = tree_own_path(mm, from, &path);
	if (!error)
		error = tree_own_path(mm, from + len_bytes - PAGE_SIZE, &path);
	while (!error && done < len_bytes) {
		s64 moved = move_some(mm, from + done, to + done, len_bytes - done, &mappings);
		if (moved < 0)
			error = moved;
		else
			done += moved;
		sched_point();
	}
	mapping_move_end(&mappings);
	if (error) {
		move_back(mm, from, to, done);
		return error;
	}
	tlb_flush_mm(mm);
	return tree_unmap(mm, from, from + len_bytes);
}
