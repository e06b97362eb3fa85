/*
 * On the way back to user mode: whatever waits for this moment.
 *
 *	return_to_user_work   (entry.S, when need_resched or signal_wanted says so)
 *	  signal_deliver      takes one pending signal after the other
 *	    restart_or_eintr  what becomes of an interrupted system call
 *	    default_action    ends or stops the process
 *	    sigframe_push     (sigframe.c) lets a handler run instead
 *
 * Locks: sighand->lock while a signal is taken; proc_lock to stop. Sources:
 * signal(7), "Interruption of system calls"; sigaction(2); wait(2).
 */
#include "arch/cpu.h"
#include "lib/panic.h"
#include "mm/uaccess.h"
#include "proc/exit.h"
#include "proc/process.h"
#include "proc/sigframe.h"
#include "syscall/table.h"

enum { SYS_RESTART_SYSCALL = 219, SYSCALL_INSTRUCTION_LEN = 2 };

/* Faults come first: their handler must run at the instruction that made them. */
#define SYNCHRONOUS_SIGNALS                                                                     \
	(sig_bit(SIGSEGV) | sig_bit(SIGBUS) | sig_bit(SIGILL) | sig_bit(SIGTRAP) |              \
	 sig_bit(SIGFPE) | sig_bit(SIGSYS))

/* The next signal to deliver, with its info, off its queue; 0 if there is none. */
static int take_signal(struct siginfo *info)
{
	struct task *task = current;
	sigset_t open = ~task->blocked | sig_bit(SIGKILL) | sig_bit(SIGSTOP);
	sigset_t own = task->pending.set & open, all = own | (task->process->pending.set & open);
	if (!all)
		return 0;
	sigset_t first = all & sig_bit(SIGKILL);
	if (!first)
		first = own & SYNCHRONOUS_SIGNALS;
	if (!first)
		first = own ? own : all;
	int sig = __builtin_ctzll(first) + 1;
	bool is_own = own & sig_bit(sig);
	signal_queue_take(is_own ? &task->pending : &task->process->pending, sig, info);
	return sig;
}

static bool is_restart(s64 result)
{
	return result == -ERESTARTSYS || result == -ERESTARTNOINTR || result == -ERESTARTNOHAND ||
	       result == -ERESTART_RESTARTBLOCK;
}

/* Runs the system call again: its number back into rax, rip back onto the instruction. */
static void restart_syscall(struct regs *regs)
{
	u64 number = regs->orig_rax;
	if ((s64)regs->rax == -ERESTART_RESTARTBLOCK)
		number = SYS_RESTART_SYSCALL; /* it goes on with the time that is left */
	regs->rax = number;
	regs->rip -= SYSCALL_INSTRUCTION_LEN;
}

/* A call was interrupted and a handler is about to run. */
static void restart_or_eintr(struct regs *regs, const struct sigaction *action)
{
	s64 result = regs->rax;
	if (regs->orig_rax == (u64)NO_SYSCALL || !is_restart(result))
		return;
	if (result == -ERESTARTNOINTR || (result == -ERESTARTSYS && (action->flags & SA_RESTART)))
		restart_syscall(regs);
	else
		regs->rax = -EINTR;
}

/* Stands still while the whole process is stopped; a pending SIGKILL goes first. */
static void join_stop(void)
{
	spin_lock(&proc_lock);
	sigset_t pending = current->pending.set | current->process->pending.set;
	bool stopped = current->process->stop_signal && !(pending & sig_bit(SIGKILL));
	if (stopped)
		current->state = TASK_STOPPED;
	spin_unlock(&proc_lock);
	if (stopped)
		schedule();
}

/* SIGSTOP and its like: until SIGCONT. The parent is told, if it wants to know. */
static void stop_process(int sig)
{
	struct process *process = current->process;
	spin_lock(&proc_lock);
	struct sighand *sighand = current->sighand;
	spin_lock(&sighand->lock);
	bool cancelled = process->pending.set & (sig_bit(SIGKILL) | sig_bit(SIGCONT));
	spin_unlock(&sighand->lock);
	if (!cancelled) {
		process->stop_signal = sig;
		process->stop_reported = false;
		process->continued = false;
		process_others_look(process);
		process_notify_parent(process, SIGCHLD, CLD_STOPPED, sig);
	}
	spin_unlock(&proc_lock);
	join_stop();
}

/* LINUX-DIFF: no core file is ever written, as there with a core limit of 0. */
static void default_action(int sig)
{
	if (signal_default_is_ignore(sig))
		return;
	switch (sig) {
	case SIGTSTP: case SIGTTIN: case SIGTTOU:
		spin_lock(&proc_lock);
		bool orphaned = pgrp_is_orphaned(current->process->pgrp, NULL);
		spin_unlock(&proc_lock);
		if (orphaned)
			return; /* nobody could continue it: POSIX XSH 2.4.3 */
		stop_process(sig);
		return;
	case SIGSTOP:
		stop_process(sig);
		return;
	default:
		exit_process(sig);
	}
}

static void run_handler(struct regs *regs, int sig, const struct siginfo *info,
			struct sigaction *action)
{
	sigset_t old = current->restore_mask ? current->saved_mask : current->blocked;
	current->restore_mask = false;
	if (sigframe_push(regs, sig, info, action, old)) {
		/* No room for the frame: Linux sends SIGSEGV, for good if that is the one. */
		if (sig == SIGSEGV)
			exit_process(SIGSEGV);
		signal_fault(SIGSEGV, SI_KERNEL, 0);
		return;
	}
	sigset_t add = action->mask;
	if (!(action->flags & SA_NODEFER))
		add |= sig_bit(sig);
	signal_set_blocked(current->blocked | add);
}

/* Takes and treats signals until a handler is set up or none is left. True: a handler. */
static bool deliver_pending(struct regs *regs)
{
	struct sighand *sighand = current->sighand;
	for (;;) {
		struct siginfo info;
		spin_lock(&sighand->lock);
		int sig = take_signal(&info);
		struct sigaction action = sighand->action[sig];
		bool handled = sig && action.handler != SIG_DFL && action.handler != SIG_IGN;
		if (handled && (action.flags & SA_RESETHAND))
			sighand->action[sig].handler = SIG_DFL;
		spin_unlock(&sighand->lock);
		if (sig == 0)
			return false;
		if (handled) {
			restart_or_eintr(regs, &action);
			run_handler(regs, sig, &info, &action);
			return true;
		}
		if (action.handler == SIG_DFL || sig == SIGKILL)
			default_action(sig);
	}
}

void signal_deliver(struct regs *regs)
{
	current->signal_wanted = false;
	join_stop();
	if (deliver_pending(regs)) {
		current->signal_wanted = true; /* there may be more: each gets its frame */
		regs->orig_rax = NO_SYSCALL;
		return;
	}
	if (regs->orig_rax != (u64)NO_SYSCALL && is_restart(regs->rax))
		restart_syscall(regs);
	regs->orig_rax = NO_SYSCALL;
	if (current->restore_mask) { /* sigsuspend, ppoll: nothing ran, the old mask is back */
		current->restore_mask = false;
		signal_set_blocked(current->saved_mask);
	}
}

void return_to_user_work(struct regs *regs)
{
	irq_enable();
	if (current->set_tid) { /* a new task: CLONE_CHILD_SETTID, in the child's own memory */
		put_user_u32(current->set_tid, task_tid(current));
		current->set_tid = NULL;
	}
	if (this_cpu()->need_resched)
		schedule();
	if (current->signal_wanted)
		signal_deliver(regs);
	irq_disable();
}
