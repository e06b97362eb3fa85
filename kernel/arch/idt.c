/*
 * The interrupt descriptor table: 256 gates into the stubs of entry.S, the same
 * for all CPUs; vectors that nobody uses share the stub of the spurious one.
 * And the registers that say where SYSCALL enters.
 *
 * Sources: Intel SDM vol. 3A 6.14.1 (64-bit gates), 5.8.8 (SYSCALL).
 */
#include "arch/arch.h"

#include "arch/cpu.h"
#include "arch/io.h"

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_middle;
	u32 offset_high, reserved;
};
_Static_assert(sizeof(struct gate) == 16, "the CPU's format");

enum { GATE_INTERRUPT = 0x8e, GATE_USER = 0x60 }; /* GATE_USER: INT n from user mode may use it */
enum { STUB_SIZE = 16 };
enum { BREAKPOINT = 3, OVERFLOW = 4, NMI = 2, DOUBLE_FAULT = 8, MACHINE_CHECK = 18 };

enum {
	MSR_STAR = 0xc0000081,	/* selectors: kernel in bits 32-47, user base in 48-63 */
	MSR_LSTAR = 0xc0000082, /* rip of SYSCALL */
	MSR_CSTAR = 0xc0000083, /* the same from 32-bit code: only AMD's CPUs have that */
	MSR_SFMASK = 0xc0000084, /* flags that SYSCALL clears */
	SFMASK = 1 << 18 | 1 << 14 | 1 << 10 | 1 << 9 | 1 << 8, /* AC NT DF IF TF */
};

extern const u8 trap_stubs[], syscall_entry[], syscall_entry_traced[], syscall_entry_compat[];

static struct gate idt[256];

static void set_gate(u32 vector, u8 ist, u8 flags)
{
	u64 stub = (u64)trap_stubs + MIN(vector, (u32)VECTOR_SPURIOUS) * STUB_SIZE;

	idt[vector] = (struct gate){
		.offset_low = (u16)stub,
		.offset_middle = (u16)(stub >> 16),
		.offset_high = (u32)(stub >> 32),
		.selector = SEL_KERNEL_CODE,
		.ist = ist,
		.type = GATE_INTERRUPT | flags,
	};
}

void idt_load(void)
{
	struct __packed {
		u16 limit;
		const void *base;
	} pointer = {sizeof idt - 1, idt};

	__asm__ volatile("lidt %0" ::"m"(pointer) : "memory");
}

void idt_init(void)
{
	for (u32 vector = 0; vector < 256; vector++)
		set_gate(vector, 0, 0);
	set_gate(BREAKPOINT, 0, GATE_USER);
	set_gate(OVERFLOW, 0, GATE_USER);
	set_gate(NMI, IST_NMI, 0);
	set_gate(DOUBLE_FAULT, IST_DOUBLE_FAULT, 0);
	set_gate(MACHINE_CHECK, IST_MACHINE_CHECK, 0);
	idt_load();
}

void syscall_msrs_init(void)
{
	/* SYSRET loads cs from the user base + 16 and ss from it + 8. */
	wrmsr(MSR_STAR, (u64)SEL_USER32_CODE << 48 | (u64)SEL_KERNEL_CODE << 32);
	wrmsr(MSR_LSTAR, (u64)syscall_entry);
	wrmsr(MSR_CSTAR, (u64)syscall_entry_compat);
	wrmsr(MSR_SFMASK, SFMASK);
}

/* WRMSR lets all before it come to an end (SDM vol. 3A 8.3); LSTAR counts at the next SYSCALL. */
void syscall_set_entry(bool traced)
{
	wrmsr(MSR_LSTAR, (u64)(traced ? syscall_entry_traced : syscall_entry));
}
