/*
 * clock_nanosleep: clocks and flags that are not there, TIMER_ABSTIME in the past
 * and the future, and what a signal handler leaves of a sleep.
 *
 * The raw call is made; CPU clocks that can be slept on are not under test.
 * Upper bounds are wide. From clock_nanosleep(2).
 */
#include "check.h"

enum { SLACK_MS = 3000 };

static long sleep_raw(clockid_t clock, int flags, struct timespec want, void *left)
{
	return syscall(SYS_clock_nanosleep, clock, flags, &want, left);
}

static const struct timespec SHORT = { 0, 1000000 };

static void errors(void)
{
	static const struct timespec too_many = { 0, 1000000000 }, negative = { 0, -1 },
				     before_all = { -1, 0 };
	struct timespec left = { 5, 5 };

	VALUE(sleep_raw(CLOCK_REALTIME, 0, SHORT, NULL));
	VALUE(sleep_raw(CLOCK_MONOTONIC, 0, SHORT, NULL));
	VALUE(sleep_raw(CLOCK_BOOTTIME, 0, SHORT, NULL));
	VALUE(sleep_raw(100, 0, SHORT, NULL));
	VALUE(sleep_raw(INT_MAX, 0, SHORT, NULL));
	VALUE(sleep_raw(16, TIMER_ABSTIME, SHORT, NULL));
	VALUE(sleep_raw(CLOCK_MONOTONIC, 0, too_many, NULL));
	VALUE(sleep_raw(CLOCK_MONOTONIC, 0, negative, NULL));
	VALUE(sleep_raw(CLOCK_MONOTONIC, 0, before_all, NULL));
	VALUE(sleep_raw(CLOCK_REALTIME, TIMER_ABSTIME, too_many, NULL));
	VALUE(sleep_raw(CLOCK_REALTIME, TIMER_ABSTIME, before_all, NULL));
	VALUE(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, NULL, NULL));
	VALUE(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, nowhere, NULL));
	VALUE(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, in_kernel, NULL));
	VALUE_OF("bad remainder, not needed", sleep_raw(CLOCK_MONOTONIC, 0, SHORT, nowhere));
	VALUE_OF("remainder", sleep_raw(CLOCK_MONOTONIC, 0, SHORT, &left));
	YES_OF("is left alone", left.tv_sec == 5 && left.tv_nsec == 5);
}

static struct timespec in_ms(clockid_t clock, long ms)
{
	struct timespec at;

	MUST(clock_gettime(clock, &at));
	at.tv_nsec += ms % 1000 * 1000000;
	at.tv_sec += ms / 1000 + at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	return at;
}

static void absolute(clockid_t clock, const char *name)
{
	static const struct timespec zero;
	long before = now_ms();
	struct timespec now, at = in_ms(clock, 80);

	say("%s", name);
	VALUE_OF("in 80 ms", sleep_raw(clock, TIMER_ABSTIME, at, NULL));
	MUST(clock_gettime(clock, &now));
	YES_OF("the time has come",
	       now.tv_sec > at.tv_sec || (now.tv_sec == at.tv_sec && now.tv_nsec >= at.tv_nsec));
	YES_OF("80 ms passed", now_ms() - before >= 79 && now_ms() - before < SLACK_MS);
	before = now_ms();
	VALUE_OF("the same again", sleep_raw(clock, TIMER_ABSTIME, at, NULL));
	VALUE_OF("at 0", sleep_raw(clock, TIMER_ABSTIME, zero, NULL));
	YES_OF("at once", now_ms() - before < SLACK_MS);
}

static void on_signal(int number)
{
	(void)number;
}

static void interrupted(const char *label, int flags, int sa_flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = sa_flags };
	struct timespec left = { 555, 5 }, want = { 20, 0 };
	long before = now_ms();
	pid_t pid;

	MUST(sigaction(SIGUSR1, &action, NULL));
	pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(100);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	if (flags & TIMER_ABSTIME)
		want = in_ms(CLOCK_MONOTONIC, 20000);
	VALUE_OF(label, sleep_raw(CLOCK_MONOTONIC, flags, want, &left));
	YES_OF("it ended early", now_ms() - before < 10000);
	if (flags & TIMER_ABSTIME)
		YES_OF("the remainder is left alone", left.tv_sec == 555 && left.tv_nsec == 5);
	else
		YES_OF("the remainder", left.tv_sec >= 10 && left.tv_sec < 20);
	MUST(waitpid(pid, NULL, 0));
}

int main(void)
{
	errors();
	absolute(CLOCK_MONOTONIC, "CLOCK_MONOTONIC");
	absolute(CLOCK_REALTIME, "CLOCK_REALTIME");
	interrupted("interrupted", 0, 0);
	interrupted("interrupted, SA_RESTART", 0, SA_RESTART);
	interrupted("interrupted, absolute", TIMER_ABSTIME, 0);
	return 0;
}
