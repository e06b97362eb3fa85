/*
 * Threads of one process: made and joined, woken, and in turns.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_PRIVATE_FLAG = 128 }; /* musl has no linux/futex.h */

static atomic_int word, stop;

static long futex(atomic_int *address, int operation, int value)
{
	return syscall(SYS_futex, address, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static pthread_t start(void *(*body)(void *))
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, body, NULL);
	if (errno)
		fail("pthread_create");
	return thread;
}

static void *nothing(void *arg)
{
	return arg;
}

/* pthread_create_join: a thread with a new stack that ends at once, and its join. */
void pthread_create_join(void)
{
	uint64_t ns[MAX_ROUNDS];
	int n = rounds(31);

	for (int i = 0; i < n; i++) {
		uint64_t begin = now();

		pthread_join(start(nothing), NULL);
		ns[i] = now() - begin;
	}
	report("pthread_create_join", median(ns, n), "ns");
}

static void *sleeper(void *arg)
{
	while (!stop)
		futex(&word, FUTEX_WAIT, 0);
	return arg;
}

/*
 * futex_wake: FUTEX_WAKE that wakes a thread, for the thread that calls it: until it goes on. If the
 * kernel lets the woken thread run first, its way back to sleep is part of it.
 */
void futex_wake(void)
{
	uint64_t ns[MAX_ROUNDS];
	int n = rounds(63);
	pthread_t thread = start(sleeper);

	for (int i = 0; i < n;) {
		uint64_t begin = now();
		long woken = futex(&word, FUTEX_WAKE, 1);
		uint64_t end = now();

		if (woken < 0)
			fail("FUTEX_WAKE");
		if (woken == 1)
			ns[i++] = end - begin;
		else
			sched_yield(); /* it does not sleep yet */
	}
	stop = 1;
	word = 1;
	futex(&word, FUTEX_WAKE, 1);
	pthread_join(thread, NULL);
	report("futex_wake", median(ns, n), "ns");
}

/* Gives the turn to the other and waits for it to come back. */
static void take_turns(int mine, int other)
{
	word = other;
	if (futex(&word, FUTEX_WAKE, 1) < 0)
		fail("FUTEX_WAKE");
	while (word != mine && !stop)
		if (futex(&word, FUTEX_WAIT, other) < 0 && errno != EAGAIN)
			fail("FUTEX_WAIT");
}

static void *partner(void *arg)
{
	while (word != 1 && !stop)
		futex(&word, FUTEX_WAIT, 0);
	while (!stop)
		take_turns(1, 0);
	return arg;
}

static void ping(void)
{
	take_turns(0, 1);
}

/*
 * thread_ping: two threads wake each other by a futex in turn: the round trip. Two switches without
 * a change of address space.
 */
void thread_ping(void)
{
	pthread_t thread = start(partner);

	report("thread_ping", per_call(200, ping), "ns");
	stop = 1;
	word = 1;
	futex(&word, FUTEX_WAKE, 1);
	pthread_join(thread, NULL);
}
