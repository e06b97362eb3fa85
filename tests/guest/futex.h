/*
 * futex.h: the bare futex(2) call, and threads that sleep on a word, for the
 * guest tests.
 *
 * start() returns once the thread sleeps in the kernel: /proc says so. done()
 * is how many of some sleepers have returned; settle() gives those that were
 * woken the time to do so.
 */
#ifndef FUTEX_H
#define FUTEX_H

#include "check.h"
#include <pthread.h>

enum {
	FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_REQUEUE = 3, FUTEX_CMP_REQUEUE = 4, FUTEX_WAKE_OP = 5,
	FUTEX_WAIT_BITSET = 9, FUTEX_WAKE_BITSET = 10, PRIVATE = 128, REALTIME = 256,
};
enum { RW = PROT_READ | PROT_WRITE, ANY = -1, SETTLE_MS = 60 };

/* val2 and the time limit are one argument of the call. */
static inline long futex(void *word, int op, uint32_t value, const void *limit_or_val2, void *word2,
			 uint32_t value3)
{
	return syscall(SYS_futex, word, op, value, limit_or_val2, word2, value3);
}

static inline void *val2(long value)
{
	return (void *)value;
}

struct sleeper {
	void *word;
	int op;
	uint32_t value, bitset;
	const struct timespec *limit;

	pthread_t thread;
	volatile pid_t tid;
	volatile int done, order;
	int error; /* 0: woken */
};

static volatile int order_of_return __attribute__((unused));

static inline void *sleeper_body(void *argument)
{
	struct sleeper *s = argument;

	s->tid = syscall(SYS_gettid);
	s->error = futex(s->word, s->op, s->value, s->limit, NULL, s->bitset) ? errno : 0;
	s->order = __sync_add_and_fetch(&order_of_return, 1);
	s->done = 1;
	return NULL;
}

static inline void start(struct sleeper *s, void *word, int op, uint32_t value, uint32_t bitset,
			 const struct timespec *limit)
{
	*s = (struct sleeper){ .word = word, .op = op, .value = value, .bitset = bitset,
			       .limit = limit };
	MUST(-pthread_create(&s->thread, NULL, sleeper_body, s));
	while (!s->tid)
		sched_yield();
	till_asleep(getpid(), s->tid);
}

static inline int done(const struct sleeper *s, int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++)
		sum += s[i].done;
	return sum;
}

/* Waits until as many have returned as should, then whether more do. */
static inline int settle(const struct sleeper *s, int n, int expected)
{
	for (int i = 0; i < 1000 && done(s, n) < expected; i++)
		sleep_ms(5);
	sleep_ms(SETTLE_MS);
	return done(s, n);
}

/* Wakes whoever still sleeps on the words, and joins all. */
static inline void finish(struct sleeper *s, int n, void *word, void *word2)
{
	for (int i = 0; i < n; i++) {
		while (!s[i].done) {
			futex(word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
			futex(word, FUTEX_WAKE | PRIVATE, INT_MAX, NULL, NULL, 0);
			if (word2) {
				futex(word2, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
				futex(word2, FUTEX_WAKE | PRIVATE, INT_MAX, NULL, NULL, 0);
			}
			sleep_ms(5);
		}
		MUST(-pthread_join(s[i].thread, NULL));
	}
}

static inline void *shared_memory(size_t length)
{
	void *at = mmap(NULL, length, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	MUST(at == MAP_FAILED ? -1 : 0);
	return at;
}

#endif
