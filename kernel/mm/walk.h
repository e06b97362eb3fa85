/*
 * Reading a tree without changing it: /proc/PID/maps, pagemap, status, audit.
 */
#ifndef MM_WALK_H
#define MM_WALK_H

#include "mm/mm.h"

struct inode;

/* A run of neighbours that look the same: one line of /proc/PID/maps. */
struct region {
	va_t start, end;
	u64 prot;	     /* PTE_READ | PTE_WRITE | PTE_EXEC */
	bool shared;
	struct inode *inode; /* of a file's own pages, counted; NULL for anonymous memory */
	u64 offset_bytes;    /* in the file */
};

/*
 * The first region that ends above va; false if there is none. Takes mm->lock.
 * A region's inode is counted: inode_put it.
 */
bool mm_next_region(struct mm *mm, va_t va, struct region *out);

/* How the resident pages of a region are held: /proc/PID/smaps. Takes mm->lock. */
struct region_usage {
	u64 resident, anon, shared; /* pages; shared: others have them too */
	u64 share_bytes;	    /* each page divided by how many have it: Pss */
	u64 locked_bytes;	    /* of those, mlock's */
};
void mm_region_usage(struct mm *mm, const struct region *region, struct region_usage *out);

/* The leaf entry that maps va, in whatever form (0: nothing). Takes mm->lock. */
pte_t mm_lookup(struct mm *mm, va_t va);

/*
 * The frame of va, counted, if whoever maps it maps this same one: shared memory, or a file's
 * page that cannot be written. NULL: memory of this address space alone. ERR_PTR(-EFAULT): the
 * program may not read it, or not write it if write says so. Takes mm->lock.
 */
struct page;
struct page *mm_common_page(struct mm *mm, va_t va, bool write);

struct mm_usage {
	u64 mapped_pages;   /* VmSize */
	u64 resident_pages; /* VmRSS */
	u64 peak_pages;	    /* VmHWM */
	u64 locked_pages;   /* VmLck */
	u64 peak_mapped_pages; /* VmPeak */
	u64 file_pages;	    /* of the resident ones: those of files and of shared memory */
	u64 data_pages;	    /* mapped private and writable */
	u64 exec_pages;	    /* mapped to be run, not writable */
	u64 table_pages;    /* VmPTE: tables in the tree, shared ones counted whole */
};
void mm_usage(struct mm *mm, struct mm_usage *out);

/*
 * Copies bytes of any address space without faulting anything in: what is not
 * there reads as zeros where it is reserved, and ends the copy where nothing is
 * mapped. How many bytes were copied. Takes mm->lock.
 */
size_t mm_read(struct mm *mm, va_t va, void *buf, size_t n);

/* What /proc/audit prints: "ok N frames\n", or a line for each mismatch; length. */
size_t audit_report(char *buf, size_t size);

#endif
