/*
 * Storm: timeouts of many threads and processes on all CPUs: nanosleep, absolute
 * sleeps, poll, futex, sem_timedwait, sigtimedwait, alarms and interval timers.
 * None ends early, none is lost; one that is ended by its event just then ends
 * in one of the two ways.
 *
 * args: 20
 *
 * From nanosleep(2), clock_nanosleep(2), ppoll(2), futex(2), sem_timedwait(3),
 * sigtimedwait(2), setitimer(2), time(7).
 */
#include "storm.h"
#include <semaphore.h>

enum { THREADS = 12, SLEEPS = 60, PROCESSES = 6, TICKS = 25, RACES = 100, KINDS = 6,
       MOST_US = 4000 };

static volatile sig_atomic_t ticks;
static atomic_int word, turn;

static long now_us(clockid_t clock)
{
	struct timespec now;

	MUST(clock_gettime(clock, &now));
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct timespec timespec_of(long us)
{
	return (struct timespec){ us / 1000000, us % 1000000 * 1000 };
}

static void sleep_once(unsigned kind, long us, sem_t *sem)
{
	struct timespec until, time = timespec_of(us);
	sigset_t set;
	int untouched = 0;

	switch (kind) {
	case 0:
		CHECK(nanosleep(&time, NULL) == 0);
		break;
	case 1:
		until = timespec_of(now_us(CLOCK_MONOTONIC) + us + 1);
		CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0);
		break;
	case 2:
		CHECK(ppoll(NULL, 0, &time, NULL) == 0);
		break;
	case 3:
		CHECK(futex(&untouched, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, &time) == -1 &&
		      errno == ETIMEDOUT);
		break;
	case 4:
		until = timespec_of(now_us(CLOCK_REALTIME) + us + 1);
		CHECK(sem_timedwait(sem, &until) == -1 && errno == ETIMEDOUT);
		break;
	default:
		sigemptyset(&set);
		sigaddset(&set, SIGUSR2);
		CHECK(sigtimedwait(&set, NULL, &time) == -1 && errno == EAGAIN);
	}
}

static void *sleeper(void *number)
{
	unsigned seed = (unsigned)(long)number + 1;
	sem_t sem;

	sem_init(&sem, 0, 0);
	for (long i = 0; i < rounds(SLEEPS); i++) {
		long us = dice(&seed, MOST_US), before = now_us(CLOCK_MONOTONIC), after;
		unsigned kind = dice(&seed, KINDS);

		sleep_once(kind, us, &sem);
		after = now_us(CLOCK_MONOTONIC);
		/* Clocks are read in whole microseconds. */
		CHECK_SAW(after - before + 1 >= us, kind);
	}
	return NULL;
}

static void tick(int number)
{
	(void)number;
	ticks++;
}

/* Single alarms, and one that repeats: each comes, and not before its time. */
static void ticker(int number)
{
	struct itimerval timer = { .it_value = { 0, 0 } };
	unsigned seed = (unsigned)number + 1;
	sigset_t alarms, none;
	long before;

	signal(SIGALRM, tick);
	sigemptyset(&none);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	MUST(sigprocmask(SIG_BLOCK, &alarms, NULL));
	for (long i = 0; i < rounds(TICKS); i++) {
		timer.it_value.tv_usec = 1 + (long)dice(&seed, MOST_US);
		before = now_us(CLOCK_MONOTONIC);
		ticks = 0;
		CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
		sigsuspend(&none);
		CHECK_SAW(ticks == 1, ticks);
		CHECK(now_us(CLOCK_MONOTONIC) - before + 1 >= timer.it_value.tv_usec);
	}
	timer.it_value.tv_usec = timer.it_interval.tv_usec = 1500;
	before = now_us(CLOCK_MONOTONIC);
	ticks = 0;
	CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
	while (ticks < rounds(TICKS))
		sigsuspend(&none);
	CHECK(now_us(CLOCK_MONOTONIC) - before + 1 >= ticks * 1500);
	timer.it_value.tv_usec = timer.it_interval.tv_usec = 0;
	CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

/* A wake at about the time of the timeout. The waker counts whom it woke. */
static atomic_long woken, told;

static void *waits_short(void *number)
{
	unsigned seed = 4;

	for (int i = 1; i <= rounds(RACES); i++) {
		struct timespec time = timespec_of(50 + (long)dice(&seed, 300));

		atomic_store(&turn, 2 * i - 1);
		if (futex(&word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, &time) == 0)
			told++;
		else
			CHECK_SAW(errno == ETIMEDOUT, errno);
		await(&turn, 2 * i);
	}
	return number;
}

static void *wakes_late(void *number)
{
	unsigned seed = 6;

	for (int i = 1; i <= rounds(RACES); i++) {
		await(&turn, 2 * i - 1);
		sleep_us(dice(&seed, 300));
		woken += futex(&word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL);
		atomic_store(&turn, 2 * i);
	}
	return number;
}

int main(int argc, char **argv)
{
	storm_start(argc, argv);
	run_threads(THREADS, sleeper);
	say("no sleep was short");
	run_processes(PROCESSES, ticker);
	say("no alarm was early or lost");
	start_threads(0, 1, waits_short);
	start_threads(1, 1, wakes_late);
	join_threads(0, 2);
	CHECK_SAW(woken == told, woken - told);
	say("who was woken was told so");
	return storm_end();
}
