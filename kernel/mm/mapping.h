/*
 * Which file memory is of, where the entry of its page table does not say it by
 * the page that it maps: holes of the file, what lies beyond its end, shared
 * anonymous memory that nobody has touched (a nameless file), all of which are
 * promises. Such an entry names a frame of kind PAGE_MAPPING: its struct page has
 * the inode, and by how much page numbers differ. The frame itself holds
 * nothing. It is counted by its entries like any other (I1), so fork, table
 * copies, unmap and the audit need to know no more of it.
 *
 * A private copy of a file's page remembers in its struct page whose copy it is.
 *
 * Flow: mm/map.c makes mappings, mm/fault.c finds pages by them, and ftruncate
 * takes pages out of all address spaces (mapping_cut). Lock: mm->lock.
 */
#ifndef MM_MAPPING_H
#define MM_MAPPING_H

#include "mm/mm.h"

struct inode;
struct super;
struct page;

/* Page `index` of the inode is at va; NULL inode: every touch is SIGBUS. One reference, or NULL:
 * out of memory. */
struct page *mapping_new(struct inode *inode, va_t va, u64 index);

/* The reserved entry that names the mapping. */
pte_t mapping_reserved(const struct page *mapping, u64 prot, u64 keep);

/* What the entry for one page of a file shall be: the page, or if the file has none there a
 * promise. With a reference; 0: out of memory. */
pte_t mapping_entry(struct inode *inode, u64 index, va_t va, u64 prot, u64 keep);

/*
 * Puts pages of a file into an empty range: those that it has, and promises for the others.
 * keep: bits of PTE_KEEP. -ENOMEM leaves the range empty.
 */
int mapping_enter(struct mm *mm, va_t va, u64 count, u64 prot, u64 keep, struct inode *inode,
		  u64 index);

/* Which page of which file an entry of any kind is of; NULL: of none. Not counted. */
struct inode *mapping_of_entry(pte_t entry, va_t va, u64 *index_out);

/* The page that a promise is of, made if it is a hole; counted. ERR_PTR(-ENXIO): beyond the
 * end; -ENOMEM; -ENOSPC. */
struct page *mapping_page(pte_t entry, va_t va);

/* The copy is one of that page, which has an owner. */
void mapping_note_copy(struct page *copy, const struct page *page);

/* A reserved entry as it is `bytes` further up; begin with {0}, mapping_move_end at the end. */
struct mapping_move {
	struct page *from, *to; /* the last one that was moved, and what became of it */
};
pte_t mapping_moved(struct mapping_move *move, pte_t entry, u64 bytes); /* 0: out of memory */
void mapping_move_end(struct mapping_move *move);

/*
 * Pages [first, end) of the inode, and if it says so private copies of them, are in no address
 * space afterwards, but promised again. The caller holds inode->lock. -ENOMEM: some still are.
 */
int mapping_cut(struct inode *inode, u64 first, u64 end, bool copies);

/* Does anybody have it mapped MAP_SHARED, by a descriptor that may write? For F_SEAL_WRITE. */
bool mapping_is_shared(struct inode *inode);

/* Does anybody have a file of it mapped? For umount. */
bool mapping_uses(const struct super *super);

#endif
