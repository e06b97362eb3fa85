/*
 * Interrupts of devices, of the timer and of other CPUs. The I/O APIC collects
 * the lines of devices and sends them all to the boot CPU's local APIC
 * (lapic.c). The two 8259s of the first PCs are moved out of the way of the
 * exceptions and masked.
 *
 * Entry points: irq_init, irq_register, irq_dispatch (from trap_dispatch).
 * Sources: 82093AA data sheet (I/O APIC), 8259A data sheet.
 */
#include "arch/irq.h"

#include "arch/acpi.h"
#include "arch/arch.h"
#include "arch/cpu.h"
#include "arch/io.h"
#include "arch/mmu.h"
#include "arch/smp.h"
#include "lib/printf.h"
#include "proc/sched.h"

enum ioapic_register { IOAPIC_SELECT = 0x00, IOAPIC_WINDOW = 0x10, IOAPIC_REDIRECTION = 0x10 };
enum { REDIRECT_ACTIVE_LOW = 1 << 13, REDIRECT_LEVEL = 1 << 15, REDIRECT_MASKED = 1 << 16 };

enum { PIC1 = 0x20, PIC2 = 0xa0 };

static volatile u8 *ioapic;
static irq_handler *handlers[ISA_LINES];

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

__cold void irq_init(void)
{
	pic_silence();
	ioapic = mmu_map_device(acpi_info.ioapic, PAGE_SIZE);
	lapic_init();
	kprintf("irq: local APIC %u at %#lx, I/O APIC at %#lx, %u CPUs\n", this_cpu()->apic_id,
		acpi_info.lapic, acpi_info.ioapic, MAX(acpi_info.ncpus, 1u));
}

__cold void irq_register(enum isa_irq line, irq_handler *handler)
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

__cold void irq_start_nmi_clock(void)
{
	u32 reg = IOAPIC_REDIRECTION + 2 * acpi_info.isa[IRQ_PIT].gsi;

	outb(0x43, 0x34); /* channel 0, mode 2: counts down from 65536 again and again */
	outb(0x40, 0);
	outb(0x40, 0);
	ioapic_write(reg + 1, cpus[0].apic_id << 24);
	ioapic_write(reg, SEND_NMI);
}

void irq_dispatch(u32 vector, const struct regs *regs)
{
	u32 *count = this_cpu()->interrupts;

	if (vector == VECTOR_TIMER) {
		count[IRQ_OF_TIMER]++;
		timer_interrupt(regs);
	} else if (vector == VECTOR_KICK) {
		count[IRQ_OF_KICK]++; /* the way out does what is wanted: smp_kick */
	} else if (vector == VECTOR_FLUSH) {
		count[IRQ_OF_FLUSH]++;
		tlb_answer();
	} else if (vector == VECTOR_CALL) {
		count[IRQ_OF_CALL]++;
		smp_call_answer();
	} else if (vector >= VECTOR_ISA && vector < VECTOR_ISA + ISA_LINES) {
		count[vector - VECTOR_ISA]++;
		if (handlers[vector - VECTOR_ISA])
			handlers[vector - VECTOR_ISA]();
	} else {
		return; /* spurious: the local APIC and the 8259s want no EOI for it */
	}
	lapic_end_of_interrupt();
}
