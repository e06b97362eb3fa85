/*
 * Bringing up the machine: what kmain calls, in this order, and what the files
 * of arch/ need of each other.
 */
#ifndef ARCH_ARCH_H
#define ARCH_ARCH_H

#include "arch/offsets.h"
#include "arch/regs.h"
#include "lib/types.h"

struct cpu;

/* Before memory is known. */
void features_init(void);	     /* CPUID, control registers, SMAP sites; halts without NX */
void gdt_init(struct cpu *cpu);	     /* GDT, TSS, stacks for double fault and NMI */
void idt_init(void);		     /* all 256 vectors */
void syscall_msrs_init(void);	     /* SYSCALL enters at syscall_entry */
void syscall_set_entry(bool traced); /* later, for this CPU: syscall_entry_traced, or back */
void acpi_init(void);		     /* reads the tables while the early map covers them */

/* After mmu_init_kernel. */
void irq_init(void);		     /* local APIC, I/O APIC; the 8259s are silenced */
void time_init(void);		     /* TSC and timer against the ACPI timer or the PIT; date */

/* The same on each other CPU; its stacks are allocated before it starts. */
void features_enable(void);
void idt_load(void);
int gdt_alloc_stacks(struct cpu *cpu); /* for double fault, NMI, machine check; -ENOMEM */
void gdt_free_stacks(struct cpu *cpu); /* of a CPU that did not start */
void time_init_cpu(void);	     /* its TSC against the boot CPU's, its timer */
void time_compare(struct cpu *cpu);  /* the boot CPU's side of it: both wait for each other */

/* The stack of the next entry from user mode on this CPU (TSS and SYSCALL). */
void gdt_set_kernel_stack(struct cpu *cpu, va_t top);

/* A stack that is part of the image, above a page that mmu_init_kernel leaves unmapped. */
enum { IST_STACK_SIZE = 8192 };
enum ist { IST_DOUBLE_FAULT = 1, IST_NMI, IST_MACHINE_CHECK, IST_COUNT = 3 };
struct ist_stack {
	u8 guard[PAGE_SIZE];
	u8 bytes[IST_STACK_SIZE];
};
extern struct ist_stack ist_stacks[IST_COUNT]; /* the boot CPU's */
va_t gdt_ist_top(const struct cpu *cpu, enum ist ist);
extern u8 boot_stack_guard[], boot_stack_bottom[], boot_stack_top[];

/* linker.ld: the parts of the image, each page aligned. */
extern const u8 kernel_entry_start[], kernel_entry_end[]; /* entry.S, in the text */
extern const u8 kernel_text_start[], kernel_text_end[], kernel_rodata_start[],
	kernel_rodata_end[], kernel_data_start[], kernel_end[];

/* From entry.S. trap_dispatch returns the registers to go on with. */
struct regs *trap_dispatch(struct regs *regs, u32 vector, u64 error_code);
void trap_paranoid(struct regs *regs, u32 vector, u64 error_code);

/* Vectors from 32 on. */
enum vector {
	VECTOR_PIC = 0x20,	/* where the masked 8259s would interrupt */
	VECTOR_ISA = 0x30,	/* + ISA line */
	VECTOR_TIMER = 0x40,
	VECTOR_KICK = 0x41,	/* from another CPU: arch/smp.h */
	VECTOR_FLUSH = 0x42,
	VECTOR_CALL = 0x43,
	VECTOR_SPURIOUS = VECTOR_COUNT - 1, /* the low four bits set: SDM vol. 3A 10.9 */
};
void irq_dispatch(u32 vector, const struct regs *regs);

void lapic_init(void); /* this CPU's */
void lapic_end_of_interrupt(void);

/* Interrupts another CPU (SDM vol. 3A 10.6.1); any context. */
enum lapic_command {
	SEND_FIXED = 0 << 8, SEND_NMI = 4 << 8, SEND_INIT = 5 << 8, SEND_STARTUP = 6 << 8,
};
void lapic_send(u32 apic_id, enum lapic_command kind, u8 vector);

/* The local APIC's timer counts down at some rate that time.c measures. */
void lapic_timer_setup(u8 vector, bool tsc_deadline);
void lapic_timer_start(u32 count);
u32 lapic_timer_left(void);

#endif
