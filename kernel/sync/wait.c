/*
 * Wait queues (sync/wait.h). The order that makes them lose no wakeup: the
 * sleeper joins the queue and says "sleeping" before it looks at the condition;
 * the waker makes the condition true before it looks at the queue. Whichever
 * comes second sees the other.
 *
 * Locks: waitq.lock, then the run queue's (sched_wake). A timed sleep uses a
 * timer (proc/timer.c) that wakes like any other.
 */
#include "sync/wait.h"
#include "arch/cpu.h"
#include "arch/time.h"
#include "lib/errno.h"
#include "lib/panic.h"
#include "proc/sched.h"
#include "proc/task.h"

/* A barrier besides: the state is seen before the condition is read. */
static void set_sleeping(bool by_signal, bool by_kill)
{
	current->wake_on_signal = by_signal;
	current->wake_on_kill = by_kill;
	__atomic_store_n(&current->state, TASK_SLEEPING, __ATOMIC_SEQ_CST);
}

static void set_running(void)
{
	__atomic_store_n(&current->state, TASK_RUNNING, __ATOMIC_SEQ_CST);
}

void waitq_join_also(struct waitq *queue, struct waiter *w)
{
	w->queue = queue;
	w->task = current;
	spin_lock(&queue->lock);
	list_append(&queue->waiters, &w->link);
	spin_unlock(&queue->lock);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* seen there before the condition is read */
}

void waitq_join(struct waitq *queue, struct waiter *w)
{
	waitq_join_also(queue, w);
	set_sleeping(true, true);
}

void task_sleep_begin(void)
{
	set_sleeping(true, true);
}

void task_sleep_end(void)
{
	set_running();
}

static int sleep_once(void)
{
	if (signal_pending(current))
		return -EINTR;
	schedule();
	set_sleeping(true, true);
	return 0;
}

int waitq_sleep(struct waiter *w)
{
	kassert(w->task == current);
	return sleep_once();
}

struct sleep_timer {
	struct timer timer;
	struct task *task;
};

static void sleep_expired(struct timer *timer)
{
	sched_wake(container_of(timer, struct sleep_timer, timer)->task);
}

int task_sleep_until(u64 deadline_ns)
{
	if (deadline_ns == TIME_FOREVER)
		return sleep_once();
	if (time_now_ns() >= deadline_ns)
		return signal_pending(current) ? -EINTR : -ETIMEDOUT;
	struct sleep_timer t = {.timer.fn = sleep_expired, .task = current};
	timer_start(&t.timer, deadline_ns);
	int error = sleep_once();
	timer_cancel(&t.timer); /* it lies on this stack */
	return error;
}

int waitq_sleep_until(struct waiter *w, u64 deadline_ns)
{
	kassert(w->task == current);
	return task_sleep_until(deadline_ns);
}

int waitq_sleep_quiet(struct waiter *w, bool killable)
{
	kassert(w->task == current);
	/* The state stays as join or the last sleep left it: a wakeup since then counts. */
	current->wake_on_signal = false;
	current->wake_on_kill = killable;
	if (killable && signal_kill_pending(current)) {
		current->signal_wanted = true; /* another thread may be the one to look at it */
		return -EINTR;
	}
	schedule();
	set_sleeping(false, killable);
	return 0;
}

void waitq_leave(struct waiter *w)
{
	set_running();
	spin_lock(&w->queue->lock);
	list_remove(&w->link);
	spin_unlock(&w->queue->lock);
}

/* After the condition: who joins the queue after this look sees it. */
static bool nobody_waits(const struct waitq *queue)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(&queue->waiters.next, __ATOMIC_RELAXED) == &queue->waiters;
}

void waitq_wake_all(struct waitq *queue)
{
	struct waiter *w;
	if (nobody_waits(queue))
		return;
	spin_lock(&queue->lock);
	list_for_each(w, &queue->waiters, link)
		sched_wake(w->task);
	spin_unlock(&queue->lock);
}

void waitq_wake_one(struct waitq *queue)
{
	struct waiter *w;
	if (nobody_waits(queue))
		return;
	spin_lock(&queue->lock);
	list_for_each(w, &queue->waiters, link)
		if (sched_wake(w->task))
			break;
	spin_unlock(&queue->lock);
}
