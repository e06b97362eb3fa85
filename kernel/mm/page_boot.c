/*
 * Physical memory at boot: finds room for the array of struct page, and puts
 * every usable frame that nobody occupies on the free list.
 *
 * Occupied are the first 64 KiB (BIOS data) and what lies from 640 KiB to 1 MiB
 * (VGA, BIOS), the kernel with its early tables, the modules (until fs_init has unpacked them: page_free_boot), and
 * the array itself. Sources: boot_info, filled by boot/ from the loader.
 *
 * Entry points: page_init, page_free_boot. Runs before interrupts are on.
 */
#include "arch/boot_info.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/page.h"

extern char kernel_start[], kernel_end[]; /* linker.ld */

static struct boot_range array_range;

static pa_t kernel_pa(const char *symbol)
{
	return (pa_t)symbol - KERNEL_BASE;
}

/* The ranges that are not free; how many. */
static u32 taken_ranges(struct boot_range taken[BOOT_MAX_MODULES + 4])
{
	u32 n = 0;
	taken[n++] = (struct boot_range){0, BOOT_LOW_KEPT, false};
	taken[n++] = (struct boot_range){640 * KIB, MIB, false};
	taken[n++] = (struct boot_range){kernel_pa(kernel_start), kernel_pa(kernel_end), false};
	taken[n++] = array_range;
	for (u32 i = 0; i < boot_info.nmodules; i++)
		taken[n++] = boot_info.module[i];
	return n;
}

/* The first free run of whole frames at or above `at`, within a usable range. */
static struct boot_range free_run(pa_t at, const struct boot_range *range)
{
	struct boot_range taken[BOOT_MAX_MODULES + 4];
	u32 n = taken_ranges(taken);
	pa_t start = ROUND_UP(MAX(at, range->start), PAGE_SIZE), end = range->end & PAGE_MASK;
	for (u32 i = 0; i < n; i++) {
		if (start >= taken[i].start && start < taken[i].end) {
			start = ROUND_UP(taken[i].end, PAGE_SIZE);
			i = -1; /* another one may begin there */
		}
	}
	for (u32 i = 0; i < n; i++)
		if (taken[i].start >= start && taken[i].start < end)
			end = taken[i].start & PAGE_MASK;
	return (struct boot_range){start, MAX(start, end), true};
}

/* First-fit room for len bytes in usable memory that is free. */
static pa_t find_room(u64 len_bytes)
{
	for (u32 i = 0; i < boot_info.nranges; i++) {
		const struct boot_range *range = &boot_info.range[i];
		pa_t at = range->start;
		while (range->usable && at < range->end) {
			struct boot_range run = free_run(at, range);
			if (run.end - run.start >= len_bytes)
				return run.start;
			at = MAX(run.end, at + PAGE_SIZE);
		}
	}
	panic("too little memory: no room for %lu KiB of page structures; give the machine more",
	      len_bytes / KIB);
}

static void free_range(const struct boot_range *range)
{
	pa_t at = range->start;
	while (at < range->end) {
		struct boot_range run = free_run(at, range);
		for (pa_t pa = run.start; pa < run.end; pa += PAGE_SIZE)
			page_release_boot(pa_page(pa));
		at = MAX(run.end, at + PAGE_SIZE);
	}
}

void page_init(void)
{
	pa_t top = 0;
	for (u32 i = 0; i < boot_info.nranges; i++)
		if (boot_info.range[i].usable)
			top = MAX(top, boot_info.range[i].end);
	npages = top >> PAGE_SHIFT;

	u64 len_bytes = ROUND_UP(npages * sizeof(struct page), PAGE_SIZE);
	pa_t at = find_room(len_bytes);
	array_range = (struct boot_range){at, at + len_bytes, false};
	pages = pa_kva(at);
	for (pfn_t pfn = 0; pfn < npages; pfn++)
		pages[pfn] = (struct page){.refs = 1, .kind = PAGE_BOOT};
	page_count_boot(npages);

	for (u32 i = 0; i < boot_info.nranges; i++)
		if (boot_info.range[i].usable)
			free_range(&boot_info.range[i]);

	zero_page = page_alloc_zeroed(PAGE_KERNEL);
	if (!zero_page)
		panic("too little memory: nothing is left beside the kernel and the initramfs");
	page_set_kind(zero_page, PAGE_BOOT);
}

void page_free_boot(pa_t start, pa_t end)
{
	pa_t at = ROUND_UP(start, PAGE_SIZE);
	for (; at + PAGE_SIZE <= end; at += PAGE_SIZE)
		if (pa_page(at)->kind == PAGE_BOOT)
			page_release_boot(pa_page(at));
}
