/*
 * The interval timers of a process: setitimer(2), and alarm(2), which is the
 * same clock as ITIMER_REAL (musl's alarm calls setitimer).
 *
 *	expired         ITIMER_REAL: a timer of the kernel (proc/timer.c), SIGALRM
 *	itimer_rearm    its next round begins when SIGALRM is taken, as on Linux:
 *	                a short interval cannot flood the machine
 *	itimer_charge   ITIMER_VIRTUAL, ITIMER_PROF: CPU time, from tick to tick
 *
 * Locks: proc_lock guards intervals and CPU timers. expired takes it too, so
 * it is not held to wait for one that is going off on another CPU.
 */
#include "proc/itimer.h"
#include "arch/cpu.h"
#include "arch/time.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscalls.h"

enum itimer { ITIMER_REAL = 0, ITIMER_VIRTUAL = 1, ITIMER_PROF = 2 };

struct itimerval { /* sys/time.h */
	s64 interval_sec, interval_usec, value_sec, value_usec;
};

static void expired(struct timer *timer)
{
	struct process *process = container_of(timer, struct process, alarm);
	spin_lock(&proc_lock);
	signal_send_process(process, SIGALRM, NULL);
	spin_unlock(&proc_lock);
}

void itimer_rearm(void)
{
	struct process *process = current->process;
	struct timer *timer = &process->alarm;
	spin_lock(&proc_lock);
	u64 interval_ns = process->alarm_interval_ns, now_ns = time_now_ns();
	if (interval_ns && !timer->queued) {
		u64 late_ns = now_ns - timer->deadline_ns; /* rounds that nobody took are lost */
		timer_start(timer, now_ns + interval_ns - late_ns % interval_ns);
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
	/* No interval without a time, as on Linux: SIGALRM by kill(2) is not to start it. */
	process->alarm_interval_ns = setting.left_ns ? setting.interval_ns : 0;
	process->alarm.fn = expired;
	if (setting.left_ns)
		timer_start(&process->alarm, time_now_ns() + setting.left_ns);
	spin_unlock(&proc_lock);
	return old;
}

static struct clock_setting *cpu_timer(struct process *process, enum itimer which)
{
	return &process->cpu_timer[which - ITIMER_VIRTUAL];
}

static void charge(struct process *process, enum itimer which, int sig, u64 ns)
{
	struct clock_setting *timer = cpu_timer(process, which);
	if (!timer->left_ns)
		return;
	if (timer->left_ns > ns) {
		timer->left_ns -= ns;
		return;
	}
	timer->left_ns = timer->interval_ns;
	signal_send_process(process, sig, NULL);
}

void itimer_charge(bool user, u64 ns)
{
	struct process *process = current->process;
	if (!current->sighand) /* not a user's, or it has exited and the process may be gone */
		return;
	/* Racy, so that a tick without such timers takes no lock: the next tick will see it. */
	if (!cpu_timer(process, ITIMER_VIRTUAL)->left_ns && !cpu_timer(process, ITIMER_PROF)->left_ns)
		return;
	spin_lock(&proc_lock);
	if (user)
		charge(process, ITIMER_VIRTUAL, SIGVTALRM, ns);
	charge(process, ITIMER_PROF, SIGPROF, ns);
	spin_unlock(&proc_lock);
}

static struct clock_setting set_cpu_timer(enum itimer which, struct clock_setting setting)
{
	spin_lock(&proc_lock);
	struct clock_setting *timer = cpu_timer(current->process, which), old = *timer;
	*timer = setting;
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
	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	spin_lock(&proc_lock);
	struct clock_setting setting =
		which == ITIMER_REAL ? get_alarm() : *cpu_timer(current->process, which);
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
	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	struct clock_setting setting = {
		.interval_ns = to_ns(new.interval_sec, new.interval_usec),
		.left_ns = to_ns(new.value_sec, new.value_usec),
	};
	struct clock_setting old =
		which == ITIMER_REAL ? set_alarm(setting) : set_cpu_timer(which, setting);
	return old_value ? put_setting(old_value, old) : 0;
}
