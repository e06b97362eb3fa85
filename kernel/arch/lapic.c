/*
 * The local APIC: each CPU's own interrupt controller. It takes what the I/O
 * APIC and other CPUs send, has the CPU's timer, and sends interrupts to other
 * CPUs. All CPUs see their own registers at the same address.
 *
 * Entry points: arch/arch.h (lapic_...), called by irq.c, time.c and smp.c.
 * Source: Intel SDM vol. 3A ch. 10.
 */
#include "arch/acpi.h"
#include "arch/arch.h"
#include "arch/cpu.h"
#include "arch/io.h"
#include "arch/mmu.h"
#include "lib/panic.h"
#include "sync/spinlock.h"

enum lapic_register { /* byte offsets */
	LAPIC_ID = 0x20, LAPIC_TASK_PRIORITY = 0x80, LAPIC_EOI = 0xb0, LAPIC_SPURIOUS = 0xf0,
	LAPIC_COMMAND = 0x300, LAPIC_COMMAND_TARGET = 0x310,
	LAPIC_LVT_TIMER = 0x320, LAPIC_LVT_LINT0 = 0x350, LAPIC_LVT_LINT1 = 0x360,
	LAPIC_TIMER_START = 0x380, LAPIC_TIMER_LEFT = 0x390, LAPIC_TIMER_DIVIDE = 0x3e0,
};

enum {
	LAPIC_SOFTWARE_ENABLE = 1 << 8,
	LVT_MASKED = 1 << 16,
	LVT_NMI = 4 << 8,
	LVT_TSC_DEADLINE = 2 << 17,
	COMMAND_PENDING = 1 << 12, /* the last one has not left yet */
	COMMAND_ASSERT = 1 << 14,
	TIMER_DIVIDE_16 = 3,
	MSR_APIC_BASE = 0x1b,
	APIC_BASE_ENABLE = 1 << 11, APIC_BASE_X2APIC = 1 << 10,
};

static volatile u8 *lapic;

static u32 lapic_read(enum lapic_register reg)
{
	return *(volatile u32 *)(lapic + reg);
}

static void lapic_write(enum lapic_register reg, u32 value)
{
	*(volatile u32 *)(lapic + reg) = value;
}

__cold void lapic_init(void)
{
	struct cpu *cpu = this_cpu();

	if (rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC)
		panic("the firmware has put the local APIC into x2APIC mode, which Tine does not know");
	if (!lapic)
		lapic = mmu_map_device(acpi_info.lapic, PAGE_SIZE);
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE);
	lapic_write(LAPIC_TASK_PRIORITY, 0);
	/* First: while it is disabled no LVT entry can be unmasked (SDM vol. 3A 10.4.7.2). */
	lapic_write(LAPIC_SPURIOUS, LAPIC_SOFTWARE_ENABLE | VECTOR_SPURIOUS);
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT0, LVT_MASKED); /* the 8259s */
	lapic_write(LAPIC_LVT_LINT1, cpu->id == 0 ? LVT_NMI : LVT_MASKED); /* once is enough */
	cpu->apic_id = lapic_read(LAPIC_ID) >> 24;
}

void lapic_end_of_interrupt(void)
{
	lapic_write(LAPIC_EOI, 0);
}

void lapic_send(u32 apic_id, enum lapic_command kind, u8 vector)
{
	enum { PATIENCE = 1000000 }; /* a CPU that never takes it must not stop a panic */

	/* Two writes, and a handler in between might send too. */
	irq_off_push();
	for (int i = 0; i < PATIENCE && lapic_read(LAPIC_COMMAND) & COMMAND_PENDING; i++)
		cpu_relax();
	/* The CPU keeps our writes in order (SDM 8.2.2); so must the compiler: what the
	 * target is to find is in memory before it is interrupted. */
	__asm__ volatile("" ::: "memory");
	lapic_write(LAPIC_COMMAND_TARGET, apic_id << 24);
	lapic_write(LAPIC_COMMAND, COMMAND_ASSERT | kind | vector);
	irq_off_pop();
}

void lapic_timer_setup(u8 vector, bool tsc_deadline)
{
	lapic_write(LAPIC_TIMER_DIVIDE, TIMER_DIVIDE_16);
	lapic_write(LAPIC_LVT_TIMER, vector | (tsc_deadline ? LVT_TSC_DEADLINE : 0));
}

void lapic_timer_start(u32 count)
{
	lapic_write(LAPIC_TIMER_START, count);
}

u32 lapic_timer_left(void)
{
	return lapic_read(LAPIC_TIMER_LEFT);
}
