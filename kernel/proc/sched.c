/*
 * The scheduler: weighted round robin over one run queue (per CPU, from the
 * next step of the kernel on).
 *
 *	schedule        the one place where a task gives its CPU away
 *	  pick_next     the head of the queue, or the idle task
 *	  thread_switch (arch) from stack to stack
 *	  finish_switch on the new stack: the old task has left the CPU
 *
 * Runnable tasks take turns in order. A turn lasts for a slice in proportion
 * to the weight of the task's nice value (Linux's table), counted in ticks of
 * the timer; when it is over cpu->need_resched asks for a switch on the next
 * way to user mode. The kernel itself is not preempted.
 *
 * Lock: runq.lock (RANK_RUNQ), held across the switch and let go of by
 * finish_switch, as in xv6.
 */
#include "proc/sched.h"
#include "arch/cpu.h"
#include "arch/time.h"
#include "lib/panic.h"
#include "mm/mm.h"
#include "proc/task.h"

static struct runq {
	struct spinlock lock;
	struct list tasks;   /* struct task.runq_link, next first; the running one is not in it */
	u32 nqueued;
	struct task *leaving; /* between thread_switch and finish_switch: who had the CPU */
} runq = {SPINLOCK_INIT("runq", RANK_RUNQ), LIST_INIT(runq.tasks), 0, NULL};

#define SLICE_NS (20 * NSEC_PER_MSEC) /* at nice 0 */

/* sched_prio_to_weight of Linux: each step of nice is about 10 % of CPU time. */
static const u32 nice_weight[40] = {
	88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
	9548,  7620,  6100,  4904,  3906,  3121,  2501,	 1991,	1586,  1277,
	1024,  820,   655,   526,   423,   335,	  272,	 215,	172,   137,
	110,   87,    70,    56,    45,	   36,	  29,	 23,	18,    15,
};

static u64 slice_of(const struct task *task)
{
	return SLICE_NS * nice_weight[task->nice + 20] / 1024;
}

static void enqueue(struct task *task)
{
	kassert(!task->on_runq && task->state == TASK_RUNNING);
	task->on_runq = true;
	list_append(&runq.tasks, &task->runq_link);
	runq.nqueued++;
}

static struct task *pick_next(void)
{
	if (list_empty(&runq.tasks))
		return this_cpu()->idle;
	struct task *task = list_first(&runq.tasks, struct task, runq_link);
	list_remove(&task->runq_link);
	task->on_runq = false;
	runq.nqueued--;
	return task;
}

/* Charges the time since the task got the CPU. */
static void charge(struct task *task, u64 now_ns)
{
	u64 ran_ns = now_ns - task->switched_in_ns;
	task->switched_in_ns = now_ns;
	task->usage.run_ns += ran_ns;
	struct cpu *cpu = this_cpu();
	if (task == cpu->idle)
		cpu->idle_ns += ran_ns;
	else
		cpu->busy_ns += ran_ns;
	task->slice_left_ns = ran_ns < task->slice_left_ns ? task->slice_left_ns - ran_ns : 0;
}

u64 sched_run_ns(const struct task *task)
{
	u64 running_ns = task->on_cpu ? time_now_ns() - task->switched_in_ns : 0;
	return task->usage.run_ns + running_ns;
}

/* On the stack of the task that was switched to; the lock was taken by the one that left. */
static void finish_switch(void)
{
	struct task *prev = runq.leaving;
	runq.leaving = NULL;
	prev->on_cpu = false;
	bool gone = prev->state == TASK_ZOMBIE;
	spin_unlock(&runq.lock);
	if (gone)
		task_put(prev); /* its stack is free at last */
}

void sched_switched(void)
{
	this_cpu()->irq_was_on = true; /* a new task begins with interrupts on */
	finish_switch();
}

static void switch_to(struct task *prev, struct task *next)
{
	bool irq_was_on = this_cpu()->irq_was_on; /* belongs to the task, not to the CPU */
	if (next->slice_left_ns == 0)
		next->slice_left_ns = slice_of(next);
	next->on_cpu = true;
	runq.leaving = prev;
	mm_switch(next->mm);
	thread_switch(prev, next);
	this_cpu()->irq_was_on = irq_was_on;
	finish_switch();
}

