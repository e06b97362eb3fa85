/*
 * Memory of files that is promised, and the way from a file to the address
 * spaces that map it (mm/mapping.h).
 *
 * There is no list of who maps a file. Truncating one that has been mapped at
 * some time looks through all address spaces: that is rare, and mmap, fork and
 * exit pay nothing for it.
 *
 * Locks: mm->lock of one after the other; inode->pages_lock within (inode_page).
 */
#include "mm/mapping.h"
#include "fs/inode.h"
#include "lib/errno.h"
#include "mm/tree.h"

enum { ENTER_MAX = 32 }; /* pages of a file that are looked up, and entered, at once */

struct page *mapping_new(struct inode *inode, va_t va, u64 index)
{
	struct page *mapping = page_alloc(PAGE_MAPPING);
	if (!mapping)
		return NULL;
	mapping->owner = inode ? inode_get(inode) : NULL;
	mapping->delta = (va >> PAGE_SHIFT) - index;
	return mapping;
}

pte_t mapping_reserved(const struct page *mapping, u64 prot, u64 keep)
{
	return reserved_entry(prot) | PTE_MAPPING | keep | page_pa(mapping);
}

pte_t mapping_entry(struct inode *inode, u64 index, va_t va, u64 prot, u64 keep)
{
	struct page *page = inode_page(inode, index, false);
	if (page && !IS_ERR(page))
		return leaf_entry(page, prot, keep);
	struct page *mapping = mapping_new(inode, va, index);
	return mapping ? mapping_reserved(mapping, prot, keep) : 0;
}

/* Some pages of the file, or a promise up to the next one that the file has. How many pages. */
static s64 enter_some(struct mm *mm, va_t va, u64 count, u64 prot, u64 keep,
		      struct inode *inode, u64 index, struct page **mapping)
{
	struct page *page[ENTER_MAX];
	struct path path;
	u32 in_table = TABLE_ENTRIES - level_index(va, LEVEL_LEAF), max = MIN(in_table, (u32)ENTER_MAX);
	u32 n = inode_pages(inode, index, MIN(count, max), page);
	if (n > 0) {
		int error = tree_own_path(mm, va, &path);
		if (!error)
			tree_fill_leaves(&path, page, n, leaf_entry(page[0], prot, keep));
		for (u32 i = 0; error && i < n; i++)
			page_put(page[i]);
		return error ? error : (s64)n;
	}
	if (!*mapping && !(*mapping = mapping_new(inode, va, index)))
		return -ENOMEM;
	u64 hole = inode_map_next(inode, index, index + count) - index;
	int error = tree_reserve(mm, va, va + hole * PAGE_SIZE,
				 mapping_reserved(*mapping, prot, keep));
	return error ? error : (s64)hole;
}

int mapping_enter(struct mm *mm, va_t va, u64 count, u64 prot, u64 keep, struct inode *inode,
		  u64 index)
{
	struct page *mapping = NULL;
	s64 done = 0, n = 0;
	inode->mapped = true; /* before pages and size are looked at: pages_remove */
	for (; n >= 0 && (u64)done < count; done += n)
		n = enter_some(mm, va + done * PAGE_SIZE, count - done, prot, keep, inode,
			       index + done, &mapping);
	if (mapping)
		page_put(mapping);
	if (n < 0)
		tree_unmap(mm, va, va + count * PAGE_SIZE);
	return n < 0 ? n : 0;
}

struct inode *mapping_of_entry(pte_t entry, va_t va, u64 *index_out)
{
	if (!entry_has_frame(entry))
		return NULL;
	const struct page *page = entry_page(entry);
	bool mapping = page->kind == PAGE_MAPPING;
	if (!mapping && page->kind != PAGE_FILE && page->kind != PAGE_ANON)
		return NULL; /* the zero page */
	if (page->owner)
		*index_out = mapping ? (va >> PAGE_SHIFT) - page->delta : page->index;
	return page->owner;
}

