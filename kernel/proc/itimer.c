/*
 * The process's alarm clock: alarm(2), and setitimer(2) with ITIMER_REAL, which
 * is the same clock (musl's alarm calls setitimer). SIGALRM comes from a timer
 * of the kernel (proc/timer.c), which an interval starts anew each time.
 *
 * Locks: proc_lock guards the interval and whether the process is over.
 * LINUX-DIFF: ITIMER_VIRTUAL and ITIMER_PROF are EINVAL.
 */
#include "arch/cpu.h"
#include "arch/time.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscalls.h"

enum { ITIMER_REAL = 0 };

struct clock_setting {
	u64 interval_ns; /* 0: once */
	u64 left_ns;	 /* 0: not running */
};

struct itimerval { /* sys/time.h */
	s64 interval_sec, interval_usec, value_sec, value_usec;
};

static void expired(struct timer *timer)
{
	struct process *process = container_of(timer, struct process, alarm);
	spin_lock(&proc_lock);
	if (!process->zombie) {
		signal_send_process(process, SIGALRM, NULL);
		if (process->alarm_interval_ns)
			timer_start(timer, timer->deadline_ns + process->alarm_interval_ns);
	}
	spin_unlock(&proc_lock);
}

static struct clock_setting get_alarm(void)
{
	struct process *process = current->process;
	u64 now_ns = time_now_ns();
	struct clock_setting setting = {process->alarm_interval_ns, 0};
	if (process->alarm.queued && process->alarm.deadline_ns > now_ns)
		setting.left_ns = process->alarm.deadline_ns - now_ns;
	return setting;
}

/* Returns what was set before. */
static struct clock_setting set_alarm(struct clock_setting setting)
{
	struct process *process = current->process;
	spin_lock(&proc_lock);
	struct clock_setting old = get_alarm();
	while (!timer_stop(&process->alarm)) { /* it goes off now: expired() waits for the lock */
		spin_unlock(&proc_lock);
		cpu_relax();
		spin_lock(&proc_lock);
	}
	process->alarm_interval_ns = setting.interval_ns;
	process->alarm.fn = expired;
	if (setting.left_ns)
		timer_start(&process->alarm, time_now_ns() + setting.left_ns);
	spin_unlock(&proc_lock);
	return old;
}

s64 sys_alarm(u32 seconds)
{
	struct clock_setting old =
		set_alarm((struct clock_setting){.left_ns = seconds * NSEC_PER_SEC});
	/* Rounded to the nearest second, but never to "none": alarm(2). */
	return old.left_ns ? MAX(1ull, (old.left_ns + NSEC_PER_SEC / 2) / NSEC_PER_SEC) : 0;
}

static int put_setting(void __user *to, struct clock_setting setting)
{
	struct itimerval value = {
		.interval_sec = setting.interval_ns / NSEC_PER_SEC,
		.interval_usec = setting.interval_ns % NSEC_PER_SEC / 1000,
		.value_sec = setting.left_ns / NSEC_PER_SEC,
		.value_usec = setting.left_ns % NSEC_PER_SEC / 1000,
	};
	if (setting.left_ns && !value.value_sec && !value.value_usec)
		value.value_usec = 1; /* it still runs */
	return copy_to_user(to, &value, sizeof value);
}

static bool time_ok(s64 sec, s64 usec)
{
	return sec >= 0 && usec >= 0 && usec < 1000000;
}

static u64 to_ns(s64 sec, s64 usec)
{
	return MIN((u64)sec, INT64_MAX / NSEC_PER_SEC / 4) * NSEC_PER_SEC + usec * 1000;
}

s64 sys_getitimer(int which, void __user *value)
{
	if (which != ITIMER_REAL)
		return -EINVAL;
	spin_lock(&proc_lock);
	struct clock_setting setting = get_alarm();
	spin_unlock(&proc_lock);
	return put_setting(value, setting);
}

s64 sys_setitimer(int which, const void __user *value, void __user *old_value)
{
	struct itimerval new = {0};
	if (value && copy_from_user(&new, value, sizeof new)) /* NULL: all zero, as on Linux */
		return -EFAULT;
	if (!time_ok(new.interval_sec, new.interval_usec) || !time_ok(new.value_sec, new.value_usec))
		return -EINVAL;
	if (which != ITIMER_REAL)
		return -EINVAL;
	struct clock_setting old = set_alarm((struct clock_setting){
		.interval_ns = to_ns(new.interval_sec, new.interval_usec),
		.left_ns = to_ns(new.value_sec, new.value_usec),
	});
	return old_value ? put_setting(old_value, old) : 0;
}
