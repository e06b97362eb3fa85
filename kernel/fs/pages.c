/*
 * The pages of a file by index: a radix tree of frames with 512 slots each,
 * as high as the highest page needs. A file of one page has no node at all.
 *
 * A page here has kind PAGE_FILE, owner, index and one reference (I1); page->used
 * of a node's frame counts its slots. Locks: pages_lock, which all but pages_each
 * take. Who holds inode->lock too may use a page without counting it.
 * Entry points: pages_find, pages_next, pages_find_or_add, pages_remove, inode_page,
 * inode_pages.
 */
#include "fs/ramfs.h"
#include "lib/errno.h"
#include "mm/mapping.h"
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

/* Where the page stands if there is one; NULL: not even a node leads there. */
static void *const *find_slot(const struct inode *inode, u64 index)
{
	if (!height_covers(inode->pages_height, index))
		return NULL;
	void *const *slot = &inode->pages;
	for (int height = inode->pages_height; height > 0; height--) {
		if (!*slot)
			return NULL;
		slot = &((struct node *)*slot)->slot[slot_index(index, height)];
	}
	return slot;
}

static struct page *find(const struct inode *inode, u64 index)
{
	void *const *slot = find_slot(inode, index);
	return slot ? *slot : NULL;
}

static u64 next(const struct inode *inode, u64 index, u64 end, bool there)
{
	while (index < end) {
		int height = inode->pages_height;
		if (!height_covers(height, index))
			return there ? end : index;
		void *at = inode->pages;
		for (; at && height > 0; height--)
			at = ((struct node *)at)->slot[slot_index(index, height)];
		if (there == (at && !((struct page *)at)->used))
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

static bool super_full(const struct super *super)
{
	return super->max_pages && super->npages >= super->max_pages;
}

/* Apart, so that who finds a page saves no registers for it. */
static __attribute__((noinline)) struct page *add(struct inode *inode, u64 index, bool unwritten)
{
	struct super *super = inode->super;
	if (super_full(super))
		return NULL;
	struct page *page = page_alloc_zeroed(PAGE_FILE);
	if (!page)
		return NULL;
	void **slot = slot_make(inode, index);
	if (!slot) {
		page_put(page);
		return NULL;
	}
	page->owner = inode;
	page->index = index;
	page->used = unwritten;
	*slot = page;
	inode->npages++;
	super->npages++;
	return page;
}

/* A page that is asked for to be written to counts as written from then on. */
static struct page *find_or_add(struct inode *inode, u64 index, bool unwritten)
{
	struct page *page = find(inode, index);
	if (!page)
		return add(inode, index, unwritten);
	page->used &= unwritten;
	return page;
}

struct page *pages_find(struct inode *inode, u64 index)
{
	mutex_lock(&inode->pages_lock);
	struct page *page = find(inode, index);
	mutex_unlock(&inode->pages_lock);
	return page;
}

struct page *pages_find_or_add(struct inode *inode, u64 index, bool unwritten)
{
	mutex_lock(&inode->pages_lock);
	struct page *page = find_or_add(inode, index, unwritten);
	mutex_unlock(&inode->pages_lock);
	return page;
}

u64 pages_next(struct inode *inode, u64 index, u64 end, bool there)
{
	mutex_lock(&inode->pages_lock);
	u64 found = next(inode, index, end, there);
	mutex_unlock(&inode->pages_lock);
	return found;
}

static u64 size_in_pages(const struct inode *inode)
{
	return ROUND_UP(inode->size_bytes, PAGE_SIZE) >> PAGE_SHIFT;
}

struct page *inode_page(struct inode *inode, u64 index, bool fill)
{
	struct page *page = ERR_PTR(-ENXIO);
	mutex_lock(&inode->pages_lock);
	if (index < size_in_pages(inode)) {
		page = fill ? find_or_add(inode, index, false) : find(inode, index);
		if (page)
			page_get(page);
		else if (fill)
			page = ERR_PTR(super_full(inode->super) ? -ENOSPC : -ENOMEM);
	}
	mutex_unlock(&inode->pages_lock);
	return page;
}

u32 inode_pages(struct inode *inode, u64 index, u32 max, struct page **out)
{
	u32 n = 0;
	mutex_lock(&inode->pages_lock);
	void *const *slot = find_slot(inode, index);
	u64 node_end = inode->pages_height > 0 ? ROUND_UP(index + 1, SLOTS) : index + 1;
	u64 end = MIN(node_end, size_in_pages(inode));
	for (; slot && n < max && index + n < end && slot[n]; n++) {
		out[n] = slot[n];
		page_get(out[n]);
	}
	mutex_unlock(&inode->pages_lock);
	return n;
}

u64 inode_map_next(struct inode *inode, u64 index, u64 end)
{
	u64 next = pages_next(inode, index, end, true);
	return next < size_in_pages(inode) ? next : end;
}

/* The file lets go: who has one mapped keeps it, as memory of no file. */
static void release(struct page *chain)
{
	while (chain) {
		struct page *page = chain;
		chain = page->prev;
		page->owner = NULL;
		page->used = 0;
		if (page_refs(page) > 1)
			page_set_kind(page, PAGE_ANON);
		page_put(page);
	}
}

/* Takes what lies in [first, end) below *slot; base is the index where the slot begins.
 * The depth is the height: five at most. */
static void take_range(struct inode *inode, void **slot, int height, u64 base, u64 first, u64 end,
		       struct page **chain)
{
	if (!*slot)
		return;
	if (height == 0) {
		struct page *page = *slot;
		inode->npages--;
		inode->super->npages--;
		page->prev = *chain;
		*chain = page;
		*slot = NULL;
		return;
	}
	struct node *node = *slot;
	u64 span = 1ull << (SLOT_BITS * (height - 1));
	unsigned i = first > base ? (first - base) / span : 0;
	for (; i < SLOTS && base + i * span < end; i++) {
		if (!node->slot[i])
			continue;
		take_range(inode, &node->slot[i], height - 1, base + i * span, first, end, chain);
		if (!node->slot[i])
			node_frame(node)->used--;
	}
	if (node_frame(node)->used == 0) {
		*slot = NULL;
		page_put(node_frame(node));
	}
}

/* Pages of the file that are so no more: chained by prev, each still with its one reference. */
static struct page *take(struct inode *inode, u64 first, u64 end)
{
	struct page *chain = NULL;
	mutex_lock(&inode->pages_lock);
	if (first < end && height_covers(inode->pages_height, first))
		take_range(inode, &inode->pages, inode->pages_height, 0, first, end, &chain);
	if (!inode->pages)
		inode->pages_height = 0;
	mutex_unlock(&inode->pages_lock);
	return chain;
}

void pages_free_range(struct inode *inode, u64 first_index, u64 end_index)
{
	release(take(inode, first_index, end_index));
}

/* Out of the file first, then out of all address spaces: a fault in between finds a hole, and
 * what came before is found by mapping_cut. */
int pages_remove(struct inode *inode, u64 first_index, u64 end_index, bool copies)
{
	struct page *gone = take(inode, first_index, end_index);
	int error = inode->mapped && first_index < end_index
			    ? mapping_cut(inode, first_index, end_index, copies) : 0;
	release(gone);
	return error;
}

/* A fault that comes after the new size finds SIGBUS. */
int pages_shrink(struct inode *inode, u64 size_bytes)
{
	mutex_lock(&inode->pages_lock);
	inode->size_bytes = size_bytes;
	mutex_unlock(&inode->pages_lock);
	return pages_remove(inode, size_in_pages(inode), UINT64_MAX, true);
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
