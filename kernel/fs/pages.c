/*
 * The pages of a file by index: a radix tree of frames with 512 slots each,
 * as high as the highest page needs. A file of one page has no node at all.
 *
 * A page here has kind PAGE_FILE, owner, index and one reference (I1). The
 * caller holds inode->lock; page->used of a node's frame counts its slots.
 * Entry points: pages_find, pages_next, pages_find_or_add, pages_free_range, pages_each.
 */
#include "fs/ramfs.h"
#include "mm/page.h"

enum { SLOT_BITS = 9, SLOTS = 1 << SLOT_BITS };

/* A node is the kernel address of its frame; at height 1 its slots are pages. */
struct node {
	void *slot[SLOTS];
};

static struct page *node_frame(struct node *node)
{
	return pa_page(kva_pa(node));
}

static struct node *node_new(void)
{
	struct page *frame = page_alloc_zeroed(PAGE_KERNEL);
	if (!frame)
		return NULL;
	frame->used = 0;
	return page_kva(frame);
}

static unsigned slot_index(u64 index, int height)
{
	return index >> (SLOT_BITS * (height - 1)) & (SLOTS - 1);
}

static bool height_covers(int height, u64 index)
{
	return index >> (SLOT_BITS * height) == 0;
}

struct page *pages_find(const struct inode *inode, u64 index)
{
	if (!height_covers(inode->pages_height, index))
		return NULL;
	void *at = inode->pages;
	for (int height = inode->pages_height; at && height > 0; height--)
		at = ((struct node *)at)->slot[slot_index(index, height)];
	return at;
}

u64 pages_next(const struct inode *inode, u64 index, u64 end, bool there)
{
	while (index < end) {
		int height = inode->pages_height;
		if (!height_covers(height, index))
			return there ? end : index;
		void *at = inode->pages;
		for (; at && height > 0; height--)
			at = ((struct node *)at)->slot[slot_index(index, height)];
		if (there == (at != NULL))
			break;
		/* Past this page, or past all that the empty slot could hold. */
		index = (index | ((1ull << (SLOT_BITS * height)) - 1)) + 1;
	}
	return MIN(index, end);
}

/* Adds levels on top until the tree reaches index. */
static bool tree_grow(struct inode *inode, u64 index)
{
	while (!height_covers(inode->pages_height, index)) {
		if (inode->pages) {
			struct node *top = node_new();
			if (!top)
				return false;
			top->slot[0] = inode->pages;
			node_frame(top)->used = 1;
			inode->pages = top;
		}
		inode->pages_height++;
	}
	return true;
}

/* The slot for index, with the nodes that lead to it; a failure leaves empty nodes, which
 * pages_free_range lets go of as it does of others. */
static void **slot_make(struct inode *inode, u64 index)
{
	if (!tree_grow(inode, index))
		return NULL;
	void **slot = &inode->pages;
	struct node *above = NULL;
	for (int height = inode->pages_height; height > 0; height--) {
		if (!*slot) {
			*slot = node_new();
			if (!*slot)
				return NULL;
			if (above)
				node_frame(above)->used++;
		}
		above = *slot;
		slot = &above->slot[slot_index(index, height)];
	}
	if (!*slot && above)
		node_frame(above)->used++;
	return slot;
}

struct page *pages_find_or_add(struct inode *inode, u64 index)
{
	struct page *page = pages_find(inode, index);
	if (page)
		return page;
	struct super *super = inode->super;
	if (super->max_pages && super->npages >= super->max_pages)
		return NULL;
	page = page_alloc_zeroed(PAGE_FILE);
	if (!page)
		return NULL;
	void **slot = slot_make(inode, index);
	if (!slot) {
		page_put(page);
		return NULL;
	}
	page->owner = inode;
	page->index = index;
	*slot = page;
	inode->npages++;
	super->npages++;
	return page;
}

/* The file lets go: who has it mapped keeps it, as memory of no file. */
static void page_release(struct inode *inode, struct page *page)
{
	inode->npages--;
	inode->super->npages--;
	page->owner = NULL;
	if (page_refs(page) > 1)
		page_set_kind(page, PAGE_ANON);
	page_put(page);
}

/* Frees what lies in [first, end) below *slot; base is the index where the slot begins.
 * The depth is the height: five at most. */
static void free_range(struct inode *inode, void **slot, int height, u64 base, u64 first, u64 end)
{
	if (!*slot)
		return;
	if (height == 0) {
		page_release(inode, *slot);
		*slot = NULL;
		return;
	}
	struct node *node = *slot;
	u64 span = 1ull << (SLOT_BITS * (height - 1));
	unsigned i = first > base ? (first - base) / span : 0;
	for (; i < SLOTS && base + i * span < end; i++) {
		if (!node->slot[i])
			continue;
		free_range(inode, &node->slot[i], height - 1, base + i * span, first, end);
		if (!node->slot[i])
			node_frame(node)->used--;
	}
	if (node_frame(node)->used == 0) {
		*slot = NULL;
		page_put(node_frame(node));
	}
}

void pages_free_range(struct inode *inode, u64 first_index, u64 end_index)
{
	if (first_index >= end_index || !height_covers(inode->pages_height, first_index))
		return;
	free_range(inode, &inode->pages, inode->pages_height, 0, first_index, end_index);
	if (!inode->pages)
		inode->pages_height = 0;
}

static void each(void *at, int height, void (*fn)(struct page *page, void *arg), void *arg)
{
	if (!at)
		return;
	if (height == 0) {
		fn(at, arg);
		return;
	}
	for (unsigned i = 0; i < SLOTS; i++)
		each(((struct node *)at)->slot[i], height - 1, fn, arg);
}

void pages_each(const struct inode *inode, void (*fn)(struct page *page, void *arg), void *arg)
{
	each(inode->pages, inode->pages_height, fn, arg);
}
