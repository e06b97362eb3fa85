/*
 * What sched.c (taking turns on one CPU) shares with sched_cpus.c (several
 * CPUs) and nobody else.
 */
#ifndef PROC_SCHED_PRIVATE_H
#define PROC_SCHED_PRIVATE_H

#include "arch/cpu.h"
#include "lib/panic.h"
#include "proc/task.h"

/* One per CPU. task->cpu says in whose hands a task is; that queue's lock guards its r fields. */
struct runq {
	struct spinlock lock;	/* RANK_RUNQ */
	struct list tasks;	/* struct task.runq_link, next first; the running one is not in it */
	u32 nqueued;		/* written under the lock; others read it to find work */
	struct task *leaving;	/* between thread_switch and finish_switch: who had the CPU */
} __attribute__((aligned(64)));

extern struct runq runqs[MAX_CPUS];

static inline struct runq *this_runq(void)
{
	return &runqs[this_cpu()->id];
}

/* Locks the queue that the task belongs to: it may be moved until that is done. */
struct runq *task_runq_lock(const struct task *task);

/* Into a queue whose lock is held; at the front of it, or at the end. */
static inline void runq_add(struct runq *rq, struct task *task, bool front)
{
	kassert(!task->on_runq && task->state == TASK_RUNNING);
	task->on_runq = true;
	if (front)
		list_push(&rq->tasks, &task->runq_link);
	else
		list_append(&rq->tasks, &task->runq_link);
	rq->nqueued++;
}

static inline void runq_remove(struct runq *rq, struct task *task)
{
	list_remove(&task->runq_link);
	task->on_runq = false;
	rq->nqueued--;
}

static inline bool task_may_run_on(const struct task *task, u32 cpu)
{
	return task->cpus_allowed & 1u << cpu;
}

/* There is more work on this CPU's queue: it, or one that has nothing to do, looks. */
void sched_alert_others(u32 cpu, u32 allowed);

static inline void sched_alert(u32 cpu, u32 allowed)
{
	if (ncpus > 1)
		sched_alert_others(cpu, allowed);
}

/* A task that wakes, its queue's lock held: true if it goes to another CPU's (sched_move). */
bool sched_follows(struct task *task);

static inline bool sched_wakes_elsewhere(struct task *task)
{
	return !task_may_run_on(task, task->cpu) || (ncpus > 1 && sched_follows(task));
}

/* More than from a fork to the wait under an emulator; less than makes it worth two CPUs. */
enum { SOON_NS = 200000 };

/* Queues a task that is on no CPU and in no queue: in the one that has it, if it may run there. */
void sched_move(struct task *task);

/* Takes from a queue that is longer than ours by that many tasks, if there is one. */
bool sched_steal(u32 by_at_least);
void sched_balance(void); /* on some ticks */
void sched_cpus_init(void);

/* A CPU that is kept out (sched_alone_begin) gives its turns to nobody. */
bool sched_kept_out(void);

#endif
