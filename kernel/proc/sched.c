/*
 * The scheduler: weighted round robin over one run queue per CPU.
 *
 *	schedule        the one place where a task gives its CPU away
 *	  pick_next     the head of this CPU's queue, or the idle task
 *	  thread_switch (arch) from stack to stack
 *	  finish_switch on the new stack: the old task has left the CPU
 *
 * Runnable tasks take turns in order. A turn lasts for a slice in proportion
 * to the weight of the task's nice value (Linux's table); when it is over
 * cpu->need_resched asks for a switch on the next way to user mode. The timer
 * looks only at each tick, so a turn may last too long: what was too much is
 * taken off the next ones (deficit round robin: Shreedhar and Varghese, 1995).
 * A task that slept and has some of its slice left goes to the front. The
 * kernel itself is not preempted. sched_cpus.c spreads tasks over the CPUs.
 *
 * Lock: runq.lock (RANK_RUNQ), held across the switch and let go of by
 * finish_switch, as in xv6.
 */
#include "proc/sched.h"
#include "arch/time.h"
#include "lib/panic.h"
#include "mm/heap.h"
#include "mm/mm.h"
#include "proc/itimer.h"
#include "proc/process.h"
#include "proc/sched_private.h"
#include "proc/watchdog.h"
#include "trace/trace.h"

struct runq runqs[MAX_CPUS];

#define SLICE_NS ((s64)(20 * NSEC_PER_MSEC)) /* at nice 0 */
#define DEBT_NS (10 * SLICE_NS) /* an emulator's CPU may stand still that long within a turn */

/* sched_prio_to_weight of Linux: each step of nice is about 10 % of CPU time. */
static const u32 nice_weight[40] = {
	88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
	9548,  7620,  6100,  4904,  3906,  3121,  2501,	 1991,	1586,  1277,
	1024,  820,   655,   526,   423,   335,	  272,	 215,	172,   137,
	110,   87,    70,    56,    45,	   36,	  29,	 23,	18,    15,
};

static s64 slice_of(const struct task *task)
{
	return SLICE_NS * nice_weight[task->nice + 20] / 1024;
}

struct runq *task_runq_lock(const struct task *task)
{
	for (;;) {
		u32 cpu = __atomic_load_n(&task->cpu, __ATOMIC_RELAXED);
		spin_lock(&runqs[cpu].lock);
		if (cpu == __atomic_load_n(&task->cpu, __ATOMIC_RELAXED))
			return &runqs[cpu];
		spin_unlock(&runqs[cpu].lock); /* it was moved meanwhile */
	}
}

/* Whoever has used up more than its slice gets another one, and waits for its next turn if
 * that does not make up for it. */
static struct task *pick_next(struct runq *rq)
{
	if (sched_kept_out())
		return this_cpu()->idle;
	while (!list_empty(&rq->tasks)) {
		struct task *task = list_first(&rq->tasks, struct task, runq_link);
		if (task->slice_left_ns <= 0)
			task->slice_left_ns += slice_of(task);
		runq_remove(rq, task);
		if (task->slice_left_ns > 0)
			return task;
		runq_add(rq, task, false);
	}
	return this_cpu()->idle;
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
	/* Who was alone took nothing from anyone. */
	s64 debt_ns = this_runq()->nqueued > 0 ? DEBT_NS : SLICE_NS;
	task->slice_left_ns = MAX(task->slice_left_ns - (s64)ran_ns, -debt_ns);
}

/* Since the last charge; the queue's lock held. Clocks of CPUs may differ a little. */
static u64 running_ns(const struct task *task)
{
	u64 now_ns = time_now_ns();
	return now_ns > task->switched_in_ns ? now_ns - task->switched_in_ns : 0;
}

u64 sched_run_ns(const struct task *task)
{
	struct runq *rq = task_runq_lock(task);
	u64 run_ns = task->usage.run_ns;
	if (task->on_cpu)
		run_ns += running_ns(task);
	spin_unlock(&rq->lock);
	return run_ns;
}

