/*
 * The kernel's boot, step by step. boot/entry.S calls kmain on the boot CPU, in
 * the upper half, with the early tables; it ends as the idle task.
 *
 * The order is the order of needs: text out, then the CPU's own tables, then
 * memory, then tasks, files, devices, and at last /init.
 */
#include "arch/acpi.h"
#include "arch/arch.h"
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/mmu.h"
#include "arch/smp.h"
#include "arch/time.h"
#include "dev/dev.h"
#include "fs/files.h"
#include "fs/procfs.h"
#include "lib/log.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/provoke.h"
#include "mm/page.h"
#include "proc/futex.h"
#include "proc/pid.h"
#include "proc/sched.h"
#include "proc/task.h"
#include "proc/watchdog.h"
#include "trace/trace.h"

enum { MIN_RAM_MIB = 16 };

void kmain(u32 magic, pa_t info) __noreturn;

static void boot_info_init(u32 magic, pa_t info)
{
	const char *error = boot_parse(magic, info);

	log_init();
	if (error)
		panic("boot: %s", error);
	kprintf("Tine, booted by %s: %s\n", boot_info.loader, boot_info.cmdline);
	if (boot_info.nmodules == 0)
		panic("boot: no initramfs: give the loader one (QEMU: -initrd build/root.cpio)");
}

static void check_memory(void)
{
	u64 usable = 0, archives = 0;

	for (u32 i = 0; i < boot_info.nranges; i++)
		if (boot_info.range[i].usable)
			usable += boot_info.range[i].end - boot_info.range[i].start;
	for (u32 i = 0; i < boot_info.nmodules; i++)
		archives += boot_info.module[i].end - boot_info.module[i].start;
	kprintf("memory: %lu KiB of RAM, %lu KiB of initramfs\n", usable / KIB, archives / KIB);
	if (usable < (MIN_RAM_MIB - 1) * MIB) /* firmware takes some of the 16 */
		panic("boot: too little memory: %lu KiB, %d MiB are needed", usable / KIB,
		      MIN_RAM_MIB);
}

static void arch_init(void)
{
	features_init();
	gdt_init(this_cpu());
	idt_init();
	syscall_msrs_init();
	acpi_init();
	kprintf("arch: %s%s%s%s%s\n", cpu_has.nx ? "nx" : "", cpu_has.smep ? " smep" : "",
		cpu_has.smap ? " smap" : "", cpu_has.umip ? " umip" : "",
		cpu_has.gib_pages ? " 1gib-pages" : "");
}

static pa_t alloc_table(void)
{
	struct page *page = page_alloc_zeroed(PAGE_KERNEL);

	if (!page)
		panic("boot: too little memory for the kernel's page tables");
	return page_pa(page);
}

static void memory_init(void)
{
	struct page_stats stats;

	/* page_init works in the early map (boot/entry.S). */
	u64 lost = cpu_has.gib_pages ? 0 : boot_limit_memory(4 * GIB);
	if (lost != 0)
		kprintf("memory: %lu KiB above 4 GiB not used: the CPU has no 1 GiB pages\n",
			lost / KIB);
	page_init();
	mmu_init_kernel(alloc_table, npages << PAGE_SHIFT);
	page_stats(&stats);
	kprintf("memory: %lu KiB free\n", stats.free * PAGE_SIZE / KIB);
}

static void machine_init(void)
{
	irq_init();
	time_init();
}

static void tasks_init(void)
{
	pid_init();
	futex_init();
	sched_init();
	kprintf("tasks: ready\n");
}

static void files_init(void)
{
	struct page_stats stats;

	fs_init();
	page_stats(&stats);
	kprintf("files: root unpacked, %lu KiB in files, %lu KiB free\n",
		stats.file * PAGE_SIZE / KIB, stats.free * PAGE_SIZE / KIB);
}

void kmain(u32 magic, pa_t info)
{
	boot_info_init(magic, info);
	dev_early_init();
	check_memory();
	arch_init();
	if (provoke_init())
		proc_sys_add_provoke();
	memory_init();
	machine_init();
	tasks_init();
	smp_start();
	trace_init();
	files_init();
	dev_init();
	watchdog_init();
	proc_start_init();
	sched_idle();
}
