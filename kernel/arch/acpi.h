/* What the kernel wants of the ACPI tables (arch/acpi.c). */
#ifndef ARCH_ACPI_H
#define ARCH_ACPI_H

#include "arch/cpu.h"

struct isa_route {
	u32 gsi; /* input of the I/O APIC */
	bool active_low, level;
};

struct acpi_info {
	pa_t lapic, ioapic; /* registers; the usual places if there is no MADT */
	u32 ioapic_gsi_base;
	struct isa_route isa[ISA_LINES]; /* identity, edge, active high unless overridden */
	u32 ncpus;
	u32 cpu_apic_id[MAX_CPUS]; /* of the CPUs that can be started */
	u16 pm_timer_port;	   /* 0: none */
	u16 pm1a_control_port;	   /* 0: none */
};
extern struct acpi_info acpi_info;

#endif
