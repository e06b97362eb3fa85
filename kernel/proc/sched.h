/*
 * The scheduler: which task a CPU runs next. Weighted round robin: tasks take
 * turns in order, for a slice in proportion to the weight of their nice value.
 * Each CPU has a queue; who has nothing to do takes from the others'.
 *
 * Locks: the run queue's (RANK_RUNQ).
 */
#ifndef PROC_SCHED_H
#define PROC_SCHED_H

#include "lib/types.h"

struct regs;
struct task;

void sched_init(void);
__noreturn void sched_idle(void);	    /* what the boot task becomes */
__noreturn void sched_start_cpu(void); /* a further CPU becomes idle, interrupts off (arch/smp.c) */

/*
 * Gives the CPU away. The caller has put itself on whatever list will wake it
 * and set its state; a task in TASK_RUNNING goes to the end of the queue.
 * Preconditions, asserted: no spinlock held.
 */
void schedule(void);

/* Ends a switch on the new task's stack; thread_init_* call it first. */
void sched_switched(void);

/* A new task may run. */
void sched_start(struct task *task);

/* SLEEPING, or STOPPED, to RUNNING; false if it was not so. Any context. */
bool sched_wake(struct task *task);
bool sched_wake_stopped(struct task *task);

/* A voluntary point in long kernel loops: yields if another task should run. */
void sched_point(void);

/* The timer interrupt: charges time, ends slices, runs timers. */
void timer_interrupt(const struct regs *regs);

/* Run time up to this moment, of the current task or one that does not run. */
u64 sched_run_ns(const struct task *task);

void sched_set_nice(struct task *task, int nice);
u64 sched_slice_ns(const struct task *task); /* how long a turn of it lasts */

/* The CPUs that it may run on, one bit each, those that there are; -EINVAL if none is left. If
 * it must leave its CPU it does so soon; the current task before this returns. */
int sched_set_affinity(struct task *task, u32 mask);

/* Waits until it has left a CPU where it may not run any more. The caller holds a reference. */
void sched_wait_affinity(const struct task *task);

/* If it runs on another CPU: it enters the kernel there, and looks at signal_wanted. */
void sched_kick_running(const struct task *task);

/* All other CPUs stand still, with no task half way through anything but a sleep. The caller
 * may sleep. Takes a mutex (RANK_ALONE), held until sched_alone_end. */
void sched_alone_begin(void);
void sched_alone_end(void);

/* Figures: tasks that are runnable now, load average in 1/2048ths. */
u32 sched_nr_running(void);

/* How a CPU has spent its time until now; idle by the clock, the rest divided by samples. */
struct cpu_figures {
	u64 user_ns, nice_ns, system_ns, idle_ns, switches;
};
void sched_cpu_figures(u32 cpu, struct cpu_figures *out);
void sched_load(u64 out[3]);

/* When the CPU wants its next interrupt (proc/timer.c asks for it). */
void timer_init(void);
bool timer_run_due(void); /* runs what is due, arms the next; true if a tick has passed */

enum { TICK_NS = 10000000 }; /* 100 Hz */

/* Timers. fn runs in the timer interrupt of the CPU that started it, interrupts off. Zeroed
 * but for fn at first. */
struct timer {
	u64 deadline_ns;
	void (*fn)(struct timer *timer);
	struct timer *child, *next, **link; /* RANK_TIMER: in the heap (timer.c) */
	u32 cpu;			    /* whose heap it is, or was, in */
	bool queued;
};
void timer_start(struct timer *timer, u64 deadline_ns);

/* It does not go off any more; if it has, waits until fn is over: hold no lock that fn takes. */
void timer_cancel(struct timer *timer);

/* The same without waiting; false: fn is running on another CPU. */
bool timer_stop(struct timer *timer);

#endif
