/*
 * RLIMIT_CPU: SIGXCPU at the soft limit and each second after it, SIGKILL at
 * the hard one; sleep and children do not count, threads do.
 *
 * guest: -t 60
 * native: no
 *
 * From getrlimit(2).
 */
#include "check.h"
#include <pthread.h>

static volatile int signals;

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

static void handled(void)
{
	struct rlimit now;

	signal(SIGXCPU, count);
	limit(1, 4);
	while (signals == 0)
		;
	YES_OF("the first after one second", used(CLOCK_PROCESS_CPUTIME_ID) >= 0.99 &&
	       used(CLOCK_PROCESS_CPUTIME_ID) < 1.9);
	while (signals == 1)
		;
	YES_OF("the second after two", used(CLOCK_PROCESS_CPUTIME_ID) >= 1.99 &&
	       used(CLOCK_PROCESS_CPUTIME_ID) < 2.9);
	MUST(getrlimit(RLIMIT_CPU, &now));
	VALUE_OF("the soft limit has moved", now.rlim_cur);
	signal(SIGXCPU, SIG_IGN);
	for (;;)
		;
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
	in_child("handled", handled);
	in_child("threads", threads);
	in_child("others", others);
	return 0;
}
