/*
 * Who a process is: its number, group and session; and what a thread tells of
 * itself. User and group ids are in creds_calls.c.
 *
 * Sources: credentials(7), setpgid(2), setsid(2), arch_prctl(2).
 * Lock: proc_lock for the process tree, groups and sessions.
 */
#include "arch/cpu.h"
#include "arch/pte.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscalls.h"

s64 sys_getpid(void)
{
	return task_tgid(current);
}

s64 sys_gettid(void)
{
	return task_tid(current);
}

s64 sys_getppid(void)
{
	return current->process->parent_number;
}

/* The process by number, 0 meaning the caller; proc_lock held. NULL if there is none. */
static struct process *find_process(pid_t number)
{
	if (number == 0)
		return current->process;
	struct pid *pid = number > 0 ? pid_find(number) : NULL;
	return pid && pid->task ? pid->task->process : NULL;
}

/* May the caller put the target into group pgid? setpgid(2), ERRORS. */
static int check_setpgid(const struct process *target, pid_t pid, pid_t pgid)
{
	const struct process *self = current->process;
	if (!target)
		return -ESRCH;
	if (pid != 0 && pid != task_tid(target->leader))
		return -EINVAL; /* another thread's number */
	if (target != self && target->parent != self)
		return -ESRCH;
	if (target != self && target->session != self->session)
		return -EPERM;
	if (target != self && target->did_exec)
		return -EACCES;
	if (target->session == target->leader->pid)
		return -EPERM; /* a session leader stays where it is */
	if (pgid == task_tid(target->leader))
		return 0; /* a group of its own */
	struct pid *pgrp = pid_find(pgid);
	if (!pgrp || list_empty(&pgrp->group_members))
		return -EPERM;
	const struct process *member =
		list_first(&pgrp->group_members, struct process, pgrp_link);
	return member->session == self->session ? 0 : -EPERM;
}

s64 sys_setpgid(pid_t pid, pid_t pgid)
{
	if (pgid == 0)
		pgid = pid; /* both 0: the caller, below */
	if (pgid < 0)
		return -EINVAL;
	spin_lock(&proc_lock);
	struct process *target = find_process(pid);
	if (pgid == 0 && target)
		pgid = task_tid(target->leader);
	int error = check_setpgid(target, pid, pgid);
	if (!error && target->pgrp->number != pgid)
		process_join_pgrp(target, pid_find(pgid));
	spin_unlock(&proc_lock);
	return error;
}

s64 sys_getpgid(pid_t pid)
{
	spin_lock(&proc_lock);
	struct process *process = find_process(pid);
	s64 result = process ? process->pgrp->number : -ESRCH;
	spin_unlock(&proc_lock);
	return result;
}

s64 sys_getpgrp(void)
{
	return sys_getpgid(0);
}

s64 sys_getsid(pid_t pid)
{
	spin_lock(&proc_lock);
	struct process *process = find_process(pid);
	s64 result = process ? process->session->number : -ESRCH;
	spin_unlock(&proc_lock);
	return result;
}

s64 sys_setsid(void)
{
	struct process *self = current->process;
	struct pid *number = self->leader->pid;
	s64 result = -EPERM;
	spin_lock(&proc_lock);
	if (list_empty(&number->group_members)) { /* else there is a group of our number */
		process_join_session(self, number);
		process_join_pgrp(self, number);
		result = number->number;
	}
	spin_unlock(&proc_lock);
	return result;
}

s64 sys_set_tid_address(u32 __user *tid)
{
	current->clear_tid = tid;
	return task_tid(current);
}

enum arch_prctl_code { ARCH_SET_GS = 0x1001, ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_GS };

s64 sys_arch_prctl(int code, va_t addr)
{
	struct thread *thread = &current->thread;
	thread_save(thread);
	switch (code) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (addr >= USER_END)
			return -EPERM;
		*(code == ARCH_SET_FS ? &thread->fs_base : &thread->gs_base) = addr;
		thread_load(thread);
		return 0;
	case ARCH_GET_FS:
		return put_user_u64((void __user *)addr, thread->fs_base);
	case ARCH_GET_GS:
		return put_user_u64((void __user *)addr, thread->gs_base);
	default:
		return -EINVAL;
	}
}
