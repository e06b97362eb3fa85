/*
 * What programs may say about their turns: nice values, policies, CPUs.
 *
 * All of them name one thread by its tid (0: the caller), but for PRIO_PGRP and
 * PRIO_USER. What a nice value and a mask of CPUs do is the scheduler's matter
 * (proc/sched.c, proc/sched_cpus.c).
 *
 * Lock: proc_lock, so that the thread does not go away. Sources: getpriority(2),
 * sched_setscheduler(2), sched_setaffinity(2), sched(7).
 */
#include "arch/cpu.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscalls.h"

/* The thread of this tid; NULL if there is none. proc_lock held. */
static struct task *find_thread(pid_t tid)
{
	struct pid *number = tid > 0 ? pid_find(tid) : NULL;
	if (tid == 0)
		return current;
	return number ? number->task : NULL;
}

enum priority_which { PRIO_PROCESS, PRIO_PGRP, PRIO_USER };

static bool priority_selects(const struct task *task, int which, u32 who)
{
	if (which == PRIO_PGRP)
		return task->process->pgrp->number ==
		       (who ? (pid_t)who : current->process->pgrp->number);
	return task->creds.uid == (who ? who : current->creds.uid);
}

/* Calls fn for each thread that is meant; result is what the calls before have led to. */
static s64 for_each_selected(int which, int who, int nice,
			     s64 (*fn)(struct task *task, int nice, s64 result))
{
	s64 result = -ESRCH;
	struct process *process;
	struct task *task;
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	spin_lock(&proc_lock);
	if (which == PRIO_PROCESS) {
		task = find_thread(who);
		if (task)
			result = fn(task, nice, result);
	} else {
		list_for_each(process, &all_processes, all_link)
			list_for_each(task, &process->tasks, group_link)
				if (priority_selects(task, which, who))
					result = fn(task, nice, result);
	}
	spin_unlock(&proc_lock);
	return result;
}

/* 20 - nice, so that the result is never negative; libc turns it back: getpriority(2). */
static s64 highest(struct task *task, int unused, s64 result)
{
	(void)unused;
	return MAX(result, 20 - task->nice);
}

s64 sys_getpriority(int which, int who)
{
	return for_each_selected(which, who, 0, highest);
}

/* A lower value than it has: as far down as RLIMIT_NICE says, getrlimit(2). */
static bool may_have_nice(const struct task *task, int nice)
{
	return nice >= task->nice || creds_root(&current->creds) ||
	       (u64)(20 - nice) <= task_rlimit(task, RLIMIT_NICE);
}

static s64 set_nice(struct task *task, int nice, s64 result)
{
	if (!creds_may_schedule(&current->creds, &task->creds))
		return -EPERM;
	if (!may_have_nice(task, nice))
		return -EACCES;
	sched_set_nice(task, nice);
	return result == -ESRCH ? 0 : result;
}

s64 sys_setpriority(int which, int who, int nice)
{
	return for_each_selected(which, who, MAX(-20, MIN(nice, 19)), set_nice);
}

enum policy {
	SCHED_OTHER = 0, SCHED_FIFO = 1, SCHED_RR = 2, SCHED_BATCH = 3, SCHED_IDLE = 5,
	SCHED_DEADLINE = 6, SCHED_RESET_ON_FORK = 0x40000000,
};

