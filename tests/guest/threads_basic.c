/*
 * Threads of one process: create and join, mutexes, condition variables with
 * signal and broadcast, thread-local variables, detached threads, many in turn.
 *
 * From pthread_create(3), pthread_join(3), pthread_mutex_lock(3),
 * pthread_cond_wait(3), pthread_detach(3), pthreads(7).
 */
#include "check.h"
#include <pthread.h>

enum { THREADS = 6, ROUNDS = 3000, IN_TURN = 200, HANDED = 500 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER, other = PTHREAD_COND_INITIALIZER;
static __thread long mine = 5;
static long counter, waiting, released, go, tokens, taken, full, gone;

static void *give_back(void *argument)
{
	return (char *)argument + 1;
}

static void *ids(void *tid)
{
	*(long *)tid = syscall(SYS_gettid);
	return (void *)(long)getpid();
}

static void create_and_join(void)
{
	pthread_t thread[THREADS];
	long tids[THREADS], wrong = 0, alike = 0;
	void *result;

	for (long i = 0; i < THREADS; i++)
		wrong += pthread_create(&thread[i], NULL, give_back, (void *)(i * 10)) != 0;
	for (long i = THREADS - 1; i >= 0; i--)
		wrong += pthread_join(thread[i], &result) || result != (void *)(i * 10 + 1);
	VALUE_OF("create and join, wrong", wrong);
	for (long i = 0; i < THREADS; i++)
		wrong += pthread_create(&thread[i], NULL, ids, &tids[i]) != 0;
	for (long i = 0; i < THREADS; i++) {
		wrong += pthread_join(thread[i], &result) || result != (void *)(long)getpid();
		alike += tids[i] == getpid();
		for (long k = 0; k < i; k++)
			alike += tids[i] == tids[k];
	}
	VALUE_OF("pids, wrong", wrong);
	VALUE_OF("thread ids alike", alike);
	YES_OF("the first thread's id is the pid", syscall(SYS_gettid) == getpid());
	for (long i = 0; i < IN_TURN; i++)
		wrong += pthread_create(&thread[0], NULL, give_back, (void *)i) ||
			 pthread_join(thread[0], &result) || result != (void *)(i + 1);
	VALUE_OF("one after the other, wrong", wrong);
}

static void *count_locked(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock);
		long seen = counter;

		if (i % 500 == 0)
			sched_yield();
		counter = seen + 1;
		pthread_mutex_unlock(&lock);
		mine++;
	}
	return (void *)mine;
}

static void mutexes(void)
{
	pthread_t thread[THREADS];
	long wrong = 0;
	void *result;

	for (int i = 0; i < THREADS; i++)
		MUST(-pthread_create(&thread[i], NULL, count_locked, NULL));
	for (int i = 0; i < THREADS; i++) {
		MUST(-pthread_join(thread[i], &result));
		wrong += result != (void *)(5 + ROUNDS);
	}
	VALUE_OF("counted under a mutex", counter);
	VALUE_OF("thread-local counts, wrong", wrong);
	VALUE_OF("the first thread's", mine);
	MUST(-pthread_mutex_lock(&lock));
	YES_OF("trylock of a lock that is held", pthread_mutex_trylock(&lock) == EBUSY);
	MUST(-pthread_mutex_unlock(&lock));
}

static void *wait_for_go(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	waiting++;
	pthread_cond_signal(&other);
	while (!go)
		pthread_cond_wait(&changed, &lock);
	released++;
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void *wait_for_token(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	waiting++;
	pthread_cond_signal(&other);
	while (!tokens)
		pthread_cond_wait(&changed, &lock);
	tokens--;
	taken++;
	pthread_cond_signal(&other);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void all_wait(pthread_t *thread, void *(*body)(void *))
{
	waiting = 0;
	for (int i = 0; i < THREADS; i++)
		MUST(-pthread_create(&thread[i], NULL, body, NULL));
	pthread_mutex_lock(&lock);
	while (waiting < THREADS)
		pthread_cond_wait(&other, &lock);
	pthread_mutex_unlock(&lock);
}

static void broadcast_and_signal(void)
{
	pthread_t thread[THREADS];

	all_wait(thread, wait_for_go);
	VALUE_OF("released before the broadcast", released);
	pthread_mutex_lock(&lock);
	go = 1;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < THREADS; i++)
		MUST(-pthread_join(thread[i], NULL));
	VALUE_OF("released by the broadcast", released);

	all_wait(thread, wait_for_token);
	for (int i = 1; i <= THREADS; i++) {
		pthread_mutex_lock(&lock);
		tokens++;
		pthread_cond_signal(&changed);
		while (taken < i)
			pthread_cond_wait(&other, &lock);
		pthread_mutex_unlock(&lock);
	}
	for (int i = 0; i < THREADS; i++)
		MUST(-pthread_join(thread[i], NULL));
	VALUE_OF("released one by one", taken);
	VALUE_OF("tokens left", tokens);
}

static void *consumer(void *unused)
{
	long sum = 0;

	(void)unused;
	for (int i = 0; i < HANDED; i++) {
		pthread_mutex_lock(&lock);
		while (!full)
			pthread_cond_wait(&changed, &lock);
		sum += full;
		full = 0;
		pthread_cond_signal(&other);
		pthread_mutex_unlock(&lock);
	}
	return (void *)sum;
}

static void hand_over(void)
{
	struct timespec until;
	pthread_t thread;
	void *sum;

	MUST(-pthread_create(&thread, NULL, consumer, NULL));
	for (int i = 1; i <= HANDED; i++) {
		pthread_mutex_lock(&lock);
		while (full)
			pthread_cond_wait(&other, &lock);
		full = i;
		pthread_cond_signal(&changed);
		pthread_mutex_unlock(&lock);
	}
	MUST(-pthread_join(thread, &sum));
	VALUE_OF("sum of what was handed over", (long)sum);
	MUST(clock_gettime(CLOCK_REALTIME, &until));
	until.tv_nsec = (until.tv_nsec + 50000000) % 1000000000;
	until.tv_sec += until.tv_nsec < 50000000;
	pthread_mutex_lock(&lock);
	YES_OF("a wait that nobody ends", pthread_cond_timedwait(&changed, &lock, &until) ==
	       ETIMEDOUT);
	YES_OF("the mutex is held after it", pthread_mutex_trylock(&lock) == EBUSY);
	pthread_mutex_unlock(&lock);
}

static void *detached(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	gone++;
	pthread_cond_signal(&other);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void detach(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int failed = 0;

	MUST(-pthread_attr_init(&attributes));
	MUST(-pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED));
	for (int i = 0; i < IN_TURN; i++)
		failed += pthread_create(&thread, &attributes, detached, NULL) != 0;
	MUST(-pthread_create(&thread, NULL, detached, NULL));
	failed += pthread_detach(thread) != 0;
	pthread_mutex_lock(&lock);
	while (gone + failed <= IN_TURN)
		pthread_cond_wait(&other, &lock);
	pthread_mutex_unlock(&lock);
	VALUE_OF("detached threads that ran", gone);
}

int main(void)
{
	create_and_join();
	mutexes();
	broadcast_and_signal();
	hand_over();
	detach();
	return 0;
}
