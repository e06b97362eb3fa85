/*
 * Tasks and processes: who they are, and what they share.
 *
 * A struct task is one thread of execution. It is a bundle of pointers to
 * counted objects (mm, files, fs, sighand, process); each clone flag says
 * "share it" or "copy it" (proc/clone.c). A struct process is a thread group:
 * what waitpid waits for and kill signals.
 *
 * Life of a task:   clone -> RUNNING <-> SLEEPING / STOPPED -> ZOMBIE
 *   RUNNING   on a CPU or on a run queue
 *   SLEEPING  on a wait queue (sync/wait.h)
 *   STOPPED   by SIGSTOP and its like, until SIGCONT
 *   ZOMBIE    has exited; keeps its number and status for wait
 * A zombie is freed when it has been reaped and no CPU runs on its stack.
 *
 * Key letters of the fields: what must be held to change one.
 *   c  constant after clone has committed      t  only the task itself
 *   p  proc_lock                               s  sighand->lock
 *   r  the run queue's lock                    a  atomic
 */
#ifndef PROC_TASK_H
#define PROC_TASK_H

#include "arch/regs.h"
#include "arch/thread.h"
#include "lib/list.h"
#include "proc/creds.h"
#include "proc/pid.h"
#include "proc/sched.h"
#include "proc/signal.h"
#include "sync/wait.h"

struct mm;
struct mutex;
struct files;
struct fs;
struct tty;

enum task_state { TASK_RUNNING, TASK_SLEEPING, TASK_STOPPED, TASK_ZOMBIE };

enum { TASK_NAME_LEN = 16 }; /* with the NUL; comm */

enum rlimit_resource {
	RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS,
	RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_AS, RLIMIT_LOCKS,
	RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO, RLIMIT_RTTIME,
	RLIMIT_COUNT,
};
#define RLIM_INFINITY UINT64_MAX

struct rlimit {
	u64 soft, hard;
};

/* What getrusage and wait4 report. Run time is measured at each switch; how it
 * divides into user and system time is sampled by the timer (as on Linux). */
struct usage {
	u64 run_ns;
	u64 user_ticks, system_ticks;
	u64 user_ns, system_ns; /* what has been told of it: neither part ever goes back */
	u64 minor_faults, major_faults;
	u64 max_resident_pages;
	u64 voluntary_switches, involuntary_switches;
};

/* A fork under way: the signals that have been sent to the whole group since it began. Nobody
 * could send them to the child yet; it gets them when it joins the group. */
struct fork_signals {
	struct list link;
	sigset_t sent;
};

/* A timer of setitimer(2). */
struct clock_setting {
	u64 interval_ns; /* 0: once */
	u64 left_ns;	 /* 0: not running */
};

struct process {
	struct task *leader;	     /* p: its tid is the pid */
	struct list tasks;	     /* p: struct task.group_link */
	_Atomic u32 refs;	     /* tasks, also those that are gone but still on a CPU */
	u32 ntasks;		     /* p: that have not exited */
	u32 nlive;		     /* p: that have not begun to */
	struct process *parent;	     /* p: NULL only for init */
	struct task *parent_task;    /* p: the thread of it that made us, or has inherited us */
	pid_t parent_number;	     /* p: its pid, for who reads it without the lock; 0 for init */
	struct list children;	     /* p: struct process.sibling_link */
	struct list sibling_link;    /* p */
	struct list all_link;	     /* p: all_processes */
	struct pid *pgrp, *session;  /* p */
	struct tty *tty;	     /* p: controlling terminal, or NULL */
	struct list pgrp_link, session_link; /* p */
	int exit_signal;	     /* p: sent to the parent at exit; SIGCHLD, 0 for none */
	bool did_exec;		     /* p: setpgid by the parent is EACCES from then on */
	bool exiting;		     /* p: exit_group has begun: exit_status is set, all end */
	struct task *execing;	     /* p: the thread that waits to be the only one, in exec */
	struct waitq alone_wait;     /* it sleeps here */
	bool zombie;		     /* p: can be reaped */
	bool reaped;		     /* p */
	bool subreaper;		     /* p: prctl(PR_SET_CHILD_SUBREAPER) */
	int parent_death_signal;     /* p: prctl(PR_SET_PDEATHSIG) */
	int exit_status;	     /* p: as wait4 reports it */
	bool stop_taken;	     /* s: a stop signal has been taken; SIGCONT revokes it */
	int stop_signal;	     /* p: it stops or has stopped by this one; 0 if not */
	u32 nstopped;		     /* p: threads that stand still: ntasks of them, it is done */
	bool stop_unreported;	     /* p: stopped, and wait with WUNTRACED has not been told */
	bool continued;		     /* p: for WCONTINUED */
	pid_t killer;		     /* s: who sent SIGKILL; 0: the kernel */
	struct waitq child_wait;     /* parents sleep here for their children */
	struct signal_queue pending; /* s: signals to the process as a whole */
	struct list forks;	     /* p: struct fork_signals.link */
	struct usage usage;	     /* p: of tasks that have gone */
	struct usage child_usage;    /* p: of children waited for */
	u64 start_ns;		     /* c */
	struct timer alarm;	     /* alarm(2), setitimer(2) */
	u64 alarm_interval_ns;	     /* p: 0: once */
	struct clock_setting cpu_timer[2]; /* p: setitimer(2): VIRTUAL, PROF */
	struct posix_timer *timers;  /* p: timer_create(2) (proc/posix_timer.c) */
	s32 next_timer_id;	     /* p */
	u32 personality;	     /* a: kept for who asks */
	struct rlimit rlimit[RLIMIT_COUNT]; /* p; the last: process_new leaves it to its caller */
};

