/*
 * Sending signals, masks, actions. Delivery is proc/deliver.c, the queues are
 * proc/sigqueue.c.
 *
 *	signal_send_process   kill, the terminal, SIGCHLD: any thread may take it
 *	signal_send_task      tkill, SIGPIPE: this thread
 *	signal_fault          a trap of the current task
 *	signal_set_blocked    a new mask; what it leaves may be another thread's
 *
 * Sending puts the signal on a queue and makes the target look: a sleeping
 * task wakes (waitq_sleep then returns -EINTR), a running one finds
 * signal_wanted on its way to user mode. Stop and continue signals cancel each
 * other when they are sent; SIGCONT also wakes the stopped, at once.
 *
 * Locks: proc_lock (held by the callers that name a process), then
 * sighand->lock. Sources: signal(7), kill(2), sigaction(2).
 */
#include "proc/signal.h"
#include "arch/cpu.h"
#include "lib/panic.h"
#include "proc/posix_timer.h"
#include "proc/process.h"
#include "trace/trace.h"

bool signal_default_is_ignore(int sig)
{
	return sig == SIGCHLD || sig == SIGCONT || sig == SIGURG || sig == SIGWINCH;
}

static bool action_ignores(const struct sigaction *action, int sig)
{
	return action->handler == SIG_IGN ||
	       (action->handler == SIG_DFL && signal_default_is_ignore(sig));
}

/* init survives what it has no handler for, SIGKILL and SIGSTOP included: kill(2); also ^C and
 * SIGPIPE. Only a SIGKILL that the kernel itself sends (no info) is meant. */
static bool protects_init(const struct process *process, const struct sighand *sighand, int sig,
			  const struct siginfo *info)
{
	return (info || sig != SIGKILL) && process == init_process &&
	       sighand_action(sighand, sig)->handler == SIG_DFL;
}

/* The target looks at its signals soon. */
static void make_look(struct task *task, int sig)
{
	/* A barrier besides: whoever falls asleep says so first and looks for signals then. */
	__atomic_store_n(&task->signal_wanted, true, __ATOMIC_SEQ_CST);
	bool asleep = __atomic_load_n(&task->state, __ATOMIC_ACQUIRE) == TASK_SLEEPING;
	if (asleep && (task->wake_on_signal || (sig == SIGKILL && task->wake_on_kill)))
		sched_wake(task);
	if (sig == SIGKILL)
		sched_wake_stopped(task);
	sched_kick_running(task);
}

void process_others_look(struct process *process)
{
	struct task *task;
	list_for_each(task, &process->tasks, group_link)
		if (task != current && task->sighand)
			make_look(task, 0);
}

/* SIGCONT, when sent: the process goes on, whether or not it is blocked or ignored. */
static void continue_process(struct process *process)
{
	struct task *task;
	list_for_each(task, &process->tasks, group_link) {
		task->stopped = false;
		sched_wake_stopped(task);
	}
	process->nstopped = 0;
	if (!process->stop_signal)
		return;
	process->stop_signal = 0;
	process->stop_unreported = false;
	process->continued = true;
	process_notify_parent(process, SIGCHLD, CLD_CONTINUED, SIGCONT);
}

static void remove_everywhere(struct process *process, sigset_t set)
{
	struct task *task;
	signal_queue_remove(&process->pending, set);
	list_for_each(task, &process->tasks, group_link)
		signal_queue_remove(&task->pending, set);
}

/* What a signal cancels that is pending. */
static sigset_t opposites(int sig)
{
	if (sig_bit(sig) & STOP_SIGNALS)
		return sig_bit(SIGCONT);
	return sig == SIGCONT ? STOP_SIGNALS : 0;
}

/* Would the task take one of these signals soon? */
static bool takes(const struct task *task, sigset_t set)
{
	return set & (~task->blocked | task->awaited);
}

/* The thread that takes a signal of the process, as Linux chooses it: the leader, if it does
 * not block it and has no other to take; else the next one. NULL: all block it. */
static struct task *choose_thread(struct process *process, int sig)
{
	struct task *task, *busy = NULL;
	list_for_each(task, &process->tasks, group_link) {
		if (!task->sighand || !takes(task, sig_bit(sig)))
			continue;
		if (!task->signal_wanted)
			return task;
		if (!busy)
			busy = task;
	}
	return busy;
}

/* thread: NULL to send to the process. asked: the thread whose mask decides if a signal that
 * is ignored stays pending. */
