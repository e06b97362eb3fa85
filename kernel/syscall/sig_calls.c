/*
 * The system calls about signals: kill and its like, actions, masks, waiting.
 * Sources: kill(2), tgkill(2), sigaction(2), sigprocmask(2), sigsuspend(2),
 * sigpending(2), sigaltstack(2), pause(2).
 */
#include "arch/cpu.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "proc/sigframe.h"
#include "syscall/syscalls.h"

enum sigprocmask_how { SIG_BLOCK = 0, SIG_UNBLOCK = 1, SIG_SETMASK = 2 };

#define SA_KNOWN                                                                                \
	((u32)(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_EXPOSE_TAGBITS | SA_RESTORER |     \
	       SA_ONSTACK | SA_RESTART | SA_NODEFER | SA_RESETHAND))

s64 sys_rt_sigaction(int sig, const void __user *act, void __user *old, size_t mask_size)
{
	struct sigaction new_action, old_action;
	if (mask_size != sizeof(sigset_t))
		return -EINVAL;
	if (act && copy_from_user(&new_action, act, sizeof new_action))
		return -EFAULT;
	if (sig < 1 || sig > NSIG || (act && (sig == SIGKILL || sig == SIGSTOP)))
		return -EINVAL;
	if (act) {
		new_action.mask &= ~(sig_bit(SIGKILL) | sig_bit(SIGSTOP));
		new_action.flags &= SA_KNOWN; /* so a program can ask which there are */
	}
	signal_set_action(sig, act ? &new_action : NULL, &old_action);
	if (old && copy_to_user(old, &old_action, sizeof old_action))
		return -EFAULT;
	return 0;
}

s64 sys_rt_sigprocmask(int how, const void __user *set, void __user *old, size_t mask_size)
{
	sigset_t old_mask = current->blocked, given;
	if (mask_size != sizeof(sigset_t))
		return -EINVAL;
	if (set) {
		if (get_user_u64(&given, set))
			return -EFAULT;
		if (how == SIG_BLOCK)
			signal_set_blocked(old_mask | given);
		else if (how == SIG_UNBLOCK)
			signal_set_blocked(old_mask & ~given);
		else if (how == SIG_SETMASK)
			signal_set_blocked(given);
		else
			return -EINVAL;
	}
	return old ? put_user_u64(old, old_mask) : 0;
}

s64 sys_rt_sigpending(void __user *set, size_t mask_size)
{
	if (mask_size > sizeof(sigset_t))
		return -EINVAL;
	struct sighand *sighand = current->sighand;
	spin_lock(&sighand->lock);
	sigset_t pending = (current->pending.set | current->process->pending.set) &
			   current->blocked;
	spin_unlock(&sighand->lock);
	return copy_to_user(set, &pending, mask_size);
}

/* Sleeps until a signal is delivered: pause and sigsuspend. */
static s64 sleep_for_signal(void)
{
	struct waitq nothing;
	struct waiter w;
	waitq_init(&nothing);
	waitq_join(&nothing, &w);
	while (waitq_sleep(&w) == 0)
		;
	waitq_leave(&w);
	return -ERESTARTNOHAND;
}

s64 sys_pause(void)
{
	return sleep_for_signal();
}

s64 sys_rt_sigsuspend(const void __user *mask, size_t mask_size)
{
	sigset_t new_mask;
	if (mask_size != sizeof(sigset_t))
		return -EINVAL;
	if (get_user_u64(&new_mask, mask))
		return -EFAULT;
	signal_mask_begin(new_mask);
	return sleep_for_signal();
}

