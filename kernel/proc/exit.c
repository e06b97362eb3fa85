/*
 * exit: a task lets go of all that it has; the last one of a process leaves a
 * status for wait.
 *
 *	exit_process     (exit_group, a signal that kills) makes all threads end
 *	  exit_task      (exit) this one
 *	    exit_release   address space, descriptors, directory: may sleep
 *	    exit_leave     under proc_lock, the task turns ZOMBIE
 *	      exit_leave_process   the last thread: children go to init, orphaned
 *	                           groups are told, then the parent
 *	    schedule       never returns
 *
 * Resources go first, so that a zombie holds little more than its number and
 * its status; telling the parent comes last, so that what wait returns is
 * really over. The task itself is freed when the CPU has left its stack
 * (finish_switch in sched.c) and it has been reaped: a process by wait
 * (process_reap), a thread by itself. A leader that exits before its threads
 * stays a zombie until the last of them has gone.
 *
 * Locks: proc_lock. Sources: _exit(2), exit_group(2), wait(2); POSIX XBD 3.264
 * for orphaned process groups.
 */
#include "proc/exit.h"
#include "arch/cpu.h"
#include "dev/tty.h"
#include "fs/files.h"
#include "lib/panic.h"
#include "mm/heap.h"
#include "mm/mm.h"
#include "mm/uaccess.h"
#include "proc/futex.h"
#include "proc/posix_timer.h"
#include "proc/process.h"
#include "syscall/syscalls.h"
#include "trace/trace.h"

void exit_release_mm(struct task *task)
{
	struct mm *mm = task->mm;
	if (!mm)
		return;
	robust_list_release();
	if (task->clear_tid && mm->users > 1) { /* others can see it: CLONE_CHILD_CLEARTID */
		put_user_u32(task->clear_tid, 0);
		futex_wake(task->clear_tid, false, 1, FUTEX_ANY);
	}
	task->clear_tid = NULL;
	u64 resident = mm->peak_resident;
	if (task->usage.max_resident_pages < resident)
		task->usage.max_resident_pages = resident;
}

static void exit_release(struct task *task)
{
	exit_release_mm(task);
	struct mm *mm = task->mm;
	struct files *files = task->files;
	struct fs *fs = task->fs;
	spin_lock(&proc_lock); /* /proc may be looking */
	task->mm = NULL;
	task->files = NULL;
	task->fs = NULL;
	spin_unlock(&proc_lock);
	mm_put(mm);
	vfork_release(task); /* the parent has its memory for itself again */
	files_put(files);
	fs_put(fs);
	creds_put_groups(&task->creds);
}

bool pgrp_is_orphaned(struct pid *pgrp, struct process *except)
{
	struct process *member;
	list_for_each(member, &pgrp->group_members, pgrp_link) {
		if (member == except || member->zombie || member->parent == init_process ||
		    !member->parent)
			continue;
		if (member->parent->pgrp != pgrp && member->parent->session == member->session)
			return false;
	}
	return true;
}

static bool pgrp_has_stopped(struct pid *pgrp)
{
	struct process *member;
	list_for_each(member, &pgrp->group_members, pgrp_link)
		if (member->stop_signal)
			return true;
	return false;
}

/* A group that nobody is left to continue: SIGHUP and SIGCONT, if it is stopped. */
static void hang_up_if_orphaned(struct pid *pgrp, struct process *except)
{
	if (!pgrp_is_orphaned(pgrp, except) || !pgrp_has_stopped(pgrp))
		return;
	signal_send_pgrp(pgrp, SIGHUP, NULL);
	signal_send_pgrp(pgrp, SIGCONT, NULL);
}

/* Children go to the nearest ancestor that has asked for orphans, or to init. */
static struct process *new_parent(struct process *process)
{
	for (struct process *p = process->parent; p; p = p->parent)
		if (p->subreaper && !p->zombie)
			return p;
	return init_process;
}

static void give_children_away(struct process *process)
{
	struct process *heir = new_parent(process);
	struct process *child, *next;
	list_for_each_safe(child, next, &process->children, sibling_link) {
		child->parent = heir;
		process_set_maker(child, process_living(heir));
		child->parent_number = task_tid(heir->leader);
		list_remove(&child->sibling_link);
		list_append(&heir->children, &child->sibling_link);
		if (child->parent_death_signal && !child->zombie)
			signal_send_process(child, child->parent_death_signal, NULL);
		child->exit_signal = SIGCHLD;
		if (child->zombie)
			process_notify_zombie(child);
		else if (child->pgrp != process->pgrp && child->session == process->session)
			hang_up_if_orphaned(child->pgrp, process);
	}
}

/* A parent that ignores SIGCHLD, or says SA_NOCLDWAIT, leaves no zombies. */
static bool parent_reaps_at_once(const struct process *process)
{
	if (process->exit_signal != SIGCHLD || !process_living(process->parent))
		return false;
	struct sigaction action = process_action(process->parent, SIGCHLD);
	return action.handler == SIG_IGN || (action.flags & SA_NOCLDWAIT);
}

