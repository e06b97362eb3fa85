/*
 * The end of the kernel: says why and where, then restarts the machine (QEMU's
 * -no-reboot turns that into its end), or stands still with the option
 * `panic=halt`.
 *
 * The report, the most important first: cause, task and system call, backtrace
 * into the program, registers, other CPUs, locks, last events, and the cause
 * again, for a screen of 25 lines. It trusts little and takes no locks; if a
 * part of it goes wrong, that panic is told in a line and the next part comes.
 */
#include "lib/panic.h"

#include "arch/arch.h"
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/reboot.h"
#include "arch/smp.h"
#include "arch/time.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "proc/task.h"
#include "sync/held.h"
#include "sync/spinlock.h"
#include "syscall/table.h"
#include "trace/trace.h"

static char cause[256];
static struct regs at; /* as they were; the stack that they lay on may be used again */
static va_t called_from; /* rbp where there was no trap */

/* The parts ----------------------------------------------------------------------------------- */

static void print_task(u32 cpu)
{
	static const char *const states[] = {"running", "going to sleep", "stopping", "exiting"};
	const struct task *task = cpus[cpu].task;

	if (!task) {
		kprintf("before the first task\n");
		return;
	}
	kprintf("in task %d (%.*s)", task->pid ? task_tid(task) : 0, TASK_NAME_LEN, task->name);
	if (task->process)
		kprintf(" of process %d", task_tgid(task));
	kprintf(", %s\n", task->state < ARRAY_SIZE(states) ? states[task->state] : "?");
}

static void show_place(void)
{
	u64 us = time_now_ns() / 1000;

	kprintf("after %lu.%06lu s on CPU %u, ", us / 1000000, us % 1000000, this_cpu()->id);
	print_task(this_cpu()->id);
}

static void show_call(void)
{
	const struct task *task = current;
	const struct regs *r = task && task->mm ? task_regs(task) : NULL;

	if (!r || !regs_from_user(r) || r->orig_rax >= SYSCALL_COUNT)
		return;
	const u64 args[] = {r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9};
	const struct syscall *call = &syscall_table[r->orig_rax];
	char name[KSYM_NAME];
	u64 offset;
	if (!ksym_find((va_t)call->handler, name, &offset))
		return;
	kprintf("in system call %lu, %s(", r->orig_rax, name + strlen("sys_"));
	for (int i = 0; i < call->nargs; i++)
		kprintf(i ? ", %#lx" : "%#lx", args[i]);
	kprintf(")\n");
}

static void show_backtrace(void)
{
	if (at.cs)
		backtrace_of(current, &at);
	else
		backtrace(called_from);
}

static void show_registers(void)
{
	const struct regs *r = &at;

	if (!r->cs)
		return;
	kprintf("rip %016lx cs %02lx rflags %lx\n", r->rip, r->cs, r->rflags);
	kprintf("rsp %016lx rbp %016lx rax %016lx\n", r->rsp, r->rbp, r->rax);
	kprintf("rbx %016lx rcx %016lx rdx %016lx\n", r->rbx, r->rcx, r->rdx);
	kprintf("rsi %016lx rdi %016lx r8  %016lx\n", r->rsi, r->rdi, r->r8);
	kprintf("r9  %016lx r10 %016lx r11 %016lx\n", r->r9, r->r10, r->r11);
	kprintf("r12 %016lx r13 %016lx r14 %016lx\n", r->r12, r->r13, r->r14);
	kprintf("r15 %016lx\n", r->r15);
}

static void show_other_cpus(void)
{
	enum { SHOWN = 8 };

	for (u32 i = 0; i < ncpus && i < SHOWN; i++) {
		const struct regs *regs = cpus[i].stopped_at;
		if (i == this_cpu()->id)
			continue;
		kprintf("CPU %u ", i);
		if (!regs)
			kprintf("does not answer, ");
		else if (regs_from_user(regs))
			kprintf("in user mode at %#lx, ", regs->rip);
		else
			kprintf("at %pL, ", (void *)regs->rip);
		if (spin_waits_for[i])
			kprintf("waits for lock %s, ", locks_name(&spin_waits_for[i]->name));
		print_task(i);
	}
}

static void show_events(void)
{
	kprintf(trace_rings[0] ? "last events:\n" : "no last events: the trace is off\n");
	trace_last(10);
}

static void (*const parts[])(void) = {
	show_place, show_call, show_backtrace, show_registers, show_other_cpus, locks_show_held,
	show_events,
};

/* The whole ----------------------------------------------------------------------------------- */

static __noreturn void end(void)
{
	char value[8];

	if (boot_option("panic", value, sizeof value) && strcmp(value, "halt") == 0)
		machine_halt();
	machine_restart();
}

/* Somebody else's lock of a device that the log goes to would never be free. */
static bool others_hold_locks(void)
{
	for (u32 i = 0; i < ncpus; i++)
		if (cpus[i].irq_off_depth != 0 && i != this_cpu()->id)
			return true;
	return false;
}

/* One panic; of two CPUs that come here one does not return from smp_stop_others. A panic within
 * the report goes on with the report's next part, and ends it if that cannot be told either. */
static __noreturn void report(const struct regs *regs, va_t rbp, const char *fmt, va_list args)
{
	static u32 npanics, next_part;

	irq_disable();
	smp_stop_others();
	trace_mask = 0; /* printing makes events, too, and a lock of theirs may be held */
	log_panic(npanics == 0 && !others_hold_locks());
	if (++npanics > ARRAY_SIZE(parts) + 2)
		machine_restart();
	if (npanics == 1) {
		if (regs)
			at = *regs;
		called_from = rbp;
		kprintf("panic: ");
		vsnprintf(cause, sizeof cause, fmt, args);
		kprintf("%s\n", cause);
	} else {
		kprintf("panic: once more, in the panic: ");
		log_vprintf(fmt, args);
		kprintf(regs ? " at %pL\n" : "\n", (void *)(regs ? regs->rip : 0));
	}
	while (next_part < ARRAY_SIZE(parts))
		parts[next_part++]();
	kprintf("so much for the panic at %pL: %s\n",
		(void *)(at.cs ? at.rip : ((va_t *)called_from)[1] - 1), cause);
	end();
}

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report(NULL, (va_t)__builtin_frame_address(0), fmt, args);
}

void panic_regs(const struct regs *regs, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report(regs, 0, fmt, args);
}

void panic_assert(const char *condition, u32 line)
{
	va_t caller = (va_t)__builtin_return_address(0) - 1;

	panic("assertion failed: %s, line %u in %pL", condition, line, (void *)caller);
}