/* On the stack of the task that was switched to; the lock was taken by the one that left. */
static void finish_switch(void)
{
	struct runq *rq = this_runq();
	struct task *prev = rq->leaving;
	rq->leaving = NULL;
	bool gone = prev->state == TASK_ZOMBIE;
	bool moves = prev->state == TASK_RUNNING && !prev->on_runq && prev != this_cpu()->idle;
	prev->on_cpu = false;
	spin_unlock(&rq->lock);
	if (gone)
		task_put(prev); /* its stack is free at last */
	else if (moves)
		sched_move(prev);
}

void sched_switched(void)
{
	cpu_here->irq_flags = RFLAGS_IF; /* a new task begins with interrupts on */
	finish_switch();
}

__cold static void trace_switch(const struct task *prev, const struct task *next)
{
	char state = "RSTZ"[prev->state];
	if (state == 'S' && !prev->wake_on_signal)
		state = 'D';
	trace(switch, next->pid ? task_tid(next) : 0, state);
}

static void switch_to(struct runq *rq, struct task *prev, struct task *next)
{
	u64 irq_flags = cpu_here->irq_flags; /* belongs to the task, not to the CPU */
	if (trace_on(TRACE_SCHED))
		trace_switch(prev, next);
	next->on_cpu = true;
	rq->leaving = prev;
	this_cpu()->switches++;
	mm_switch(next->mm);
	thread_switch(prev, next);
	cpu_here->irq_flags = irq_flags; /* perhaps another CPU than before */
	finish_switch();
}

static void count_sleep(struct task *task, u64 now_ns)
{
	task->usage.voluntary_switches++;
	task->sleeps_soon = now_ns - task->woke_ns < SOON_NS;
}

void schedule(void)
{
	struct task *prev = current;
	struct cpu *cpu = this_cpu();
	struct runq *rq = &runqs[cpu->id];
	kassert(cpu->irq_off_depth == 0);

	spin_lock(&rq->lock);
	u64 now_ns = time_now_ns();
	charge(prev, now_ns);
	cpu->need_resched = false;
	if (prev->state != TASK_RUNNING)
		count_sleep(prev, now_ns);
	else if (prev != cpu->idle && task_may_run_on(prev, cpu->id))
		runq_add(rq, prev, false);
	struct task *next = pick_next(rq);
	next->switched_in_ns = now_ns;
	if (next == prev)
		spin_unlock(&rq->lock);
	else
		switch_to(rq, prev, next);
}

void sched_start(struct task *task)
{
	struct runq *rq = task_runq_lock(task);
	u32 cpu = rq - runqs, allowed = task->cpus_allowed;
	bool bound_elsewhere = !task_may_run_on(task, cpu);
	task->state = TASK_RUNNING;
	if (!bound_elsewhere)
		runq_add(rq, task, false);
	spin_unlock(&rq->lock); /* from here on it may be anywhere, or have ended */
	if (bound_elsewhere)
		sched_move(task);
	else
		sched_alert(cpu, allowed);
}

/* The queue's lock is held, so it is not running, or not on to anything else yet. */
__cold static void trace_wakeup(const struct task *task)
{
	trace(wakeup, task_tid(task), task->cpu);
}

