/*
 * The kernel heap: slabs. A slab is one frame cut into objects of one size;
 * the free ones form a list through their first words (page.heap_free). Each
 * class keeps its slabs that have a free object, empty ones included: the next
 * fork wants them again. When frames run out they are given back.
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
	struct page *partial; /* slabs with a free object, linked by page.next */
	u64 nobjects;	      /* in use */
	u64 nslabs, nempty;
};

#define CLASS(size) {.size_bytes = (size), .lock = SPINLOCK_INIT("heap-" #size, RANK_HEAP)}

static struct heap_class classes[] = {
	CLASS(16),  CLASS(32),	CLASS(64),  CLASS(96),	 CLASS(128),  CLASS(192),
	CLASS(256), CLASS(384), CLASS(512), CLASS(1024), CLASS(1360), CLASS(2048),
};

static int class_for(size_t size_bytes)
{
	for (unsigned i = 0; i < ARRAY_SIZE(classes); i++)
		if (size_bytes <= classes[i].size_bytes)
			return i;
	return -1;
}

/* Cuts a fresh frame into free objects. */
static void slab_format(struct page *slab, int index)
{
	u32 size_bytes = classes[index].size_bytes;
	char *base = page_kva(slab);
	slab->index = index;
	slab->used = 0;
	slab->heap_free = NULL;
	for (u32 at = PAGE_SIZE / size_bytes * size_bytes; at > 0;) {
		at -= size_bytes;
		*(void **)(base + at) = slab->heap_free;
		slab->heap_free = base + at;
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
	slab->next = class->partial;
	class->partial = slab;
	class->nslabs++;
	class->nempty++;
	spin_unlock(&class->lock);
	return true;
}

static void *class_alloc(struct heap_class *class, int index)
{
	spin_lock(&class->lock);
	while (!class->partial) {
		spin_unlock(&class->lock);
		if (!class_grow(class, index))
			return NULL;
		spin_lock(&class->lock);
	}
	struct page *slab = class->partial;
	void *object = slab->heap_free;
	slab->heap_free = *(void **)object;
	if (slab->used++ == 0)
		class->nempty--;
	if (!slab->heap_free)
		class->partial = slab->next;
	class->nobjects++;
	spin_unlock(&class->lock);
	return object;
}

static void class_free(struct page *slab, void *object)
{
	struct heap_class *class = &classes[slab->index];
#ifdef DEBUG
	memset(object, 0x6b, class->size_bytes); /* use after free shows at once */
#endif
	spin_lock(&class->lock);
	kassert(slab->used > 0);
	if (!slab->heap_free) { /* was full: on no list */
		slab->next = class->partial;
		class->partial = slab;
	}
	*(void **)object = slab->heap_free;
	slab->heap_free = object;
	if (--slab->used == 0)
		class->nempty++;
	class->nobjects--;
	spin_unlock(&class->lock);
}

void *heap_alloc(size_t size_bytes)
{
	int index = class_for(size_bytes);
	if (index >= 0)
		return class_alloc(&classes[index], index);
	if (size_bytes <= PAGE_SIZE) {
		struct page *page = page_alloc(PAGE_KERNEL);
		return page ? page_kva(page) : NULL;
	}
	return kmap_alloc((size_bytes + PAGE_SIZE - 1) / PAGE_SIZE);
}

void *heap_zalloc(size_t size_bytes)
{
	void *object = heap_alloc(size_bytes);
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
		struct page *empty = NULL;
		spin_lock(&class->lock);
		for (struct page **link = &class->partial; *link;) {
			struct page *slab = *link;
			if (slab->used > 0) {
				link = &slab->next;
				continue;
			}
			*link = slab->next;
			slab->next = empty;
			empty = slab;
			class->nslabs--;
			class->nempty--;
		}
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