static bool is_real_time(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

/* As sched_getscheduler tells it, and set_policy takes it. */
static int policy_of(const struct task *task)
{
	return task->policy | (task->reset_on_fork ? SCHED_RESET_ON_FORK : 0);
}

/* LINUX-DIFF: there is no real-time class: EPERM, as for plain users there. BATCH and IDLE are
 * kept, but take turns as OTHER does. */
static s64 set_policy(struct task *task, int policy, int priority)
{
	bool reset = policy & SCHED_RESET_ON_FORK;
	policy &= ~SCHED_RESET_ON_FORK;
	bool known = policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE;
	if (!known && !is_real_time(policy))
		return -EINVAL;
	if (priority < 0 || priority > 99 || is_real_time(policy) != (priority != 0))
		return -EINVAL;
	if (is_real_time(policy))
		return -EPERM;
	if (task->policy == SCHED_IDLE && policy != SCHED_IDLE && !creds_root(&current->creds) &&
	    (u64)(20 - task->nice) > task_rlimit(task, RLIMIT_NICE))
		return -EPERM;
	if (!creds_may_schedule(&current->creds, &task->creds) ||
	    (task->reset_on_fork && !reset && !creds_root(&current->creds)))
		return -EPERM;
	task->policy = policy;
	task->reset_on_fork = reset;
	return 0;
}

/* policy -1: the one that it has. */
static s64 set_scheduler(pid_t tid, int policy, const int __user *param)
{
	int priority;
	if (tid < 0 || !param)
		return -EINVAL;
	if (copy_from_user(&priority, param, sizeof priority))
		return -EFAULT;
	spin_lock(&proc_lock);
	struct task *task = find_thread(tid);
	s64 result = -ESRCH;
	if (task)
		result = set_policy(task, policy < 0 ? policy_of(task) : policy, priority);
	spin_unlock(&proc_lock);
	return result;
}

s64 sys_sched_setscheduler(pid_t tid, int policy, const int __user *param)
{
	return policy < 0 ? -EINVAL : set_scheduler(tid, policy, param);
}

s64 sys_sched_setparam(pid_t tid, const int __user *param)
{
	return set_scheduler(tid, -1, param);
}

s64 sys_sched_getscheduler(pid_t tid)
{
	if (tid < 0)
		return -EINVAL;
	spin_lock(&proc_lock);
	struct task *task = find_thread(tid);
	s64 policy = task ? policy_of(task) : -ESRCH;
	spin_unlock(&proc_lock);
	return policy;
}

s64 sys_sched_getparam(pid_t tid, int __user *param)
{
	s64 policy = param ? sys_sched_getscheduler(tid) : -EINVAL;
	return policy < 0 ? policy : put_user_u32(param, 0);
}

struct sched_attr { /* linux/sched/types.h; the first version ends before util_min */
	u32 size, policy;
	u64 flags;
	s32 nice;
	u32 priority;
	u64 runtime, deadline, period;
	u32 util_min, util_max;
};
enum { ATTR_SIZE_MIN = 48 };
enum { ATTR_RESET_ON_FORK = 1, ATTR_KEEP_POLICY = 8, ATTR_KEEP_PARAMS = 16,
       ATTR_KNOWN = ATTR_RESET_ON_FORK | ATTR_KEEP_POLICY | ATTR_KEEP_PARAMS };

s64 sys_sched_getattr(pid_t tid, void __user *attr_at, u32 size, u32 flags)
{
	struct sched_attr attr = {.size = MIN(size, sizeof attr)};
	if (!attr_at || tid < 0 || size < ATTR_SIZE_MIN || size > PAGE_SIZE || flags)
		return -EINVAL;
	spin_lock(&proc_lock);
	const struct task *task = find_thread(tid);
	if (task) {
		attr.policy = task->policy;
		attr.flags = task->reset_on_fork;
		attr.nice = task->nice;
	}
	spin_unlock(&proc_lock);
	return task ? copy_to_user(attr_at, &attr, attr.size) : -ESRCH;
}

/* What user space gives beyond the attributes that we know must be zero. */
static int attr_from_user(struct sched_attr *attr, char __user *from)
{
	u32 size;
	u8 byte = 0;
	*attr = (struct sched_attr){0};
	if (copy_from_user(&size, from, sizeof size))
		return -EFAULT;
	size = size ? size : ATTR_SIZE_MIN;
	for (u32 i = sizeof *attr; i < MIN(size, PAGE_SIZE) && !byte; i++)
		if (copy_from_user(&byte, from + i, 1))
			return -EFAULT;
	if (size < ATTR_SIZE_MIN || size > PAGE_SIZE || byte)
		return put_user_u32(from, sizeof *attr) ? -EFAULT : -E2BIG;
	return copy_from_user(attr, from, MIN(size, sizeof *attr));
}

s64 sys_sched_setattr(pid_t tid, void __user *attr_at, u32 flags)
{
	struct sched_attr attr;
	if (!attr_at || tid < 0 || flags)
		return -EINVAL;
	int error = attr_from_user(&attr, attr_at);
	if (error)
		return error;
	if ((s32)attr.policy < 0 || (attr.policy & SCHED_RESET_ON_FORK) ||
	    (attr.flags & ~(u64)ATTR_KNOWN))
		return -EINVAL;
	int nice = MAX(-20, MIN(attr.nice, 19));
	int policy = attr.policy;
	if (attr.flags & ATTR_RESET_ON_FORK)
		policy |= SCHED_RESET_ON_FORK;
	spin_lock(&proc_lock);
	struct task *task = find_thread(tid);
	s64 result = -ESRCH;
	if (task && !(attr.flags & ATTR_KEEP_PARAMS) && !may_have_nice(task, nice))
		result = -EPERM;
	else if (task)
		result = set_policy(task, attr.flags & ATTR_KEEP_POLICY ? policy_of(task) : policy,
				    attr.priority);
	if (result == 0 && !(attr.flags & ATTR_KEEP_PARAMS) && task->policy != SCHED_IDLE)
		sched_set_nice(task, nice);
	spin_unlock(&proc_lock);
	return result;
}

s64 sys_sched_get_priority_max(int policy)
{
	if (is_real_time(policy))
		return 99;
	return policy < 0 || policy > SCHED_DEADLINE || policy == 4 ? -EINVAL : 0;
}

s64 sys_sched_get_priority_min(int policy)
{
	return is_real_time(policy) ? 1 : sys_sched_get_priority_max(policy);
}

s64 sys_sched_rr_get_interval(pid_t tid, void __user *interval)
{
	u64 out[2] = {0, 0};
	if (tid < 0)
		return -EINVAL;
	spin_lock(&proc_lock);
	struct task *task = find_thread(tid);
	if (task)
		out[1] = sched_slice_ns(task);
	spin_unlock(&proc_lock);
	return task ? copy_to_user(interval, out, sizeof out) : -ESRCH;
}

s64 sys_sched_yield(void)
{
	schedule();
	return 0;
}

/* Not under proc_lock for ourselves: we may have to leave our CPU. */
s64 sys_sched_setaffinity(pid_t tid, size_t size, const void __user *mask)
{
	u64 wanted = 0;
	if (copy_from_user(&wanted, mask, MIN(size, sizeof wanted)))
		return -EFAULT;
	if (tid == 0 || tid == task_tid(current))
		return sched_set_affinity(current, wanted);
	s64 result = -ESRCH;
	spin_lock(&proc_lock);
	struct task *task = find_thread(tid);
	if (task) {
		task->refs++;
		result = creds_may_schedule(&current->creds, &task->creds)
				 ? sched_set_affinity(task, wanted)
				 : -EPERM;
	}
	spin_unlock(&proc_lock);
	if (task) {
		sched_wait_affinity(task);
		task_put(task);
	}
	return result;
}

s64 sys_sched_getaffinity(pid_t tid, size_t size, void __user *mask)
{
	u64 allowed = (1ull << ncpus) - 1;
	if (size * 8 < ncpus || size % sizeof allowed)
		return -EINVAL;
	spin_lock(&proc_lock);
	const struct task *task = find_thread(tid);
	if (task)
		allowed &= task->cpus_allowed;
	spin_unlock(&proc_lock);
	if (!task)
		return -ESRCH;
	return copy_to_user(mask, &allowed, sizeof allowed) ? -EFAULT : (s64)sizeof allowed;
}

s64 sys_getcpu(u32 __user *cpu, u32 __user *node, void __user *unused)
{
	(void)unused;
	if (cpu && put_user_u32(cpu, this_cpu()->id))
		return -EFAULT;
	if (node && put_user_u32(node, 0))
		return -EFAULT;
	return 0;
}
