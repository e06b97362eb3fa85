/*
 * The tree: sharing a page table at every level, and making it one's own again.
 *
 * Two rules of the CPU carry it. W bits are ANDed down a walk (SDM vol. 3A
 * 4.6): W clear in one entry of the root write-protects 512 GiB. And a table
 * may hang below several roots at once. So fork copies the root, with W clear
 * (tree_share), and a write makes its walk private again, table by table from
 * the top (tree_own). At each level it finds one of
 *
 *	W set, one reference       ours already
 *	W clear, one reference     was shared, is not any more: take_back
 *	more references            shared: copy_table, and let go of the original
 *	reserved, or empty         a new table (new_table)
 *
 * Everything that a walk can need is allocated before the first entry changes.
 * A table is filled, then named by the entry above, then flushed, and only
 * then is the one it replaces put (invariant I4).
 *
 * Entry points: tree_share, tree_find, tree_own, tree_set_leaf (tree_put has
 * a file of its own, tree_put.c; what changes ranges is in tree_range.c).
 * Locks: mm->lock of the address space; counts are atomic, because others
 * may let go of a shared table at any time.
 */
#include "mm/tree.h"
#include "arch/mmu.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/tree_private.h"
#include "proc/sched.h"
#include "trace/trace.h"

/* What the entry names, and the entries below it, are seen by other CPUs' walks before the
 * entry itself: x86 keeps the order of stores (SDM vol. 3A 8.2.2), the compiler must too. */
static inline void entry_publish(pte_t *slot, pte_t entry)
{
	__atomic_store_n(slot, entry, __ATOMIC_RELEASE);
}

/* The groups of entries [first, end), which are not none. */
static inline u64 groups_between(unsigned first, unsigned end)
{
	return UINT64_MAX << first / GROUP & UINT64_MAX >> (63 - (end - 1) / GROUP);
}

struct page *tree_new(void)
{
	struct page *root = page_alloc_zeroed(PAGE_TABLE);
	if (!root)
		return NULL;
	root->level = LEVEL_ROOT;
	mmu_fill_kernel_half(table_entries(root));
	return root;
}

pte_t leaf_entry(const struct page *page, u64 prot, u64 keep)
{
	pte_t entry = page_pa(page) | prot | keep;
	if (prot == 0)
		return entry | PTE_FRAME;
	entry |= PTE_P | PTE_U;
	if (!(prot & PTE_EXEC))
		entry |= PTE_NX;
	if ((keep & PTE_SHARED) && (prot & PTE_WRITE))
		entry |= PTE_W;
	return entry;
}

pte_t reserved_entry(u64 prot)
{
	return PTE_RESERVED | prot;
}

/*
 * The entry as it stands in a second table that shares what it points to: one
 * reference more, and no W, which would let the CPU write past the sharing.
 * MAP_SHARED leaves are meant to be written by both.
 */
static inline pte_t entry_share(pte_t entry, int level)
{
	if (!entry_has_frame(entry))
		return entry;
	page_get(entry_page(entry));
	if (level == LEVEL_LEAF && (entry & PTE_SHARED))
		return entry;
	return entry & ~PTE_W;
}

enum { NO_ENTRY = TABLE_ENTRIES };

/*
 * Fills an empty table with the shared form of every entry of another, but one (or NO_ENTRY). A
 * table that others have is left as it is (I2); in fork it is ours, and its entries, which are
 * shared from now on, lose W too.
 */
static void copy_table(struct page *copy, struct page *table, bool ours, unsigned but)
{
	pte_t *from = table_entries(table), *to = table_entries(copy);
	int level = table->level;
	u32 left = table->used - (but != NO_ENTRY);
	for (u64 groups = table->groups; left > 0;) {
		unsigned first = group_take(&groups);
		for (unsigned i = first; i < first + GROUP; i++) {
			if (!from[i] || i == but)
				continue;
			to[i] = entry_share(from[i], level);
			if (ours)
				from[i] = to[i];
			left--;
		}
	}
	copy->level = level;
	copy->groups = table->groups;
	copy->used = table->used;
	copy->resident = table->resident;
	copy->mapped = table->mapped;
}

