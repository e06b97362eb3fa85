/*
 * Clocks and sleeping: clock_gettime and its like, nanosleep.
 *
 * A sleep that a signal interrupts goes on through restart_syscall(2) when no
 * handler ran (SIGSTOP and SIGCONT, say); otherwise it ends with EINTR and the
 * time that was left. Sources: clock_gettime(2), nanosleep(2), clock_nanosleep(2).
 */
#include "syscall/time_calls.h"
#include "arch/cpu.h"
#include "arch/time.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscalls.h"

enum clock_id {
	CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1, CLOCK_THREAD_CPUTIME = 3, CLOCK_MONOTONIC_RAW = 4,
	CLOCK_REALTIME_COARSE = 5, CLOCK_MONOTONIC_COARSE = 6, CLOCK_BOOTTIME = 7, CLOCK_TAI = 11,
};

enum { TIMER_ABSTIME = 1 };

struct timespec {
	s64 sec, nsec;
};

int timespec_from_user(u64 *ns, const void __user *timespec)
{
	struct timespec t;
	if (copy_from_user(&t, timespec, sizeof t))
		return -EFAULT;
	if (t.sec < 0 || t.nsec < 0 || t.nsec >= (s64)NSEC_PER_SEC)
		return -EINVAL;
	u64 max_sec = INT64_MAX / NSEC_PER_SEC - 1;
	*ns = MIN((u64)t.sec, max_sec) * NSEC_PER_SEC + t.nsec;
	return 0;
}

int timespec_to_user(void __user *timespec, u64 ns)
{
	struct timespec t = {ns / NSEC_PER_SEC, ns % NSEC_PER_SEC};
	return copy_to_user(timespec, &t, sizeof t);
}

/* 0 and the time, or -EINVAL. */
static int read_clock(int clock, u64 *ns)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_TAI: /* without leap seconds, as on Linux until somebody sets them */
		*ns = time_boot_epoch_ns() + time_now_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		*ns = time_now_ns();
		return 0;
	default:
		return cpu_clock_read(clock, ns);
	}
}

s64 sys_clock_gettime(int clock, void __user *time)
{
	u64 ns;
	int error = read_clock(clock, &ns);
	return error ? error : timespec_to_user(time, ns);
}

s64 sys_clock_getres(int clock, void __user *resolution)
{
	u64 ns;
	int error = read_clock(clock, &ns);
	if (error || !resolution)
		return error;
	return timespec_to_user(resolution,
				cpu_clock_is_one(clock) ? cpu_clock_resolution_ns(clock) : 1);
}

static s64 set_wall_clock(u64 ns)
{
	u64 now_ns = time_now_ns();
	if (ns < now_ns)
		return -EINVAL; /* the machine would have been started before 1970 */
	time_set_epoch_ns(ns - now_ns);
	return 0;
}

s64 sys_clock_settime(int clock, const void __user *time)
{
	u64 ns, unused;
	if (clock != CLOCK_REALTIME && clock >= 0)
		return -EINVAL;
	int error = timespec_from_user(&ns, time);
	if (error)
		return error;
	if (clock < 0) /* CPU time of others cannot be set */
		return cpu_clock_read(clock, &unused) ? -EINVAL : -EPERM;
	return creds_root(&current->creds) ? set_wall_clock(ns) : -EPERM;
}

s64 sys_gettimeofday(void __user *time, void __user *zone)
{
	u64 ns = time_boot_epoch_ns() + time_now_ns();
	s64 out[2] = {ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / 1000};
	if (time && copy_to_user(time, out, sizeof out))
		return -EFAULT;
	return zone ? put_user_u64(zone, 0) : 0;
}

/* The zone is accepted and forgotten. */
s64 sys_settimeofday(const void __user *time, const void __user *zone)
{
	s64 value[2], unused;
	if (time && copy_from_user(value, time, sizeof value))
		return -EFAULT;
	if (time && (value[0] < 0 || value[1] < 0 || value[1] >= 1000000))
		return -EINVAL;
	if (zone && copy_from_user(&unused, zone, sizeof unused))
		return -EFAULT;
	if (!creds_root(&current->creds))
		return -EPERM;
	return time ? set_wall_clock(value[0] * NSEC_PER_SEC + value[1] * 1000) : 0;
}

s64 sys_time(s64 __user *time)
{
	s64 now = (time_boot_epoch_ns() + time_now_ns()) / NSEC_PER_SEC;
	if (time && put_user_u64(time, now))
		return -EFAULT;
	return now;
}

/* 0 once the deadline has come, -EINTR. */
int time_sleep_until(u64 deadline_ns)
{
	struct waitq nothing;
	struct waiter w;
	int result;
	waitq_init(&nothing);
	waitq_join(&nothing, &w);
	while ((result = waitq_sleep_until(&w, deadline_ns)) == 0)
		;
	waitq_leave(&w);
	return result == -ETIMEDOUT ? 0 : result;
}

static s64 sleep_restart(struct restart_block *block)
{
	if (time_sleep_until(block->deadline_ns) == 0)
		return 0;
	u64 now_ns = time_now_ns();
	u64 left_ns = block->deadline_ns > now_ns ? block->deadline_ns - now_ns : 0;
	if (block->remain && timespec_to_user(block->remain, left_ns))
		return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

s64 sys_restart_syscall(void)
{
	struct restart_block *block = &current->restart;
	return block->fn ? block->fn(block) : -EINTR;
}

static u64 deadline_after(u64 ns)
{
	u64 now_ns = time_now_ns();
	return ns < (u64)INT64_MAX - now_ns ? now_ns + ns : (u64)INT64_MAX;
}

s64 sys_nanosleep(const void __user *request, void __user *remain)
{
	u64 ns;
	int error = timespec_from_user(&ns, request);
	if (error)
		return error;
	current->restart = (struct restart_block){
		.fn = sleep_restart,
		.deadline_ns = deadline_after(ns),
		.remain = remain,
	};
	return sleep_restart(&current->restart);
}

s64 sys_clock_nanosleep(int clock, int flags, const void __user *request, void __user *remain)
{
	u64 ns, now_ns;
	bool cpu = cpu_clock_is_one(clock) && clock != CLOCK_THREAD_CPUTIME; /* it would stand still */
	if (!cpu && clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME &&
	    clock != CLOCK_TAI)
		return read_clock(clock, &ns) ? -EINVAL : -EOPNOTSUPP;
	int error = timespec_from_user(&ns, request);
	if (error)
		return error;
	if (cpu)
		return cpu_clock_sleep(clock, flags & TIMER_ABSTIME, ns, remain);
	if (!(flags & TIMER_ABSTIME))
		return sys_nanosleep(request, remain);
	read_clock(clock, &now_ns);
	if (ns <= now_ns)
		return 0;
	return time_sleep_until(deadline_after(ns - now_ns)) ? -ERESTARTNOHAND : 0;
}
