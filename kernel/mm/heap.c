/*
 * The kernel heap: slabs. A slab is one frame cut into objects of one size;
 * its free objects form a list (page.heap_free, then through their first
 * words). A class lists the slabs that have objects in use and free ones, and,
 * apart from them, the empty ones: objects are taken from the first, so that
 * use stays dense, and empty slabs wait for the next fork. When frames run out
 * they are given back (heap_reclaim).
 *
 *	up to 2 KiB      slab of the class
 *	up to 4 KiB      a frame
 *	more             frames mapped side by side (mm/kmap.c)
 *
 * Entry points: heap_alloc, heap_free. Lock: one per class (RANK_HEAP).
 */
#include "mm/heap.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/heap_private.h"
#include "mm/kmap.h"
#include "mm/page.h"
#include "sync/spinlock.h"

struct heap_class {
	u32 size_bytes;
	struct spinlock lock;
	struct page *partial; /* slabs with used and free objects; page.next, page.prev */
	struct page *empty;   /* slabs without a used object */
	u64 nobjects;	      /* in use */
	u64 nslabs, nempty;
};

#define CLASS(size) {.size_bytes = (size), .lock = SPINLOCK_INIT("heap-" #size, RANK_HEAP)}

static struct heap_class classes[] = {
	CLASS(16),  CLASS(32),	CLASS(64),  CLASS(96),	 CLASS(128),  CLASS(192),
	CLASS(256), CLASS(384), CLASS(512), CLASS(640),	 CLASS(1024), CLASS(1360), CLASS(2048),
};

static void slab_link(struct page **list, struct page *slab)
{
	slab->prev = NULL;
	slab->next = *list;
	if (*list)
		(*list)->prev = slab;
	*list = slab;
}

static void slab_unlink(struct page **list, struct page *slab)
{
	if (slab->prev)
		slab->prev->next = slab->next;
	else
		*list = slab->next;
	if (slab->next)
		slab->next->prev = slab->prev;
}

static u32 *slab_object(struct page *slab, u32 offset)
{
	return (u32 *)((char *)page_kva(slab) + offset);
}

/* Cuts a fresh frame into free objects. */
static void slab_format(struct page *slab, int index)
{
	u32 size_bytes = classes[index].size_bytes;
	slab->index = index;
	slab->used = 0;
	slab->heap_free = 0;
	for (u32 at = PAGE_SIZE / size_bytes * size_bytes; at > 0;) {
		at -= size_bytes;
		*slab_object(slab, at) = slab->heap_free;
		slab->heap_free = at + 1;
	}
}

/* One more slab, without the lock held: page_alloc may call heap_reclaim. */
static bool class_grow(struct heap_class *class, int index)
{
	struct page *slab = page_alloc(PAGE_HEAP);
	if (!slab)
		return false;
	slab_format(slab, index);
	spin_lock(&class->lock);
	slab_link(&class->empty, slab);
	class->nslabs++;
	class->nempty++;
	spin_unlock(&class->lock);
	return true;
}

/* A slab with free objects onto the empty list of partial ones; NULL: out of memory. Locked, but
 * not all the time. */
static __attribute__((noinline)) struct page *class_refill(struct heap_class *class, int index)
{
	while (!class->partial && !class->empty) {
		spin_unlock(&class->lock);
		bool grown = class_grow(class, index);
		spin_lock(&class->lock);
		if (!grown)
			break;
	}
	if (!class->partial && class->empty) {
		struct page *slab = class->empty;
		slab_unlink(&class->empty, slab);
		class->nempty--;
		slab_link(&class->partial, slab);
	}
	return class->partial;
}

static void *class_alloc(struct heap_class *class, int index)
{
	u32 *object = NULL;
	spin_lock(&class->lock);
	struct page *slab = class->partial;
	if (!slab)
		slab = class_refill(class, index);
	if (slab) {
		object = slab_object(slab, slab->heap_free - 1);
		slab->heap_free = *object;
		slab->used++;
		if (!slab->heap_free)
			slab_unlink(&class->partial, slab); /* full: on no list */
		class->nobjects++;
	}
	spin_unlock(&class->lock);
	return object;
}

static void class_free(struct page *slab, void *object)
{
	struct heap_class *class = &classes[slab->index];
#ifdef DEBUG
	memset(object, HEAP_POISON & 0xff, class->size_bytes); /* use after free shows at once */
#endif
	spin_lock(&class->lock);
	kassert(slab->used > 0);
	if (!slab->heap_free)
		slab_link(&class->partial, slab);
	*(u32 *)object = slab->heap_free;
	slab->heap_free = ((va_t)object & ~PAGE_MASK) + 1;
	if (--slab->used == 0) {
		slab_unlink(&class->partial, slab);
		slab_link(&class->empty, slab);
		class->nempty++;
	}
	class->nobjects--;
	spin_unlock(&class->lock);
}

void *heap_alloc_from(int index, size_t size_bytes)
{
	if (index == HEAP_ANY)
		index = heap_class(size_bytes);
	if (index >= 0)
		return class_alloc(&classes[index], index);
	if (size_bytes <= PAGE_SIZE) {
		struct page *page = page_alloc(PAGE_KERNEL);
		return page ? page_kva(page) : NULL;
	}
	return kmap_alloc((size_bytes + PAGE_SIZE - 1) / PAGE_SIZE);
}

void *heap_zalloc_from(int index, size_t size_bytes)
{
	void *object = heap_alloc_from(index, size_bytes);
	if (object)
		memset(object, 0, size_bytes);
	return object;
}

void heap_free(void *object)
{
	if (!object)
		return;
	if ((va_t)object >= KMAP_START) {
		kmap_free(object);
		return;
	}
	struct page *page = pa_page(kva_pa(object));
	if (page->kind == PAGE_HEAP)
		class_free(page, object);
	else
		page_put(page);
}

u64 heap_reclaim(void)
{
	u64 freed = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(classes); i++) {
		struct heap_class *class = &classes[i];
		spin_lock(&class->lock);
		struct page *empty = class->empty;
		class->empty = NULL;
		class->nslabs -= class->nempty;
		class->nempty = 0;
		spin_unlock(&class->lock);
		while (empty) {
			struct page *slab = empty;
			empty = slab->next;
			page_put(slab);
			freed++;
		}
	}
	return freed;
}

u64 heap_empty_slabs(void)
{
	u64 n = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(classes); i++)
		n += classes[i].nempty;
	return n;
}

size_t heap_stats(struct heap_class_stats *out, size_t max)
{
	size_t n = MIN(max, ARRAY_SIZE(classes));
	for (size_t i = 0; i < n; i++)
		out[i] = (struct heap_class_stats){
			.size_bytes = classes[i].size_bytes,
			.objects = classes[i].nobjects,
			.slabs = classes[i].nslabs,
		};
	return n;
}