static bool must_lose_w(pte_t entry, int level)
{
	if (level > LEVEL_LEAF)
		return true;
	return !(entry & PTE_SHARED) && page_refs(entry_page(entry)) > 1;
}

/*
 * The table has been shared, and the others are gone. What it points to may
 * still be shared, though its entries say W from before: those W come off, so
 * that the way down is trusted no further than it has been looked at. All
 * entries that point to tables lose it, because those tables may have been
 * shared, copied away from and left alone in the meantime, and then their own
 * entries lie in the same way; each is taken back when a write goes through it.
 */
static void take_back(struct page *table)
{
	pte_t *entry = table_entries(table);
	int level = table->level;
	for (u64 groups = table->groups; groups;) {
		unsigned first = group_take(&groups);
		for (unsigned i = first; i < first + GROUP; i++)
			if ((entry[i] & PTE_P) && (entry[i] & PTE_W) && must_lose_w(entry[i], level))
				entry[i] &= ~PTE_W;
	}
}

/* Makes an empty table the next level below an entry that is reserved or empty. */
static void new_table(struct page *table, int level, pte_t above)
{
	table->level = level;
	if (!above)
		return;
	pte_t *entry = table_entries(table);
	for (unsigned i = 0; i < TABLE_ENTRIES; i++)
		entry[i] = above;
	if (entry_is_mapping(above)) /* the one reference that there was goes to the first */
		page_get_many(entry_page(above), TABLE_ENTRIES - 1);
	table->used = TABLE_ENTRIES;
	table->mapped = level_span(level + 1) >> PAGE_SHIFT;
	table->groups = UINT64_MAX;
}

static inline void store(struct page *table, unsigned index, pte_t entry)
{
	pte_t *slot = &table_entries(table)[index];
	table->used += (entry != 0) - (*slot != 0);
	entry_publish(slot, entry);
	table->groups |= 1ull << (index / GROUP);
}

void table_fill(struct page *table, unsigned index, unsigned end, pte_t reserved)
{
	pte_t *entry = table_entries(table);
	table->used += end - index;
	table->groups |= groups_between(index, end);
	for (; index < end; index++) {
		kassert(!entry[index]);
		entry[index] = reserved;
	}
}

void table_store(struct page *table, unsigned index, pte_t entry)
{
	int level = table->level;
	if (level > LEVEL_LEAF)
		table->mapped += entry_mapped(entry, level) -
				 entry_mapped(table_entries(table)[index], level);
	store(table, index, entry);
}

/* Frames set aside for a walk to va, and tables that it has replaced. */
struct walk {
	struct mm *mm;
	va_t va;
	struct page *spare[LEVEL_ROOT];
	struct page *replaced[LEVEL_ROOT];
	u32 nspare, nreplaced;
};

/* How many tables must be new or copied: all below the first that is missing or shared, for a copy
 * shares what it leads to. */
static u32 tables_needed(const struct path *path)
{
	int level = path->own;
	while (level > path->level && page_refs(path->table[level - 1]) == 1)
		level--;
	return level - LEVEL_LEAF;
}

static int walk_prepare(struct walk *walk, struct mm *mm, va_t va, u32 need)
{
	walk->mm = mm;
	walk->va = va;
	walk->nspare = need;
	walk->nreplaced = 0;
	return page_alloc_tables(walk->spare, need) ? 0 : -ENOMEM;
}

/* The old tables go once no CPU can walk them any more. */
static void walk_finish(struct walk *walk)
{
	if (walk->nreplaced > 0)
		tlb_flush_page(walk->mm, walk->va); /* drops cached upper entries too */
	while (walk->nreplaced > 0)
		tree_put(walk->replaced[--walk->nreplaced]);
	while (walk->nspare > 0) /* others let go of a table meanwhile */
		page_free_clean(walk->spare[--walk->nspare]);
}

/* Where what a table on the way stands for begins. */
static va_t table_start(const struct walk *walk, const struct page *table)
{
	return walk->va & ~(level_span(table->level + 1) - 1);
}

__cold static void trace_copy(const struct walk *walk, const struct page *table,
			      const struct page *copy)
{
	walk->mm->tree_changed = true;
	trace(copy, walk->mm->number, copy->level, page_pfn(table), page_pfn(copy),
	      table_start(walk, copy));
}

