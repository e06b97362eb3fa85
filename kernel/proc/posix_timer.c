/*
 * POSIX timers: timer_create(2) and its relatives. A process has any number of
 * them, each on a clock of real time, each with a signal of its choice.
 *
 * As with setitimer the next round begins when the signal is taken
 * (timer_signal_taken), so that a short interval cannot flood the machine; the
 * rounds that have passed meanwhile are the overrun. They are not inherited by
 * fork, and end with exec and exit.
 *
 * LINUX-DIFF: no timers on CPU clocks: EINVAL.
 *
 * Locks: proc_lock guards all. expired takes it too, so it is not held to wait
 * for one that is going off on another CPU. Source: timer_create(2), sigevent(7).
 */
#include "proc/posix_timer.h"
#include "arch/cpu.h"
#include "arch/time.h"
#include "lib/errno.h"
#include "mm/heap.h"
#include "mm/uaccess.h"
#include "proc/itimer.h"
#include "proc/pid.h"
#include "proc/process.h"
#include "syscall/syscalls.h"
#include "syscall/time_calls.h"

enum sigev { SIGEV_SIGNAL = 0, SIGEV_NONE = 1, SIGEV_THREAD = 2, SIGEV_THREAD_ID = 4 };
enum { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1, CLOCK_BOOTTIME = 7, CLOCK_TAI = 11 };
enum { TIMER_ABSTIME = 1 };

struct sigevent { /* the kernel's, 64 bytes */
	u64 value;
	s32 signo, notify, tid;
	u8 unused[44];
};

struct posix_timer {
	struct posix_timer *next; /* of the process */
	struct process *process;
	s32 id;
	bool wall;		/* CLOCK_REALTIME: absolute times count from the epoch */
	struct sigevent event;
	u64 interval_ns;	/* 0: once */
	u64 deadline_ns;	/* since boot, of the last round that began; 0: not set */
	bool sent;		/* its signal has not been taken yet */
	u32 overrun;		/* of the signal that was taken last */
	struct timer timer;
};

static int send(struct posix_timer *t)
{
	struct process *process = t->process;
	struct siginfo info = {.code = SI_TIMER, .pid = t->id, .value = t->event.value};
	t->sent = true;
	if (!(t->event.notify & SIGEV_THREAD_ID))
		return signal_send_process(process, t->event.signo, &info);
	struct pid *number = pid_find(t->event.tid);
	if (!number || !number->task || number->task->process != process)
		return 0; /* the thread has gone */
	return signal_send_task(number->task, t->event.signo, &info);
}

/* The next round from the last one on; how many have been passed by. */
static u32 next_round(struct posix_timer *t)
{
	u64 now_ns = time_now_ns();
	u64 late_ns = now_ns > t->deadline_ns ? now_ns - t->deadline_ns : 0;
	u64 missed = late_ns / t->interval_ns;
	t->deadline_ns += (missed + 1) * t->interval_ns;
	timer_start(&t->timer, t->deadline_ns);
	return MIN(missed, (u64)INT32_MAX);
}

static void expired(struct timer *timer)
{
	struct posix_timer *t = container_of(timer, struct posix_timer, timer);
	spin_lock(&proc_lock);
	struct sigaction action = process_action(t->process, t->event.signo);
	bool ignored = action.handler == SIG_IGN ||
		       (action.handler == SIG_DFL && signal_default_is_ignore(t->event.signo));
	if ((ignored || send(t)) && t->interval_ns) { /* nobody will take it */
		t->deadline_ns = time_now_ns() + MAX(t->interval_ns, (u64)TICK_NS);
		timer_start(timer, t->deadline_ns);
	}
	spin_unlock(&proc_lock);
}

void timer_signal_taken(int sig, struct siginfo *info)
{
	struct process *process = current->process;
	if (sig == SIGALRM)
		itimer_rearm();
	if (!process->timers) /* racy: one that has sent a signal is there */
		return;
	spin_lock(&proc_lock);
	for (struct posix_timer *t = process->timers; t; t = t->next) {
		bool this_one = info->code == SI_TIMER && info->pid == t->id;
		/* Of standard signals there is but one, for all timers that have sent it. */
		if (!t->sent || t->event.signo != sig || (sig >= SIGRTMIN && !this_one))
			continue;
		t->sent = false;
		t->overrun = t->interval_ns ? next_round(t) : 0;
		if (this_one)
			info->uid = t->overrun;
	}
	spin_unlock(&proc_lock);
}

