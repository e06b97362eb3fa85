/*
 * The tree: a four-level page table that is the whole address space, shared
 * copy-on-write at every level. docs/memory.md tells the idea; the invariants
 * I1 to I4 stand there and in DESIGN. This is the one interface that changes
 * tables: nothing outside of mm/tree*.c stores an entry.
 *
 * All of it needs mm->lock held, unless a line says otherwise, and takes frames
 * from the free list: -ENOMEM leaves a valid tree that maps the same memory.
 */
#ifndef MM_TREE_H
#define MM_TREE_H

#include "lib/errno.h"
#include "mm/mm.h"
#include "mm/page.h"

/* What an entry is (docs/memory.md, table of kinds). */

static inline bool entry_is_table(pte_t entry, int level)
{
	return level > LEVEL_LEAF && (entry & PTE_P);
}

static inline bool entry_is_page(pte_t entry, int level)
{
	return level == LEVEL_LEAF && (entry & (PTE_P | PTE_FRAME));
}

static inline bool entry_is_reserved(pte_t entry)
{
	return !(entry & PTE_P) && (entry & PTE_RESERVED);
}

/* A promise that is of a file: the frame in it is a mapping. */
static inline bool entry_is_mapping(pte_t entry)
{
	return !(entry & PTE_P) && (entry & PTE_MAPPING);
}

/* A promise of anonymous memory: it names no frame. */
static inline bool entry_is_plain(pte_t entry)
{
	return (entry & (PTE_P | PTE_RESERVED | PTE_MAPPING)) == PTE_RESERVED;
}

/* It counts as a reference to the frame that it names: a table, a page or a mapping. */
static inline bool entry_has_frame(pte_t entry)
{
	return entry & (PTE_P | PTE_FRAME | PTE_MAPPING);
}

/* The frame that an entry points to, if it has one. */
static inline struct page *entry_page(pte_t entry)
{
	return pa_page(entry & PTE_ADDR);
}

/* A page that this address space may write, because nobody else can see it or all are meant to. */
static inline bool page_is_own(pte_t entry)
{
	const struct page *page = entry_page(entry);
	return (entry & PTE_SHARED) || (page != zero_page && page_refs(page) == 1);
}

/* Pages that are mapped below a table, touched or not. */
static inline u64 table_mapped(const struct page *table)
{
	return table->level == LEVEL_LEAF ? table->used : table->mapped;
}

/* Pages that an entry stands for. */
static inline u64 entry_mapped(pte_t entry, int level)
{
	if (entry_is_table(entry, level))
		return table_mapped(entry_page(entry));
	return entry ? level_span(level) >> PAGE_SHIFT : 0;
}

static inline pte_t *table_entries(const struct page *table)
{
	return page_kva(table);
}

/* In the root only the lower half belongs to the tree. */
static inline unsigned table_length(int level)
{
	return level == LEVEL_ROOT ? ROOT_USER_ENTRIES : TABLE_ENTRIES;
}

/*
 * A walk to va, as tree_find sees it: the tables from the root, table[LEVEL_ROOT], down to the one of
 * `level`, in which the entry stands that decides about va. Those from the root to `own` belong to this
 * address space alone and may be written. Once tree_own has made it all own, leaf is the entry of va.
 */
struct path {
	va_t va;
	int level, own;
	struct page *table[LEVEL_ROOT + 1];
	pte_t *leaf;
};

/* A new root without user memory; NULL when out of memory. Needs no lock. */
struct page *tree_new(void);

/*
 * fork: a new root that shares everything below the old one, but for the page
 * of the stack, which both will write at once: the child gets a copy, and a way
 * to it, of its own (no more than sharing, if that page is shared already).
 * Write-protects what is shared and flushes mm on all CPUs. NULL: out of memory.
 */
struct page *tree_share(struct mm *mm, va_t stack);

/* Lets go of one reference of a table (or root); the last one frees all below
 * it that nobody else holds. A loop, with points to yield. Flush first (I4). No lock. */
