/*
 * Processes: making one, its group and session, and what exit and wait share.
 * All but process_new need proc_lock held.
 */
#ifndef PROC_PROCESS_H
#define PROC_PROCESS_H

#include "proc/task.h"

/* With no parent, group, session, or limits (undefined) yet; NULL when out of memory. */
struct process *process_new(struct task *leader);

/* A thread that has not exited yet, the leader if it can be; NULL for a zombie. */
struct task *process_living(struct process *process);

/* The thread that is to be its parent's part in it, where threads are told apart. */
static inline void process_set_maker(struct process *process, struct task *maker)
{
	process->parent_task = maker;
	maker->has_children = true;
}

/* The other threads look at what concerns them all: a stop, a signal that one of them left. */
void process_others_look(struct process *process);

/* As /proc shows it: the leader counts until it is reaped. */
static inline u32 process_nthreads(const struct process *process)
{
	return process->ntasks + (process->leader->state == TASK_ZOMBIE);
}

/* SIGKILL to all threads but the current one. */
void process_kill_others(struct process *process);

/* Takes a task that has exited out of its group and frees its number. */
void task_reap(struct task *task);

/* Leaves the old group or session, if any, and joins this one. */
void process_join_pgrp(struct process *process, struct pid *pgrp);
void process_join_session(struct process *process, struct pid *session);

/* Would the group have nobody left whose parent is in another group of the session? */
bool pgrp_is_orphaned(struct pid *pgrp, struct process *except);

/* Frees the number and all links of a zombie; its task goes when its CPU has left it. */
void process_reap(struct process *process);

/* What the process does about a signal; SIG_IGN if it is a zombie. */
struct sigaction process_action(struct process *process, int sig);

/* Tells the parent: SIGCHLD (or the exit signal) and a wakeup. code: CLD_*. */
void process_notify_parent(struct process *process, int sig, int code, int status);

/* Out of memory in init: the process with the most memory gets SIGKILL, and time to end.
 * False if there is none. Takes proc_lock itself. */
bool process_kill_largest(void);

/* Adds b to a. */
void usage_add(struct usage *a, const struct usage *b);

/* Run time of the process so far, user and system, in nanoseconds. */
struct cpu_times {
	u64 user_ns, system_ns;
};
struct cpu_times usage_times(const struct usage *usage);
struct usage process_usage(struct process *process); /* of gone and living tasks; proc_lock held */
struct usage task_usage(const struct task *task);    /* of one, up to now; proc_lock held */

/* The timer's look at RLIMIT_CPU, with interrupts off: SIGXCPU or SIGKILL. */
void process_check_cpu_limit(struct process *process);

/* The parent that a vfork child holds up: on the parent's stack. */
struct vfork_wait {
	struct waitq queue;
	bool done; /* proc_lock */
};
void vfork_release(struct task *child); /* takes proc_lock itself */

#endif