/* From the given state to RUNNING; one that has not left its CPU yet just goes on. */
static bool wake_from(struct task *task, enum task_state state)
{
	struct runq *rq = task_runq_lock(task);
	/* The task itself sets its state without a lock (sync/wait.c). */
	if (!__atomic_compare_exchange_n(&task->state, &state, TASK_RUNNING, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
		spin_unlock(&rq->lock);
		return false;
	}
	if (trace_on(TRACE_SCHED))
		trace_wakeup(task);
	bool queued = !task->on_cpu;
	u32 cpu = rq - runqs, allowed = task->cpus_allowed;
	bool moves = queued && sched_wakes_elsewhere(task);
	if (queued && !moves)
		runq_add(rq, task, task->slice_left_ns > 0);
	spin_unlock(&rq->lock);
	if (moves)
		sched_move(task);
	else if (queued)
		sched_alert(cpu, allowed);
	return true;
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
	struct runq *rq = task_runq_lock(task);
	task->nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
	spin_unlock(&rq->lock);
}

u64 sched_slice_ns(const struct task *task)
{
	return slice_of(task);
}

__cold void sched_cpu_figures(u32 id, struct cpu_figures *out)
{
	const struct cpu *cpu = &cpus[id];
	spin_lock(&runqs[id].lock);
	u64 current_ns = running_ns(cpu->task);
	bool idle = cpu->task == cpu->idle;
	u64 busy_ns = cpu->busy_ns + (idle ? 0 : current_ns);
	u64 ticks = MAX(cpu->user_ticks + cpu->nice_ticks + cpu->system_ticks, 1ul);
	*out = (struct cpu_figures){
		.nice_ns = busy_ns / ticks * cpu->nice_ticks,
		.system_ns = busy_ns / ticks * cpu->system_ticks,
		.idle_ns = cpu->idle_ns + (idle ? current_ns : 0),
		.switches = cpu->switches,
	};
	out->user_ns = busy_ns - out->nice_ns - out->system_ns;
	spin_unlock(&runqs[id].lock);
}

u32 sched_nr_running(void)
{
	u32 running = 0;
	for (u32 i = 0; i < ncpus; i++)
		running += runqs[i].nqueued + (cpus[i].task != cpus[i].idle);
	return running;
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

/* CPUs look at different ticks whether another one has too much to do. */
enum { TICKS_TO_BALANCE = 8 };

/* A sample of what the CPU does, for the task and for /proc/stat. */
static void count_tick(struct cpu *cpu, struct task *task, bool from_user)
{
	if (from_user) {
		task->usage.user_ticks++;
		*(task->nice > 0 ? &cpu->nice_ticks : &cpu->user_ticks) += 1;
	} else if (task != cpu->idle) {
		task->usage.system_ticks++;
		cpu->system_ticks++;
	}
}

void timer_interrupt(const struct regs *regs)
{
	bool from_user = regs_from_user(regs);
	struct cpu *cpu = this_cpu();
	if (!timer_run_due())
		return;
	struct runq *rq = &runqs[cpu->id];
	struct task *task = current;
	u64 now_ns = time_now_ns();
	count_tick(cpu, task, from_user);
	itimer_charge(from_user, MAX((u64)TICK_NS, now_ns - task->switched_in_ns)); /* late, maybe */
	if (cpu->id == 0)
		sample_load(now_ns);
	spin_lock(&rq->lock);
	charge(task, now_ns);
	if (task->slice_left_ns <= 0 && rq->nqueued > 0) {
		task->usage.involuntary_switches++;
		cpu->need_resched = true;
	}
	spin_unlock(&rq->lock);
	if (task->sighand) /* else it has exited, and its process may be gone */
		process_check_cpu_limit(task->process);
	if (ncpus > 1 && now_ns / TICK_NS % TICKS_TO_BALANCE == cpu->id % TICKS_TO_BALANCE)
		sched_balance();
	watchdog_tick(regs);
}

/* What runs now on this CPU becomes its idle task. */
static void become_idle(struct task *task)
{
	struct cpu *cpu = this_cpu();
	task->state = TASK_RUNNING;
	task->on_cpu = true;
	task->nice = 19;
	task->cpu = cpu->id;
	task->cpus_allowed = 1u << cpu->id;
	task->kstack_top = cpu->kstack_top; /* 0 on the boot CPU, whose stack is boot_stack */
	task->switched_in_ns = time_now_ns();
	task_set_name(task, "idle");
	cpu->task = cpu->idle = task;
}

__cold void sched_init(void)
{
	static struct task boot_task;
	for (u32 i = 0; i < MAX_CPUS; i++) {
		spin_init(&runqs[i].lock, "runq", RANK_RUNQ);
		list_init(&runqs[i].tasks);
	}
	sched_cpus_init();
	become_idle(&boot_task);
}

__cold void sched_start_cpu(void)
{
	struct task *task = heap_zalloc(sizeof *task);
	if (!task)
		panic("too little memory to start CPU %u", this_cpu()->id);
	become_idle(task);
	sched_idle();
}
