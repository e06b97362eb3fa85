/*
 * Resource limits: prlimit and its elder forms, and the limit of CPU time,
 * which the timer enforces. The other limits are enforced where the resource
 * is taken (docs/abi.md, Limits).
 *
 * Lock: proc_lock for the limits of a process; who only reads the soft limit of
 * its own may do so without (task_rlimit). Source: getrlimit(2).
 */
#include "arch/cpu.h"
#include "arch/time.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscalls.h"

enum { NR_OPEN = 1048576 }; /* fs.nr_open on Linux */

/* 0 or why the new limit cannot be set. */
static int check_limit(const struct rlimit *old, const struct rlimit *new, u32 which)
{
	if (new->soft > new->hard)
		return -EINVAL;
	if (which == RLIMIT_NOFILE && new->hard > NR_OPEN)
		return -EPERM;
	if (new->hard > old->hard && !creds_root(&current->creds))
		return -EPERM;
	return 0;
}

/* Reads and changes a limit; both may be NULL. proc_lock held. */
static int change_limit(struct process *target, u32 which, const struct rlimit *new,
			struct rlimit *old)
{
	if (which >= RLIMIT_COUNT)
		return -EINVAL;
	struct rlimit *limit = &target->rlimit[which];
	int error = new ? check_limit(limit, new, which) : 0;
	if (!error && old)
		*old = *limit;
	if (!error && new)
		*limit = *new;
	return error;
}

/* Root, or all ids of the other are our real ones: prlimit(2). */
static bool may_limit(const struct task *task)
{
	const struct creds *us = &current->creds, *other = &task->creds;
	return task == current || creds_root(us) ||
	       (us->uid == other->uid && us->uid == other->euid && us->uid == other->suid &&
		us->gid == other->gid && us->gid == other->egid && us->gid == other->sgid);
}

s64 sys_prlimit64(pid_t pid, u32 which, const void __user *new_limit, void __user *old_limit)
{
	struct rlimit new, old;
	if (new_limit && copy_from_user(&new, new_limit, sizeof new))
		return -EFAULT;
	spin_lock(&proc_lock);
	struct pid *number = pid ? pid_find(pid) : current->pid;
	int error = -ESRCH;
	if (number && number->task)
		error = !may_limit(number->task)
				? -EPERM
				: change_limit(number->task->process, which,
					       new_limit ? &new : NULL, &old);
	spin_unlock(&proc_lock);
	if (error)
		return error;
	return old_limit ? copy_to_user(old_limit, &old, sizeof old) : 0;
}

s64 sys_getrlimit(u32 which, void __user *limit)
{
	if (which >= RLIMIT_COUNT)
		return -EINVAL;
	return limit ? sys_prlimit64(0, which, NULL, limit) : -EFAULT;
}

s64 sys_setrlimit(u32 which, const void __user *limit)
{
	return limit ? sys_prlimit64(0, which, limit, NULL) : -EFAULT;
}

void process_check_cpu_limit(struct process *process)
{
	struct rlimit *limit = &process->rlimit[RLIMIT_CPU];
	if (limit->soft == RLIM_INFINITY && limit->hard == RLIM_INFINITY)
		return; /* read without the lock: a new limit may come a tick late */
	spin_lock(&proc_lock);
	u64 seconds = process_usage(process).run_ns / NSEC_PER_SEC;
	/* Below one second is one second: a limit of 0 would kill before anything can be done. */
	if (seconds >= MAX(limit->hard, 1ul)) {
		signal_send_process(process, SIGKILL, NULL);
	} else if (seconds >= MAX(limit->soft, 1ul)) {
		signal_send_process(process, SIGXCPU, NULL);
		limit->soft = seconds + 1; /* once a second from now on, as on Linux */
	}
	spin_unlock(&proc_lock);
}
