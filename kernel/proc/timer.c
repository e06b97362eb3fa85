/*
 * Timers: a list sorted by deadline, and one request to the clock for the
 * soonest. Handlers run in the timer interrupt.
 *
 * Lock: timer_lock (RANK_TIMER), let go while a handler runs, so that it may
 * wake tasks, send signals and start its timer anew.
 */
#include "arch/time.h"
#include "lib/panic.h"
#include "proc/sched.h"
#include "sync/spinlock.h"

#define TICK_NS (10 * NSEC_PER_MSEC) /* the scheduler's tick: 100 Hz */

static struct spinlock timer_lock = SPINLOCK_INIT("timer_lock", RANK_TIMER);
static struct timer *queue; /* timer_lock; soonest first */
static u64 next_tick_ns;

static void arm(void)
{
	time_arm_ns(queue && queue->deadline_ns < next_tick_ns ? queue->deadline_ns : next_tick_ns);
}

void timer_init(void)
{
	spin_lock(&timer_lock);
	next_tick_ns = time_now_ns() + TICK_NS;
	arm();
	spin_unlock(&timer_lock);
}

void timer_start(struct timer *timer, u64 deadline_ns)
{
	spin_lock(&timer_lock);
	kassert(!timer->queued);
	timer->deadline_ns = deadline_ns;
	timer->queued = true;
	struct timer **link = &queue;
	while (*link && (*link)->deadline_ns <= deadline_ns)
		link = &(*link)->next;
	timer->next = *link;
	*link = timer;
	if (queue == timer)
		arm();
	spin_unlock(&timer_lock);
}

void timer_cancel(struct timer *timer)
{
	spin_lock(&timer_lock);
	for (struct timer **link = &queue; timer->queued && *link; link = &(*link)->next) {
		if (*link == timer) {
			*link = timer->next;
			timer->queued = false;
			break;
		}
	}
	spin_unlock(&timer_lock);
}

static struct timer *take_due(u64 now_ns)
{
	struct timer *timer = queue;
	if (!timer || timer->deadline_ns > now_ns)
		return NULL;
	queue = timer->next;
	timer->queued = false;
	return timer;
}

bool timer_run_due(void)
{
	struct timer *timer;
	u64 now_ns = time_now_ns();
	spin_lock(&timer_lock);
	while ((timer = take_due(now_ns))) {
		spin_unlock(&timer_lock);
		timer->fn(timer);
		spin_lock(&timer_lock);
	}
	bool tick = now_ns >= next_tick_ns;
	if (tick)
		next_tick_ns = now_ns + TICK_NS;
	arm();
	spin_unlock(&timer_lock);
	return tick;
}
