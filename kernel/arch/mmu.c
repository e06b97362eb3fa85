/*
 * The kernel's half of every tree, and what loads and flushes trees.
 *
 * The upper 256 root entries that the kernel will ever use are filled here,
 * once: the direct map, the KMAP area, the image. Later changes happen in the
 * tables below them, which all roots share, so no root needs updating.
 *
 * Entry points: arch/mmu.h. Locks: mmu_init_kernel and mmu_map_device run at
 * boot; the kmap functions take kmap_tables_lock.
 * Source: Intel SDM vol. 3A 4.5, 4.10.
 */
#include "arch/mmu.h"

#include "arch/arch.h"
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "lib/errno.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/page.h"
#include "sync/spinlock.h"

pa_t kernel_root;

/* The entries of kernel_root that are in use: few, and the same ones after boot. */
static u16 kernel_entries[TABLE_ENTRIES - ROOT_USER_ENTRIES];
static unsigned nkernel_entries;

static pte_t *table_kva(pa_t table)
{
	return pa_kva(table & PTE_ADDR);
}

/*
 * The entry for va at that level in the kernel's tree. Missing tables on the
 * way come from alloc; NULL if that has none, or if a large page ends the way.
 */
static pte_t *kernel_entry(va_t va, int level, pa_t (*alloc)(void))
{
	pte_t *entry = &table_kva(kernel_root)[level_index(va, LEVEL_ROOT)];

	for (int at = LEVEL_ROOT; at > level; at--) {
		if (*entry & PTE_LARGE)
			return NULL;
		if (!(*entry & PTE_P)) {
			pa_t table = alloc();
			if (!table)
				return NULL;
			*entry = table | PTE_P | PTE_W;
		}
		entry = &table_kva(*entry)[level_index(va, at - 1)];
	}
	return entry;
}

static pa_t alloc_later(void)
{
	struct page *page = page_alloc_zeroed(PAGE_KERNEL);

	return page ? page_pa(page) : 0;
}

/* Does RAM overlap [start, end), or fill all of it (but for the hole below 1 MiB)? */
static bool is_ram(pa_t start, pa_t end, bool all)
{
	for (u32 i = 0; i < boot_info.nranges; i++) {
		const struct boot_range *range = &boot_info.range[i];
		if (!range->usable)
			continue;
		if (all ? range->start <= MAX(start, MIB) && range->end >= end
			: range->start < end && range->end > start)
			return true;
	}
	return false;
}

/* Device registers lie in the holes between RAM and stay unmapped: mmu_map_device. */
static void map_ram(pa_t (*alloc)(void), pa_t ram_end, pte_t flags)
{
	pa_t pa = 0;

	while (pa < ram_end) {
		int level = 2;
		if (cpu_has.gib_pages && pa % GIB == 0 && is_ram(pa, pa + GIB, true))
			level = 3;
		if (level == 3 || is_ram(pa, pa + level_span(2), false))
			*kernel_entry(DIRECT_MAP + pa, level, alloc) = pa | PTE_LARGE | flags;
		pa += level_span(level);
	}
}

static bool is_guard(va_t va)
{
	if (va == (va_t)boot_stack_guard)
		return true;
	for (int i = 0; i < IST_COUNT; i++)
		if (va == (va_t)ist_stacks[i].guard)
			return true;
	return false;
}

static void map_image(pa_t (*alloc)(void), const u8 *start, const u8 *end, pte_t flags)
{
	for (va_t va = (va_t)start; va < (va_t)end; va += PAGE_SIZE)
		if (!is_guard(va))
			*kernel_entry(va, LEVEL_LEAF, alloc) = (va - KERNEL_BASE) | flags;
}

__cold void mmu_init_kernel(pa_t (*alloc_table)(void), pa_t ram_end)
{
	pte_t global = cpu_has.pge ? PTE_G : 0;
	pte_t data = PTE_P | PTE_W | PTE_NX | global;

	kernel_root = alloc_table();
	map_ram(alloc_table, ram_end, data);
	map_image(alloc_table, kernel_text_start, kernel_text_end, PTE_P | global);
	map_image(alloc_table, kernel_rodata_start, kernel_rodata_end, PTE_P | PTE_NX | global);
	map_image(alloc_table, kernel_data_start, kernel_end, data);
	/* The roots of the areas that are filled later. */
	for (va_t va = KMAP_START; va < KMAP_END; va += level_span(LEVEL_ROOT))
		kernel_entry(va, LEVEL_ROOT - 1, alloc_table);
	for (unsigned i = ROOT_USER_ENTRIES; i < TABLE_ENTRIES; i++)
		if (table_kva(kernel_root)[i])
			kernel_entries[nkernel_entries++] = i;
	mmu_load_root(kernel_root);
}

