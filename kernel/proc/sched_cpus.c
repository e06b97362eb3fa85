/*
 * Several CPUs: how work finds one that has nothing to do.
 *
 *	sched_alert        a task has been queued: an idle CPU is woken for it
 *	  sched_idle       the idle task's loop: take, steal, or halt
 *	    sched_steal    from the longest queue
 *	sched_balance      on some ticks: a busy CPU takes from a busier one
 *	sched_move         a task goes on elsewhere, after sched_set_affinity
 *	sched_alone_begin  all but one CPU stand still (for /proc/audit)
 *	sched_follows      a task takes the place of its waker, which sleeps soon
 *
 * A task is queued where it ran last; whoever is idle comes and takes it. So
 * wakers need only one lock, and no lock of two queues is ever held at once:
 * task->cpu, which says in whose hands it is, changes under that queue's lock.
 *
 * No wakeup is lost between a CPU that goes to halt and one that queues a task:
 * the one says "I am idle" and then looks at the queues, the other queues and
 * then looks who is idle, each with a barrier in between. The interrupt that
 * the second sends is kept by the first until it halts (interrupts are off).
 *
 * Lock: runq.lock, one at a time.
 */
#include "arch/smp.h"
#include "arch/time.h"
#include "lib/errno.h"
#include "lib/panic.h"
#include "proc/sched_private.h"
#include "sync/mutex.h"

static u32 idle_cpus; /* atomic; a bit for each that halts, or is about to */

/* The only CPU that may run tasks; -1: all may. */
static _Atomic s32 alone = -1;
static struct mutex alone_mutex; /* by one at a time */

static u32 online_mask(void)
{
	return (u32)((1ull << ncpus) - 1);
}

bool sched_kept_out(void)
{
	return alone >= 0 && (u32)alone != this_cpu()->id;
}

/* One of these, if it is idle, leaves its halt; false if none is. */
static bool wake_idle(u32 candidates)
{
	while ((candidates &= __atomic_load_n(&idle_cpus, __ATOMIC_RELAXED))) {
		u32 bit = candidates & -candidates;
		u32 before = __atomic_fetch_and(&idle_cpus, ~bit, __ATOMIC_SEQ_CST);
		if (before & bit) { /* nobody else has woken it */
			smp_kick(__builtin_ctz(bit));
			return true;
		}
	}
	return false;
}

static u32 queued_on(const struct runq *rq)
{
	return __atomic_load_n(&rq->nqueued, __ATOMIC_RELAXED);
}

/*
 * Who is woken by one that soon sleeps itself (the other end of a pipe, a child that is waited for)
 * is best run on the same CPU: to interrupt another one costs more than the wait. Whether a task
 * sleeps soon after a wakeup is guessed by what it did last time (count_sleep).
 */
static bool is_free_soon(void)
{
	return alone < 0 && (current == this_cpu()->idle || current->sleeps_soon);
}

bool sched_follows(struct task *task)
{
	u32 here = this_cpu()->id;
	if (task->cpu == here || queued_on(this_runq()) > 0 || !task_may_run_on(task, here) ||
	    !is_free_soon())
		return false;
	task->cpu = here;
	return true;
}

/* Where the first in our queue may run; 0: there is none. */
static u32 first_allowed(void)
{
	struct runq *rq = this_runq();
	spin_lock(&rq->lock);
	u32 allowed = 0;
	if (!list_empty(&rq->tasks))
		allowed = list_first(&rq->tasks, struct task, runq_link)->cpus_allowed;
	spin_unlock(&rq->lock);
	return allowed;
}

/* The guess was wrong: current has woken somebody, and does not sleep. An idle CPU takes him. */
static void guess_ends(struct timer *timer)
{
	struct task *task = current;
	if (queued_on(this_runq()) == 0)
		return;
	if (time_now_ns() < task->woke_ns + SOON_NS) {
		timer_start(timer, task->woke_ns + SOON_NS); /* there has been another wakeup since */
		return;
	}
	task->sleeps_soon = false;
	wake_idle(first_allowed() & ~(1u << this_cpu()->id));
}

/* One task has been queued here. May it wait for current to sleep? The timer goes on if it does
 * sleep: so it is armed once for many wakeups. */
static bool waits_here(void)
{
	static struct timer timers[MAX_CPUS];
	struct timer *timer = &timers[this_cpu()->id];
	if (queued_on(this_runq()) > 1 || !is_free_soon())
		return false;
	irq_off_push();
	if (current != this_cpu()->idle && !timer->queued) {
		timer->fn = guess_ends;
		timer_start(timer, current->woke_ns + SOON_NS);
	}
	irq_off_pop();
	return true;
}

void sched_alert_others(u32 cpu, u32 allowed)
{
	current->woke_ns = time_now_ns();
	if (cpu == this_cpu()->id && waits_here())
		return;
	if (alone >= 0)
		allowed &= 1u << alone;
	u32 here = 1u << this_cpu()->id;
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* queued, then looked: see above */
	if (!wake_idle(1u << cpu & allowed & ~here))
		wake_idle(allowed & ~here);
}

void sched_move(struct task *task)
{
	for (;;) {
		struct runq *rq = task_runq_lock(task);
		u32 cpu = task->cpu, allowed = task->cpus_allowed;
		if (task_may_run_on(task, cpu)) {
			runq_add(rq, task, false);
			spin_unlock(&rq->lock); /* from here on it may be anywhere */
			sched_alert(cpu, allowed);
			return;
		}
		u32 idle = __atomic_load_n(&idle_cpus, __ATOMIC_RELAXED) & allowed;
		task->cpu = __builtin_ctz(idle ? idle : allowed);
		spin_unlock(&rq->lock); /* now it is in the hands of the other queue */
	}
}

