/*
 * Process numbers. A struct pid lives as long as anything goes by its number:
 * a task, a process group or a session; so a number is not given out again
 * while, say, the group of a dead leader lives on.
 *
 * Locks: proc_lock (RANK_PROC) guards the table and the lists.
 */
#ifndef PROC_PID_H
#define PROC_PID_H

#include "lib/list.h"
#include "sync/spinlock.h"

enum { PID_MAX = 32768 };

struct task;

struct pid {
	pid_t number;
	u32 refs;		     /* p: uses of the number: task, members of both lists */
	struct list hash_link;	     /* p */
	struct task *task;	     /* p: the task of this tid, NULL once reaped */
	struct list group_members;   /* p: struct process.pgrp_link */
	struct list session_members; /* p: struct process.session_link */
};

extern struct spinlock proc_lock;

struct pid *pid_alloc(void);		 /* refs 1; NULL: all numbers in use, or no memory */
struct pid *pid_find(pid_t number);	 /* caller holds proc_lock; no reference added; NULL if none */
void pid_get(struct pid *pid);		 /* caller holds proc_lock */
void pid_put(struct pid *pid);		 /* caller holds proc_lock */
u64 pid_total(void);			 /* how many have been given out since boot */
pid_t pid_last(void);			 /* the one given out last */
void pid_init(void);

#endif
