/*
 * Clocks of CPU time: those of the calling thread and process, and those of
 * others, whose ids hold the number: ~tid << 3, a bit for "of a thread", and
 * which time (clock_getcpuclockid(3), pthread_getcpuclockid(3)).
 *
 * A sleep on one looks now and then how far it has come: as many threads as
 * there are CPUs may run at once, so it looks when it could be over.
 *
 * Lock: proc_lock while the threads are summed up.
 */
#include "arch/cpu.h"
#include "arch/time.h"
#include "lib/errno.h"
#include "proc/process.h"
#include "syscall/time_calls.h"

enum { PROCESS_CPUTIME = 2, THREAD_CPUTIME = 3 };
enum clock_bits { WHICH = 3, WHICH_PROF = 0, WHICH_VIRT = 1, WHICH_SCHED = 2, OF_THREAD = 4 };

/* The clock in the general form. */
static int full_id(int clock)
{
	if (clock == PROCESS_CPUTIME || clock == THREAD_CPUTIME)
		return -8 | WHICH_SCHED | (clock == THREAD_CPUTIME ? OF_THREAD : 0);
	return clock;
}

bool cpu_clock_is_one(int clock)
{
	clock = full_id(clock);
	return clock < 0 && (clock & WHICH) <= WHICH_SCHED;
}

/* A process by its number, or by that of the calling thread; a thread of this process.
 * NULL if it is none of them. proc_lock held. */
static struct task *clock_task(int clock)
{
	pid_t number = ~(clock >> 3);
	if (number == 0)
		return current;
	struct pid *pid = pid_find(number);
	struct task *task = pid ? pid->task : NULL;
	if (!task || task == current)
		return task;
	bool right = clock & OF_THREAD ? task->process == current->process
				       : task->process->leader == task;
	return right ? task : NULL;
}

int cpu_clock_read(int clock, u64 *ns)
{
	int error = -EINVAL;
	if (!cpu_clock_is_one(clock))
		return error;
	clock = full_id(clock);
	spin_lock(&proc_lock);
	struct task *task = clock_task(clock);
	if (task) {
		struct usage usage = clock & OF_THREAD ? task_usage(task)
						       : process_usage(task->process);
		bool user_only = (clock & WHICH) == WHICH_VIRT;
		*ns = user_only ? usage_times(&usage).user_ns : usage.run_ns;
		error = 0;
	}
	spin_unlock(&proc_lock);
	return error;
}

u64 cpu_clock_resolution_ns(int clock)
{
	return (full_id(clock) & WHICH) == WHICH_SCHED ? 1 : TICK_NS;
}

static int sleep_until(int clock, u64 deadline_ns)
{
	u64 now_ns;
	while (cpu_clock_read(clock, &now_ns) == 0) {
		if (now_ns >= deadline_ns)
			return 0;
		u64 soonest_ns = (deadline_ns - now_ns) / ncpus;
		int error = time_sleep_until(time_now_ns() + MAX(soonest_ns, (u64)TICK_NS));
		if (error)
			return error;
	}
	return -ESRCH; /* it has ended */
}

static s64 sleep_restart(struct restart_block *block)
{
	int clock = block->args[0], error = sleep_until(clock, block->deadline_ns);
	u64 now_ns;
	if (error != -EINTR)
		return error;
	if (cpu_clock_read(clock, &now_ns))
		return -ESRCH;
	u64 left_ns = block->deadline_ns > now_ns ? block->deadline_ns - now_ns : 0;
	if (block->remain && timespec_to_user(block->remain, left_ns))
		return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

s64 cpu_clock_sleep(int clock, bool absolute, u64 ns, void __user *remain)
{
	pid_t number = ~(clock >> 3);
	u64 now_ns;
	if (clock < 0 && (clock & OF_THREAD) && (number == 0 || number == task_tid(current)))
		return -EINVAL; /* while we sleep it stands still */
	if (cpu_clock_read(clock, &now_ns))
		return -EINVAL;
	if (absolute) {
		int error = sleep_until(clock, ns);
		return error == -EINTR ? -ERESTARTNOHAND : error;
	}
	current->restart = (struct restart_block){
		.fn = sleep_restart,
		.deadline_ns = now_ns + MIN(ns, (u64)INT64_MAX),
		.remain = remain,
		.args = {clock},
	};
	return sleep_restart(&current->restart);
}
