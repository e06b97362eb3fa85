/*
 * wait: a parent learns what became of its children, and frees the zombies.
 *
 *	wait_for             sleeps until some child has news, or there is none to wait for
 *	  wait_look          under proc_lock: the one that is meant, or all children once
 *	    wait_child       has this one exited, stopped, or gone on?
 *	      process_reap   the last of a zombie: number, links, usage handed up
 *
 * A child that exits makes itself a zombie first and wakes process->child_wait
 * after; the parent joins that queue before it looks: no news is missed.
 *
 * Locks: proc_lock. Sources: wait(2), waitid(2), wait4(2).
 */
#include "arch/cpu.h"
#include "lib/errno.h"
#include "lib/panic.h"
#include "mm/heap.h"
#include "mm/uaccess.h"
#include "proc/exit.h"
#include "proc/process.h"
#include "proc/rusage.h"
#include "syscall/syscalls.h"
#include "trace/trace.h"

enum wait_options {
	WNOHANG = 1, WUNTRACED = 2, WSTOPPED = 2, WEXITED = 4, WCONTINUED = 8,
	WNOWAIT = 0x1000000, WNOTHREAD = 0x20000000, WALL = 0x40000000,
	WCLONE = (int)0x80000000,
};

enum wait_idtype { P_ALL = 0, P_PID = 1, P_PGID = 2 };

struct wait {
	enum wait_idtype idtype; /* which children */
	pid_t id;
	int options;

	/* The news, once there are any: */
	pid_t pid;
	u32 uid;
	int code;   /* CLD_* */
	int status; /* as wait4 reports it */
	struct usage usage;
};

void task_reap(struct task *task)
{
	struct pid *pid = task->pid;
	list_remove(&task->group_link);
	creds_leave_user(&task->creds);
	pid->task = NULL;
	pid_put(pid);
	task_put(task);
}

void process_reap(struct process *process)
{
	kassert(spin_held(&proc_lock) && process->zombie && !process->reaped);
	process->reaped = true;
	list_remove(&process->sibling_link);
	list_remove(&process->all_link);
	list_remove(&process->pgrp_link);
	list_remove(&process->session_link);
	pid_put(process->pgrp);
	pid_put(process->session);
	task_reap(process->leader); /* the process goes with it */
}

/* Does wait's idtype and id mean this child, and its options this sort of child? */
static bool wait_selects(const struct wait *wait, const struct process *child)
{
	if (wait->idtype == P_PID && task_tid(child->leader) != wait->id)
		return false;
	if (wait->idtype == P_PGID && child->pgrp->number != wait->id)
		return false;
	if ((wait->options & WNOTHREAD) && child->parent_task != current)
		return false;
	if (wait->options & WALL)
		return true;
	bool is_clone = child->exit_signal != SIGCHLD; /* wait(2): __WCLONE */
	return is_clone == !!(wait->options & WCLONE);
}

static void wait_found(struct wait *wait, struct process *child, int code, int status)
{
	wait->pid = task_tid(child->leader);
	wait->uid = child->leader->creds.uid;
	wait->code = code;
	wait->status = status;
	wait->usage = process_usage(child);
	usage_add(&wait->usage, &child->child_usage);
}

/* True if this child has news of a kind that is asked for; consumes them, unless WNOWAIT. */
static bool wait_child(struct wait *wait, struct process *child)
{
	bool keep = wait->options & WNOWAIT;
	if (child->zombie) {
		wait_found(wait, child, exit_code(child->exit_status), child->exit_status);
		if (!keep) {
			usage_add(&current->process->child_usage, &wait->usage);
			process_reap(child);
		}
		return true;
	}
	if (child->stop_unreported && (wait->options & WSTOPPED)) {
		wait_found(wait, child, CLD_STOPPED, child->stop_signal << 8 | 0x7f);
		child->stop_unreported = keep;
		return true;
	}
	if (child->continued && (wait->options & WCONTINUED)) {
		wait_found(wait, child, CLD_CONTINUED, 0xffff);
		child->continued = keep;
		return true;
	}
	return false;
}

/* 1: news in *wait; 0: none yet; -ECHILD: this child is not meant. */
static int wait_consider(struct wait *wait, struct process *child)
{
	if (!wait_selects(wait, child) || (child->zombie && !(wait->options & WEXITED)))
		return -ECHILD; /* a zombie has no other news ever */
	return wait_child(wait, child);
}

