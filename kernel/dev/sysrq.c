/*
 * Magic keys, with Linux's letters. They come by the serial line (BREAK, then
 * the key within 5 seconds), by the keyboard (Alt, SysRq and the key) and by
 * /proc/sysrq-trigger, and are meant for a machine that does nothing else any
 * more: an interrupt is enough.
 *
 *	sysrq_press		the driver has seen one; it holds the terminal's lock
 *	sysrq_run_pressed	the same interrupt, without it (dev/tty.c)
 *	  sysrq_run		looks the key up, and does it
 *
 * A CPU that is stuck may hold any lock. proc_lock is tried for a while, and the
 * key says so if it is not to be had; figures of memory and CPUs are read without.
 * Sources: Linux's Documentation/admin-guide/sysrq.rst, drivers/tty/sysrq.c.
 */
#include "dev/sysrq.h"

#include "arch/cpu.h"
#include "arch/reboot.h"
#include "arch/smp.h"
#include "fs/proc_figures.h"
#include "lib/frames.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "mm/page.h"
#include "proc/process.h"
#include "proc/watchdog.h"
#include "sync/held.h"
#include "trace/trace.h"

enum { PATIENCE = 3000000 /* tries: about a second */, FRAMES_MAX = 12 };

u32 sysrq_enabled = 1;
static u8 pressed;

/* All tasks, under proc_lock. */
static void each_task(void (*fn)(const struct task *task))
{
	struct process *process;
	struct task *task;

	if (!spin_lock_soon(&proc_lock, PATIENCE)) {
		kprintf("proc_lock is held by CPU %d\n", (int)proc_lock.holder - 1);
		return;
	}
	list_for_each(process, &all_processes, all_link)
		list_for_each(task, &process->tasks, group_link) {
			watchdog_touch();
			fn(task);
		}
	spin_unlock(&proc_lock);
}

/* The functions that it sleeps in, the innermost first. */
static void show_task(const struct task *task)
{
	va_t calls[FRAMES_MAX];
	const va_t *at = calls;
	u32 n = frames_of_task(task, calls, FRAMES_MAX);
	u64 offset;
	char name[KSYM_NAME];

	kprintf("%5d %5d  %c %4u %-15s", task_tid(task), task->process->parent_number,
		task_state_text(task)[0], task->cpu, task->name);
	for (frames_wchan(&at, &n, name); n > 0; at++, n--)
		kprintf(" %s", ksym_find(*at, name, &offset) ? name : "?");
	locks_show_wait(task);
	kprintf("\n");
}

static void show_blocked(const struct task *task)
{
	if (task_state_text(task)[0] == 'D')
		show_task(task);
}

static void show_waiting(const struct task *task)
{
	if (task->waits_for)
		show_task(task);
}

static void key_tasks(void)
{
	kprintf("  tid  ppid  S  CPU name            sleeps in\n");
	each_task(show_task);
}

static void key_blocked(void)
{
	each_task(show_blocked);
}

static void key_locks(void)
{
	locks_show_held();
	for (u32 cpu = 0; cpu < ncpus; cpu++) {
		const struct spinlock *lock = spin_waits_for[cpu];
		if (lock)
			kprintf("CPU %u waits for %s\n", cpu, locks_name(&lock->name));
	}
	each_task(show_waiting);
}

static void key_memory(void)
{
	struct page_stats p;

	page_stats(&p);
	kprintf("KiB: total %lu free %lu anon %lu file %lu tables %lu heap %lu kernel %lu\n",
		p.total * 4, p.free * 4, p.anon * 4, p.file * 4, p.tables * 4, p.heap * 4,
		p.kernel * 4);
}

static void key_cpus(void)
{
	smp_backtrace_all(true);
}

static void key_crash(void)
{
	panic("sysrq triggered crash");
}

static void signal_all(int sig)
{
	struct process *process;

	if (!spin_lock_soon(&proc_lock, PATIENCE))
		return;
	list_for_each(process, &all_processes, all_link)
		if (process != init_process)
			signal_send_process(process, sig, NULL);
	spin_unlock(&proc_lock);
}

static void key_terminate(void)
{
	signal_all(SIGTERM);
}

static void key_kill(void)
{
	signal_all(SIGKILL);
}

/* All files are in memory only. */
static void key_sync(void)
{
	kprintf("Emergency Sync complete\n");
}

static void key_trace(void)
{
	trace_last(32);
}

static void key_help(void);

/* Bits of kernel.sysrq, beside 1 for all. */
enum allowed { ALWAYS = 0xff, DUMPS = 8, SYNC = 16, SIGNALS = 64, BOOT = 128 };

static const struct key {
	char key;
	u8 allowed;
	void (*fn)(void);
	const char *does;
} keys[] = {
	{'h', ALWAYS, key_help, "HELP"}, /* and for every key that is not here */
	{'b', BOOT, machine_restart, "Resetting"},
	{'c', DUMPS, key_crash, "Trigger a crash"},
	{'d', DUMPS, key_locks, "Show Locks Held"},
	{'e', SIGNALS, key_terminate, "Terminate All Tasks"},
	{'i', SIGNALS, key_kill, "Kill All Tasks"},
	{'l', DUMPS, key_cpus, "Show backtrace of all active CPUs"},
	{'m', DUMPS, key_memory, "Show Memory"},
	{'o', BOOT, machine_power_off, "Power Off"},
	{'s', SYNC, key_sync, "Emergency Sync"},
	{'t', DUMPS, key_tasks, "Show State"},
	{'w', DUMPS, key_blocked, "Show Blocked State"},
	{'z', DUMPS, key_trace, "Dump ftrace buffer"},
};

static void key_help(void)
{
	for (size_t i = 1; i < ARRAY_SIZE(keys); i++)
		kprintf("  %c  %s\n", keys[i].key, keys[i].does);
}

void sysrq_run(u8 key, bool asked_by_root)
{
	const struct key *found = keys;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].key == key)
			found = &keys[i];
	if (asked_by_root || sysrq_enabled == 1 || (sysrq_enabled & found->allowed & ~1u)) {
		kprintf("sysrq: %s\n", found->does);
		found->fn();
	} else if (sysrq_enabled) {
		kprintf("sysrq: This sysrq operation is disabled.\n");
	}
}

void sysrq_press(u8 key)
{
	pressed = key;
}

void sysrq_run_pressed(void)
{
	u8 key = __atomic_exchange_n(&pressed, 0, __ATOMIC_RELAXED);

	if (key)
		sysrq_run(key, false);
}