static struct posix_timer **find(s32 id)
{
	struct posix_timer **at = &current->process->timers;
	while (*at && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

/* It does not go off any more. proc_lock held; let go of while a handler waits for it, so that
 * the timer must be found again. */
static struct posix_timer *find_stopped(s32 id)
{
	struct posix_timer *t;
	while ((t = *find(id)) && !timer_stop(&t->timer)) {
		spin_unlock(&proc_lock);
		cpu_relax();
		spin_lock(&proc_lock);
	}
	return t;
}

s64 sys_timer_delete(s32 id)
{
	spin_lock(&proc_lock);
	struct posix_timer *t = find_stopped(id);
	if (t)
		*find(id) = t->next;
	spin_unlock(&proc_lock);
	heap_free(t);
	return t ? 0 : -EINVAL;
}

void posix_timers_end(struct process *process)
{
	while (process->timers)
		sys_timer_delete(process->timers->id);
}

static bool event_ok(const struct sigevent *event)
{
	if (event->notify == SIGEV_NONE)
		return true;
	if (event->notify == SIGEV_THREAD_ID) {
		spin_lock(&proc_lock);
		struct pid *number = pid_find(event->tid);
		bool ours = number && number->task && number->task->process == current->process;
		spin_unlock(&proc_lock);
		if (!ours)
			return false;
	} else if (event->notify != SIGEV_SIGNAL && event->notify != SIGEV_THREAD) {
		return false;
	}
	return event->signo > 0 && event->signo <= NSIG;
}

s64 sys_timer_create(int clock, const void __user *event_at, s32 __user *id_at)
{
	struct process *process = current->process;
	struct sigevent event = {.signo = SIGALRM};
	if (event_at && copy_from_user(&event, event_at, sizeof event))
		return -EFAULT;
	bool wall = clock == CLOCK_REALTIME || clock == CLOCK_TAI;
	if (!wall && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME)
		return clock > 0 && clock < CLOCK_BOOTTIME && !cpu_clock_is_one(clock) ? -EOPNOTSUPP
										     : -EINVAL;
	if (!event_ok(&event))
		return -EINVAL;
	struct posix_timer *t = heap_zalloc(sizeof *t);
	if (!t)
		return -EAGAIN;
	*t = (struct posix_timer){.process = process, .wall = wall, .event = event};
	t->timer.fn = expired;
	spin_lock(&proc_lock);
	t->id = process->next_timer_id++;
	if (!event_at)
		t->event.value = t->id;
	s32 id = t->id;
	t->next = process->timers;
	process->timers = t;
	spin_unlock(&proc_lock);
	if (put_user_u32(id_at, id)) {
		sys_timer_delete(id);
		return -EFAULT;
	}
	return 0;
}

static struct clock_setting setting_of(const struct posix_timer *t)
{
	u64 now_ns = time_now_ns();
	struct clock_setting setting = {t->interval_ns, 0};
	if (t->deadline_ns > now_ns)
		setting.left_ns = t->deadline_ns - now_ns;
	else if (t->deadline_ns && t->interval_ns)
		setting.left_ns = t->interval_ns - (now_ns - t->deadline_ns) % t->interval_ns;
	return setting;
}

static int put_setting(void __user *at, struct clock_setting setting)
{
	int error = timespec_to_user(at, setting.interval_ns);
	return error ? error : timespec_to_user((char __user *)at + 16, setting.left_ns);
}

/* A time in the past is due at once. */
static u64 deadline_of(const struct posix_timer *t, bool absolute, u64 ns)
{
	u64 now_ns = time_now_ns(), epoch_ns = time_boot_epoch_ns();
	if (absolute && t->wall)
		ns = ns > epoch_ns ? ns - epoch_ns : 1;
	return absolute ? ns : now_ns + MIN(ns, (u64)INT64_MAX - now_ns);
}

s64 sys_timer_settime(s32 id, int flags, const void __user *new_at, void __user *old_at)
{
	struct clock_setting new, old;
	if (!new_at)
		return -EINVAL;
	int error = timespec_from_user(&new.interval_ns, new_at);
	if (!error)
		error = timespec_from_user(&new.left_ns, (const char __user *)new_at + 16);
	if (error)
		return error;
	spin_lock(&proc_lock);
	struct posix_timer *t = find_stopped(id);
	if (t) {
		old = setting_of(t);
		t->sent = false;
		t->overrun = 0;
		t->interval_ns = new.interval_ns;
		t->deadline_ns = new.left_ns ? deadline_of(t, flags & TIMER_ABSTIME, new.left_ns) : 0;
		if (new.left_ns && t->event.notify != SIGEV_NONE)
			timer_start(&t->timer, t->deadline_ns);
	}
	spin_unlock(&proc_lock);
	if (!t)
		return -EINVAL;
	return old_at ? put_setting(old_at, old) : 0;
}

s64 sys_timer_gettime(s32 id, void __user *at)
{
	struct clock_setting setting = {0};
	spin_lock(&proc_lock);
	const struct posix_timer *t = *find(id);
	if (t)
		setting = setting_of(t);
	spin_unlock(&proc_lock);
	return t ? put_setting(at, setting) : -EINVAL;
}

s64 sys_timer_getoverrun(s32 id)
{
	spin_lock(&proc_lock);
	const struct posix_timer *t = *find(id);
	s64 overrun = t ? (s64)t->overrun : -EINVAL;
	spin_unlock(&proc_lock);
	return overrun;
}
