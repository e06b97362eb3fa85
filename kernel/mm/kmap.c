/*
 * Kernel memory that is mapped page by page, in the KMAP area: kernel stacks
 * and heap blocks larger than a frame.
 *
 * A stack lives in a slot of four pages: the lowest stays unmapped, so that an
 * overflow faults instead of writing into a neighbour (arch/traps.c says so
 * then, on the double fault stack). Freed stacks stay mapped, for the next
 * fork, up to a number; page_alloc takes those back when frames run out.
 *
 * Entry points: kstack_alloc, kstack_free, kmap_alloc, kmap_free.
 * Lock: kmap_lock (RANK_KMAP) for the slots and the list of blocks.
 */
#include "mm/kmap.h"
#include "arch/mmu.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "lib/panic.h"
#include "mm/heap.h"
#include "mm/heap_private.h"
#include "mm/page.h"
#include "sync/spinlock.h"

enum {
	SLOT_PAGES = 4, /* the guard and the stack */
	STACK_PAGES = KSTACK_SIZE / PAGE_SIZE,
	MAX_SLOTS = 65536,
	MAX_CACHED = 32,
	FIRST_SLOTS = 128, /* those of the first page table */
};

#define SLOT_SIZE (SLOT_PAGES * PAGE_SIZE)
#define BLOCKS_START (KMAP_START + MAX_SLOTS * SLOT_SIZE)

static struct spinlock kmap_lock = SPINLOCK_INIT("kmap_lock", RANK_KMAP);
static u64 slot_used[MAX_SLOTS / 64];	/* bit: the slot is mapped */
static u32 slot_hint;			/* no free slot below this word of the map */
static va_t cached;			/* free mapped stacks: each one's top word names the next */
static u32 ncached;
static u64 nstacks;			/* in use */

struct block {
	struct list link;
	va_t start;
	size_t npages;
};
static struct list blocks = LIST_INIT(blocks); /* by address */

/* Unmaps pages, and adds them to a chain of those that are put after the flush (I4). */
static struct page *take_pages(va_t start, size_t count, struct page *chain)
{
	for (size_t i = 0; i < count; i++) {
		struct page *table, *frame = mmu_kunmap_page(start + i * PAGE_SIZE, &table);
		frame->next = chain;
		chain = frame;
		if (table) {
			table->next = chain;
			chain = table;
		}
	}
	return chain;
}

static void put_chain(struct page *chain)
{
	while (chain) {
		struct page *next = chain->next;
		page_put(chain);
		chain = next;
	}
}

static void unmap_pages(va_t start, size_t count)
{
	enum { ONE_BY_ONE = 32 }; /* more cost more than all that the TLB holds */
	struct page *chain = take_pages(start, count, NULL);
	if (count > ONE_BY_ONE)
		tlb_flush_all();
	else if (count > 0)
		tlb_flush_kernel(start, count);
	put_chain(chain);
}

/* Frames for [start, start + count) are put in place, or none. */
static int map_pages(va_t start, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct page *page = page_alloc(PAGE_KERNEL);
		if (page && mmu_kmap_page(start + i * PAGE_SIZE, page_pa(page)) == 0)
			continue;
		if (page)
			page_put(page);
		unmap_pages(start, i);
		return -ENOMEM;
	}
	return 0;
}

static va_t slot_stack(u32 slot)
{
	return KMAP_START + slot * SLOT_SIZE + PAGE_SIZE;
}

static s64 slot_take(void)
{
	s64 slot = -1;
	spin_lock(&kmap_lock);
	for (u32 word = slot_hint; word < ARRAY_SIZE(slot_used); word++) {
		slot_hint = word;
		if (slot_used[word] == UINT64_MAX)
			continue;
		u32 bit = __builtin_ctzll(~slot_used[word]);
		slot_used[word] |= 1ull << bit;
		slot = word * 64 + bit;
		break;
	}
	spin_unlock(&kmap_lock);
	return slot;
}

static void slot_release(u32 slot)
{
	spin_lock(&kmap_lock);
	slot_used[slot / 64] &= ~(1ull << (slot % 64));
	slot_hint = MIN(slot_hint, slot / 64);
	spin_unlock(&kmap_lock);
}

static va_t *cache_link(va_t top)
{
	return (va_t *)top - 1;
}

static va_t cache_take(void)
{
	spin_lock(&kmap_lock);
	va_t top = cached;
	if (top) {
		cached = *cache_link(top);
		ncached--;
	}
	spin_unlock(&kmap_lock);
	return top;
}

