/*
 * Sending signals, and which are pending. Delivery is proc/deliver.c.
 *
 *	signal_send_process   kill, the terminal, SIGCHLD: any thread may take it
 *	signal_send_task      tkill, SIGPIPE: this thread
 *	signal_fault          a trap of the current task
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
#include "mm/heap.h"
#include "proc/process.h"

struct queued_signal {
	struct list link;
	struct siginfo info;
};

#define STOP_SIGNALS (sig_bit(SIGSTOP) | sig_bit(SIGTSTP) | sig_bit(SIGTTIN) | sig_bit(SIGTTOU))

void signal_queue_init(struct signal_queue *queue)
{
	queue->set = 0;
	list_init(&queue->infos);
}

/* Takes the pending signals of a set off a queue. */
static void queue_remove(struct signal_queue *queue, sigset_t set)
{
	struct queued_signal *q, *next;
	queue->set &= ~set;
	list_for_each_safe(q, next, &queue->infos, link) {
		if (!(sig_bit(q->info.signo) & set))
			continue;
		list_remove(&q->link);
		heap_free(q);
	}
}

void signal_queue_flush(struct signal_queue *queue)
{
	queue_remove(queue, ~0ull);
}

/* A standard signal that is pending already is not queued again; real-time ones are. */
static void queue_add(struct signal_queue *queue, int sig, const struct siginfo *info)
{
	if (sig < SIGRTMIN && (queue->set & sig_bit(sig)))
		return;
	queue->set |= sig_bit(sig);
	if (sig == SIGKILL)
		return;
	struct queued_signal *q = heap_alloc(sizeof *q);
	if (!q)
		return; /* the signal arrives, without its siginfo (as on Linux) */
	if (info)
		q->info = *info;
	else
		q->info = (struct siginfo){.code = SI_KERNEL};
	q->info.signo = sig;
	list_append(&queue->infos, &q->link);
}

bool signal_queue_take(struct signal_queue *queue, int sig, struct siginfo *info)
{
	struct queued_signal *q, *next;
	bool found = false, more = false;
	*info = (struct siginfo){.signo = sig, .code = SI_USER};
	list_for_each_safe(q, next, &queue->infos, link) {
		if (q->info.signo != sig)
			continue;
		if (found) {
			more = true;
			break;
		}
		*info = q->info;
		list_remove(&q->link);
		heap_free(q);
		found = true;
	}
	if (!more)
		queue->set &= ~sig_bit(sig);
	return found;
}

bool signal_default_is_ignore(int sig)
{
	return sig == SIGCHLD || sig == SIGCONT || sig == SIGURG || sig == SIGWINCH;
}

static bool is_ignored(const struct sighand *sighand, int sig)
{
	u64 handler = sighand->action[sig].handler;
	return handler == SIG_IGN || (handler == SIG_DFL && signal_default_is_ignore(sig));
}

/* init survives what it has no handler for, SIGKILL and SIGSTOP included: kill(2); also ^C and
 * SIGPIPE. Only a SIGKILL that the kernel itself sends (no info) is meant. */
static bool protects_init(const struct process *process, const struct sighand *sighand, int sig,
			  const struct siginfo *info)
{
	return (info || sig != SIGKILL) && process == init_process &&
	       sighand->action[sig].handler == SIG_DFL;
}

/* The target looks at its signals soon. */
static void make_look(struct task *task, int sig)
{
	task->signal_wanted = true;
	if (task->wake_on_signal || (sig == SIGKILL && task->wake_on_kill))
		sched_wake(task);
	if (sig == SIGKILL)
		sched_wake_stopped(task);
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
	list_for_each(task, &process->tasks, group_link)
		sched_wake_stopped(task);
	if (!process->stop_signal)
		return;
	process->stop_signal = 0;
	process->continued = true;
	process_notify_parent(process, SIGCHLD, CLD_CONTINUED, SIGCONT);
}

static void cancel_opposites(struct process *process, int sig)
{
	sigset_t cancelled = 0;
	struct task *task;
	if (sig_bit(sig) & STOP_SIGNALS)
		cancelled = sig_bit(SIGCONT);
	else if (sig == SIGCONT)
		cancelled = STOP_SIGNALS;
	if (!cancelled)
		return;
	queue_remove(&process->pending, cancelled);
	list_for_each(task, &process->tasks, group_link)
		queue_remove(&task->pending, cancelled);
}

