/*
 * What processes have used: run time, faults, switches; getrusage and times.
 *
 * Run time is exact (charged at each switch); its division into user and system
 * time follows the samples of the timer, as on Linux without precise accounting.
 */
#include "arch/cpu.h"
#include "arch/time.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "proc/rusage.h"
#include "syscall/syscalls.h"

void usage_add(struct usage *a, const struct usage *b)
{
	a->run_ns += b->run_ns;
	a->user_ns += b->user_ns;
	a->system_ns += b->system_ns;
	a->user_ticks += b->user_ticks;
	a->system_ticks += b->system_ticks;
	a->minor_faults += b->minor_faults;
	a->major_faults += b->major_faults;
	a->max_resident_pages = MAX(a->max_resident_pages, b->max_resident_pages);
	a->voluntary_switches += b->voluntary_switches;
	a->involuntary_switches += b->involuntary_switches;
}

struct cpu_times usage_times(const struct usage *usage)
{
	u64 ticks = usage->user_ticks + usage->system_ticks;
	u64 user_ns = ticks ? usage->run_ns / ticks * usage->user_ticks : usage->run_ns;
	user_ns = MAX(user_ns, usage->user_ns);
	user_ns = MIN(user_ns, usage->run_ns - usage->system_ns);
	return (struct cpu_times){user_ns, usage->run_ns - user_ns};
}

struct usage task_usage(const struct task *task)
{
	struct usage usage = task->usage;
	usage.run_ns = sched_run_ns(task);
	if (task->mm) { /* memory that mmap has entered came without a fault */
		u64 resident = pa_page(task->mm->root)->resident;
		u64 most = MAX(task->mm->peak_resident, resident);
		usage.max_resident_pages = MAX(usage.max_resident_pages, most);
	}
	return usage;
}

struct usage process_usage(struct process *process)
{
	struct usage sum = process->usage;
	struct task *task;
	list_for_each(task, &process->tasks, group_link) {
		if (!task->sighand)
			continue; /* added by exit already */
		struct usage usage = task_usage(task);
		usage_add(&sum, &usage);
	}
	struct cpu_times times = usage_times(&sum);
	process->usage.user_ns = sum.user_ns = times.user_ns;
	process->usage.system_ns = sum.system_ns = times.system_ns;
	return sum;
}

struct rusage { /* sys/resource.h */
	s64 user_sec, user_usec, system_sec, system_usec;
	s64 maxrss_kib, ixrss, idrss, isrss, minflt, majflt, nswap, inblock, oublock;
	s64 msgsnd, msgrcv, nsignals, nvcsw, nivcsw;
};

int rusage_to_user(void __user *to, const struct usage *usage)
{
	struct cpu_times times = usage_times(usage);
	struct rusage r = {
		.user_sec = times.user_ns / NSEC_PER_SEC,
		.user_usec = times.user_ns % NSEC_PER_SEC / 1000,
		.system_sec = times.system_ns / NSEC_PER_SEC,
		.system_usec = times.system_ns % NSEC_PER_SEC / 1000,
		.maxrss_kib = usage->max_resident_pages * 4,
		.minflt = usage->minor_faults,
		.majflt = usage->major_faults,
		.nvcsw = usage->voluntary_switches,
		.nivcsw = usage->involuntary_switches,
	};
	return copy_to_user(to, &r, sizeof r);
}

enum rusage_who { RUSAGE_SELF = 0, RUSAGE_CHILDREN = -1, RUSAGE_THREAD = 1 };

s64 sys_getrusage(int who, void __user *to)
{
	struct usage usage;
	spin_lock(&proc_lock);
	if (who == RUSAGE_CHILDREN)
		usage = current->process->child_usage;
	else if (who == RUSAGE_THREAD)
		usage = task_usage(current);
	else
		usage = process_usage(current->process);
	spin_unlock(&proc_lock);
	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
		return -EINVAL;
	return rusage_to_user(to, &usage);
}

#define CLOCK_TICK_NS (NSEC_PER_SEC / 100) /* sysconf(_SC_CLK_TCK) is 100 */

s64 sys_times(void __user *tms)
{
	spin_lock(&proc_lock);
	struct usage own = process_usage(current->process);
	struct usage children = current->process->child_usage;
	spin_unlock(&proc_lock);
	struct cpu_times a = usage_times(&own), b = usage_times(&children);
	s64 out[4] = {a.user_ns / CLOCK_TICK_NS, a.system_ns / CLOCK_TICK_NS,
		      b.user_ns / CLOCK_TICK_NS, b.system_ns / CLOCK_TICK_NS};
	if (tms && copy_to_user(tms, out, sizeof out))
		return -EFAULT;
	return time_now_ns() / CLOCK_TICK_NS;
}
