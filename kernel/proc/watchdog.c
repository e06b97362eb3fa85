/*
 * Finds what is stuck, by the ticks of the scheduler's clock (100 a second):
 *
 *	soft	a CPU's own ticks find it in the kernel all the time, in one task. Half
 *		way to the limit it is asked to reschedule: a CPU that gets on does so on
 *		its next way to user mode, or in sched_point
 *	hard	a CPU has no ticks: its interrupts are off. Each CPU counts, by its own
 *		ticks, those of the next one; an NMI makes that one say where it is, and
 *		once more a second later. With one CPU only the PIT can do so
 *	hung	a task sleeps in a way that no signal ends
 *
 * CPUs are counted by ticks, not by the clock: one that its host does not run for
 * a minute has missed one tick, and comes to no harm. Each incident is told once.
 * Reports are printed from the tick's handler: no lock is held there.
 *
 * Sources: Linux's Documentation/admin-guide/lockup-watchdogs.rst and
 * kernel/hung_task.c, whose limits these are.
 */
#include "proc/watchdog.h"

#include "arch/irq.h"
#include "arch/smp.h"
#include "arch/time.h"
#include "lib/frames.h"
#include "lib/printf.h"
#include "proc/task.h"
#include "sync/held.h"

u32 watchdog_seconds = 10;
u32 hung_task_seconds = 120;
u32 watchdog_by_nmi;

enum { TICKS_PER_S = NSEC_PER_SEC / TICK_NS, PIT_NMIS_PER_S = 18 };

static struct watch {
	u32 ticks;	  /* this CPU's */
	bool stuck;	  /* it had no more, and that has been told */
	u32 kernel_ticks; /* in a row that found it in the kernel, and in the same task */
	u64 switches;	  /* of cpu->switches, at the last one */
	u32 seen, missed; /* ticks of the next CPU, and of ours since it had one */
	u32 nmi_seen, nmis; /* the same between our ticks and the PIT's NMIs */
} watches[MAX_CPUS];

static void report(u32 cpu, u32 seconds, const char *how)
{
	kprintf("watchdog: CPU %u stuck for %u s %s\n", cpu, seconds, how);
	smp_show(cpu);
}

static void watch_this(struct cpu *cpu, struct watch *w, const struct regs *regs)
{
	u32 limit = watchdog_seconds * TICKS_PER_S;
	bool was_asked = w->kernel_ticks >= limit / 2;

	if (regs_from_user(regs) || current == cpu->idle || cpu->switches != w->switches ||
	    (was_asked && !cpu->need_resched)) {
		w->switches = cpu->switches;
		w->kernel_ticks = 0;
		return;
	}
	w->kernel_ticks++;
	if (w->kernel_ticks == limit / 2)
		cpu->need_resched = true;
	if (w->kernel_ticks == limit) {
		smp_note(regs);
		report(cpu->id, watchdog_seconds, "in the kernel");
	}
}

static void watch_next(u32 here, struct watch *w)
{
	u32 next = (here + 1) % ncpus, limit = watchdog_seconds * TICKS_PER_S;

	while (watches[next].stuck && next != here) /* it watches nobody: we do it instead */
		next = (next + 1) % ncpus;
	u32 ticks = __atomic_load_n(&watches[next].ticks, __ATOMIC_RELAXED);
	if (ticks == 0 || ticks != w->seen) { /* 0: it is about to start */
		w->seen = ticks;
		w->missed = 0;
		return;
	}
	w->missed++;
	if (w->missed == limit && !smp_look_irqs_off(next))
		w->missed = 0; /* it runs, or its host does not run it: the tick will come */
	if (w->missed < limit + TICKS_PER_S)
		return;
	watches[next].stuck = true;
	if (smp_look_irqs_off(next))
		report(next, w->missed / TICKS_PER_S, "with interrupts off");
}

/* Only those whose time came between the last two looks: so each is told once, and none whose time
 * is over because the host, and with it the clock, has jumped. */
static void report_if_hung(const struct task *task, u64 after_ns, u64 until_ns)
{
	va_t calls[8];
	const va_t *at = calls;
	u64 since_ns = task->switched_in_ns; /* set when it left its CPU, too */

	if (task->state != TASK_SLEEPING || task->wake_on_signal || task->wake_on_kill ||
	    task->on_cpu || since_ns <= after_ns || since_ns > until_ns)
		return;
	u32 n = frames_of_task(task, calls, ARRAY_SIZE(calls));
	char name[KSYM_NAME];
	bool known = frames_wchan(&at, &n, name);
	kprintf("watchdog: task %d (%s) has been asleep for %u s in %s", task_tid(task), task->name,
		hung_task_seconds, known ? name : "?");
	locks_show_wait(task);
	kprintf("\n");
}

static void look_for_hung_tasks(void)
{
	static u64 before_ns, looked_ns; /* the last two looks */
	u64 now_ns = time_now_ns(), limit_ns = hung_task_seconds * NSEC_PER_SEC;
	struct process *process;
	struct task *task;

	if (now_ns - looked_ns < limit_ns / 8 || !spin_lock_soon(&proc_lock, 1))
		return;
	list_for_each(process, &all_processes, all_link)
		list_for_each(task, &process->tasks, group_link)
			report_if_hung(task, before_ns > limit_ns ? before_ns - limit_ns : 0,
				       looked_ns > limit_ns ? looked_ns - limit_ns : 0);
	before_ns = looked_ns;
	looked_ns = now_ns;
	spin_unlock(&proc_lock);
}

void watchdog_tick(const struct regs *regs)
{
	struct cpu *cpu = this_cpu();
	struct watch *w = &watches[cpu->id];

	watchdog_touch();
	if (watchdog_seconds) {
		watch_this(cpu, w, regs);
		if (ncpus > 1)
			watch_next(cpu->id, w);
	}
	if (cpu->id == 0 && hung_task_seconds)
		look_for_hung_tasks();
}

bool watchdog_nmi(const struct regs *regs)
{
	struct watch *w = &watches[this_cpu()->id];

	if (w->ticks != w->nmi_seen || (regs->rflags & RFLAGS_IF)) { /* an idle CPU has no ticks */
		w->nmi_seen = w->ticks;
		w->nmis = 0;
	} else if (watchdog_seconds && ++w->nmis == watchdog_seconds * PIT_NMIS_PER_S) {
		smp_note(regs);
		report(this_cpu()->id, watchdog_seconds, "with interrupts off");
	}
	return watchdog_by_nmi;
}

void watchdog_touch(void)
{
	struct watch *w = &watches[this_cpu()->id];

	w->ticks++;
	w->stuck = false;
}

void watchdog_init(void)
{
	if (watchdog_by_nmi)
		irq_start_nmi_clock();
}