void tree_put(struct page *table);

/* The walk to va, and the entry at its end. Reads only. */
pte_t tree_find(struct mm *mm, va_t va, struct path *path);

/*
 * Makes a walk that has just been found this address space's own, from the top down
 * to the leaf table: copies what is shared, takes back what no longer is, splits what
 * is reserved, adds what is missing. Nothing is mapped by it.
 */
int tree_own(struct mm *mm, struct path *path);

/* Both. */
int tree_own_path(struct mm *mm, va_t va, struct path *path);

/* Stores a leaf entry; counts it. The reference of a page in it comes from the
 * caller; that of a page in the old entry goes to the caller, who flushes before the put. */
void tree_set_leaf(struct path *path, pte_t entry);

/* Stores the leaf entries of n pages side by side within one leaf table, where all is empty, or
 * all are promises that name no frame; counts them. first: the entry of page[0], whose bits all get.
 * The references come from the caller. */
void tree_fill_leaves(struct path *path, struct page **page, u32 n, pte_t first);

/* The leaf entry for a page; keep: bits of PTE_KEEP. W stays clear, unless shared. */
pte_t leaf_entry(const struct page *page, u64 prot, u64 keep);

/* The entry for untouched anonymous memory. */
pte_t reserved_entry(u64 prot);

/*
 * The entry that decides about va, from whatever level it stands at; *span_out
 * (may be NULL) is the number of bytes around va that it stands for. Reads only.
 */
pte_t tree_lookup(struct mm *mm, va_t va, u64 *span_out);

/*
 * mm/tree_range.c: whole spans. start and end are page-aligned, end <= USER_END.
 * -ENOMEM from the first five may leave the beginning of the range changed; from
 * tree_move it leaves everything where it was.
 */

/* Nothing is mapped in [start, end) afterwards. */
int tree_unmap(struct mm *mm, va_t start, va_t end);

/* Puts the reserved entry for the whole of an empty range; counts a mapping in it. */
int tree_reserve(struct mm *mm, va_t start, va_t end, pte_t reserved);

/* Changes the protection; -ENOMEM also where [start, end) has a hole (what lies before it
 * has changed then, as on Linux). */
int tree_protect(struct mm *mm, va_t start, va_t end, u64 prot);

/* Sets and clears bits of PTE_KEEP; -ENOMEM as with tree_protect. */
int tree_mark(struct mm *mm, va_t start, va_t end, u64 set, u64 clear);
int tree_mark_all(struct mm *mm, u64 set, u64 clear); /* of whatever is mapped */

/* madvise(MADV_DONTNEED): private pages become untouched memory again. */
int tree_discard(struct mm *mm, va_t start, va_t end);

/* Cuts off the empty tables that tree_unmap keeps for the next mapping: fork shares no such. */
void tree_trim(struct mm *mm);

/* The first entry at or above va that is not empty; false if there is none. Reads only. */
bool tree_next_used(struct mm *mm, va_t *va, pte_t *entry_out, u64 *span_out);

/* Moves entries to an empty range of the same length (mremap). */
int tree_move(struct mm *mm, va_t from, va_t to, u64 len_bytes);

/* mm/tree_gap.c: the highest used span that meets [low, high): false if it is all empty. */
bool tree_last_used(struct mm *mm, va_t low, va_t high, va_t *used_start);

/* A gap of len bytes for mmap, below hint or anywhere; 0 if there is none. */
va_t tree_find_gap(struct mm *mm, u64 len_bytes);

/* Would so much more be too much for the current process's RLIMIT_AS? */
bool tree_over_limit(const struct mm *mm, u64 more_bytes);

/*
 * mm/tlb.c: flushes on every CPU that may have this root's walks cached, and has
 * done so when it returns: frames can be put then (I4). A page, or several: the way
 * down to them as well. Any context.
 */
void tlb_flush_page(struct mm *mm, va_t va);
void tlb_flush_pages(struct mm *mm, va_t start, size_t count);
void tlb_flush_mm(struct mm *mm);

#endif
