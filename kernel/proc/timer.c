/*
 * Timers: each CPU has its own, in a heap by deadline, and asks its clock for
 * the soonest or the next tick of the scheduler. Handlers run in the timer
 * interrupt.
 *
 * The heap is a pairing heap (Fredman, Sedgewick, Sleator and Tarjan, 1986): a
 * tree in which no child is due before its parent. Joining two heaps makes one
 * root the other's first child; taking the root out joins its children in
 * pairs. 10,000 sleepers cost each other next to nothing.
 *
 * Lock: timers.lock (RANK_TIMER) of one CPU, let go while a handler runs, so
 * that it may wake tasks, send signals and start its timer anew.
 */
#include "arch/time.h"
#include "lib/panic.h"
#include "proc/sched.h"
#include "sync/spinlock.h"

static struct timers {
	struct spinlock lock;
	struct timer *first;	     /* the root of the heap */
	struct timer *running;	     /* its handler is under way on this CPU */
	u64 next_tick_ns;
} timers[MAX_CPUS];

/* Of two heaps one; either may be empty. */
static struct timer *join(struct timer *a, struct timer *b)
{
	if (!a || !b)
		return a ? a : b;
	if (b->deadline_ns < a->deadline_ns) {
		struct timer *later = a;
		a = b;
		b = later;
	}
	b->next = a->child;
	if (b->next)
		b->next->link = &b->next;
	b->link = &a->child;
	a->child = b;
	return a;
}

/* Of brothers one heap: each joined with the next one, and those from the last to the first. */
static struct timer *join_all(struct timer *child)
{
	struct timer *pairs = NULL, *heap = NULL;
	while (child) {
		struct timer *a = child, *b = child->next;
		child = b ? b->next : NULL;
		a->next = NULL;
		if (b)
			b->next = NULL;
		struct timer *pair = join(a, b);
		pair->next = pairs;
		pairs = pair;
	}
	while (pairs) {
		struct timer *pair = pairs;
		pairs = pair->next;
		pair->next = NULL;
		heap = join(heap, pair);
	}
	return heap;
}

static void set_first(struct timers *t, struct timer *root)
{
	t->first = root;
	if (root)
		root->link = &t->first;
}

static void take_out(struct timers *t, struct timer *timer)
{
	struct timer *below = join_all(timer->child);
	*timer->link = timer->next; /* off its brothers, or the root itself */
	if (timer->next)
		timer->next->link = timer->link;
	timer->child = timer->next = NULL;
	timer->queued = false;
	set_first(t, join(t->first, below));
}

static void arm(const struct timers *t)
{
	bool timer_first = t->first && t->first->deadline_ns < t->next_tick_ns;
	time_arm_ns(timer_first ? t->first->deadline_ns : t->next_tick_ns);
}

__cold void timer_init(void)
{
	struct timers *t = &timers[this_cpu()->id];
	spin_init(&t->lock, "timers", RANK_TIMER);
	spin_lock(&t->lock);
	t->next_tick_ns = time_now_ns() + TICK_NS;
	arm(t);
	spin_unlock(&t->lock);
}

void timer_start(struct timer *timer, u64 deadline_ns)
{
	struct timers *t = &timers[this_cpu()->id];
	spin_lock(&t->lock);
	kassert(!timer->queued);
	timer->cpu = this_cpu()->id;
	timer->deadline_ns = deadline_ns;
	timer->child = timer->next = NULL;
	timer->queued = true;
	set_first(t, join(t->first, timer));
	if (t->first == timer)
		arm(t);
	spin_unlock(&t->lock);
}

bool timer_stop(struct timer *timer)
{
	for (;;) {
		u32 cpu = __atomic_load_n(&timer->cpu, __ATOMIC_RELAXED);
		struct timers *t = &timers[cpu];
		spin_lock(&t->lock);
		bool here = timer->cpu == cpu; /* not started again elsewhere meanwhile */
		if (here && timer->queued)
			take_out(t, timer);
		bool running = t->running == timer && cpu != this_cpu()->id;
		spin_unlock(&t->lock);
		if (here)
			return !running;
	}
}

void timer_cancel(struct timer *timer)
{
	while (!timer_stop(timer))
		cpu_relax();
}

static struct timer *take_due(struct timers *t, u64 now_ns)
{
	struct timer *timer = t->first;
	if (!timer || timer->deadline_ns > now_ns)
		return NULL;
	take_out(t, timer);
	return timer;
}

bool timer_run_due(void)
{
	struct timers *t = &timers[this_cpu()->id];
	u64 now_ns = time_now_ns();
	spin_lock(&t->lock);
	while ((t->running = take_due(t, now_ns))) {
		struct timer *timer = t->running;
		spin_unlock(&t->lock);
		timer->fn(timer); /* it may be gone after that: it lies on some stack */
		spin_lock(&t->lock);
	}
	bool tick = now_ns >= t->next_tick_ns;
	if (tick)
		t->next_tick_ns = now_ns + TICK_NS;
	arm(t);
	spin_unlock(&t->lock);
	return tick;
}