va_t kstack_alloc(void)
{
	va_t top = cache_take();
	if (!top) {
		s64 slot = slot_take();
		if (slot < 0)
			return 0;
		if (map_pages(slot_stack(slot), STACK_PAGES)) {
			slot_release(slot);
			return 0;
		}
		top = slot_stack(slot) + KSTACK_SIZE;
	}
	__atomic_fetch_add(&nstacks, 1, __ATOMIC_RELAXED);
	return top;
}

static u32 slot_of(va_t top)
{
	return (top - KMAP_START) / SLOT_SIZE - 1; /* top is where the next slot begins */
}

static void stack_unmap(va_t top)
{
	unmap_pages(top - KSTACK_SIZE, STACK_PAGES);
	slot_release(slot_of(top));
}

/* Unmaps some of the kept stacks with one flush: when thousands of tasks end, asking all CPUs
 * for each would take most of the time. How many. */
static u32 stacks_unmap(void)
{
	u32 slot[MAX_CACHED], n = 0;
	struct page *chain = NULL;
	va_t top;
	while (n < MAX_CACHED && (top = cache_take())) {
		slot[n++] = slot_of(top);
		chain = take_pages(top - KSTACK_SIZE, STACK_PAGES, chain);
	}
	if (n > 0)
		tlb_flush_all();
	put_chain(chain);
	for (u32 i = 0; i < n; i++)
		slot_release(slot[i]);
	return n;
}

/*
 * While there are few stacks only those of the first slots are kept, so that no
 * page table stays for the others; when many have come and gone, all that are
 * kept go once.
 */
void kstack_free(va_t top)
{
	u64 left = __atomic_sub_fetch(&nstacks, 1, __ATOMIC_RELAXED);
	if (left == FIRST_SLOTS / 2)
		kstack_reclaim();
	spin_lock(&kmap_lock);
	bool keep = slot_of(top) < FIRST_SLOTS || left > FIRST_SLOTS;
	if (keep) {
		*cache_link(top) = cached;
		cached = top;
		ncached++;
	}
	bool many = ncached > MAX_CACHED;
	spin_unlock(&kmap_lock);
	if (!keep)
		stack_unmap(top);
	else if (many)
		stacks_unmap();
}

u64 kstack_reclaim(void)
{
	u64 freed = 0;
	u32 n;
	while ((n = stacks_unmap()) > 0)
		freed += n * STACK_PAGES;
	return freed;
}

u64 kstack_cached_pages(void)
{
	return (u64)ncached * STACK_PAGES;
}

u64 kstack_pages(void)
{
	return nstacks * STACK_PAGES;
}

bool kstack_guard_hit(va_t fault)
{
	return fault >= KMAP_START && fault < BLOCKS_START &&
	       (fault - KMAP_START) % SLOT_SIZE < PAGE_SIZE;
}

va_t kstack_bottom(va_t va)
{
	u64 slot = (va - KMAP_START) / SLOT_SIZE;
	return va >= KMAP_START && slot < MAX_SLOTS ? slot_stack(slot) : 0;
}

/* First fit among the blocks, with a page between them; the block is in the list then. */
static bool block_place(struct block *new)
{
	va_t start = BLOCKS_START;
	struct list *after = &blocks;
	struct block *block;
	list_for_each(block, &blocks, link) {
		if (start + (new->npages + 1) * PAGE_SIZE <= block->start)
			break;
		start = block->start + (block->npages + 1) * PAGE_SIZE;
		after = &block->link;
	}
	if (start + (new->npages + 1) * PAGE_SIZE > KMAP_END)
		return false;
	new->start = start;
	list_insert_after(after, &new->link);
	return true;
}

void *kmap_alloc(size_t count)
{
	struct block *block = heap_alloc(sizeof *block);
	if (!block)
		return NULL;
	block->npages = count;
	spin_lock(&kmap_lock);
	bool placed = block_place(block);
	spin_unlock(&kmap_lock);
	if (placed && map_pages(block->start, count) == 0)
		return (void *)block->start;
	if (placed) {
		spin_lock(&kmap_lock);
		list_remove(&block->link);
		spin_unlock(&kmap_lock);
	}
	heap_free(block);
	return NULL;
}

void kmap_free(void *start)
{
	struct block *block;
	spin_lock(&kmap_lock);
	list_for_each(block, &blocks, link)
		if (block->start == (va_t)start)
			break;
	kassert(&block->link != &blocks);
	spin_unlock(&kmap_lock);
	unmap_pages(block->start, block->npages); /* before others may be given the place */
	spin_lock(&kmap_lock);
	list_remove(&block->link);
	spin_unlock(&kmap_lock);
	heap_free(block);
}
