/*
 * The other CPUs: starting them, and interrupting one.
 *
 * smp_start starts those that the MADT names, one after another; cpus[0 ..
 * ncpus - 1] are then online. Each ends its start in sched_start_cpu, on a
 * stack of its own, with interrupts off and its timer set up but not armed.
 */
#ifndef ARCH_SMP_H
#define ARCH_SMP_H

#include "lib/types.h"

struct regs;

/* From kmain after sched_init. Option maxcpus=N: no more than N CPUs (0: one, as on Linux). */
void smp_start(void);

/*
 * Makes a CPU, this one too, come out of hlt or of user mode and look at need_resched and
 * signal_wanted: on the way out of the interrupt, for the handler does nothing. What it is to
 * find must be written before. Any context, also under spinlocks; does not wait.
 */
void smp_kick(u32 cpu);

/* Makes a CPU call tlb_answer() as soon as it has interrupts on. Does not wait. */
void smp_send_flush(u32 cpu);

/*
 * Every CPU calls fn: this one at once, the others in an interrupt. All have when it returns, and
 * so have come out of whatever they did with interrupts off before. One caller at a time, who
 * holds no spinlock.
 */
void smp_call_all(void (*fn)(void));
void smp_call_answer(void); /* in the interrupt */

/*
 * What the CPUs do, by NMI (arch/nmi.c): registers, task, backtrace, the spinlock it waits for.
 * Any context, interrupts on or off; the asker must not hold what the log needs. Once the others
 * have been stopped it is what they did then.
 */
void smp_backtrace_all(bool here_too); /* asks and prints, CPU by CPU */
bool smp_look(u32 cpu);		     /* asks one; false: no answer within a second */
bool smp_look_irqs_off(u32 cpu);     /* the same; true: it had interrupts off */
void smp_show(u32 cpu);		     /* prints what it answered */
void smp_note(const struct regs *regs); /* on this CPU: the answer, for smp_show */
bool smp_note_if_asked(const struct regs *regs); /* in an NMI */

/*
 * For a panic, and for the end of the machine: the other CPUs halt for ever, whatever they do, by
 * NMI; waits for that a moment. Of two CPUs that call it one does not return. Interrupts off.
 */
void smp_stop_others(void);
void smp_stop_point(const struct regs *regs); /* in an NMI: stays there if told to */
bool smp_is_stopped(u32 cpu);

/* Defined elsewhere, called by arch. */
void tlb_answer(void);			/* arch/shootdown.c; interrupts off, in the handler */
__noreturn void sched_start_cpu(void);	/* proc/sched.c: what runs here is the CPU's idle task */

#endif
