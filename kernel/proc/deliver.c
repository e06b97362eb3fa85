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
#include "proc/posix_timer.h"
#include "proc/process.h"
#include "proc/sigframe.h"
#include "syscall/table.h"
#include "trace/trace.h"

enum { SYS_RESTART_SYSCALL = 219, SYSCALL_INSTRUCTION_LEN = 2 };

/* Faults come first: their handler must run at the instruction that made them. */
#define SYNCHRONOUS_SIGNALS                                                                     \
	(sig_bit(SIGSEGV) | sig_bit(SIGBUS) | sig_bit(SIGILL) | sig_bit(SIGTRAP) |              \
	 sig_bit(SIGFPE) | sig_bit(SIGSYS))

static int first_of(sigset_t set)
{
	return __builtin_ctzll(set & SYNCHRONOUS_SIGNALS ? set & SYNCHRONOUS_SIGNALS : set) + 1;
}

int signal_take(sigset_t open, struct siginfo *info)
{
	struct signal_queue *own = &current->pending, *common = &current->process->pending;
	sigset_t own_set = own->set & open, common_set = common->set & open;
	if (!(own_set | common_set))
		return 0;
	int sig = first_of(own_set ? own_set : common_set);
	if ((own_set | common_set) & sig_bit(SIGKILL)) {
		/* One to the process stays: it is for each thread, also for one whose exec ends. */
		*info = (struct siginfo){.signo = SIGKILL, .pid = current->process->killer};
		return SIGKILL;
	}
	signal_queue_take(own_set & sig_bit(sig) ? own : common, sig, info);
	if (sig_bit(sig) & STOP_SIGNALS)
		current->process->stop_taken = true;
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

void signal_stop_progress(struct process *process)
{
	if (!process->stop_signal || process->exiting || process->nstopped < process->ntasks)
		return;
	process->stop_unreported = true;
	process_notify_parent(process, SIGCHLD, CLD_STOPPED, process->stop_signal);
}

/* Counts the current thread as standing still, or not any more. */
static void count_stopped(bool stopped)
{
	struct process *process = current->process;
	if (current->stopped == stopped)
		return;
	current->stopped = stopped;
	if (stopped) {
		process->nstopped++;
		signal_stop_progress(process);
	} else {
		process->nstopped--;
	}
}

/* Stands still while the whole process is stopped; a pending SIGKILL goes first. Both come
 * under proc_lock, so none is lost between the look and the sleep. */
static void join_stop(void)
{
	bool stopped = current->process->stop_signal; /* who sets it makes us look after that */
	while (stopped) {
		spin_lock(&proc_lock);
		stopped = current->process->stop_signal && !signal_kill_pending(current);
		count_stopped(stopped);
		if (stopped)
			current->state = TASK_STOPPED;
		spin_unlock(&proc_lock);
		if (stopped)
			schedule();
	}
}

/* SIGSTOP and its like: until SIGCONT. When all threads stand still the parent is told. */
static void stop_process(int sig)
{
	struct process *process = current->process;
	spin_lock(&proc_lock);
	/* SIGCONT may have come since the signal was taken: then it is void. */
	if (process->stop_taken && !process->stop_signal) {
		process->stop_signal = sig;
		process->continued = false;
		process_others_look(process);
	}
	spin_unlock(&proc_lock);
	join_stop();
}

__attribute__((cold)) static __noreturn void end_by_signal(const struct regs *regs, int sig,
							     const struct siginfo *info)
{
	if (fatal_signals_printed)
		fatal_signal_report(regs, sig, info);
	exit_process(sig);
}

/* LINUX-DIFF: no core file is ever written, as there with a core limit of 0. */
static void default_action(const struct regs *regs, int sig, const struct siginfo *info)
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
		end_by_signal(regs, sig, info);
	}
}

static void run_handler(struct regs *regs, int sig, const struct siginfo *info,
			struct sigaction *action)
{
	sigset_t old = current->restore_mask ? current->saved_mask : current->blocked;
	if (sigframe_push(regs, sig, info, action, old)) {
		/* No room for the frame: Linux sends SIGSEGV, for good if that is the one. */
		if (sig == SIGSEGV)
			end_by_signal(regs, sig, &(struct siginfo){.code = SI_KERNEL});
		signal_fault(SIGSEGV, SI_KERNEL, 0);
		return;
	}
	current->restore_mask = false;
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
		int sig = signal_take(~current->blocked, &info);
		struct sigaction action = {.handler = SIG_DFL};
		if (sig)
			action = *sighand_action(sighand, sig);
		bool handled = action.handler != SIG_DFL && action.handler != SIG_IGN;
		if (handled && (action.flags & SA_RESETHAND))
			sighand->action[sig].handler = SIG_DFL;
		spin_unlock(&sighand->lock);
		if (sig == 0)
			return false;
		timer_signal_taken(sig, &info);
		trace(deliver, sig, action.handler);
		if (handled) {
			restart_or_eintr(regs, &action);
			run_handler(regs, sig, &info, &action);
			return true;
		}
		if (action.handler == SIG_DFL || sig == SIGKILL)
			default_action(regs, sig, &info);
	}
}

void signal_deliver(struct regs *regs)
{
	/* A barrier besides: who wants us to stop says so first and sets signal_wanted then. */
	__atomic_store_n(&current->signal_wanted, false, __ATOMIC_SEQ_CST);
	join_stop();
	if (deliver_pending(regs)) { /* more that its mask leaves: signal_set_blocked has seen it */
		regs->orig_rax = NO_SYSCALL;
		return;
	}
	if (regs->orig_rax != (u64)NO_SYSCALL && is_restart(regs->rax))
		restart_syscall(regs);
	regs->orig_rax = NO_SYSCALL;
	signal_mask_end(); /* sigsuspend, ppoll: nothing ran, the old mask is back */
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
