/*
 * Wait queues: how a task sleeps until a condition holds, without losing the
 * wakeup that comes between its check and its sleep.
 *
 *	struct waiter w;
 *	waitq_join(&q, &w);               // from here on a wakeup is not lost
 *	while (!condition) {
 *		err = waitq_sleep(&w);    // -EINTR when a signal is pending
 *		if (err) break;
 *	}
 *	waitq_leave(&w);
 *
 * The waker makes the condition true first and calls waitq_wake_* after. It
 * works because join and sleep put the task into a sleeping state before the
 * condition is looked at, and a wakeup puts it back to running: waitq_sleep
 * then returns at once. A poll joins several queues with one waiter each, and
 * says "sleeping" only with the first (waitq_join_also): a wakeup by one queue
 * while it joins the next must stay.
 * Take no lock between join and sleep that itself may sleep.
 */
#ifndef SYNC_WAIT_H
#define SYNC_WAIT_H

#include "lib/list.h"
#include "sync/spinlock.h"

struct task;

struct waitq {
	struct spinlock lock;	/* guards waiters */
	struct list waiters;	/* struct waiter.link, first come first */
};

struct waiter {
	struct list link;
	struct waitq *queue;
	struct task *task;
};

#define WAITQ_INIT(name) {SPINLOCK_INIT(#name, RANK_WAITQ), LIST_INIT((name).waiters)}

static inline void waitq_init(struct waitq *queue)
{
	spin_init(&queue->lock, "waitq", RANK_WAITQ);
	list_init(&queue->waiters);
}

/* Joins and becomes interruptibly asleep in name; the task still runs until waitq_sleep. */
void waitq_join(struct waitq *queue, struct waiter *w);

/* One more queue for a task that has joined one already. */
void waitq_join_also(struct waitq *queue, struct waiter *w);

/* Sleeps until woken, or returns at once if that happened since join or the last sleep.
 * 0, or -EINTR if a signal is pending. */
int waitq_sleep(struct waiter *w);

/* The same up to a deadline (time_now_ns); -ETIMEDOUT after it. TIME_FOREVER: no limit. */
int waitq_sleep_until(struct waiter *w, u64 deadline_ns);
#define TIME_FOREVER UINT64_MAX

/* Sleeps through signals, except SIGKILL when killable is set (-EINTR then). */
int waitq_sleep_quiet(struct waiter *w, bool killable);

/* Leaves the queue; the task is running in state as well again. */
void waitq_leave(struct waiter *w);

/* A sleep without a queue, of the same shape: the waker knows the task, and wakes it (sched_wake)
 * under a lock that the task takes before it goes on, for it may end after that. */
void task_sleep_begin(void);
int task_sleep_until(u64 deadline_ns);
void task_sleep_end(void);

void waitq_wake_all(struct waitq *queue); /* any context; takes waitq.lock and a run queue */
void waitq_wake_one(struct waitq *queue);

#endif
