/*
 * Interrupts of devices and of the timer: the CPU's local APIC delivers them,
 * the I/O APIC collects the lines of devices. The two 8259s of the first PCs
 * are moved out of the way of the exceptions and masked.
 *
 * Entry points: irq_init, irq_register, irq_dispatch (from trap_dispatch).
 * Sources: Intel SDM vol. 3A ch. 10 (APIC), 82093AA data sheet (I/O APIC),
 * 8259A data sheet.
 */
#include "arch/irq.h"

#include "arch/acpi.h"
#include "arch/arch.h"
#include "arch/cpu.h"
#include "arch/io.h"
#include "arch/mmu.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "proc/sched.h"

enum lapic_register { /* byte offsets */
	LAPIC_ID = 0x20, LAPIC_TASK_PRIORITY = 0x80, LAPIC_EOI = 0xb0, LAPIC_SPURIOUS = 0xf0,
	LAPIC_LVT_TIMER = 0x320, LAPIC_LVT_LINT0 = 0x350, LAPIC_LVT_LINT1 = 0x360,
	LAPIC_TIMER_START = 0x380, LAPIC_TIMER_LEFT = 0x390, LAPIC_TIMER_DIVIDE = 0x3e0,
};

enum {
	LAPIC_SOFTWARE_ENABLE = 1 << 8,
	LVT_MASKED = 1 << 16,
	LVT_NMI = 4 << 8,
	LVT_TSC_DEADLINE = 2 << 17,
	TIMER_DIVIDE_16 = 3,
	MSR_APIC_BASE = 0x1b,
	APIC_BASE_ENABLE = 1 << 11, APIC_BASE_X2APIC = 1 << 10,
};

enum ioapic_register { IOAPIC_SELECT = 0x00, IOAPIC_WINDOW = 0x10, IOAPIC_REDIRECTION = 0x10 };
enum { REDIRECT_ACTIVE_LOW = 1 << 13, REDIRECT_LEVEL = 1 << 15, REDIRECT_MASKED = 1 << 16 };

enum { PIC1 = 0x20, PIC2 = 0xa0 };

static volatile u8 *lapic, *ioapic;
static irq_handler *handlers[ISA_LINES];

static u32 lapic_read(enum lapic_register reg)
{
	return *(volatile u32 *)(lapic + reg);
}

static void lapic_write(enum lapic_register reg, u32 value)
{
	*(volatile u32 *)(lapic + reg) = value;
}

static void ioapic_write(u32 reg, u32 value)
{
	*(volatile u32 *)(ioapic + IOAPIC_SELECT) = reg;
	*(volatile u32 *)(ioapic + IOAPIC_WINDOW) = value;
}

/* Vectors 0x20 to 0x2f, all lines masked: a stray one is seen as what it is. */
static void pic_silence(void)
{
	outb(PIC1, 0x11); /* ICW1: initialise, ICW4 follows */
	outb(PIC2, 0x11);
	outb(PIC1 + 1, VECTOR_PIC);
	outb(PIC2 + 1, VECTOR_PIC + 8);
	outb(PIC1 + 1, 1 << 2); /* ICW3: the second one hangs at line 2 */
	outb(PIC2 + 1, 2);
	outb(PIC1 + 1, 1); /* ICW4: 8086 mode */
	outb(PIC2 + 1, 1);
	outb(PIC1 + 1, 0xff);
	outb(PIC2 + 1, 0xff);
}

static void lapic_init(void)
{
	if (rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC)
		panic("the firmware has put the local APIC into x2APIC mode, which Tine does not know");
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE);
	lapic_write(LAPIC_TASK_PRIORITY, 0);
	/* First: while it is disabled no LVT entry can be unmasked (SDM vol. 3A 10.4.7.2). */
	lapic_write(LAPIC_SPURIOUS, LAPIC_SOFTWARE_ENABLE | VECTOR_SPURIOUS);
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT0, LVT_MASKED); /* the 8259s */
	lapic_write(LAPIC_LVT_LINT1, LVT_NMI);
	this_cpu()->apic_id = lapic_read(LAPIC_ID) >> 24;
}

void irq_init(void)
{
	pic_silence();
	lapic = mmu_map_device(acpi_info.lapic, PAGE_SIZE);
	ioapic = mmu_map_device(acpi_info.ioapic, PAGE_SIZE);
	lapic_init();
	kprintf("irq: local APIC %u at %#lx, I/O APIC at %#lx, %u CPUs\n", this_cpu()->apic_id,
		acpi_info.lapic, acpi_info.ioapic, MAX(acpi_info.ncpus, 1u));
}

void irq_register(enum isa_irq line, irq_handler *handler)
{
	const struct isa_route *route = &acpi_info.isa[line];
	u32 reg = IOAPIC_REDIRECTION + 2 * route->gsi;
	u32 entry = VECTOR_ISA + line;

	if (route->active_low)
		entry |= REDIRECT_ACTIVE_LOW;
	if (route->level)
		entry |= REDIRECT_LEVEL;
	handlers[line] = handler;
	ioapic_write(reg, REDIRECT_MASKED);
	ioapic_write(reg + 1, cpus[0].apic_id << 24);
	ioapic_write(reg, entry);
}

void irq_dispatch(u32 vector, bool from_user)
{
	if (vector == VECTOR_TIMER) {
		timer_interrupt(from_user);
	} else if (vector >= VECTOR_ISA && vector < VECTOR_ISA + ISA_LINES) {
		if (handlers[vector - VECTOR_ISA])
			handlers[vector - VECTOR_ISA]();
	} else {
		return; /* spurious: the local APIC and the 8259s want no EOI for it */
	}
	lapic_write(LAPIC_EOI, 0);
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