int exit_code(int status)
{
	if ((status & 0x7f) == 0)
		return CLD_EXITED;
	return status & 0x80 ? CLD_DUMPED : CLD_KILLED;
}

void process_notify_zombie(struct process *process)
{
	int status = process->exit_status, code = exit_code(status);
	bool at_once = parent_reaps_at_once(process);
	process_notify_parent(process, process->exit_signal, code,
			      code == CLD_EXITED ? status >> 8 : status & 0x7f);
	if (at_once)
		process_reap(process);
}

struct task *process_living(struct process *process)
{
	struct task *task;
	list_for_each(task, &process->tasks, group_link)
		if (task->sighand)
			return task;
	return NULL;
}

/* The last thread has gone: the process is over. proc_lock held. */
static void exit_leave_process(struct process *process)
{
	process->stop_signal = 0;
	process->stop_unreported = false;
	give_children_away(process);
	if (process->parent->pgrp != process->pgrp && process->parent->session == process->session)
		hang_up_if_orphaned(process->pgrp, process);
	process->zombie = true;
	signal_queue_flush(&process->pending);
	process_notify_zombie(process);
}

/* One of several threads has gone: another one inherits its children (prctl(2) and wait(2) tell
 * threads apart), and the others may have waited for it to stop, or not looked at a signal of
 * the process because it was to take it. */
static void exit_leave_threads(struct process *process, const struct task *gone)
{
	struct process *child;
	list_for_each(child, &process->children, sibling_link) {
		if (!gone->has_children)
			break; /* there may be 10,000, and this thread has made none of them */
		if (child->parent_task != gone)
			continue;
		process_set_maker(child, process_living(process));
		if (child->parent_death_signal && !child->zombie)
			signal_send_process(child, child->parent_death_signal, NULL);
	}
	signal_stop_progress(process);
	if (process->pending.set) /* else 10,000 threads would look at each other */
		signal_hand_over(process, process->pending.set);
}

/* A thread that is not the leader goes without a trace; the leader waits for the others. */
static void exit_leave(struct task *task, int status)
{
	struct process *process = task->process;
	spin_lock(&proc_lock);
	while (process->ntasks == 1 && process->alarm.fn && !timer_stop(&process->alarm)) {
		spin_unlock(&proc_lock); /* SIGALRM is on its way, and waits for the lock */
		cpu_relax();
		spin_lock(&proc_lock);
	}
	struct sighand *sighand = task->sighand;
	struct usage usage = task_usage(task); /* with what it has run since its last switch */
	usage_add(&process->usage, &usage);
	signal_queue_flush(&task->pending);
	task->sighand = NULL;
	task->last_tid = task_tid(task);
	task->state = TASK_ZOMBIE;
	if (!process->exiting)
		process->exit_status = status; /* the last thread's stays, as on Linux from 5.19 on */
	if (task != process->leader)
		task_reap(task);
	process->ntasks--;
	if (process->ntasks == 0)
		exit_leave_process(process);
	else
		exit_leave_threads(process, task);
	if (process->ntasks == 1 && process->execing)
		waitq_wake_all(&process->alone_wait);
	spin_unlock(&proc_lock);
	sighand_put(sighand);
}

/* True if all others have begun to exit, too, and a session ends with the process. Several
 * threads may come here at once, so that the last cannot be told by ntasks yet. */
static bool exit_begin(struct process *process, int status)
{
	spin_lock(&proc_lock);
	bool last = --process->nlive == 0;
	bool leads_session = process->session == process->leader->pid;
	spin_unlock(&proc_lock);
	if (last)
		posix_timers_end(process);
	if (last && process == init_process)
		panic("init (pid 1) has ended, status %#x; without it no process can go on", status);
	return last && leads_session;
}

static __noreturn void exit_task(int status)
{
	struct task *task = current;
	task->sleeps_soon = true; /* for good */
	trace(exit, status);
	bool session_ends = exit_begin(task->process, status);
	exit_release(task);
	if (session_ends)
		tty_session_ended();
	exit_leave(task, status);
	schedule();
	panic("a zombie runs");
}

void process_kill_others(struct process *process)
{
	struct task *task;
	list_for_each(task, &process->tasks, group_link)
		if (task != current)
			signal_send_task(task, SIGKILL, NULL);
}

void exit_process(int status)
{
	struct process *process = current->process;
	spin_lock(&proc_lock);
	/* exec ends us by SIGKILL, and is not disturbed by exit_group; by another signal it is. */
	bool may_be_exec = (status & 0x7f) == 0 || (status & 0x7f) == SIGKILL;
	bool by_exec = process->execing && process->execing != current && may_be_exec;
	if (!process->exiting && !by_exec) {
		process->exiting = true;
		process->exit_status = status;
		process_kill_others(process);
	}
	spin_unlock(&proc_lock);
	exit_task(status);
}

s64 sys_exit(int status)
{
	exit_task((status & 0xff) << 8);
}

s64 sys_exit_group(int status)
{
	exit_process((status & 0xff) << 8);
}