s64 sys_sigaltstack(const void __user *stack, void __user *old)
{
	va_t sp = task_regs(current)->rsp;
	struct sigaltstack new_stack, old_stack = current->altstack;
	old_stack.flags = altstack_flags(sp);
	if (stack) {
		if (copy_from_user(&new_stack, stack, sizeof new_stack))
			return -EFAULT;
		if (old_stack.flags == SS_ONSTACK)
			return -EPERM;
		if (new_stack.flags != 0 && new_stack.flags != SS_DISABLE &&
		    new_stack.flags != SS_ONSTACK)
			return -EINVAL; /* LINUX-DIFF: SS_AUTODISARM too */
		if (new_stack.flags & SS_DISABLE)
			new_stack = (struct sigaltstack){.sp = 0};
		else if (new_stack.size < MINSIGSTKSZ)
			return -ENOMEM;
		current->altstack = new_stack;
	}
	return old ? copy_to_user(old, &old_stack, sizeof old_stack) : 0;
}

static struct siginfo info_from_user(int code)
{
	return (struct siginfo){
		.code = code,
		.pid = task_tgid(current),
		.uid = current->creds.uid,
	};
}

/* kill(2): root, or one of the sender's real and effective ids is the target's real or
 * saved one; SIGCONT within the session. */
static bool may_signal(const struct process *target, int sig)
{
	const struct creds *from = &current->creds, *to = &target->leader->creds;
	if (creds_root(from) || from->uid == to->uid || from->uid == to->suid ||
	    from->euid == to->uid || from->euid == to->suid)
		return true;
	return sig == SIGCONT && current->process->session == target->session;
}

static int kill_one(struct process *target, int sig, const struct siginfo *info)
{
	if (sig < 0 || sig > NSIG)
		return -EINVAL; /* after ESRCH, as Linux orders them */
	if (!may_signal(target, sig))
		return -EPERM;
	if (sig)
		signal_send_process(target, sig, info);
	return 0;
}

static int kill_pgrp(struct pid *pgrp, int sig, const struct siginfo *info)
{
	int result = -ESRCH;
	struct process *member;
	list_for_each(member, &pgrp->group_members, pgrp_link) {
		int error = kill_one(member, sig, info);
		if (!error || result == -ESRCH)
			result = error;
	}
	return result;
}

/* -1: everyone but init and the caller. */
static int kill_all(int sig, const struct siginfo *info)
{
	int result = -ESRCH;
	struct process *process;
	list_for_each(process, &all_processes, all_link) {
		if (process == init_process || process == current->process)
			continue;
		int error = kill_one(process, sig, info);
		if (error != -EPERM)
			result = error;
	}
	return result;
}

s64 sys_kill(pid_t pid, int sig)
{
	struct siginfo info = info_from_user(SI_USER);
	int result = -ESRCH;
	if (pid == INT32_MIN)
		return -ESRCH;
	spin_lock(&proc_lock);
	struct pid *target = pid > 0 ? pid_find(pid) : pid < -1 ? pid_find(-pid) : NULL;
	if (pid > 0 && target && target->task)
		result = kill_one(target->task->process, sig, &info);
	else if (pid == 0)
		result = kill_pgrp(current->process->pgrp, sig, &info);
	else if (pid == -1)
		result = kill_all(sig, &info);
	else if (pid < -1 && target)
		result = kill_pgrp(target, sig, &info);
	spin_unlock(&proc_lock);
	return result;
}

static s64 kill_task(pid_t tgid, pid_t tid, int sig)
{
	struct siginfo info = info_from_user(SI_TKILL);
	int result = -ESRCH;
	if (tid <= 0 || sig < 0 || sig > NSIG)
		return -EINVAL;
	spin_lock(&proc_lock);
	struct pid *pid = pid_find(tid);
	struct task *task = pid ? pid->task : NULL;
	if (task && (tgid == 0 || task_tgid(task) == tgid)) {
		result = may_signal(task->process, sig) ? 0 : -EPERM;
		if (!result && sig == SIGCONT)
			signal_send_process(task->process, sig, &info);
		else if (!result && sig)
			signal_send_task(task, sig, &info);
	}
	spin_unlock(&proc_lock);
	return result;
}

s64 sys_tkill(pid_t tid, int sig)
{
	return kill_task(0, tid, sig);
}

s64 sys_tgkill(pid_t tgid, pid_t tid, int sig)
{
	return tgid <= 0 ? -EINVAL : kill_task(tgid, tid, sig);
}
