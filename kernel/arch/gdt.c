/*
 * Segments and the task state segment of each CPU. In 64-bit mode a segment is
 * little more than a privilege level; the TSS holds the stack for entries from
 * user mode and the stacks of the exceptions that may come when no other stack
 * can be trusted (IST).
 *
 * Entry points: gdt_init (once per CPU), gdt_set_kernel_stack (task switch);
 * gdt_alloc_stacks for a CPU that is about to be started.
 * Source: Intel SDM vol. 3A 3.4.5, 7.7 (64-bit TSS), 6.14.5 (IST).
 */
#include "arch/arch.h"

#include "arch/cpu.h"
#include "arch/io.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kmap.h"

struct tss {
	u32 reserved0;
	u64 rsp[3]; /* by privilege level: [0] is loaded on entry from user mode */
	u64 reserved1;
	u64 ist[7]; /* IST 1 is [0] */
	u64 reserved2;
	u16 reserved3, io_map_offset;
} __packed;
_Static_assert(sizeof(struct tss) == 104, "the CPU's format");

enum { GDT_ENTRIES = SEL_TSS / 8 + 2 }; /* a TSS descriptor takes two */

struct cpu_tables {
	u64 gdt[GDT_ENTRIES];
	struct tss tss;
};

static struct cpu_tables tables[MAX_CPUS];

struct cpu cpus[MAX_CPUS]; /* boot/entry.S has set the first one's self: spinlocks use it */
u32 ncpus = 1;

/* The boot CPU's, which needs them before there is memory to allocate. */
__attribute__((aligned(PAGE_SIZE))) struct ist_stack ist_stacks[IST_COUNT];

/* Flat segments: base 0, limit 4 GiB, present, accessed. */
static const u64 flat_segments[] = {
	[SEL_KERNEL_CODE / 8] = 0x00af9b000000ffff,
	[SEL_KERNEL_DATA / 8] = 0x00cf93000000ffff,
	[SEL_USER32_CODE / 8] = 0x00cffb000000ffff,
	[SEL_USER_DATA / 8] = 0x00cff3000000ffff,
	[SEL_USER_CODE / 8] = 0x00affb000000ffff,
};

static void set_tss_descriptor(u64 *entry, const struct tss *tss)
{
	u64 base = (u64)tss;

	entry[0] = (sizeof *tss - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
		   (base >> 24 & 0xff) << 56;
	entry[1] = base >> 32;
}

/* Blocks of the KMAP area have an unmapped page below them, as the boot CPU's stacks have. */
int gdt_alloc_stacks(struct cpu *cpu)
{
	struct tss *tss = &tables[cpu->id].tss;

	for (int i = 0; i < IST_COUNT; i++) {
		u8 *stack = kmap_alloc(IST_STACK_SIZE / PAGE_SIZE);
		tss->ist[i] = stack ? (u64)stack + IST_STACK_SIZE : 0;
		if (!stack) {
			gdt_free_stacks(cpu);
			return -ENOMEM;
		}
	}
	return 0;
}

void gdt_free_stacks(struct cpu *cpu)
{
	struct tss *tss = &tables[cpu->id].tss;

	for (int i = 0; i < IST_COUNT && tss->ist[i]; i++) {
		kmap_free((void *)(tss->ist[i] - IST_STACK_SIZE));
		tss->ist[i] = 0;
	}
}

va_t gdt_ist_top(const struct cpu *cpu, enum ist ist)
{
	return tables[cpu->id].tss.ist[ist - 1];
}

void gdt_init(struct cpu *cpu)
{
	struct cpu_tables *t = &tables[cpu->id];
	struct __packed {
		u16 limit;
		const void *base;
	} pointer = {sizeof t->gdt - 1, t->gdt};

	memcpy(t->gdt, flat_segments, sizeof flat_segments);
	set_tss_descriptor(&t->gdt[SEL_TSS / 8], &t->tss);
	t->tss.io_map_offset = sizeof t->tss; /* no I/O map: ports are the kernel's */
	for (int i = 0; i < IST_COUNT && cpu->id == 0; i++)
		t->tss.ist[i] = (u64)ist_stacks[i].bytes + IST_STACK_SIZE;

	/* The selectors of the boot GDT are the same, so only the pointer changes; loading FS
	 * and GS would clear their bases. */
	__asm__ volatile("lgdt %0" ::"m"(pointer) : "memory");
	__asm__ volatile("ltr %w0" ::"r"(SEL_TSS));
	__asm__ volatile("lldt %w0" ::"r"(0)); /* none: after reset it is 64 KiB at address 0 */
}

void gdt_set_kernel_stack(struct cpu *cpu, va_t top)
{
	cpu->kstack_top = top;
	tables[cpu->id].tss.rsp[0] = top;
}
