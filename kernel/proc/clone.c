/*
 * clone: a new task that shares some resources with its maker and has copies
 * of the others. fork, vfork and pthread_create are rows of one table:
 *
 *	                VM     FILES  FS     SIGHAND  VFORK
 *	fork            copy   copy   copy   copy
 *	vfork           share  copy   copy   copy     wait
 *	pthread_create  share  share  share  share    + THREAD: in the same process
 *
 * Four steps and a precaution, in this order (clone_task):
 *
 *	clone_check    the flags, by themselves: changes nothing
 *	begin_fork     from here on signals to the whole group are the child's, too
 *	clone_build    a child that nobody can see: may fail, unwinds completely
 *	clone_commit   makes it visible, under proc_lock: cannot fail
 *	clone_run      tid stores, first wakeup, the wait of vfork
 *
 * "Copying" the address space is mm_fork: one table, whatever its size
 * (mm/tree.c). Locks: proc_lock in commit. Sources: clone(2), fork(2), vfork(2).
 */
#include "proc/clone.h"
#include "arch/cpu.h"
#include "fs/files.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/mm.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscalls.h"
#include "trace/trace.h"

/* Those that change nothing here: nobody traces, and there are no semaphores to undo. */
#define FLAGS_WITHOUT_EFFECT (CLONE_UNTRACED | CLONE_DETACHED | CLONE_SYSVSEM)

#define FLAGS_KNOWN                                                                             \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_VFORK | CLONE_PARENT |       \
	 CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID |       \
	 CLONE_CLEAR_SIGHAND | CLONE_THREAD | FLAGS_WITHOUT_EFFECT)

static int clone_check(const struct clone_args *args)
{
	u64 flags = args->flags;
	if (flags & ~FLAGS_KNOWN)
		return -EINVAL; /* namespaces, ptrace, pidfd: never ignored in silence */
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL; /* a handler is an address */
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL; /* threads have their process's handlers */
	if ((flags & CLONE_SIGHAND) && (flags & CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_PARENT) && current->process == init_process)
		return -EINVAL; /* init has no siblings */
	if ((flags & CLONE_SETTLS) && args->tls >= USER_END)
		return -EPERM;
	if (args->stack_top > USER_END)
		return -EINVAL;
	return 0;
}

/* LINUX-DIFF: CLONE_IO, CLONE_PTRACE and CLONE_PIDFD are EINVAL too. */

/* One function for each resource, all of one shape: share it or copy it. */

static int clone_mm(struct task *child, u64 flags)
{
	child->mm = flags & CLONE_VM ? mm_get(current->mm)
				     : mm_fork(current->mm, task_regs(current)->rsp);
	return child->mm ? 0 : -ENOMEM;
}

static int clone_files(struct task *child, u64 flags)
{
	child->files = flags & CLONE_FILES ? files_get(current->files) : files_copy(current->files);
	return child->files ? 0 : -ENOMEM;
}

static int clone_fs(struct task *child, u64 flags)
{
	child->fs = flags & CLONE_FS ? fs_get(current->fs) : fs_copy(current->fs);
	return child->fs ? 0 : -ENOMEM;
}

static int clone_sighand(struct task *child, u64 flags)
{
	child->sighand = flags & CLONE_SIGHAND ? sighand_get(current->sighand)
					       : sighand_copy(current->sighand);
	if (child->sighand && (flags & CLONE_CLEAR_SIGHAND))
		sighand_reset_for_exec(child->sighand);
	return child->sighand ? 0 : -ENOMEM;
}

static int clone_process(struct task *child, const struct clone_args *args)
{
	if (args->flags & CLONE_THREAD) {
		child->process = current->process;
		child->process->refs++;
		return 0;
	}
	struct process *process = process_new(child);
	if (!process)
		return -ENOMEM;
	process->exit_signal = args->exit_signal;
	process->personality = current->process->personality;
	memcpy(process->rlimit, current->process->rlimit, sizeof process->rlimit);
	return 0;
}

/* Registers and machine state: the child returns from the same call, with 0. */
static void clone_thread(struct task *child, const struct clone_args *args)
{
	thread_save(&child->thread);
	struct regs *regs = task_regs(child);
	*regs = *task_regs(current);
	regs->rax = 0;
	if (args->stack_top)
		regs->rsp = args->stack_top;
	if (args->flags & CLONE_SETTLS)
		child->thread.fs_base = args->tls;
	thread_init_user(child);
}

/* What belongs to the task alone. Pending signals, timers and usage start empty. */
static void clone_attributes(struct task *child, const struct clone_args *args)
{
	child->nice = current->reset_on_fork ? MAX(current->nice, 0) : current->nice;
	child->policy = current->policy;
	child->cpus_allowed = current->cpus_allowed;
	child->cpu = this_cpu()->id;
	child->sleeps_soon = true; /* until it is known better: a short life ends in a wakeup */
	child->blocked = current->blocked;
	memcpy(child->name, current->name, sizeof child->name);
	if (!(args->flags & CLONE_VM) || (args->flags & CLONE_VFORK))
		child->altstack = current->altstack;
	else
		child->altstack.flags = SS_DISABLE;
	if (args->flags & CLONE_CHILD_CLEARTID)
		child->clear_tid = args->child_tid;
	if (args->flags & CLONE_CHILD_SETTID) {
		child->set_tid = args->child_tid;
		child->signal_wanted = true; /* return_to_user_work makes the store */
	}
}

