/*
 * The frame allocator: one free list of 4 KiB frames, last freed first (its
 * bytes may still be in the cache), and a count of frames by kind.
 *
 * Nothing here sleeps or waits for memory: there is no swap and no page-out.
 * A caller that gets NULL unwinds and reports ENOMEM, or kills the task whose
 * fault it was. A reserve is kept for faults (page_low), so that a fork bomb
 * meets ENOMEM in fork before anyone's stack fails to grow.
 *
 * Entry points: page_alloc, page_put. Lock: page_lock (RANK_PAGE).
 */
#include "mm/page.h"
#include "fs/inode.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/heap_private.h"
#include "sync/spinlock.h"

struct page *pages;
pfn_t npages;
struct page *zero_page;

static struct spinlock page_lock = SPINLOCK_INIT("page_lock", RANK_PAGE);
static struct page *free_list;			  /* page_lock; linked by page.next */
static struct page *clean_list;			  /* page_lock; free frames that are all zero */
static u64 count[PAGE_KERNEL + 1];		  /* page_lock; frames by kind */

/* The first of a list; NULL if it is empty. Locked. */
static inline struct page *take_first(struct page **list, enum page_kind kind)
{
	struct page *page = *list;
	if (page) {
		*list = page->next;
		count[PAGE_FREE]--;
		count[kind]++;
		*page = (struct page){.refs = 1, .kind = kind};
	}
	return page;
}

/* Up to n frames that are all zero; how many. */
static u32 take_clean(struct page **out, enum page_kind kind, u32 n)
{
	u32 got = 0;
	if (!clean_list) /* a hint, without the lock */
		return 0;
	spin_lock(&page_lock);
	while (got < n && (out[got] = take_first(&clean_list, kind)))
		got++;
	spin_unlock(&page_lock);
	return got;
}

/* The free lists are empty: gives back what waits elsewhere for its next use. */
static __attribute__((noinline, cold)) bool reclaim(void)
{
	return heap_reclaim() + kstack_reclaim() > 0;
}

struct page *page_alloc(enum page_kind kind)
{
	struct page *page;
	do {
		spin_lock(&page_lock);
		page = take_first(free_list ? &free_list : &clean_list, kind);
		spin_unlock(&page_lock);
	} while (!page && reclaim());
	return page;
}

struct page *page_alloc_zeroed(enum page_kind kind)
{
	struct page *page;
	if (take_clean(&page, kind, 1) > 0)
		return page;
	page = page_alloc(kind);
	if (page)
		page_clear(page_kva(page));
	return page;
}

bool page_alloc_tables(struct page **tables, u32 n)
{
	u32 got = take_clean(tables, PAGE_TABLE, n);
	while (got < n && (tables[got] = page_alloc_zeroed(PAGE_TABLE)))
		got++;
	if (got == n)
		return true;
	while (got > 0)
		page_free_clean(tables[--got]);
	return false;
}

static void give_back(struct page *chain, struct page **list)
{
	struct page *last = chain;
	u64 n = 0;
	spin_lock(&page_lock);
	for (struct page *page = chain; page; last = page, page = page->next, n++) {
		kassert(page->kind != PAGE_FREE && page->kind != PAGE_BOOT);
		count[page->kind]--;
		page->kind = PAGE_FREE;
		__atomic_store_n((u32 *)&page->refs, 0, __ATOMIC_RELAXED);
	}
	count[PAGE_FREE] += n;
	last->next = *list;
	*list = chain;
	spin_unlock(&page_lock);
}

void page_put_owner(struct page *page)
{
	if (page->kind == PAGE_ANON || page->kind == PAGE_MAPPING)
		inode_put(page->owner);
}

void page_free_chain(struct page *chain)
{
	if (!chain)
		return;
#ifdef DEBUG
	for (struct page *page = chain; page; page = page->next)
		memset(page_kva(page), 0x5a, PAGE_SIZE); /* use after free shows at once */
#endif
	give_back(chain, &free_list);
}

__attribute__((noinline)) void page_free(struct page *page)
{
	struct page *chain = NULL;
	page_chain(page, &chain);
	page_free_chain(chain);
}

void page_free_clean(struct page *chain)
{
#ifdef DEBUG
	for (struct page *page = chain; page; page = page->next)
		for (size_t i = 0; i < PAGE_SIZE / 8; i++)
			kassert(((u64 *)page_kva(page))[i] == 0);
#endif
	give_back(chain, &clean_list);
}

void page_put(struct page *page)
{
	if (page_drop(page))
		page_free(page);
}

void page_set_kind(struct page *page, enum page_kind kind)
{
	spin_lock(&page_lock);
	count[page->kind]--;
	count[kind]++;
	page->kind = kind;
	spin_unlock(&page_lock);
}

void page_count_boot(u64 nframes)
{
	count[PAGE_BOOT] += nframes;
}

/* Hands a frame that boot has set aside, or found, to the free list. */
void page_release_boot(struct page *page)
{
	count[PAGE_BOOT]--; /* alone so far: no lock */
	count[PAGE_FREE]++;
	*page = (struct page){.kind = PAGE_FREE, .next = free_list};
	free_list = page;
}

/* Unlocked: a stale count does no harm here. What page_alloc takes back when it must is there, too. */
bool page_low(void)
{
	u64 kept = (npages - count[PAGE_BOOT]) / 64, free = count[PAGE_FREE];
	return free < kept && free + heap_empty_slabs() + kstack_cached_pages() < kept;
}

__cold void page_stats(struct page_stats *out)
{
	/* A CPU that is stuck with the lock must not hide them: dev/sysrq.c. */
	bool locked = spin_lock_soon(&page_lock, 1000000);
	*out = (struct page_stats){
		.free = count[PAGE_FREE],
		.tables = count[PAGE_TABLE],
		.anon = count[PAGE_ANON],
		.file = count[PAGE_FILE],
		.heap = count[PAGE_HEAP],
		.kernel = count[PAGE_KERNEL] + count[PAGE_MAPPING],
	};
	if (locked)
		spin_unlock(&page_lock);
	u64 slabs = heap_empty_slabs(), stacks = kstack_cached_pages();
	out->free += slabs + stacks; /* page_alloc takes them when it needs them */
	out->heap -= slabs;
	out->kernel -= stacks;
	out->total = out->free + out->tables + out->anon + out->file + out->heap + out->kernel;
}

void page_clear(void *kva)
{
	u64 count_qwords = PAGE_SIZE / 8;
	__asm__ volatile("rep stosq" : "+D"(kva), "+c"(count_qwords) : "a"(0) : "memory");
}

void page_copy(void *to_kva, const void *from_kva)
{
	u64 count_qwords = PAGE_SIZE / 8;
	__asm__ volatile("rep movsq" : "+D"(to_kva), "+S"(from_kva), "+c"(count_qwords)::"memory");
}
