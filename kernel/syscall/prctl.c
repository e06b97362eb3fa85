/*
 * prctl: the few options that programs here ask for; the others are EINVAL, as
 * where Linux is built without them. personality.
 *
 * Lock: proc_lock for what others look at. Sources: prctl(2), personality(2).
 */
#include "arch/cpu.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscalls.h"

enum prctl_option {
	PR_SET_PDEATHSIG = 1, PR_GET_PDEATHSIG = 2, PR_GET_DUMPABLE = 3, PR_SET_DUMPABLE = 4,
	PR_SET_NAME = 15, PR_GET_NAME = 16, PR_SET_CHILD_SUBREAPER = 36,
	PR_GET_KEEPCAPS = 7, PR_SET_KEEPCAPS = 8, PR_GET_SECCOMP = 21, PR_CAPBSET_READ = 23,
	PR_GET_SECUREBITS = 27, PR_GET_TIMERSLACK = 30,
	PR_GET_CHILD_SUBREAPER = 37, PR_SET_NO_NEW_PRIVS = 38, PR_GET_NO_NEW_PRIVS = 39,
};

enum { LAST_CAP = 40, TIMER_SLACK_NS = 50000 };

static s64 set_name(const char __user *from)
{
	char name[TASK_NAME_LEN];
	if (copy_string_from_user(name, from, sizeof name) == -EFAULT)
		return -EFAULT;
	name[sizeof name - 1] = '\0';
	spin_lock(&proc_lock);
	strlcpy(current->name, name, sizeof current->name);
	spin_unlock(&proc_lock);
	return 0;
}

/* LINUX-DIFF: the signal is the process's; there each thread chooses one of its own. */
static s64 set_death_signal(u64 sig)
{
	if (sig > NSIG)
		return -EINVAL;
	spin_lock(&proc_lock);
	current->process->parent_death_signal = sig;
	spin_unlock(&proc_lock);
	return 0;
}

s64 sys_prctl(int option, u64 arg2, u64 arg3, u64 arg4, u64 arg5)
{
	struct process *process = current->process;
	bool surplus = arg3 || arg4 || arg5;
	switch (option) {
	case PR_SET_PDEATHSIG:
		return set_death_signal(arg2);
	case PR_GET_PDEATHSIG:
		return put_user_u32((void __user *)arg2, process->parent_death_signal);
	case PR_GET_DUMPABLE:
		return current->mm->dumpable;
	case PR_SET_DUMPABLE:
		if (arg2 > 1)
			return -EINVAL;
		current->mm->dumpable = arg2;
		return 0;
	case PR_SET_NAME:
		return set_name((char __user *)arg2);
	case PR_GET_NAME:
		return copy_to_user((void __user *)arg2, current->name, sizeof current->name);
	case PR_SET_CHILD_SUBREAPER:
		process->subreaper = arg2;
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		return put_user_u32((void __user *)arg2, process->subreaper);
	case PR_SET_NO_NEW_PRIVS:
		if (arg2 != 1 || surplus)
			return -EINVAL;
		current->creds.no_new_privs = true;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return arg2 || surplus ? -EINVAL : current->creds.no_new_privs;
	case PR_CAPBSET_READ:
		return arg2 <= LAST_CAP ? 1 : -EINVAL;
	case PR_GET_KEEPCAPS: case PR_GET_SECCOMP: case PR_GET_SECUREBITS:
		return 0;
	case PR_SET_KEEPCAPS: /* LINUX-DIFF: there are no capabilities to keep */
		return arg2 == 0 ? 0 : arg2 == 1 ? -EPERM : -EINVAL;
	case PR_GET_TIMERSLACK:
		return TIMER_SLACK_NS;
	default:
		return -EINVAL;
	}
}

/* Kept for setarch(8) and gdb(1), which ask for no randomisation: there is none (mm/layout.h).
 * LINUX-DIFF: it is the process's; nothing else in it has an effect. */
s64 sys_personality(u32 persona)
{
	u32 old = current->process->personality;
	if (persona != UINT32_MAX)
		current->process->personality = persona;
	return old;
}