/* The child of that number: found at once, however many there are. */
static int wait_look_for_one(struct wait *wait)
{
	struct pid *pid = pid_find(wait->id);
	struct process *child = pid && pid->task ? pid->task->process : NULL;
	if (!child || child->parent != current->process)
		return -ECHILD;
	return wait_consider(wait, child);
}

static int wait_look_at_all(struct wait *wait)
{
	int result = -ECHILD;
	struct process *child;
	list_for_each(child, &current->process->children, sibling_link) {
		int news = wait_consider(wait, child);
		result = MAX(result, news);
		if (news > 0)
			break; /* the child may be gone */
	}
	return result;
}

/* The same of all that are meant; -ECHILD: nobody to wait for. */
static int wait_look(struct wait *wait)
{
	spin_lock(&proc_lock);
	int result = wait->idtype == P_PID ? wait_look_for_one(wait) : wait_look_at_all(wait);
	spin_unlock(&proc_lock);
	return result;
}

/* 1 with news, 0 for none with WNOHANG, -ECHILD, -ERESTARTSYS. */
static int wait_for(struct wait *wait)
{
	struct waiter w;
	int result;
	waitq_join(&current->process->child_wait, &w);
	while ((result = wait_look(wait)) == 0 && !(wait->options & WNOHANG)) {
		if (waitq_sleep(&w)) {
			result = -ERESTARTSYS;
			break;
		}
	}
	waitq_leave(&w);
	if (result > 0)
		trace(wait, wait->pid, wait->status);
	return result;
}

s64 sys_wait4(pid_t pid, int __user *status, int options, void __user *rusage)
{
	struct wait wait = {.idtype = P_ALL};
	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | WNOTHREAD | WALL | WCLONE))
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid > 0)
		wait.idtype = P_PID;
	else if (pid != -1)
		wait.idtype = P_PGID;
	wait.id = pid < -1 ? -pid : pid;
	wait.options = options | WEXITED;
	if (pid == 0) {
		spin_lock(&proc_lock);
		wait.id = current->process->pgrp->number;
		spin_unlock(&proc_lock);
	}

	int result = wait_for(&wait);
	if (result <= 0)
		return result;
	if (status && put_user_u32(status, wait.status))
		return -EFAULT;
	if (rusage && rusage_to_user(rusage, &wait.usage))
		return -EFAULT;
	return wait.pid;
}

static int waitid_to_user(struct siginfo __user *to, const struct wait *wait)
{
	struct siginfo info = {.signo = 0};
	if (wait) {
		info.signo = SIGCHLD;
		info.code = wait->code;
		info.pid = wait->pid;
		info.uid = wait->uid;
		info.status = wait->code == CLD_EXITED	    ? wait->status >> 8
			      : wait->code == CLD_STOPPED   ? wait->status >> 8
			      : wait->code == CLD_CONTINUED ? SIGCONT
							    : wait->status & 0x7f;
	}
	/* Only these fields are written, as on Linux: the rest of the caller's struct stays. */
	if (copy_to_user(to, &info, offsetof(struct siginfo, pad)) ||
	    copy_to_user((char __user *)to + offsetof(struct siginfo, pid), &info.pid, 12))
		return -EFAULT;
	return 0;
}

/* Fills in which children are meant; 0 or -EINVAL. */
static int waitid_arguments(struct wait *wait, int idtype, pid_t id, int options)
{
	*wait = (struct wait){.idtype = idtype, .id = id, .options = options};
	if (options & ~(WNOHANG | WSTOPPED | WEXITED | WCONTINUED | WNOWAIT | WNOTHREAD | WALL |
			WCLONE))
		return -EINVAL;
	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	switch (idtype) {
	case P_ALL:
		return 0;
	case P_PID:
		return id <= 0 ? -EINVAL : 0;
	case P_PGID:
		if (id < 0)
			return -EINVAL;
		if (id == 0) {
			spin_lock(&proc_lock);
			wait->id = current->process->pgrp->number;
			spin_unlock(&proc_lock);
		}
		return 0;
	default:
		return -EINVAL; /* P_PIDFD too: there are no pidfds */
	}
}

s64 sys_waitid(int idtype, pid_t id, void __user *info, int options, void __user *rusage)
{
	struct wait wait;
	int result = waitid_arguments(&wait, idtype, id, options);
	if (result == 0)
		result = wait_for(&wait);
	if (result > 0 && rusage && rusage_to_user(rusage, &wait.usage))
		return -EFAULT;
	/* After an error, too: without a child all fields are 0. */
	if (info && waitid_to_user(info, result > 0 ? &wait : NULL))
		return -EFAULT;
	return MIN(result, 0);
}