void schedule(void)
{
	struct task *prev = current;
	struct cpu *cpu = this_cpu();
	kassert(cpu->irq_off_depth == 0);

	spin_lock(&runq.lock);
	u64 now_ns = time_now_ns();
	charge(prev, now_ns);
	cpu->need_resched = false;
	if (prev->state != TASK_RUNNING)
		prev->usage.voluntary_switches++;
	else if (prev != cpu->idle)
		enqueue(prev);
	struct task *next = pick_next();
	next->switched_in_ns = now_ns;
	if (next == prev) {
		if (prev->slice_left_ns == 0)
			prev->slice_left_ns = slice_of(prev);
		spin_unlock(&runq.lock);
		return;
	}
	switch_to(prev, next);
}

void sched_start(struct task *task)
{
	spin_lock(&runq.lock);
	task->state = TASK_RUNNING;
	enqueue(task);
	this_cpu()->need_resched |= current == this_cpu()->idle;
	spin_unlock(&runq.lock);
}

/* From the given state to RUNNING; one that has not left its CPU yet just goes on. */
static bool wake_from(struct task *task, enum task_state state)
{
	spin_lock(&runq.lock);
	bool woken = task->state == state;
	if (woken) {
		task->state = TASK_RUNNING;
		if (!task->on_cpu)
			enqueue(task);
		this_cpu()->need_resched |= current == this_cpu()->idle;
	}
	spin_unlock(&runq.lock);
	return woken;
}

bool sched_wake(struct task *task)
{
	return wake_from(task, TASK_SLEEPING);
}

bool sched_wake_stopped(struct task *task)
{
	return wake_from(task, TASK_STOPPED);
}

void sched_point(void)
{
	struct cpu *cpu = this_cpu();
	if (cpu->need_resched && cpu->irq_off_depth == 0 && current->state == TASK_RUNNING)
		schedule();
}

void sched_set_nice(struct task *task, int nice)
{
	spin_lock(&runq.lock);
	task->nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
	spin_unlock(&runq.lock);
}

u32 sched_nr_running(void)
{
	return runq.nqueued + (current != this_cpu()->idle);
}

/* Load averages, as Linux computes them: exponential decay, sampled every 5 seconds. */
static u64 load[3];
static u64 next_load_ns;

static void sample_load(u64 now_ns)
{
	static const u64 decay[3] = {1884, 2014, 2037}; /* 2048 / exp(5 s / 1, 5, 15 min) */
	if (now_ns < next_load_ns)
		return;
	next_load_ns = now_ns + 5 * NSEC_PER_SEC;
	u64 active = sched_nr_running() * 2048ull;
	for (int i = 0; i < 3; i++)
		load[i] = (load[i] * decay[i] + active * (2048 - decay[i])) / 2048;
}

void sched_load(u64 out[3])
{
	for (int i = 0; i < 3; i++)
		out[i] = load[i];
}

void timer_interrupt(bool from_user)
{
	struct cpu *cpu = this_cpu();
	if (!timer_run_due())
		return;
	struct task *task = current;
	u64 now_ns = time_now_ns();
	if (from_user)
		task->usage.user_ticks++;
	else if (task != cpu->idle)
		task->usage.system_ticks++;
	sample_load(now_ns);
	spin_lock(&runq.lock);
	charge(task, now_ns);
	if (task->slice_left_ns == 0 && runq.nqueued > 0) {
		task->usage.involuntary_switches++;
		cpu->need_resched = true;
	}
	spin_unlock(&runq.lock);
}

void sched_init(void)
{
	static struct task boot_task; /* what runs now; it becomes CPU 0's idle task */
	struct cpu *cpu = this_cpu();
	boot_task.state = TASK_RUNNING;
	boot_task.on_cpu = true;
	boot_task.nice = 19;
	task_set_name(&boot_task, "idle");
	cpu->task = cpu->idle = &boot_task;
}

void sched_idle(void)
{
	timer_init();
	for (;;) {
		schedule();
		irq_disable();
		if (list_empty(&runq.tasks))
			irq_enable_and_halt();
		else
			irq_enable();
	}
}