__cold static void trace_own(const struct walk *walk, const struct page *table)
{
	walk->mm->tree_changed = true;
	trace(own, walk->mm->number, table->level, page_pfn(table), table_start(walk, table));
}

/* The table below this entry of an own table: exclusively ours, and writable. */
static struct page *own_table(struct page *parent, struct walk *walk)
{
	int level = parent->level;
	unsigned index = level_index(walk->va, level);
	pte_t *entry = &table_entries(parent)[index];

	if (!entry_is_table(*entry, level)) {
		struct page *table = walk->spare[--walk->nspare];
		new_table(table, level - 1, *entry);
		table_store(parent, index, page_pa(table) | PTE_P | PTE_W | PTE_U);
		return table;
	}

	struct page *table = entry_page(*entry);
	if (page_refs(table) > 1) {
		struct page *copy = walk->spare[--walk->nspare];
		copy_table(copy, table, false, NO_ENTRY);
		entry_publish(entry, page_pa(copy) | PTE_P | PTE_W | PTE_U);
		walk->replaced[walk->nreplaced++] = table;
		if (trace_on(TRACE_FAULT | TRACE_TREE))
			trace_copy(walk, table, copy);
		return copy;
	}
	if (!(*entry & PTE_W)) {
		take_back(table);
		entry_publish(entry, *entry | PTE_W);
		if (trace_on(TRACE_FAULT | TRACE_TREE))
			trace_own(walk, table);
	}
	return table;
}

pte_t tree_find(struct mm *mm, va_t va, struct path *path)
{
	struct page *table = path->table[LEVEL_ROOT] = pa_page(mm->root);
	pte_t *slot = &table_entries(table)[level_index(va, LEVEL_ROOT)];
	pte_t w = PTE_W; /* at all levels so far: then it is ours, by I3 */
	int level = LEVEL_ROOT, own = LEVEL_ROOT;
	while (entry_is_table(*slot, level)) {
		w &= *slot;
		table = entry_page(*slot);
		slot = &table_entries(table)[level_index(va, --level)];
		path->table[level] = table;
		own = w ? level : own;
	}
	path->va = va;
	path->level = level;
	path->own = own;
	path->leaf = slot;
	return *slot;
}

/* From the last table on that is ours. */
static int own_rest(struct mm *mm, struct path *path)
{
	struct walk walk;
	int error = walk_prepare(&walk, mm, path->va, tables_needed(path));
	if (error)
		return error;
	for (; path->own > LEVEL_LEAF; path->own--)
		path->table[path->own - 1] = own_table(path->table[path->own], &walk);
	walk_finish(&walk);
	path->level = LEVEL_LEAF;
	path->leaf = &table_entries(path->table[LEVEL_LEAF])[level_index(path->va, LEVEL_LEAF)];
	return 0;
}

int tree_own(struct mm *mm, struct path *path)
{
	kassert(mutex_held(&mm->lock));
	kassert(path->va < USER_END);
	int error = path->own > LEVEL_LEAF ? own_rest(mm, path) : 0;
	kassert(error || page_refs(path->table[LEVEL_LEAF]) == 1);
	return error;
}

int tree_own_path(struct mm *mm, va_t va, struct path *path)
{
	tree_find(mm, va, path);
	return tree_own(mm, path);
}

/*
 * The page at va, if the CPU can write it now: both will write it soon, so the child is to have
 * a copy from the start. Returns it, with the tables for the way to it in walk; NULL: it is
 * shared like all others, or there is no memory.
 */
static struct page *split_prepare(struct mm *mm, va_t va, struct path *path, struct walk *walk)
{
	if (va >= USER_END)
		return NULL;
	pte_t leaf = tree_find(mm, va, path);
	if (path->own > LEVEL_LEAF)
		return NULL;
	bool writable = (leaf & (PTE_P | PTE_W | PTE_SHARED)) == (PTE_P | PTE_W);
	if (!writable || entry_page(leaf)->owner ||
	    walk_prepare(walk, mm, va, LEVEL_ROOT - LEVEL_LEAF))
		return NULL;
	struct page *copy = page_alloc(PAGE_ANON);
	if (!copy)
		walk_finish(walk);
	return copy;
}