static struct task *clone_build(const struct clone_args *args)
{
	u64 flags = args->flags;
	struct task *child = task_alloc();
	if (!child)
		return ERR_PTR(-ENOMEM);
	int error = creds_fork(&child->creds);
	if (error)
		goto no_creds;
	error = clone_process(child, args);
	if (error)
		goto no_process;
	error = clone_files(child, flags);
	if (error)
		goto no_files;
	error = clone_fs(child, flags);
	if (error)
		goto no_fs;
	error = clone_sighand(child, flags);
	if (error)
		goto no_sighand;
	error = clone_mm(child, flags);
	if (error)
		goto no_mm;
	child->pid = pid_alloc();
	if (!child->pid) {
		error = -EAGAIN;
		goto no_pid;
	}
	clone_thread(child, args);
	clone_attributes(child, args);
	return child;

no_pid:
	mm_put(child->mm);
no_mm:
	sighand_put(child->sighand);
no_sighand:
	fs_put(child->fs);
no_fs:
	files_put(child->files);
no_files:
no_process:
	creds_put_groups(&child->creds);
	spin_lock(&proc_lock);
	creds_leave_user(&child->creds);
	spin_unlock(&proc_lock);
no_creds:
	child->refs = 1;
	task_put(child); /* with its process */
	return ERR_PTR(error);
}

/* From here on the child gets what the whole group is sent. What is pending already is for us:
 * it comes first, and the call starts anew after that, if we live. */
static int begin_fork(struct fork_signals *fork)
{
	fork->sent = 0;
	spin_lock(&proc_lock);
	list_append(&current->process->forks, &fork->link);
	int error = signal_pending(current) ? -ERESTARTNOINTR : 0;
	spin_unlock(&proc_lock);
	return error;
}

/* There will be no child. */
static void end_fork(struct fork_signals *fork)
{
	spin_lock(&proc_lock);
	list_remove(&fork->link);
	spin_unlock(&proc_lock);
}

static void commit_process(struct process *process, const struct clone_args *args,
			   const struct fork_signals *fork)
{
	struct process *maker = current->process;
	process->parent = args->flags & CLONE_PARENT ? maker->parent : maker;
	process_set_maker(process, args->flags & CLONE_PARENT ? maker->parent_task : current);
	process->parent_number = task_tid(process->parent->leader);
	if (args->flags & CLONE_PARENT)
		process->exit_signal = maker->exit_signal;
	list_append(&process->parent->children, &process->sibling_link);
	list_append(&all_processes, &process->all_link);
	process_join_session(process, maker->session);
	process->tty = maker->tty;
	process_join_pgrp(process, maker->pgrp);
	process->pending.set = fork->sent; /* to all of the group: nobody escapes by a fork */
	process->leader->signal_wanted |= fork->sent != 0;
}

/* One more thread of our process. If the process is ending or stopping meanwhile, so is the
 * thread. */
static void commit_thread(struct task *child)
{
	struct process *process = child->process;
	process->ntasks++;
	process->nlive++;
	if (process->exiting || process->execing)
		signal_send_task(child, SIGKILL, NULL);
	else if (process->stop_signal)
		child->signal_wanted = true; /* it stops with the others */
}

/* The child enters the tables: from here on it can be seen, signalled and waited for. */
static void clone_commit(struct task *child, const struct clone_args *args,
			 struct fork_signals *fork)
{
	spin_lock(&proc_lock);
	list_remove(&fork->link);
	child->pid->task = child;
	list_append(&child->process->tasks, &child->group_link);
	if (args->flags & CLONE_THREAD)
		commit_thread(child);
	else
		commit_process(child->process, args, fork);
	spin_unlock(&proc_lock);
}

void vfork_release(struct task *child)
{
	if (!child->vfork)
		return; /* only our maker sets it, before we run */
	spin_lock(&proc_lock);
	struct vfork_wait *wait = child->vfork;
	child->vfork = NULL;
	if (wait) {
		wait->done = true;
		waitq_wake_all(&wait->queue); /* under the lock: it lies on the parent's stack */
	}
	spin_unlock(&proc_lock);
}

/* The child has our memory: we stand still until it execs or exits. SIGKILL ends the wait. */
static void wait_for_vfork(struct vfork_wait *wait, pid_t child_tid)
{
	struct waiter w;
	waitq_join(&wait->queue, &w);
	while (!wait->done && waitq_sleep_quiet(&w, true) == 0)
		;
	waitq_leave(&w);
	spin_lock(&proc_lock);
	struct pid *pid = wait->done ? NULL : pid_find(child_tid);
	if (pid && pid->task && pid->task->vfork == wait)
		pid->task->vfork = NULL; /* killed: the child must not look for us */
	spin_unlock(&proc_lock);
}

static pid_t clone_run(struct task *child, const struct clone_args *args)
{
	struct vfork_wait wait;
	pid_t tid = task_tid(child); /* once it runs the child may be gone at any time */
	if (args->flags & CLONE_PARENT_SETTID)
		put_user_u32(args->parent_tid, tid); /* a bad address is not reported: clone(2) */
	if (args->flags & CLONE_VFORK) {
		waitq_init(&wait.queue);
		wait.done = false;
		child->vfork = &wait;
		current->sleeps_soon = true;
	}
	trace(fork, tid, task_tgid(child), child->mm->number,
	      args->flags | args->exit_signal);
	sched_start(child);
	if (args->flags & CLONE_VFORK)
		wait_for_vfork(&wait, tid);
	return tid;
}

s64 clone_task(const struct clone_args *args)
{
	int error = clone_check(args);
	if (error)
		return error;
	if (page_low())
		return -ENOMEM; /* the last frames are left to page faults */
	struct fork_signals fork;
	error = begin_fork(&fork);
	struct task *child = error ? ERR_PTR(error) : clone_build(args);
	if (IS_ERR(child)) {
		end_fork(&fork);
		return PTR_ERR(child);
	}
	clone_commit(child, args, &fork);
	return clone_run(child, args);
}
