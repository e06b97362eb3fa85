/*
 * Offsets and constants that assembly needs of C. Each one is asserted in
 * arch/offsets.c: when a struct changes, the compiler names the line to correct.
 */
#ifndef ARCH_OFFSETS_H
#define ARCH_OFFSETS_H

/* struct cpu, reached through GS */
#define CPU_TASK		8
#define CPU_KSTACK_TOP		16
#define CPU_USER_RSP		24
#define CPU_NEED_RESCHED	44

/* struct task; its struct thread is its first member */
#define THREAD_RSP		0
#define TASK_SIGNAL_WANTED	32

/* struct regs */
#define REGS_RBP		(4 * 8)
#define REGS_R11		(6 * 8)
#define REGS_R10		(7 * 8)
#define REGS_R9			(8 * 8)
#define REGS_R8			(9 * 8)
#define REGS_RAX		(10 * 8)
#define REGS_RCX		(11 * 8)
#define REGS_RDX		(12 * 8)
#define REGS_RSI		(13 * 8)
#define REGS_RDI		(14 * 8)
#define REGS_ORIG_RAX		(15 * 8)
#define REGS_RIP		(16 * 8)
#define REGS_CS			(17 * 8)
#define REGS_RFLAGS		(18 * 8)
#define REGS_RSP		(19 * 8)
#define REGS_SS			(20 * 8)

/* Selectors: Linux's values, which user programs see (arch/x86/include/asm/segment.h). */
#define SEL_KERNEL_CODE		0x10
#define SEL_KERNEL_DATA		0x18
#define SEL_USER32_CODE		0x23
#define SEL_USER_DATA		0x2b
#define SEL_USER_CODE		0x33
#define SEL_TSS			0x40

#define VECTOR_COUNT		0x50	/* exceptions and interrupts in use: each has a stub */

#define RFLAGS_TF		(1 << 8)
#define RFLAGS_IF		(1 << 9)
#define RFLAGS_RF		(1 << 16)

#define MSR_GS_BASE		0xc0000101

/* boot/ap.S: what ap_awaited becomes; no APIC id has this value. */
#define AP_ARRIVED		0x100

#endif