/* Shares all but the way to a page, which the child gets anew, with the copy at its end. */
static void split(struct page *child, struct path *path, struct walk *walk, struct page *copy)
{
	for (int level = LEVEL_ROOT; level > LEVEL_LEAF; level--) {
		unsigned index = level_index(path->va, level);
		copy_table(child, path->table[level], true, index);
		struct page *below = walk->spare[--walk->nspare];
		table_entries(child)[index] = page_pa(below) | PTE_P | PTE_W | PTE_U;
		child = below;
	}
	unsigned index = level_index(path->va, LEVEL_LEAF);
	copy_table(child, path->table[LEVEL_LEAF], true, index);
	table_entries(child)[index] = (*path->leaf & ~PTE_ADDR) | page_pa(copy);
}

struct page *tree_share(struct mm *mm, va_t stack)
{
	kassert(mutex_held(&mm->lock));
	tree_trim(mm);
	struct page *child = tree_new();
	if (!child)
		return NULL;
	struct path path;
	struct walk walk;
	struct page *copy = split_prepare(mm, stack, &path, &walk);
	if (copy)
		split(child, &path, &walk, copy);
	else
		copy_table(child, pa_page(mm->root), true, NO_ENTRY);
	tlb_flush_mm(mm);
	if (copy) /* after the flush: what other threads write from now on, the child does not see */
		page_copy(page_kva(copy), page_kva(entry_page(*path.leaf)));
	return child;
}

int tree_own_table(struct mm *mm, struct page *parent, va_t va, struct page **table_out)
{
	struct walk walk = {.mm = mm, .va = va};
	pte_t entry = table_entries(parent)[level_index(va, parent->level)];
	if (!entry_is_table(entry, parent->level) || page_refs(entry_page(entry)) > 1) {
		walk.spare[0] = page_alloc_zeroed(PAGE_TABLE);
		if (!walk.spare[0])
			return -ENOMEM;
		walk.nspare = 1;
	}
	*table_out = own_table(parent, &walk);
	walk_finish(&walk);
	return 0;
}

void tree_fill_leaves(struct path *path, struct page **page, u32 n, pte_t first)
{
	struct page *table = path->table[LEVEL_LEAF];
	unsigned index = level_index(path->va, LEVEL_LEAF);
	pte_t bits = first & ~PTE_ADDR;
	u32 added = *path->leaf ? 0 : n;
	for (u32 i = 0; i < n; i++)
		entry_publish(&path->leaf[i], page_pa(page[i]) | bits);
	table->groups |= groups_between(index, index + n);
	table->used += added;
	table->resident += n;
	for (int level = LEVEL_LEAF + 1; level <= LEVEL_ROOT; level++) {
		path->table[level]->resident += n;
		path->table[level]->mapped += added;
	}
}

void tree_set_leaf(struct path *path, pte_t entry)
{
	struct page *table = path->table[LEVEL_LEAF];
	u32 resident = entry_resident(entry) - entry_resident(*path->leaf);
	u64 mapped = (entry != 0) - (u64)(*path->leaf != 0);
	store(table, level_index(path->va, LEVEL_LEAF), entry);
	table->resident += resident;
	for (int level = LEVEL_LEAF + 1; level <= LEVEL_ROOT; level++) {
		path->table[level]->resident += resident;
		path->table[level]->mapped += mapped;
	}
}

pte_t tree_lookup(struct mm *mm, va_t va, u64 *span_out)
{
	const struct page *table = pa_page(mm->root);
	int level = LEVEL_ROOT;
	pte_t entry = table_entries(table)[level_index(va, level)];
	while (entry_is_table(entry, level)) {
		table = entry_page(entry);
		level--;
		entry = table_entries(table)[level_index(va, level)];
	}
	if (span_out)
		*span_out = level_span(level);
	return entry;
}

bool tree_next_used(struct mm *mm, va_t *va, pte_t *entry_out, u64 *span_out)
{
	while (*va < USER_END) {
		u64 span;
		sched_point(); /* here also for those who go through all pages there are */
		pte_t entry = tree_lookup(mm, *va, &span);
		*va &= ~(span - 1);
		if (entry) {
			*entry_out = entry;
			*span_out = span;
			return true;
		}
		*va += span;
	}
	return false;
}
