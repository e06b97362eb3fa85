/*
 * Two threads that each hold a mutex and want the other's (ABBA), and a child
 * whose copy of a mutex nobody can unlock: a wait with a limit ends, and what
 * was held stays held. Error-checking mutexes: their word names the holder, so
 * tine locks of `make gdb` can (tests/gdb_commands.t stops at getppid, when all
 * who wait are asleep). Source: pthread_mutex_timedlock(3p), futex(2).
 */
#include "check.h"
#include <pthread.h>

enum { PATIENCE_S = 2, SETTLE_MS = 100 };

static pthread_mutex_t fork_left, fork_right;
static pthread_barrier_t both_hold;
static int got_second;

static int lock_for_a_while(pthread_mutex_t *mutex)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE_S;
	return pthread_mutex_timedlock(mutex, &end);
}

static void *philosopher(void *right_first)
{
	pthread_mutex_t *first = right_first ? &fork_right : &fork_left;
	pthread_mutex_t *second = right_first ? &fork_left : &fork_right;

	pthread_mutex_lock(first);
	pthread_barrier_wait(&both_hold);
	if (lock_for_a_while(second) == 0) {
		__atomic_fetch_add(&got_second, 1, __ATOMIC_RELAXED);
		pthread_mutex_unlock(second);
	}
	pthread_barrier_wait(&both_hold); /* neither lets go before both have given up */
	pthread_mutex_unlock(first);
	return NULL;
}

static void child(void)
{
	exit(lock_for_a_while(&fork_left) == ETIMEDOUT ? 0 : 1);
}

int main(void)
{
	pthread_mutexattr_t checked;
	pthread_t thread[2];
	int status;

	pthread_mutexattr_init(&checked);
	pthread_mutexattr_settype(&checked, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&fork_left, &checked);
	pthread_mutex_init(&fork_right, &checked);
	pthread_barrier_init(&both_hold, NULL, 2);
	for (long i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, philosopher, (void *)i);
	sleep_ms(SETTLE_MS);
	getppid(); /* gdb looks at the threads here */
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	VALUE(got_second);

	VALUE(pthread_mutex_lock(&fork_left));
	VALUE(pthread_mutex_lock(&fork_left) == EDEADLK);
	pid_t pid = MUST(fork());
	if (pid == 0)
		child();
	sleep_ms(SETTLE_MS);
	getppid(); /* and at the child */
	MUST(waitpid(pid, &status, 0));
	VALUE(status);
	VALUE(pthread_mutex_unlock(&fork_left));
	return 0;
}