struct page *mapping_page(pte_t entry, va_t va)
{
	u64 index;
	struct inode *inode = mapping_of_entry(entry, va, &index);
	return inode ? inode_page(inode, index, true) : ERR_PTR(-ENXIO);
}

void mapping_note_copy(struct page *copy, const struct page *page)
{
	copy->owner = inode_of_page(page);
	copy->index = page->index;
}

pte_t mapping_moved(struct mapping_move *move, pte_t entry, u64 bytes)
{
	if (!entry_is_mapping(entry))
		return entry;
	struct page *from = entry_page(entry);
	if (move->from != from) {
		mapping_move_end(move);
		move->to = mapping_new(from->owner, 0, 0);
		move->from = move->to ? from : NULL;
		if (move->to)
			move->to->delta = from->delta + ((s64)bytes >> PAGE_SHIFT);
	}
	return move->to ? (entry & ~PTE_ADDR) | page_pa(move->to) : 0;
}

void mapping_move_end(struct mapping_move *move)
{
	if (move->to)
		page_put(move->to);
	*move = (struct mapping_move){0};
}

/* The page at va is promised again; the mapping is used for its neighbours too. */
static int cut_page(struct mm *mm, va_t va, pte_t entry, struct inode *inode, u64 index,
		    struct page **mapping)
{
	struct path path;
	if (*mapping && (*mapping)->delta != (va >> PAGE_SHIFT) - index) {
		page_put(*mapping);
		*mapping = NULL;
	}
	if (!*mapping && !(*mapping = mapping_new(inode, va, index)))
		return -ENOMEM;
	if (tree_own_path(mm, va, &path))
		return -ENOMEM;
	page_get(*mapping);
	tree_set_leaf(&path, mapping_reserved(*mapping, entry & PTE_PROT,
					      entry & PTE_KEEP));
	tlb_flush_page(mm, va);
	page_put(entry_page(entry));
	return 0;
}

static int cut_mm(struct mm *mm, struct inode *inode, u64 first, u64 end, bool copies)
{
	struct page *mapping = NULL;
	int error = 0;
	pte_t entry;
	u64 span, index;
	mutex_lock(&mm->lock);
	for (va_t va = 0; !error && tree_next_used(mm, &va, &entry, &span); va += span)
		if (!entry_is_reserved(entry) && mapping_of_entry(entry, va, &index) == inode &&
		    index >= first && index < end &&
		    (copies || entry_page(entry)->kind == PAGE_FILE))
			error = cut_page(mm, va, entry, inode, index, &mapping);
	mutex_unlock(&mm->lock);
	if (mapping)
		page_put(mapping);
	return error;
}

int mapping_cut(struct inode *inode, u64 first, u64 end, bool copies)
{
	int error = 0, failed;
	/* A child of one that has been looked at comes after it, and has nothing to cut either. */
	for (struct mm *mm = mm_next(NULL); mm; mm = mm_next(mm))
		if ((failed = cut_mm(mm, inode, first, end, copies)))
			error = failed;
	return error;
}

/* An inode that may be written to by what is found, or any of a file system. */
static bool mapped_in(struct mm *mm, const struct inode *inode, const struct super *super)
{
	bool found = false;
	pte_t entry;
	u64 span, index;
	mutex_lock(&mm->lock);
	for (va_t va = 0; !found && tree_next_used(mm, &va, &entry, &span); va += span) {
		const struct inode *of = mapping_of_entry(entry, va, &index);
		bool writes = (entry & (PTE_SHARED | PTE_NOWRITE)) == PTE_SHARED;
		found = of && (super ? of->super == super : of == inode && writes);
	}
	mutex_unlock(&mm->lock);
	return found;
}

static bool mapped(const struct inode *inode, const struct super *super)
{
	bool found = false;
	for (struct mm *mm = mm_next(NULL); mm; mm = mm_next(mm))
		found = found || mapped_in(mm, inode, super);
	return found;
}

bool mapping_is_shared(struct inode *inode)
{
	return mapped(inode, NULL);
}

bool mapping_uses(const struct super *super)
{
	return mapped(NULL, super);
}
