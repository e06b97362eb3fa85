/*
 * The system calls that send signals: to a process, a group, or everyone; to a
 * thread; and with a siginfo of the sender's own.
 *
 * Locks: proc_lock, so that the target stays. Sources: kill(2), tgkill(2),
 * rt_sigqueueinfo(2), sigqueue(3).
 */
#include "arch/cpu.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscalls.h"

enum { SIGINFO_USED = 48 }; /* bytes of siginfo_t that Linux passes on: the largest form */

static struct siginfo info_from_user(int code)
{
	return (struct siginfo){
		.code = code,
		.pid = task_tgid(current),
		.uid = current->creds.uid,
	};
}

/* kill(2): itself, root, or one of the sender's real and effective ids is the target's real or
 * saved one; SIGCONT within the session. */
static bool may_signal(const struct task *target, int sig)
{
	const struct creds *from = &current->creds, *to = &target->creds;
	if (target->process == current->process || creds_root(from) || from->uid == to->uid ||
	    from->uid == to->suid || from->euid == to->uid || from->euid == to->suid)
		return true;
	return sig == SIGCONT && current->process->session == target->process->session;
}

typedef int send_fn(struct process *process, int sig, const struct siginfo *info);

static int kill_one(struct process *target, int sig, const struct siginfo *info, send_fn *send)
{
	if (sig < 0 || sig > NSIG)
		return -EINVAL; /* after ESRCH, as Linux orders them */
	if (!may_signal(target->leader, sig))
		return -EPERM;
	return sig ? send(target, sig, info) : 0;
}

static int kill_pgrp(struct pid *pgrp, int sig, const struct siginfo *info)
{
	int result = -ESRCH;
	struct process *member;
	list_for_each(member, &pgrp->group_members, pgrp_link) {
		int error = kill_one(member, sig, info, signal_send_member);
		if (!error || result == -ESRCH)
			result = error;
	}
	return result;
}

/* -1: everyone but init and the caller. Who may signal none of them is told nothing: 0. */
static int kill_all(int sig, const struct siginfo *info)
{
	int result = -ESRCH;
	struct process *process;
	list_for_each(process, &all_processes, all_link) {
		if (process == init_process || process == current->process)
			continue;
		int error = kill_one(process, sig, info, signal_send_member);
		if (error != -EPERM)
			result = error;
		else if (result == -ESRCH)
			result = 0;
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
		result = kill_one(target->task->process, sig, &info, signal_send_process);
	else if (pid == 0)
		result = kill_pgrp(current->process->pgrp, sig, &info);
	else if (pid == -1)
		result = kill_all(sig, &info);
	else if (pid < -1 && target)
		result = kill_pgrp(target, sig, &info);
	spin_unlock(&proc_lock);
	return result;
}

/* To one thread, of the process tgid if that is not 0. */
static s64 kill_task(pid_t tgid, pid_t tid, int sig, const struct siginfo *info)
{
	int result = -ESRCH;
	spin_lock(&proc_lock);
	struct pid *pid = pid_find(tid);
	struct task *task = pid ? pid->task : NULL;
	if (task && (tgid == 0 || task_tgid(task) == tgid)) {
		if (sig < 0 || sig > NSIG)
			result = -EINVAL;
		else if (!may_signal(task, sig))
			result = -EPERM;
		else
			result = sig ? signal_send_task(task, sig, info) : 0;
	}
	spin_unlock(&proc_lock);
	return result;
}

s64 sys_tkill(pid_t tid, int sig)
{
	struct siginfo info = info_from_user(SI_TKILL);
	return tid <= 0 ? -EINVAL : kill_task(0, tid, sig, &info);
}

s64 sys_tgkill(pid_t tgid, pid_t tid, int sig)
{
	struct siginfo info = info_from_user(SI_TKILL);
	return tgid <= 0 || tid <= 0 ? -EINVAL : kill_task(tgid, tid, sig, &info);
}

/* A siginfo that the sender has made up. Only to itself may it say that it comes from the
 * kernel or from kill. What is behind the parts in use is not passed on. */
static int queue_info(struct siginfo *info, const void __user *from, pid_t to, int sig)
{
	if (copy_from_user(info, from, sizeof *info))
		return -EFAULT;
	info->signo = sig;
	if (info->code < SI_DETHREAD && info->code != SI_ASYNCNL) {
		for (size_t i = SIGINFO_USED; i < sizeof *info; i++)
			if (((u8 *)info)[i])
				return -E2BIG; /* a code of a Linux to come, perhaps */
	}
	memset((u8 *)info + SIGINFO_USED, 0, sizeof *info - SIGINFO_USED);
	if ((info->code >= 0 || info->code == SI_TKILL) && to != task_tid(current))
		return -EPERM;
	return 0;
}

s64 sys_rt_sigqueueinfo(pid_t pid, int sig, const void __user *user_info)
{
	struct siginfo info;
	int result = queue_info(&info, user_info, pid, sig);
	if (result)
		return result;
	spin_lock(&proc_lock);
	struct pid *target = pid > 0 ? pid_find(pid) : NULL;
	result = -ESRCH;
	if (target && target->task)
		result = kill_one(target->task->process, sig, &info, signal_send_process);
	spin_unlock(&proc_lock);
	return result;
}

s64 sys_rt_tgsigqueueinfo(pid_t tgid, pid_t tid, int sig, const void __user *user_info)
{
	struct siginfo info;
	int error = queue_info(&info, user_info, tid, sig);
	if (error != -EFAULT && error != -E2BIG && (tgid <= 0 || tid <= 0))
		error = -EINVAL;
	return error ? error : kill_task(tgid, tid, sig, &info);
}