/* The first in a queue that may run here, taken off it and given into the hands of ours. */
static struct task *take_from(struct runq *rq)
{
	struct task *task;
	spin_lock(&rq->lock);
	list_for_each(task, &rq->tasks, runq_link) {
		if (!task_may_run_on(task, this_cpu()->id))
			continue;
		runq_remove(rq, task);
		task->cpu = this_cpu()->id;
		spin_unlock(&rq->lock);
		return task;
	}
	spin_unlock(&rq->lock);
	return NULL;
}

bool sched_steal(u32 by_at_least)
{
	if (sched_kept_out())
		return false;
	irq_off_push();
	struct task *task = NULL;
	u32 least = queued_on(this_runq()) + by_at_least;
	/* All that are long enough, the next CPU first: the tasks of one may be bound to it. */
	for (u32 i = 1; i < ncpus && !task; i++) {
		struct runq *rq = &runqs[(this_cpu()->id + i) % ncpus];
		if (queued_on(rq) >= least)
			task = take_from(rq);
	}
	if (task)
		sched_move(task); /* into our queue, unless it has been bound elsewhere meanwhile */
	irq_off_pop();
	return task;
}

void sched_balance(void)
{
	/* A CPU that runs alone does everybody's work. */
	if (alone >= 0)
		while (sched_steal(1 - queued_on(this_runq())))
			;
	else
		sched_steal(2);
}

int sched_set_affinity(struct task *task, u32 mask)
{
	mask &= online_mask();
	if (!mask)
		return -EINVAL;
	struct runq *rq = task_runq_lock(task);
	task->cpus_allowed = mask;
	bool elsewhere = !task_may_run_on(task, task->cpu);
	bool queued = elsewhere && task->on_runq;
	u32 cpu = task->cpu;
	if (elsewhere && task->on_cpu) {
		cpus[cpu].need_resched = true; /* finish_switch moves it */
	} else if (queued) {
		runq_remove(rq, task);
	} else if (elsewhere && task->state != TASK_RUNNING) {
		task->cpu = __builtin_ctz(mask); /* it wakes there */
	}
	spin_unlock(&rq->lock);
	if (queued)
		sched_move(task);
	else if (elsewhere && task == current)
		schedule();
	else if (elsewhere)
		smp_kick(cpu);
	return 0;
}

void sched_wait_affinity(const struct task *task)
{
	for (bool done = false; !done;) {
		struct runq *rq = task_runq_lock(task);
		done = !task->on_cpu || task_may_run_on(task, task->cpu);
		spin_unlock(&rq->lock);
		sched_point(); /* it may be waiting for us to leave in the same way */
		cpu_relax();
	}
}

/* Who is being switched to and is not seen on its CPU yet looks by itself, on its way to user
 * mode: thread_switch loads MSRs in between, which is a barrier (SDM vol. 3A 8.3). */
void sched_kick_running(const struct task *task)
{
	u32 cpu = __atomic_load_n(&task->cpu, __ATOMIC_RELAXED);
	if (ncpus > 1 && task->on_cpu && task != current)
		smp_kick(cpu);
}

/* Nothing to do here, and nothing to take from others: halts until an interrupt comes. */
static void halt_if_idle(void)
{
	u32 bit = 1u << this_cpu()->id;
	irq_disable();
	__atomic_fetch_or(&idle_cpus, bit, __ATOMIC_SEQ_CST); /* a barrier: see above */
	bool work = !sched_kept_out() && (queued_on(this_runq()) > 0 || sched_steal(1));
	if (work)
		irq_enable();
	else
		irq_enable_and_halt();
	__atomic_fetch_and(&idle_cpus, ~bit, __ATOMIC_SEQ_CST);
}

void sched_idle(void)
{
	timer_init();
	for (;;) {
		schedule();
		halt_if_idle();
	}
}

static bool all_others_idle(void)
{
	u32 idle = __atomic_load_n(&idle_cpus, __ATOMIC_ACQUIRE);
	return (idle | 1u << alone) == online_mask();
}

static void ask_others_to_schedule(void)
{
	for (u32 cpu = 0; cpu < ncpus; cpu++) {
		if (cpu == (u32)alone)
			continue;
		cpus[cpu].need_resched = true;
		smp_kick(cpu);
	}
}

void sched_alone_begin(void)
{
	mutex_lock(&alone_mutex);
	alone = this_cpu()->id;
	for (u64 asked_ns = 0; !all_others_idle();) {
		u64 now_ns = time_now_ns();
		if (now_ns > asked_ns + NSEC_PER_MSEC || asked_ns == 0) {
			ask_others_to_schedule(); /* again: a switch may have overwritten it */
			asked_ns = now_ns;
		}
		sched_point();
		cpu_relax();
	}
}

void sched_alone_end(void)
{
	kassert(mutex_held(&alone_mutex));
	alone = -1;
	for (u32 cpu = 0; cpu < ncpus; cpu++)
		if (cpu != this_cpu()->id)
			smp_kick(cpu);
	mutex_unlock(&alone_mutex);
}

void sched_cpus_init(void)
{
	mutex_init(&alone_mutex, "alone", RANK_ALONE);
}
