/*
 * Restart, power off, halt. Each way out is tried in turn, the next one if the
 * machine is still there a moment later. The other CPUs are stopped first.
 *
 * Sources: 8042 data sheet (pulse of line 0); Intel ICH9 data sheet 13.7.5
 * (port 0xCF9); ACPI 4.8.3.2 (PM1 control); QEMU hw/acpi (its \_S5 is type 0).
 */
#include "arch/reboot.h"

#include "arch/acpi.h"
#include "arch/cpu.h"
#include "arch/io.h"
#include "arch/smp.h"

enum { ACPI_SLEEP_TYPE_S5_QEMU = 0 << 10, ACPI_SLEEP_ENABLE = 1 << 13 };

static void wait_a_moment(void)
{
	for (int i = 0; i < 1000000; i++)
		cpu_relax();
}

void machine_restart(void)
{
	struct __packed {
		u16 limit;
		u64 base;
	} no_idt = {0, 0};

	irq_disable();
	smp_stop_others();
	outb(0x64, 0xfe); /* the keyboard controller pulls the reset line */
	wait_a_moment();
	outb(0xcf9, 0x06);
	wait_a_moment();
	/* No gate for the breakpoint, none for the fault of that: the CPU shuts down. */
	__asm__ volatile("lidt %0; int3" ::"m"(no_idt));
	machine_halt();
}

void machine_power_off(void)
{
	irq_disable();
	smp_stop_others();
	if (acpi_info.pm1a_control_port) {
		outw(acpi_info.pm1a_control_port, ACPI_SLEEP_TYPE_S5_QEMU | ACPI_SLEEP_ENABLE);
		wait_a_moment();
	}
	machine_restart();
}

void machine_halt(void)
{
	irq_disable();
	smp_stop_others();
	for (;;)
		__asm__ volatile("hlt");
}
