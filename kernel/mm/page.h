/*
 * Physical memory: an array with one struct page for each 4 KiB frame, and the
 * free list. Invariant I1 of docs/memory.md: refs of a table frame is the
 * number of entries and roots that point to it; of a data frame, the leaf
 * entries that point to it, plus one when a file holds it.
 *
 * Locks: RANK_PAGE inside alloc and free. refs is atomic: whoever takes it to
 * zero frees the frame.
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include "arch/pte.h"
#include "lib/panic.h"
#include "lib/types.h"

struct inode;

enum page_kind {
	PAGE_FREE,
	PAGE_BOOT,   /* not RAM, or in use since boot: never freed */
	PAGE_ANON,   /* data of one or more address spaces; owner, index: the page it is a copy of */
	PAGE_FILE,   /* data of a file (owner, index), mapped or not */
	PAGE_TABLE,  /* a page table of a user tree (level, resident) */
	PAGE_MAPPING, /* no data: which file a promise of memory is of (mm/mapping.h) */
	PAGE_HEAP,   /* slab of the kernel heap */
	PAGE_KERNEL, /* other memory of the kernel: stacks, large blocks, pipe buffers */
};

struct page {
	_Atomic u32 refs;
	u8 kind;      /* enum page_kind */
	u8 level;     /* PAGE_TABLE: 1 (leaf) to 4 (root) */
	u16 used;     /* PAGE_TABLE: entries that are not empty; PAGE_HEAP: objects in use;
		       * PAGE_FILE: 1: allocated, but nothing was written to it */
	union {
		u32 resident;  /* PAGE_TABLE: data pages below it, the zero page not counted */
		u32 heap_free; /* PAGE_HEAP: 1 + where the first free object begins; 0: none */
	};
	u32 index; /* PAGE_FILE, PAGE_ANON: which page of owner; PAGE_HEAP: the size class */
	union {
		struct inode *owner; /* PAGE_FILE: not counted, the file outlives its hold or clears
				      * it; PAGE_MAPPING, PAGE_ANON: counted, or NULL */
		struct page *next;   /* PAGE_FREE: the free list; PAGE_HEAP: the list of slabs */
		u64 mapped; /* PAGE_TABLE, but leaf tables: pages mapped below it, touched or not */
	};
	union {
		struct page *prev; /* PAGE_HEAP: back along the list of slabs; PAGE_FILE: the next one
				    * that leaves the file */
		u64 groups; /* PAGE_TABLE: bit g: entries 8 g to 8 g + 7 can be in use */
		u64 delta; /* PAGE_MAPPING: page number in memory, less that in the file */
	};
};

_Static_assert(sizeof(struct page) == 32, "pages are found by a shift");

extern struct page *pages; /* indexed by pfn */
extern pfn_t npages;	   /* length of the array: highest RAM frame + 1 */
extern struct page *zero_page; /* always zero, mapped read-only, never counted */

static inline struct page *pa_page(pa_t pa)
{
	return &pages[pa >> PAGE_SHIFT];
}

static inline pfn_t page_pfn(const struct page *page)
{
	return (pfn_t)(page - pages);
}

static inline pa_t page_pa(const struct page *page)
{
	return page_pfn(page) << PAGE_SHIFT;
}

/* The frame's bytes, in the direct map. */
static inline void *page_kva(const struct page *page)
{
	return pa_kva(page_pa(page));
}

/* A frame with one reference, its content undefined / zeroed; NULL when memory is out. */
struct page *page_alloc(enum page_kind kind);
struct page *page_alloc_zeroed(enum page_kind kind);
bool page_alloc_tables(struct page **tables, u32 n); /* zeroed; all of them, or none: false */

static inline u32 page_refs(const struct page *page)
{
	return __atomic_load_n((const u32 *)&page->refs, __ATOMIC_ACQUIRE);
}

static inline void page_get(struct page *page)
{
	if (page != zero_page)
		__atomic_fetch_add((u32 *)&page->refs, 1, __ATOMIC_RELAXED);
}

static inline void page_get_many(struct page *page, u32 n) /* never the zero page */
{
	__atomic_fetch_add((u32 *)&page->refs, n, __ATOMIC_RELAXED);
}

/* Lets go of one reference; the last one frees the frame. Tables: tree_put instead. */
void page_put(struct page *page);

/* The two halves of page_put, for who must clean up between: true if it was the last one. */
#ifdef HOST_TEST /* the test looks who still remembers the page */
bool page_drop(struct page *page);
#else
static inline bool page_drop(struct page *page)
{
	if (page == zero_page)
		return false;
	if (page_refs(page) == 1) { /* nobody else can come or go: no atomic step */
		__atomic_store_n((u32 *)&page->refs, 0, __ATOMIC_RELAXED);
		return true;
	}
	u32 before = __atomic_fetch_sub((u32 *)&page->refs, 1, __ATOMIC_ACQ_REL);
	kassert(before != 0);
	return before == 1;
}
#endif

void page_free(struct page *page);

void page_put_owner(struct page *page); /* the file that it counts, if it is of a kind that does */

/* page_free of many at a time: each is put on a chain (by page.next), and then all go. */
static inline void page_chain(struct page *page, struct page **chain)
{
	if (page->owner)
		page_put_owner(page);
	page->next = *chain;
	*chain = page;
}

void page_free_chain(struct page *chain);

/* The same for a chain of frames that hold nothing but zeros again: page_alloc_zeroed need not
 * clear them. A frame as page_alloc_zeroed gave it is a chain of one. */
void page_free_clean(struct page *chain);

/* A frame changes its kind while it lives (a file's page that outlives its file). */
void page_set_kind(struct page *page, enum page_kind kind);

/* What is left is kept for page faults: fork and the like should answer ENOMEM. */
bool page_low(void);

void page_clear(void *kva);		       /* one page of zeros */
void page_copy(void *to_kva, const void *from_kva); /* one page */

/* Figures for /proc/meminfo, in pages. Free includes what caches give back on demand. */
struct page_stats {
	u64 total, free, tables, anon, file, heap, kernel;
};
void page_stats(struct page_stats *out);

/* Boot: takes the memory map of boot_info, leaves out kernel and modules (mm/page_boot.c). */
void page_init(void);

/* Gives frames of boot (modules, once unpacked) to the free list: those wholly inside. */
void page_free_boot(pa_t start, pa_t end);
void page_count_boot(u64 nframes);	   /* that many are of kind PAGE_BOOT to begin with */
void page_release_boot(struct page *page); /* one frame of kind PAGE_BOOT */

#endif
