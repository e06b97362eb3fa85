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
 * For a panic, and for the end of the machine: the other CPUs halt for ever, whatever they do, by
 * NMI; waits for that a moment. Of two CPUs that call it one does not return. Interrupts off.
 */
void smp_stop_others(void);
void smp_stop_point(void); /* in an NMI: does not return if this CPU is to stop */

/* Defined elsewhere, called by arch. */
void tlb_answer(void);			/* arch/shootdown.c; interrupts off, in the handler */
__noreturn void sched_start_cpu(void);	/* proc/sched.c: what runs here is the CPU's idle task */

#endif
