/*
 * Exceptions. From user mode each becomes a signal, with the number and code
 * that Linux gives; from the kernel it is a copy to or from user memory that
 * went wrong and has a fixup (mm/uaccess.h), or a bug, and then the end.
 *
 * Entry points: trap_dispatch (all vectors), trap_paranoid (NMI, double fault,
 * machine check, on stacks of their own), both from entry.S.
 * Sources: Intel SDM vol. 3A 6.15; Linux arch/x86/kernel/traps.c.
 */
#include "arch/arch.h"

#include "arch/cpu.h"
#include "arch/io.h"
#include "arch/smp.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/fault.h"
#include "mm/heap.h"
#include "mm/kmap.h"
#include "mm/uaccess_private.h"
#include "proc/signal.h"
#include "proc/task.h"
#include "proc/watchdog.h"

enum exception {
	EX_DIVIDE = 0, EX_DEBUG = 1, EX_NMI = 2, EX_BREAKPOINT = 3, EX_OVERFLOW = 4, EX_BOUND = 5,
	EX_OPCODE = 6, EX_NO_FPU = 7, EX_DOUBLE_FAULT = 8, EX_TSS = 10, EX_SEGMENT = 11,
	EX_STACK = 12, EX_PROTECTION = 13, EX_PAGE_FAULT = 14, EX_X87 = 16, EX_ALIGNMENT = 17,
	EX_MACHINE_CHECK = 18, EX_SSE = 19, EX_COUNT = 32,
};

/* The signal for an exception of a user program; addr is its rip or 0. */
static const struct exception_signal {
	const char *name;
	u8 signal, code;
	bool addr_is_rip;
} exceptions[EX_COUNT] = {
	[EX_DIVIDE] = {"divide error", SIGFPE, FPE_INTDIV, true},
	[EX_DEBUG] = {"debug exception", SIGTRAP, TRAP_TRACE, true},
	[EX_NMI] = {"NMI", 0, 0, false},
	[EX_BREAKPOINT] = {"breakpoint", SIGTRAP, SI_KERNEL, false},
	[EX_OVERFLOW] = {"overflow", SIGSEGV, SI_KERNEL, false},
	[EX_BOUND] = {"bound range exceeded", SIGSEGV, SI_KERNEL, false},
	[EX_OPCODE] = {"invalid opcode", SIGILL, ILL_ILLOPN, true},
	[EX_NO_FPU] = {"no FPU", SIGFPE, SI_KERNEL, false},
	[EX_DOUBLE_FAULT] = {"double fault", 0, 0, false},
	[EX_TSS] = {"invalid TSS", SIGSEGV, SI_KERNEL, false},
	[EX_SEGMENT] = {"segment not present", SIGBUS, SI_KERNEL, false},
	[EX_STACK] = {"stack segment fault", SIGBUS, SI_KERNEL, false},
	[EX_PROTECTION] = {"general protection fault", SIGSEGV, SI_KERNEL, false},
	[EX_PAGE_FAULT] = {"page fault", SIGSEGV, SEGV_MAPERR, false},
	[EX_X87] = {"x87 error", SIGFPE, 0, true},
	[EX_ALIGNMENT] = {"alignment check", SIGBUS, BUS_ADRALN, false},
	[EX_MACHINE_CHECK] = {"machine check", 0, 0, false},
	[EX_SSE] = {"SSE error", SIGFPE, 0, true},
};

static const char *exception_name(u32 vector)
{
	return vector < EX_COUNT && exceptions[vector].name ? exceptions[vector].name : "exception";
}

/* si_code of an unmasked floating point exception: bits of the x87 status word or MXCSR. */
static int float_error_code(u32 errors)
{
	enum { FPE_FLTDIV = 3, FPE_FLTOVF = 4, FPE_FLTUND = 5, FPE_FLTRES = 6 };
	enum { INVALID = 1, DENORMAL = 2, ZERO_DIVIDE = 4, OVERFLOW = 8, UNDERFLOW = 16, PRECISION = 32 };

	if (errors & INVALID)
		return FPE_FLTINV;
	if (errors & ZERO_DIVIDE)
		return FPE_FLTDIV;
	if (errors & OVERFLOW)
		return FPE_FLTOVF;
	if (errors & (DENORMAL | UNDERFLOW))
		return FPE_FLTUND;
	return errors & PRECISION ? FPE_FLTRES : 0;
}

static int x87_error_code(void)
{
	u16 status, control;

	__asm__ volatile("fnstsw %0" : "=m"(status));
	__asm__ volatile("fnstcw %0" : "=m"(control));
	return float_error_code(status & ~control & 0x3f);
}

static int sse_error_code(void)
{
	u32 mxcsr;

	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	return float_error_code(mxcsr & ~(mxcsr >> 7) & 0x3f);
}

/* INT1 (0xf1) and a single step are told apart by BS in DR6 (SDM vol. 3B 17.2.3). */
static int debug_code(void)
{
	u64 dr6;
	enum { DR6_CLEAR = 0xffff0ff0, DR6_STEP = 1 << 14 };

	__asm__ volatile("mov %%dr6, %0" : "=r"(dr6));
	__asm__ volatile("mov %0, %%dr6" ::"r"((u64)DR6_CLEAR));
	return dr6 & DR6_STEP ? TRAP_TRACE : TRAP_BRKPT;
}

static void user_exception(struct regs *regs, u32 vector, u64 error_code)
{
	const struct exception_signal *ex = &exceptions[vector];
	int code = ex->code;

	if (!ex->signal)
		panic_regs(regs, "%s (vector %u) in user mode", exception_name(vector), vector);
	if (vector == EX_X87)
		code = x87_error_code();
	else if (vector == EX_SSE)
		code = sse_error_code();
	else if (vector == EX_DEBUG)
		code = debug_code();
	irq_enable();
	current->fault.vector = vector;
	current->fault.error_code = error_code;
	signal_fault(ex->signal, code, ex->addr_is_rip ? regs->rip : 0);
}

