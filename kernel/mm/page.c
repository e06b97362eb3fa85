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
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/heap_private.h"
#include "sync/spinlock.h"

struct page *pages;
pfn_t npages;
struct page *zero_page;

static struct spinlock page_lock = SPINLOCK_INIT("page_lock", RANK_PAGE);
static struct page *free_list;			  /* page_lock; linked by page.next */
static u64 count[PAGE_KERNEL + 1];		  /* page_lock; frames by kind */

static struct page *take_free(enum page_kind kind)
{
	spin_lock(&page_lock);
	struct page *page = free_list;
	if (page) {
		free_list = page->next;
		count[PAGE_FREE]--;
		count[kind]++;
	}
	spin_unlock(&page_lock);
	return page;
}

struct page *page_alloc(enum page_kind kind)
{
	struct page *page = take_free(kind);
	if (!page && heap_reclaim() + kstack_reclaim() > 0)
		page = take_free(kind);
	if (!page)
		return NULL;
	*page = (struct page){.refs = 1, .kind = kind};
	return page;
}

struct page *page_alloc_zeroed(enum page_kind kind)
{
	struct page *page = page_alloc(kind);
	if (page)
		page_clear(page_kva(page));
	return page;
}

/* The frame has no references left: back to the free list. */
void page_free(struct page *page)
{
	kassert(page->kind != PAGE_FREE && page->kind != PAGE_BOOT);
#ifdef DEBUG
	memset(page_kva(page), 0x5a, PAGE_SIZE); /* use after free shows at once */
#endif
	spin_lock(&page_lock);
	count[page->kind]--;
	count[PAGE_FREE]++;
	page->kind = PAGE_FREE;
	page->refs = 0;
	page->next = free_list;
	free_list = page;
	spin_unlock(&page_lock);
}

bool page_drop(struct page *page)
{
	if (page == zero_page)
		return false;
	u32 before = __atomic_fetch_sub((u32 *)&page->refs, 1, __ATOMIC_ACQ_REL);
	kassert(before != 0);
	return before == 1;
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
	page_set_kind(page, PAGE_KERNEL);
	page_free(page);
}

/* Unlocked: a stale count does no harm here. */
bool page_low(void)
{
	return count[PAGE_FREE] < (npages - count[PAGE_BOOT]) / 64;
}

void page_stats(struct page_stats *out)
{
	spin_lock(&page_lock);
	*out = (struct page_stats){
		.free = count[PAGE_FREE],
		.tables = count[PAGE_TABLE],
		.anon = count[PAGE_ANON],
		.file = count[PAGE_FILE],
		.heap = count[PAGE_HEAP],
		.kernel = count[PAGE_KERNEL],
	};
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