/* What a signal frame tells of an exception: handlers look there for "read or write?". */
struct fault_regs {
	u64 vector, error_code, cr2;
};

struct task {
	struct thread thread;	    /* t: stack pointer, FPU state, FS base (arch/thread.h) */
	bool signal_wanted;	    /* a: something may be deliverable: look on the way out
				     * (entry.S knows where this field is) */
	_Atomic u32 refs;	    /* one of the scheduler, until it has left the CPU for good;
				     * one of its number, until it is reaped */
	enum task_state state;	    /* r; t, without the lock, to fall asleep (sync/wait.c) */
	bool wake_on_signal;	    /* r: SLEEPING interruptibly */
	bool wake_on_kill;	    /* r: SLEEPING, but SIGKILL ends it */
	bool on_cpu;		    /* r: a CPU still runs on its stack */
	bool on_runq;		    /* r */
	u32 cpu;		    /* r: where it runs, is queued, or ran last */
	u32 cpus_allowed;	    /* r: one bit each */
	s32 nice;		    /* r: -20 to 19 */
	u32 policy;		    /* p: sched_setscheduler(2); 0: SCHED_OTHER */
	bool reset_on_fork;	    /* p: SCHED_RESET_ON_FORK: children have no nice value below 0 */
	s64 slice_left_ns;	    /* r: less than 0 is taken off the next one */
	u64 woke_ns;		    /* t: when it woke somebody last... */
	bool sleeps_soon;	    /* t: ...and does it sleep soon after that (sched_cpus.c) */
	struct list runq_link;	    /* r */
	va_t kstack_top;	    /* c; the FPU's state, the entry's registers, frames */

	struct pid *pid;	    /* p: its tid; exec from a thread gives it the leader's */
	struct process *process;    /* c */
	struct list group_link;	    /* p */
	struct mm *mm;		    /* t: NULL for kernel tasks and after exit has let go */
	struct files *files;	    /* t, proc_lock for readers of others */
	struct fs *fs;		    /* t, proc_lock for readers of others */
	struct sighand *sighand;    /* t */
	struct creds creds;	    /* t, p: others look under proc_lock (proc/creds.h) */
	char name[TASK_NAME_LEN];   /* p: comm */

	sigset_t blocked;	    /* t: signal_set_blocked */
	sigset_t awaited;	    /* s, only by the task: sigtimedwait takes these, blocked or not */
	sigset_t saved_mask;	    /* t: for sigsuspend, ppoll */
	bool restore_mask;	    /* t */
	struct signal_queue pending; /* s */
	bool stopped;		    /* p: counted in process->nstopped */
	bool has_children;	    /* p: some process's parent_task, now or once */
	struct sigaltstack altstack; /* t */
	struct fault_regs fault;    /* t: the last exception that became a signal */
	struct restart_block restart; /* t: what restart_syscall(2) goes on with */

	u32 __user *clear_tid;	    /* t: CLONE_CHILD_CLEARTID, set_tid_address */
	void __user *robust_list;   /* t: set_robust_list */
	u32 __user *set_tid;	    /* t: CLONE_CHILD_SETTID: store the tid there at first run */
	struct vfork_wait *vfork;   /* p: the parent that waits until we exec or exit */
	struct usage usage;	    /* t */
	u64 switched_in_ns;	    /* r: since when it has had its CPU, or has it not any more */
	const struct mutex *waits_for; /* t: that it sleeps for */
	pid_t last_tid;		    /* t: of a zombie, whose number may have gone: for the trace */
#ifdef DEBUG
	u32 nmutexes;		    /* t: those that it holds, for the check of ranks */
	const struct mutex *mutexes[8]; /* t */
#endif
};

extern struct list all_processes;  /* p: struct process.all_link */
extern struct process *init_process;

static inline pid_t task_tid(const struct task *task)
{
	return task->pid->number;
}

static inline pid_t task_tgid(const struct task *task)
{
	return task->process->leader->pid->number;
}

/* Where a task's way through the kernel begins: below the FPU's state. */
static inline va_t task_stack_start(const struct task *task)
{
	return task->kstack_top - FPU_AREA;
}

/* The registers with which the task entered the kernel from user mode. */
static inline struct regs *task_regs(const struct task *task)
{
	return (struct regs *)task_stack_start(task) - 1;
}

/* The process's soft limit. */
static inline u64 task_rlimit(const struct task *task, enum rlimit_resource which)
{
	return task->process->rlimit[which].soft;
}

struct task *task_alloc(void);	 /* zeroed, with a kernel stack, two references; NULL: no memory */
void task_put(struct task *task); /* the last reference frees it; the last task its process */

/* The longest that ps and top show of a name: the last component of the path. */
void task_set_name(struct task *task, const char *path);

/* pid 1, which execs /init (or what init= names). */
void proc_start_init(void);

/* Kernel-only task (idle, reaper): runs fn on its own stack and never returns to user mode. */
struct task *task_start_kernel(const char *name, void (*fn)(void));

#endif
