/*
 * The end of the kernel: says why, where and in whose name, then restarts the
 * machine (QEMU's -no-reboot turns that into its end), or stands still with
 * the option `panic=halt`. Trusts little: no locks, and only stack words
 * that lie on a stack we know are read, so that a panic cannot fault.
 */
#include "lib/panic.h"

#include "arch/arch.h"
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/reboot.h"
#include "arch/smp.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/kmap.h"
#include "proc/task.h"

static bool in_range(va_t va, va_t start, va_t end)
{
	return va >= start && va < end && end - va >= 16;
}

/* Do the two words at va (saved rbp, return address) lie on a stack of this CPU? */
static bool on_stack(va_t va)
{
	const struct cpu *cpu = this_cpu();

	if (va % 8 != 0)
		return false;
	for (int ist = 1; ist <= IST_COUNT; ist++) {
		va_t top = gdt_ist_top(cpu, ist);
		if (in_range(va, top - IST_STACK_SIZE, top))
			return true;
	}
	if (in_range(va, (va_t)boot_stack_bottom, (va_t)boot_stack_top))
		return true;
	va_t end = ROUND_UP(cpu->kstack_top, PAGE_SIZE); /* above it is the FPU's state */
	return end && in_range(va, end - KSTACK_SIZE, end);
}

void backtrace(va_t rbp)
{
	enum { MAX_FRAMES = 40 };

	for (int i = 0; i < MAX_FRAMES && on_stack(rbp); i++) {
		const va_t *frame = (const va_t *)rbp;
		if (frame[1] == 0)
			break;
		/* In the call, not behind it: a call without return may end its function. */
		va_t call = frame[1] - 1;
		kprintf("  %016lx %pS\n", call, (void *)call);
		if (frame[0] <= rbp) /* callers' frames lie higher: anything else is damage */
			break;
		rbp = frame[0];
	}
}

static void print_regs(const struct regs *r)
{
	kprintf("rip %016lx %pS, cs %02lx, rflags %lx\n", r->rip, (void *)r->rip, r->cs, r->rflags);
	kprintf("rsp %016lx rbp %016lx rax %016lx\n", r->rsp, r->rbp, r->rax);
	kprintf("rbx %016lx rcx %016lx rdx %016lx\n", r->rbx, r->rcx, r->rdx);
	kprintf("rsi %016lx rdi %016lx r8  %016lx\n", r->rsi, r->rdi, r->r8);
	kprintf("r9  %016lx r10 %016lx r11 %016lx\n", r->r9, r->r10, r->r11);
	kprintf("r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n", r->r12, r->r13, r->r14, r->r15);
}

static void print_place(void)
{
	const struct task *task = current;

	if (!task)
		kprintf("on CPU %u, before the first task\n", this_cpu()->id);
	else
		kprintf("on CPU %u, in task %d (%.*s)\n", this_cpu()->id,
			task->pid ? task_tid(task) : 0, TASK_NAME_LEN, task->name);
}

static __noreturn void end(void)
{
	char value[8];

	if (boot_option("panic", value, sizeof value) && strcmp(value, "halt") == 0)
		machine_halt();
	machine_restart();
}

static bool locks_held(void)
{
	for (u32 i = 0; i < ncpus; i++)
		if (cpus[i].irq_off_depth != 0)
			return true;
	return false;
}

/* One panic: a second one inside it ends at once, one on another CPU is not told. */
static void begin(const char *fmt, va_list args)
{
	static bool already;

	irq_disable();
	smp_stop_others();
	log_panic(!already && !locks_held());
	if (already) {
		kprintf("panic: once more, in the panic\n");
		machine_restart();
	}
	already = true;
	kprintf("panic: ");
	log_vprintf(fmt, args);
	kprintf("\n");
	print_place();
}

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	begin(fmt, args);
	va_end(args);
	backtrace((va_t)__builtin_frame_address(0));
	end();
}

void panic_regs(const struct regs *regs, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	begin(fmt, args);
	va_end(args);
	print_regs(regs);
	kprintf("  %016lx %pS\n", regs->rip, (void *)regs->rip);
	backtrace(regs->rbp);
	end();
}
