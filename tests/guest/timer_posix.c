/*
 * POSIX timers: each kind of notification, one round and many, overruns,
 * absolute times, what is left of them, errors, and their end with fork and exec.
 *
 * From timer_create(2), timer_settime(2), timer_getoverrun(2), sigevent(7).
 */
#include "check.h"

#ifndef SIGEV_THREAD_ID
#define SIGEV_THREAD_ID 4
#endif
enum { MS = 1000000 };

static volatile sig_atomic_t count;
static volatile sig_atomic_t most; /* overruns of one signal */
static siginfo_t last;

static void handler(int number, siginfo_t *info, void *context)
{
	(void)number, (void)context;
	count++;
	last = *info;
	if (info->si_overrun > most)
		most = info->si_overrun;
}

/* The bare calls: libcs have timers of their own making. */
static int create(int clock, int notify, int signal, int value, int tid, int *id)
{
	struct { union sigval value; int signal, notify, tid, unused[11]; } event = {
		{ .sival_int = value }, signal, notify, tid, {0} };

	return syscall(SYS_timer_create, clock, &event, id);
}

static int set(int id, int flags, long first_ms, long interval_ms, struct itimerspec *old)
{
	struct itimerspec new = {
		{ interval_ms / 1000, interval_ms % 1000 * MS }, { first_ms / 1000, first_ms % 1000 * MS } };

	return syscall(SYS_timer_settime, id, flags, &new, old);
}

static long left_ms(int id, long *interval)
{
	struct itimerspec now;

	MUST(syscall(SYS_timer_gettime, id, &now));
	if (interval)
		*interval = now.it_interval.tv_sec * 1000 + now.it_interval.tv_nsec / MS;
	return now.it_value.tv_sec * 1000 + now.it_value.tv_nsec / MS;
}

static int overrun(int id)
{
	return syscall(SYS_timer_getoverrun, id);
}

static int delete(int id)
{
	return syscall(SYS_timer_delete, id);
}

static void once(void)
{
	int id = -1;
	long interval;

	OK_OF("create", create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 42, 0, &id));
	VALUE_OF("left", left_ms(id, &interval));
	OK_OF("set", set(id, 0, 30, 0, NULL));
	YES_OF("running", left_ms(id, &interval) <= 30 && interval == 0);
	count = 0;
	UNTIL(count);
	say("si_code %d, value %d, overrun %d, id %s", last.si_code, last.si_value.sival_int,
	    last.si_overrun, last.si_timerid == id ? "right" : "wrong");
	sleep_ms(60);
	say("once: %d, left %ld, overrun %d", count, left_ms(id, NULL), overrun(id));
	OK_OF("far away", set(id, 0, 100000, 500, NULL));
	struct itimerspec old;
	OK_OF("stop", set(id, 0, 0, 0, &old));
	YES_OF("what was left", old.it_value.tv_sec >= 99 - 10 && old.it_interval.tv_nsec == 500 * MS);
	VALUE_OF("left", left_ms(id, &interval));
	OK_OF("delete", delete(id));
	VALUE_OF("again", delete(id));
	VALUE_OF("gone", overrun(id));
	VALUE_OF("gone", set(id, 0, 1, 0, NULL));
}

static void many(int signal, const char *label)
{
	int id;
	sigset_t block, old;

	MUST(create(CLOCK_REALTIME, SIGEV_SIGNAL, signal, 7, 0, &id));
	count = 0;
	MUST(set(id, 0, 10, 10, NULL));
	UNTIL(count >= 5);
	YES_OF(label, count >= 5);
	sigemptyset(&block);
	sigaddset(&block, signal);
	sigprocmask(SIG_BLOCK, &block, &old);
	sleep_ms(150);
	count = most = 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
	YES_OF("few for those that were blocked", count >= 1 && count <= 5);
	YES_OF("the others are overruns", most >= 8 && most < 1000 && overrun(id) >= 0);
	count = 0;
	UNTIL(count >= 3);
	YES_OF("it goes on", count >= 3);
	MUST(delete(id));
	sleep_ms(20);
	count = 0;
	sleep_ms(50);
	YES_OF("deleted", count == 0);
}

static void absolute(int clock, const char *label)
{
	struct timespec now;
	struct itimerspec new = {0};
	int id;

	MUST(create(clock, SIGEV_SIGNAL, SIGUSR1, 0, 0, &id));
	MUST(clock_gettime(clock, &now));
	new.it_value = now;
	new.it_value.tv_sec += 50;
	MUST(syscall(SYS_timer_settime, id, TIMER_ABSTIME, &new, NULL));
	YES_OF(label, left_ms(id, NULL) > 30000 && left_ms(id, NULL) <= 50000);
	count = 0;
	new.it_value.tv_sec = 1;
	MUST(syscall(SYS_timer_settime, id, TIMER_ABSTIME, &new, NULL));
	UNTIL(count);
	YES_OF("the past is due at once", count == 1);
	MUST(delete(id));
}

