/*
 * 10,000 threads in one process, in 2 GiB: each sees its own number, and all are
 * joined. With them there, fork returns at the same price: at most 10 % dearer.
 * Prices are counted in instructions (tools/guest -i), so they repeat.
 *
 * guest: -i -m 2048 -t 120
 * tine-only: yes
 *
 * The figures are those of issue 3; pthread_create(3), fork(2).
 */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_PRIVATE_FLAG = 128 };
enum { THREADS = 10000, SAMPLES = 15, STACK = 16 << 10 };

static pthread_t thread[THREADS];
static atomic_int inside, door[THREADS];
static __thread long mine;

static long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return x < y ? -1 : x > y;
}

/* The median time until fork returns in the parent: the bare call, as libc's visits threads. */
static long fork_cost(void)
{
	long cost[SAMPLES];

	for (int i = 0; i < SAMPLES; i++) {
		long before = now_ns(), pid = syscall(SYS_fork);

		if (pid == 0)
			syscall(SYS_exit_group, 0);
		cost[i] = now_ns() - before;
		MUST(pid);
		MUST(waitpid((pid_t)pid, NULL, 0));
	}
	qsort(cost, SAMPLES, sizeof(*cost), compare);
	return cost[SAMPLES / 2];
}

/* Each has a door of its own: if all left at once, musl's list of threads would be in the way. */
static void *wait_inside(void *number)
{
	atomic_int *mine_to_pass = &door[(long)number];

	mine = (long)number * 3;
	inside++;
	while (!*mine_to_pass)
		syscall(SYS_futex, mine_to_pass, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, NULL);
	return (void *)mine;
}

static int make_all(void)
{
	pthread_attr_t attributes;
	int made = 0;

	MUST(-pthread_attr_init(&attributes));
	MUST(-pthread_attr_setstacksize(&attributes, STACK));
	while (made < THREADS &&
	       !pthread_create(&thread[made], &attributes, wait_inside, (void *)(long)made))
		made++;
	while (inside < made)
		sleep_ms(1);
	return made;
}

static void join_all(int made)
{
	int right = 0;

	for (long i = 0; i < made; i++) {
		void *result;

		door[i] = 1;
		MUST(syscall(SYS_futex, &door[i], FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1));
		right += !pthread_join(thread[i], &result) && (long)result == i * 3;
	}
	say("joined with the right result: %d", right);
	failures += right != THREADS;
}

int main(void)
{
	long alone, among;
	int made;

	alone = fork_cost();
	made = make_all();
	say("alive at once: %d", made);
	failures += made != THREADS;
	among = fork_cost();
	join_all(made);
	say("# fork returns after %ld ns alone, %ld ns among them, %ld ns after", alone, among,
	    fork_cost());
	expect("fork among them at most 10 % dearer", among * 10 <= alone * 11);
	return failures != 0;
}