static int send(struct process *process, struct task *thread, struct task *asked, int sig,
		const struct siginfo *info)
{
	struct sighand *sighand = asked->sighand; /* all threads have the same */
	int error = 0;
	spin_lock(&sighand->lock);
	if (opposites(sig))
		remove_everywhere(process, opposites(sig));
	if (sig == SIGCONT)
		process->stop_taken = false;
	bool dropped = protects_init(process, sighand, sig, info) ||
		       (action_ignores(sighand_action(sighand, sig), sig) &&
			!(asked->blocked & sig_bit(sig)));
	if (!dropped)
		error = signal_queue_add(thread ? &thread->pending : &process->pending, asked, sig,
					 info);
	if (!dropped && !error) {
		trace(signal, sig, thread ? task_tid(thread) : task_tgid(asked),
		      info ? info->code : SI_KERNEL);
		__atomic_thread_fence(__ATOMIC_SEQ_CST); /* pending first: signal_set_blocked */
		struct task *taker = thread ? thread : choose_thread(process, sig);
		if (taker && takes(taker, sig_bit(sig)))
			make_look(taker, sig);
	}
	spin_unlock(&sighand->lock);
	if (sig == SIGCONT)
		continue_process(process);
	return error;
}

int signal_send_process(struct process *process, int sig, const struct siginfo *info)
{
	kassert(spin_held(&proc_lock));
	struct task *living = process_living(process);
	return living ? send(process, NULL, living, sig, info) : 0; /* else a zombie */
}

int signal_send_task(struct task *task, int sig, const struct siginfo *info)
{
	kassert(task == current || spin_held(&proc_lock));
	return task->sighand ? send(task->process, task, task, sig, info) : 0;
}

int signal_send_member(struct process *process, int sig, const struct siginfo *info)
{
	struct fork_signals *fork;
	list_for_each(fork, &process->forks, link)
		fork->sent = (fork->sent & ~opposites(sig)) | sig_bit(sig);
	return signal_send_process(process, sig, info);
}

void signal_send_pgrp(struct pid *pgrp, int sig, const struct siginfo *info)
{
	struct process *member;
	list_for_each(member, &pgrp->group_members, pgrp_link)
		signal_send_member(member, sig, info);
}

void signal_set_action(int sig, const struct sigaction *new, struct sigaction *old)
{
	struct sighand *sighand = current->sighand;
	bool ignores = new && action_ignores(new, sig);
	if (ignores)
		spin_lock(&proc_lock); /* to look at the other threads' signals */
	spin_lock(&sighand->lock);
	*old = *sighand_action(sighand, sig);
	if (new)
		sighand_set(sighand, sig, new);
	if (ignores) /* then it is not pending any more: sigaction(2), POSIX */
		remove_everywhere(current->process, sig_bit(sig));
	spin_unlock(&sighand->lock);
	if (ignores)
		spin_unlock(&proc_lock);
}

void signal_hand_over(struct process *process, sigset_t left)
{
	struct task *task;
	list_for_each(task, &process->tasks, group_link)
		if (task != current && task->sighand && takes(task, left))
			make_look(task, 0);
}

/* A signal of the process that was meant for us and that we do not take any more may be for
 * another thread. */
__attribute__((noinline)) static void masks_changed(sigset_t took_before)
{
	struct task *task = current;
	struct process *process = task->process;
	sigset_t common = process->pending.set;
	if (takes(task, task->pending.set | common))
		task->signal_wanted = true;
	sigset_t left = common & took_before & task->blocked & ~task->awaited;
	if (left && process->ntasks > 1) { /* racy, but only we make more threads than one */
		spin_lock(&proc_lock);
		signal_hand_over(process, left);
		spin_unlock(&proc_lock);
	}
}

/* Takes no lock: the mask is our own. Whoever sends makes the signal pending first and looks at
 * the mask then (send); we change the mask first. So one of the two sees the other. */
void signal_set_blocked(sigset_t blocked)
{
	sigset_t took = ~current->blocked;
	blocked &= ~(sig_bit(SIGKILL) | sig_bit(SIGSTOP));
	__atomic_store_n(&current->blocked, blocked, __ATOMIC_SEQ_CST);
	if (current->pending.set | current->process->pending.set)
		masks_changed(took);
}

void signal_mask_begin(sigset_t blocked)
{
	current->saved_mask = current->blocked;
	current->restore_mask = true;
	signal_set_blocked(blocked);
}

void signal_mask_end(void)
{
	if (!current->restore_mask)
		return;
	current->restore_mask = false;
	signal_set_blocked(current->saved_mask);
}

