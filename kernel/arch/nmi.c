/*
 * What the other CPUs do: each is asked by an interrupt that it cannot mask,
 * and says so whatever it is in the middle of.
 *
 *	smp_look	asks a CPU, and waits a while for the answer
 *	  smp_note	on that CPU: writes down where it was, and it goes on
 *	smp_show	prints it, on the CPU that has asked
 *	smp_backtrace_all	the same for all
 *
 * The handler prints nothing and takes no lock, for the code that it interrupts
 * may hold the log's. Nor may it fault: the IRET of that would let the next NMI
 * in, onto the stack that this one still uses (SDM vol. 3A 6.7.1).
 */
#include "arch/arch.h"
#include "arch/cpu.h"
#include "arch/shootdown.h"
#include "arch/smp.h"
#include "arch/time.h"
#include "lib/frames.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "proc/task.h"

enum { CALLS_MAX = 16, PATIENCE_MS = 1000 /* a busy host may not let a virtual CPU run */ };

/* What a CPU did when it was asked last. */
static struct note {
	struct regs regs;
	pid_t tid; /* 0: the idle task */
	char name[TASK_NAME_LEN];
	const char *waits_for; /* the name of a spinlock; NULL: for none */
	u32 holder;	       /* of that, as in struct spinlock */
	va_t calls[CALLS_MAX];
	u32 ncalls;
} notes[MAX_CPUS];

static u32 asked; /* atomic: bits of the CPUs that are to say */

void smp_note(const struct regs *regs)
{
	u32 here = this_cpu()->id;
	struct note *note = &notes[here];
	const struct task *task = current;

	note->regs = *regs;
	note->tid = task && task->pid ? task_tid(task) : 0;
	if (task)
		memcpy(note->name, task->name, TASK_NAME_LEN - 1);
	/* As long as we wait it is there; whoever prints comes too late for that. */
	const struct spinlock *lock = spin_waits_for[here];
	note->waits_for = lock ? lock->name : NULL;
	note->holder = lock ? lock->holder : 0;
	note->ncalls = frames_of_regs(regs, note->calls, CALLS_MAX);
}

bool smp_note_if_asked(const struct regs *regs)
{
	u32 bit = 1u << this_cpu()->id;

	if (!(__atomic_load_n(&asked, __ATOMIC_ACQUIRE) & bit))
		return false;
	smp_note(regs);
	__atomic_fetch_and(&asked, ~bit, __ATOMIC_RELEASE);
	return true;
}

bool smp_look(u32 cpu)
{
	u64 end_ns = time_now_ns() + PATIENCE_MS * NSEC_PER_MSEC;

	__atomic_fetch_or(&asked, 1u << cpu, __ATOMIC_SEQ_CST);
	lapic_send(cpus[cpu].apic_id, SEND_NMI, 0);
	while (__atomic_load_n(&asked, __ATOMIC_ACQUIRE) & 1u << cpu) {
		if (time_now_ns() > end_ns)
			return false;
		if (!irq_enabled())
			shootdown_poll();
		cpu_relax();
	}
	return true;
}

bool smp_look_irqs_off(u32 cpu)
{
	return smp_look(cpu) && !(notes[cpu].regs.rflags & RFLAGS_IF);
}

void smp_show(u32 cpu)
{
	const struct note *note = &notes[cpu];
	const struct regs *regs = &note->regs;

	kprintf("CPU %u: task %d (%s), in %s%pS, rip %lx rsp %lx rflags %lx\n", cpu, note->tid,
		note->name, regs_from_user(regs) ? "user mode at " : "", (void *)regs->rip,
		regs->rip, regs->rsp, regs->rflags);
	if (note->waits_for)
		kprintf(note->holder ? "  waits for the spinlock %s, held by CPU %u\n"
				     : "  waits for the spinlock %s, free by now\n",
			note->waits_for, note->holder - 1);
	for (u32 i = 0; i < note->ncalls; i++)
		kprintf("  %pL\n", (void *)note->calls[i]);
}

void smp_backtrace_all(bool here_too)
{
	for (u32 cpu = 0; cpu < ncpus; cpu++) {
		if (cpu == this_cpu()->id && !here_too)
			continue;
		if (smp_is_stopped(cpu) || smp_look(cpu))
			smp_show(cpu);
		else
			kprintf("CPU %u does not answer\n", cpu);
	}
}