/* The thread that takes a signal of the process: one that does not block it, if there is any. */
static struct task *choose_thread(struct process *process, int sig)
{
	struct task *task;
	list_for_each(task, &process->tasks, group_link)
		if (task->sighand && !(task->blocked & sig_bit(sig)))
			return task;
	return process_living(process);
}

void signal_send_process(struct process *process, int sig, const struct siginfo *info)
{
	kassert(spin_held(&proc_lock));
	struct task *task = choose_thread(process, sig);
	if (!task)
		return; /* a zombie */
	struct sighand *sighand = task->sighand;
	spin_lock(&sighand->lock);
	cancel_opposites(process, sig);
	bool dropped = protects_init(process, sighand, sig, info) ||
		       (is_ignored(sighand, sig) && !(task->blocked & sig_bit(sig)));
	if (!dropped) {
		queue_add(&process->pending, sig, info);
		if (!(task->blocked & sig_bit(sig)) || sig == SIGKILL)
			make_look(task, sig);
	}
	spin_unlock(&sighand->lock);
	if (sig == SIGCONT)
		continue_process(process);
}

void signal_send_pgrp(struct pid *pgrp, int sig, const struct siginfo *info)
{
	struct process *member;
	list_for_each(member, &pgrp->group_members, pgrp_link)
		signal_send_process(member, sig, info);
}

void signal_send_task(struct task *task, int sig, const struct siginfo *info)
{
	struct sighand *sighand = task->sighand;
	if (!sighand)
		return;
	spin_lock(&sighand->lock);
	cancel_opposites(task->process, sig);
	bool dropped = protects_init(task->process, sighand, sig, info) ||
		       (is_ignored(sighand, sig) && !(task->blocked & sig_bit(sig)));
	if (!dropped) {
		queue_add(&task->pending, sig, info);
		if (!(task->blocked & sig_bit(sig)))
			make_look(task, sig);
	}
	spin_unlock(&sighand->lock);
}

/* A signal that has just become ignored is not pending any more: sigaction(2), POSIX. */
void signal_drop_ignored(int sig)
{
	if (!is_ignored(current->sighand, sig))
		return;
	queue_remove(&current->pending, sig_bit(sig));
	queue_remove(&current->process->pending, sig_bit(sig));
}

void signal_fault(int sig, int code, va_t addr)
{
	struct siginfo info = {.signo = sig, .code = code, .addr = addr};
	struct sighand *sighand = current->sighand;
	spin_lock(&sighand->lock);
	struct sigaction *action = &sighand->action[sig];
	if ((current->blocked & sig_bit(sig)) || action->handler == SIG_IGN) {
		action->handler = SIG_DFL; /* it cannot go on, and nobody takes it: it ends */
		current->blocked &= ~sig_bit(sig);
	}
	queue_add(&current->pending, sig, &info);
	current->signal_wanted = true;
	spin_unlock(&sighand->lock);
	if (current->process == init_process && action->handler == SIG_DFL)
		panic("init (pid 1) has been killed by signal %d at address %#lx", sig, addr);
}

void signal_kill_current(void)
{
	spin_lock(&proc_lock);
	signal_send_process(current->process, SIGKILL, NULL);
	spin_unlock(&proc_lock);
}

static sigset_t deliverable(const struct task *task)
{
	sigset_t pending = task->pending.set | task->process->pending.set;
	return pending & (~task->blocked | sig_bit(SIGKILL) | sig_bit(SIGSTOP));
}

bool signal_pending(const struct task *task)
{
	return task->signal_wanted && (deliverable(task) || task->process->stop_signal);
}

bool signal_kill_pending(const struct task *task)
{
	return task->signal_wanted && (deliverable(task) & sig_bit(SIGKILL));
}

bool signal_is_ignored_or_blocked(int sig)
{
	struct sighand *sighand = current->sighand;
	spin_lock(&sighand->lock);
	bool result = (current->blocked & sig_bit(sig)) ||
		      sighand->action[sig].handler == SIG_IGN;
	spin_unlock(&sighand->lock);
	return result;
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
	struct task *taker = parent ? process_living(parent) : NULL;
	if (!taker)
		return;
	bool exited = code == CLD_EXITED || code == CLD_KILLED || code == CLD_DUMPED;
	const struct sigaction *action = &taker->sighand->action[SIGCHLD];
	if (exited ? sig > 0 && sig <= NSIG
		   : action->handler != SIG_IGN && !(action->flags & SA_NOCLDSTOP))
		signal_send_process(parent, sig, &info);
	waitq_wake_all(&parent->child_wait);
}