static int wait_for(sigset_t wanted, struct siginfo *info, u64 deadline_ns)
{
	struct task *task = current;
	struct waitq nothing;
	struct waiter w;
	int error = deadline_ns ? 0 : -ETIMEDOUT;
	spin_lock(&task->sighand->lock);
	int sig = signal_take(wanted, info);
	task->awaited = sig ? 0 : wanted; /* from here on such a signal wakes us */
	spin_unlock(&task->sighand->lock);
	if (sig)
		return sig;
	waitq_init(&nothing);
	waitq_join(&nothing, &w);
	while (!error)
		error = waitq_sleep_until(&w, deadline_ns);
	waitq_leave(&w);
	spin_lock(&task->sighand->lock);
	sig = signal_take(wanted, info);
	task->awaited = 0;
	spin_unlock(&task->sighand->lock);
	masks_changed(wanted);
	return sig ? sig : error == -ETIMEDOUT ? -EAGAIN : error;
}

int signal_wait(sigset_t wanted, struct siginfo *info, u64 deadline_ns)
{
	int sig = wait_for(wanted, info, deadline_ns);
	if (sig > 0)
		timer_signal_taken(sig, info);
	return sig;
}

void signal_fault(int sig, int code, va_t addr)
{
	struct siginfo info = {.signo = sig, .code = code, .addr = addr};
	struct sighand *sighand = current->sighand;
	spin_lock(&sighand->lock);
	u64 handler = sighand_action(sighand, sig)->handler;
	if ((current->blocked & sig_bit(sig)) || handler == SIG_IGN) {
		handler = SIG_DFL; /* it cannot go on, and nobody takes it: it ends */
		sighand->set &= ~sig_bit(sig);
		current->blocked &= ~sig_bit(sig);
	}
	bool ends_init = current->process == init_process && handler == SIG_DFL;
	signal_queue_add(&current->pending, current, sig, &info);
	trace(signal, sig, task_tid(current), code);
	current->signal_wanted = true;
	spin_unlock(&sighand->lock);
	if (ends_init)
		panic("init (pid 1) has been killed by signal %d at address %#lx", sig, addr);
}

void signal_kill_current(void)
{
	spin_lock(&proc_lock);
	signal_send_process(current->process, SIGKILL, NULL);
	spin_unlock(&proc_lock);
}

/*
 * Read without a lock, by the task itself. That loses nothing: blocked and awaited are its
 * own; who sends makes the signal pending first and sets signal_wanted after. A sleeper has
 * said "asleep" before it asks (sync/wait.h): either it sees signal_wanted, or the sender,
 * who looks at the state after that, wakes it.
 */
static sigset_t deliverable(const struct task *task)
{
	sigset_t pending = task->pending.set | task->process->pending.set;
	return pending & (~task->blocked | task->awaited);
}

bool signal_pending(const struct task *task)
{
	return task->signal_wanted && (deliverable(task) || task->process->stop_signal);
}

bool signal_kill_pending(const struct task *task)
{
	return deliverable(task) & sig_bit(SIGKILL);
}

bool signal_is_ignored_or_blocked(int sig)
{
	struct sighand *sighand = current->sighand;
	spin_lock(&sighand->lock);
	bool result = (current->blocked & sig_bit(sig)) ||
		      sighand_action(sighand, sig)->handler == SIG_IGN;
	spin_unlock(&sighand->lock);
	return result;
}

struct sigaction process_action(struct process *process, int sig)
{
	struct task *task = process_living(process);
	struct sigaction action = {.handler = SIG_IGN};
	if (task) {
		spin_lock(&task->sighand->lock);
		action = *sighand_action(task->sighand, sig);
		spin_unlock(&task->sighand->lock);
	}
	return action;
}

void process_notify_parent(struct process *process, int sig, int code, int status)
{
	struct process *parent = process->parent;
	struct cpu_times times = usage_times(&process->usage);
	struct siginfo info = {
		.code = code,
		.pid = task_tgid(process->leader),
		.uid = process->leader->creds.uid,
		.status = status,
		.utime = times.user_ns / 10000000,
		.stime = times.system_ns / 10000000,
	};
	if (!parent)
		return;
	bool exited = code == CLD_EXITED || code == CLD_KILLED || code == CLD_DUMPED;
	struct sigaction action = process_action(parent, SIGCHLD);
	bool unwanted = action.handler == SIG_IGN || (!exited && (action.flags & SA_NOCLDSTOP));
	if (sig > 0 && sig <= NSIG && !(sig == SIGCHLD && unwanted))
		signal_send_process(parent, sig, &info);
	waitq_wake_all(&parent->child_wait);
}
