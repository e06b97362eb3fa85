/*
 * The scheduler: which task a CPU runs next. Weighted round robin: tasks take
 * turns in order, for a slice in proportion to the weight of their nice value.
 *
 * Locks: the run queue's (RANK_RUNQ).
 */
#ifndef PROC_SCHED_H
#define PROC_SCHED_H

#include "lib/types.h"

struct task;

void sched_init(void);
__noreturn void sched_idle(void);  /* what the boot task becomes on each CPU */

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

/* SLEEPING (or STOPPED, if from_stop) to RUNNING; false if it was not so. Any context. */
bool sched_wake(struct task *task);
bool sched_wake_stopped(struct task *task);

/* A voluntary point in long kernel loops: yields if another task should run. */
void sched_point(void);

/* The timer interrupt: charges time, ends slices, runs timers. */
void timer_interrupt(bool from_user);

/* Run time up to this moment, of the current task or one that does not run. */
u64 sched_run_ns(const struct task *task);

void sched_set_nice(struct task *task, int nice);

/* Figures: tasks that are runnable now, load average in 1/2048ths. */
u32 sched_nr_running(void);
void sched_load(u64 out[3]);

/* When the CPU wants its next interrupt (proc/timer.c asks for it). */
void timer_init(void);
bool timer_run_due(void); /* runs what is due, arms the next; true if a tick has passed */

/* Timers. fn runs in the interrupt, with interrupts off. */
struct timer {
	u64 deadline_ns;
	void (*fn)(struct timer *timer);
	struct timer *next; /* RANK_TIMER: the queue, soonest first */
	bool queued;
};
void timer_start(struct timer *timer, u64 deadline_ns);
void timer_cancel(struct timer *timer);

#endif