/*
 * IRETQ to user mode faulted: the frame is one that the user made (sigreturn
 * with a rip that is not canonical). It happened on the task's kernel stack,
 * the user's other registers already loaded: they are in regs. Puts them above,
 * into the task's own struct regs, and goes on as if user mode had faulted.
 */
static struct regs *fault_of_iret(struct regs *regs)
{
	struct regs *user = task_regs(current);

	memmove(user, regs, offsetof(struct regs, orig_rax));
	user->orig_rax = (u64)NO_SYSCALL;
	irq_enable();
	signal_fault(SIGSEGV, SI_KERNEL, 0);
	return user;
}

static void page_fault(struct regs *regs, u64 error_code)
{
	va_t cr2;

	__asm__ volatile("mov %%cr2, %0" : "=r"(cr2)); /* before another fault changes it */
	if (regs->rflags & RFLAGS_IF)
		irq_enable();
	fault_page(regs, cr2, error_code);
}

/* What only a bug of the kernel can cause. A protection fault comes mostly from an address that
 * is none, its upper 17 bits not all alike: whoever made it, a register may still hold it. */
__attribute__((cold, noreturn)) static void kernel_exception(const struct regs *regs, u32 vector,
							      u64 error_code)
{
	const u64 *reg = (const u64 *)regs, *end = &regs->orig_rax;

	while (vector == EX_PROTECTION && reg < end && (s64)(*reg << 16) >> 16 == (s64)*reg)
		reg++;
	if (vector == EX_PROTECTION && reg < end)
		panic_regs(regs, "general protection fault in the kernel: %#lx, in a register, is no "
			   "address%s (error code %#lx)", *reg,
			   *reg == HEAP_POISON ? " but of freed memory" : "", error_code);
	panic_regs(regs, "%s (vector %u, error code %#lx) in the kernel", exception_name(vector),
		   vector, error_code);
}

/* All exceptions but page faults. */
__attribute__((noinline)) static struct regs *exception(struct regs *regs, u32 vector,
							 u64 error_code)
{
	extern const u8 iret_to_user[];

	if (regs_from_user(regs))
		user_exception(regs, vector, error_code);
	else if (regs->rip == (u64)iret_to_user)
		return fault_of_iret(regs);
	else if (!uaccess_fixup(regs))
		kernel_exception(regs, vector, error_code);
	return regs;
}

struct regs *trap_dispatch(struct regs *regs, u32 vector, u64 error_code)
{
	if (vector == EX_PAGE_FAULT)
		page_fault(regs, error_code);
	else if (vector >= EX_COUNT)
		irq_dispatch(vector, regs);
	else
		return exception(regs, vector, error_code);
	return regs;
}

/* Is it in the page below a stack? Idle tasks of other CPUs have stacks as all tasks have. */
static bool guard_hit(va_t va)
{
	for (int ist = 1; ist <= IST_COUNT; ist++) {
		va_t bottom = gdt_ist_top(this_cpu(), ist) - IST_STACK_SIZE;
		if (va < bottom && bottom - va <= PAGE_SIZE)
			return true;
	}
	return kstack_guard_hit(va) || va - (va_t)boot_stack_guard < PAGE_SIZE;
}

/* A push onto the guard page faults, and the CPU cannot push that fault's frame either. */
static void double_fault(const struct regs *regs)
{
	va_t cr2;

	__asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
	if (!guard_hit(cr2) && !guard_hit(regs->rsp - 8))
		panic_regs(regs, "double fault: no room for an exception at rsp %#lx (cr2 %#lx)",
			   regs->rsp, cr2);
	va_t top = current ? current->kstack_top : 0;
	if (top - regs->rsp > KSTACK_SIZE + PAGE_SIZE)
		panic_regs(regs, "kernel stack overflow, not of a task (double fault, cr2 %#lx)", cr2);
	panic_regs(regs, "kernel stack overflow of task %d, %lu bytes deep (double fault, cr2 %#lx)",
		   current->pid ? task_tid(current) : 0, top - regs->rsp, cr2);
}

/* The first bank that tells something (SDM vol. 3B 15.3.2). */
static void machine_check(const struct regs *regs)
{
	enum { MCG_CAP = 0x179, MC0_STATUS = 0x401, NEXT = 4, NBANKS = 0xff };
	u32 nbanks = rdmsr(MCG_CAP) & NBANKS;

	for (u32 i = 0; i < nbanks; i++) {
		u64 status = rdmsr(MC0_STATUS + i * NEXT);
		if (status >> 63)
			panic_regs(regs, "machine check: bank %u, status %#lx", i, status);
	}
	panic_regs(regs, "machine check, and no bank says why");
}

void trap_paranoid(struct regs *regs, u32 vector, u64 error_code)
{
	(void)error_code; /* always 0 for these three */
	if (vector == EX_DOUBLE_FAULT)
		double_fault(regs);
	if (vector == EX_MACHINE_CHECK)
		machine_check(regs);
	bool was_asked = smp_note_if_asked(regs);
	smp_stop_point(regs);
	/* Above 0 nobody touches irq_flags: what we interrupt may be about to look at it. */
	s32 nlocks = this_cpu()->irq_off_depth++;
	bool expected = watchdog_nmi(regs) || was_asked;
	if (!expected && nlocks == 0) /* else a lock that we hold would never be free */
		kprintf("NMI on CPU %u at %pS (rip %#lx)\n", this_cpu()->id, (void *)regs->rip,
			regs->rip);
	this_cpu()->irq_off_depth--;
}
