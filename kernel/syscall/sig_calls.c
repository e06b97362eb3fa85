/*
 * The system calls by which a program says what its signals do: actions, masks,
 * the alternate stack, and waiting. Sending is in kill_calls.c.
 *
 * Sources: sigaction(2), sigprocmask(2), sigsuspend(2), sigwaitinfo(2),
 * sigpending(2), sigaltstack(2), pause(2).
 */
#include "arch/cpu.h"
#include "arch/time.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "proc/sigframe.h"
#include "syscall/syscalls.h"
#include "syscall/time_calls.h"

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

/* How long is the wait, from the caller's struct timespec: for ever without one. */
static int wait_deadline(const void __user *timeout, u64 *deadline_ns)
{
	u64 ns;
	*deadline_ns = TIME_FOREVER;
	int error = timeout ? timespec_from_user(&ns, timeout) : 0;
	if (timeout && !error)
		*deadline_ns = ns ? time_now_ns() + ns : 0;
	return error;
}

s64 sys_rt_sigtimedwait(const void __user *set, void __user *info, const void __user *timeout,
			size_t mask_size)
{
	sigset_t wanted;
	struct siginfo taken;
	u64 deadline_ns;
	if (mask_size != sizeof(sigset_t))
		return -EINVAL;
	if (get_user_u64(&wanted, set))
		return -EFAULT;
	int error = wait_deadline(timeout, &deadline_ns);
	if (error)
		return error;
	int sig = signal_wait(wanted & ~(sig_bit(SIGKILL) | sig_bit(SIGSTOP)), &taken, deadline_ns);
	if (sig > 0 && info && copy_to_user(info, &taken, sizeof taken))
		return -EFAULT;
	return sig;
}

s64 sys_sigaltstack(const void __user *stack, void __user *old)
{
	va_t sp = task_regs(current)->rsp;
	struct sigaltstack new_stack, old_stack = current->altstack;
	old_stack.flags = altstack_flags(sp) | (old_stack.flags & SS_AUTODISARM);
	if (stack) {
		if (copy_from_user(&new_stack, stack, sizeof new_stack))
			return -EFAULT;
		int error = altstack_set(&new_stack, sp);
		if (error)
			return error;
	}
	return old ? copy_to_user(old, &old_stack, sizeof old_stack) : 0;
}