void mmu_fill_kernel_half(pte_t *root)
{
	for (unsigned i = 0; i < nkernel_entries; i++)
		root[kernel_entries[i]] = table_kva(kernel_root)[kernel_entries[i]];
}

void mmu_clear_kernel_half(pte_t *root)
{
	for (unsigned i = 0; i < nkernel_entries; i++)
		root[kernel_entries[i]] = 0;
}

void mmu_load_root(pa_t root)
{
	__asm__ volatile("mov %0, %%cr3" ::"r"(root) : "memory");
}

void mmu_flush_page(va_t va)
{
	__asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

void mmu_flush_user(void)
{
	pa_t root;

	__asm__ volatile("mov %%cr3, %0" : "=r"(root));
	mmu_load_root(root);
}

void mmu_flush_all(void)
{
	u64 cr4;
	enum { CR4_PGE = 1 << 7 };

	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("mov %0, %%cr4" ::"r"(cr4 ^ CR4_PGE) : "memory");
	__asm__ volatile("mov %0, %%cr4" ::"r"(cr4) : "memory");
}

/* Guards the tables of the KMAP area; a frame for the next table that is lacking. */
static struct spinlock kmap_tables_lock = SPINLOCK_INIT("kmap_tables", RANK_KMAP_TABLES);
static struct page *spare;

static pa_t take_spare(void)
{
	struct page *page = spare;

	spare = NULL;
	return page ? page_pa(page) : 0;
}

/* The frame of the table that an entry lies in; page.used counts its entries. */
static struct page *leaf_table(const pte_t *entry)
{
	return pa_page(kva_pa(entry));
}

/* False: one more table is needed on the way. It may have used the spare frame. */
static bool try_map(va_t va, pa_t pa)
{
	pte_t *entry = kernel_entry(va, LEVEL_LEAF, take_spare);

	if (!entry)
		return false;
	kassert(!(*entry & PTE_P));
	*entry = pa | PTE_P | PTE_W | PTE_NX | (cpu_has.pge ? PTE_G : 0);
	leaf_table(entry)->used++;
	return true;
}

/* Frames are allocated without the lock: to find one, stacks may have to be unmapped. */
int mmu_kmap_page(va_t va, pa_t pa)
{
	struct page *frame = NULL;

	for (;;) {
		spin_lock(&kmap_tables_lock);
		spare = frame;
		bool mapped = try_map(va, pa);
		frame = spare;
		spare = NULL;
		spin_unlock(&kmap_tables_lock);
		if (mapped) {
			if (frame)
				page_put(frame);
			return 0;
		}
		frame = page_alloc_zeroed(PAGE_KERNEL);
		if (!frame)
			return -ENOMEM;
	}
}

struct page *mmu_kunmap_page(va_t va, struct page **table)
{
	spin_lock(&kmap_tables_lock);
	pte_t *entry = kernel_entry(va, LEVEL_LEAF, take_spare);
	kassert(entry && *entry & PTE_P);
	struct page *page = pa_page(*entry & PTE_ADDR);
	*table = leaf_table(entry);
	*entry = 0;
	if (--(*table)->used > 0) {
		*table = NULL;
	} else { /* flushed before another table may take its place: CPUs remember tables too */
		*kernel_entry(va, LEVEL_LEAF + 1, take_spare) = 0;
		tlb_flush_kernel(va, 1);
	}
	spin_unlock(&kmap_tables_lock);
	return page;
}

__cold void *mmu_map_device(pa_t pa, size_t len_bytes)
{
	pte_t flags = PTE_P | PTE_W | PTE_PCD | PTE_PWT | PTE_NX | (cpu_has.pge ? PTE_G : 0);

	for (pa_t at = pa & PAGE_MASK; at < pa + len_bytes; at += PAGE_SIZE) {
		pte_t *entry = kernel_entry(DIRECT_MAP + at, LEVEL_LEAF, alloc_later);
		/* No entry: a large page of RAM is there, as around the VGA text memory. The
		 * firmware's MTRRs make such holes uncached (SDM vol. 3A 11.5.2.1). */
		if (entry && !(*entry & PTE_P))
			*entry = at | flags;
	}
	return pa_kva(pa);
}