static void others(void)
{
	int id, second;

	OK_OF("no signal", create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 0, &id));
	MUST(set(id, 0, 20, 0, NULL));
	sleep_ms(50);
	VALUE_OF("run out", left_ms(id, NULL));
	MUST(set(id, 0, 20, 30, NULL));
	sleep_ms(50);
	YES_OF("rounds", left_ms(id, NULL) <= 30);
	MUST(delete(id));
	count = 0;
	OK_OF("a thread", create(CLOCK_BOOTTIME, SIGEV_THREAD_ID, SIGUSR2, 3, syscall(SYS_gettid), &id));
	MUST(set(id, 0, 10, 0, NULL));
	UNTIL(count);
	say("value %d", last.si_value.sival_int);
	MUST(delete(id));
	signal(SIGUSR1, SIG_IGN);
	MUST(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0, 0, &id));
	MUST(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR2, 0, 0, &second));
	MUST(set(id, 0, 5, 5, NULL));
	count = 0;
	MUST(set(second, 0, 50, 0, NULL));
	UNTIL(count);
	YES_OF("ignored, and goes on", left_ms(id, NULL) <= 20);
	MUST(delete(id));
	MUST(delete(second));
	OK_OF("no event: SIGALRM", syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id));
	count = 0;
	MUST(set(id, 0, 10, 0, NULL));
	UNTIL(count);
	say("SIGALRM: %s, value %s", last.si_signo == SIGALRM ? "yes" : "no",
	    last.si_value.sival_int == id ? "its id" : "other");
	MUST(delete(id));
}

static void errors(void)
{
	int id, bad = 12345;
	struct itimerspec odd = { {0, 0}, {0, 1000000000} };

	VALUE_OF("clock 77", create(77, SIGEV_SIGNAL, SIGUSR1, 0, 0, &id));
	VALUE_OF("signal 0", create(CLOCK_MONOTONIC, SIGEV_SIGNAL, 0, 0, 0, &id));
	VALUE_OF("signal 65", create(CLOCK_MONOTONIC, SIGEV_SIGNAL, 65, 0, 0, &id));
	VALUE_OF("notify 77", create(CLOCK_MONOTONIC, 77, SIGUSR1, 0, 0, &id));
	VALUE_OF("no such thread", create(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGUSR1, 0, 1, &id));
	VALUE_OF("raw clock", create(CLOCK_MONOTONIC_RAW, SIGEV_SIGNAL, SIGUSR1, 0, 0, &id));
	VALUE_OF("bad event", syscall(SYS_timer_create, CLOCK_MONOTONIC, nowhere, &id));
	VALUE_OF("bad id", create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0, 0, (int *)nowhere));
	MUST(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0, 0, &id));
	VALUE_OF("nanoseconds", syscall(SYS_timer_settime, id, 0, &odd, NULL));
	VALUE_OF("no value", syscall(SYS_timer_settime, id, 0, NULL, NULL));
	VALUE_OF("bad value", syscall(SYS_timer_settime, id, 0, nowhere, NULL));
	VALUE_OF("bad old", set(id, 0, 0, 0, (struct itimerspec *)nowhere));
	VALUE_OF("bad gettime", syscall(SYS_timer_gettime, id, nowhere));
	VALUE_OF("no timer", syscall(SYS_timer_gettime, bad, &odd));
	MUST(delete(id));
}

/* A child has none of its parent's; a program that is exec'd none of what was before it. */
static void ends(char *self)
{
	int id, status;
	char text[12];
	pid_t pid;

	MUST(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR2, 0, 0, &id));
	MUST(set(id, 0, 100000, 0, NULL));
	pid = MUST(fork());
	if (pid == 0) {
		VALUE_OF("in the child", delete(id));
		MUST(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGKILL, 0, 0, &id));
		MUST(set(id, 0, 100, 0, NULL));
		snprintf(text, sizeof(text), "%d", id);
		execl(self, self, text, NULL);
		_exit(1);
	}
	MUST(waitpid(pid, &status, 0));
	say("%s", status_text(status));
	YES_OF("the parent's runs on", left_ms(id, NULL) > 50000);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	if (argc > 1) {
		VALUE_OF("after exec", delete(atoi(argv[1])));
		sleep_ms(200);
		return 0;
	}
	MUST(sigaction(SIGUSR1, &action, NULL));
	MUST(sigaction(SIGUSR2, &action, NULL));
	MUST(sigaction(SIGALRM, &action, NULL));
	MUST(sigaction(SIGRTMIN + 1, &action, NULL));
	once();
	many(SIGUSR1, "again and again");
	many(SIGRTMIN + 1, "real-time signal, again and again");
	absolute(CLOCK_MONOTONIC, "absolute");
	absolute(CLOCK_REALTIME, "absolute, of the day");
	others();
	errors();
	ends(argv[0]);
	return 0;
}
