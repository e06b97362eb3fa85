/*
 * RLIMIT_CPU: SIGXCPU at the soft limit and each second after it, SIGKILL at
 * the hard one; sleep and children do not count, threads do.
 *
 * guest: -t 120
 * native: no
 *
 * From getrlimit(2).
 */
#include "check.h"
#include <pthread.h>
#include <stdbool.h>

enum { AGAIN = 77 };

static volatile int signals;
static int tries = 10;

static void count(int sig)
{
	(void)sig;
	signals++;
}

static void limit(rlim_t soft, rlim_t hard)
{
	MUST(setrlimit(RLIMIT_CPU, &(struct rlimit){ soft, hard }));
}

static double used(clockid_t clock)
{
	struct timespec t;

	MUST(clock_gettime(clock, &t));
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void default_action(void)
{
	limit(1, 5);
	for (;;)
		;
}

/* Till the nth signal. Returns whether the time used made no jump: the host ran us evenly. */
static bool spin_till(int n)
{
	double last = used(CLOCK_PROCESS_CPUTIME_ID), now = last, jump = 0;

	while (signals < n) {
		now = used(CLOCK_PROCESS_CPUTIME_ID);
		jump = now - last > jump ? now - last : jump;
		last = now;
	}
	return jump < 0.3;
}

static void handled(void)
{
	struct rlimit now;
	bool even, first, second;

	signal(SIGXCPU, count);
	limit(1, 4);
	even = spin_till(1);
	first = used(CLOCK_PROCESS_CPUTIME_ID) >= 0.99 && used(CLOCK_PROCESS_CPUTIME_ID) < 1.5;
	even &= spin_till(2);
	second = used(CLOCK_PROCESS_CPUTIME_ID) >= 1.99 && used(CLOCK_PROCESS_CPUTIME_ID) < 2.5;
	if (!even && !(first && second) && tries > 1)
		_exit(AGAIN);
	YES_OF("the first after one second", first);
	YES_OF("the second after two", second);
	MUST(getrlimit(RLIMIT_CPU, &now));
	VALUE_OF("the soft limit has moved", now.rlim_cur);
	signal(SIGXCPU, SIG_IGN);
	for (;;)
		;
}

/* Again if the host stood still meanwhile: what it takes from the CPU counts as used. */
static void handled_evenly(void)
{
	int status;

	do {
		pid_t pid = MUST(fork());

		if (pid == 0)
			handled();
		MUST(waitpid(pid, &status, 0));
		tries--;
	} while (WIFEXITED(status) && WEXITSTATUS(status) == AGAIN);
	say("handled: %s", status_text(status));
}

static void *burn(void *arg)
{
	for (;;)
		;
	return arg;
}

static void threads(void)
{
	pthread_t thread;

	limit(1, 1);
	for (int i = 0; i < 2; i++)
		MUST(pthread_create(&thread, NULL, burn, NULL));
	pthread_join(thread, NULL);
}

static void others(void)
{
	limit(1, 1);
	sleep_ms(1500);
	say("sleep does not count");
	if (MUST(fork()) == 0) {
		while (used(CLOCK_PROCESS_CPUTIME_ID) < 0.6)
			;
		_exit(0);
	}
	while (used(CLOCK_PROCESS_CPUTIME_ID) < 0.6)
		;
	MUST(wait(NULL));
	say("nor does a child's time");
}

int main(void)
{
	in_child("default", default_action);
	handled_evenly();
	in_child("threads", threads);
	in_child("others", others);
	return 0;
}
