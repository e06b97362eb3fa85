/*
 * storm.h: what the storms share: programs that let a race happen thousands of
 * times, on all CPUs, and check that nothing was lost.
 *
 * The argument is a percentage of the usual work (100 without one: some seconds
 * on 4 emulated CPUs); what is printed does not depend on it. A storm counts
 * what is wrong in memory that all its processes share, and names the first
 * place. What was lost for good shows as a hang, which SIGALRM ends.
 *
 * Entry points: storm_start, storm_end, CHECK, rounds, start_threads,
 * join_threads, run_threads, run_processes, share, dice, spin, sleep_us, pin_to.
 */
#ifndef STORM_H
#define STORM_H

#include "check.h"
#include <pthread.h>
#include <stdatomic.h>

/* futex(2): musl does not bring linux/futex.h. */
enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_PRIVATE_FLAG = 128 };

enum { PATIENCE_S = 100, MOST_THREADS = 64 };

struct storm_report {
	atomic_long wrong, line, seen;
};

static struct storm_report *storm_report;
static int storm_percent = 100;
static int storm_cpus[CPU_SETSIZE], storm_ncpus;

#define CHECK(condition) CHECK_SAW(condition, 0)
/* `saw` is a number that helps to understand a failure. */
#define CHECK_SAW(condition, saw)                                               \
	do {                                                                    \
		if (!(condition) && atomic_fetch_add(&storm_report->wrong, 1) == 0) { \
			storm_report->line = __LINE__;                          \
			storm_report->seen = (long)(saw);                       \
		}                                                               \
	} while (0)

/* Memory that children keep in common. */
static inline void *share(size_t length)
{
	char *at = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	MUST(at == MAP_FAILED ? -1 : 0);
	return at;
}

static inline void storm_start(int argc, char **argv)
{
	cpu_set_t set;

	if (argc > 1)
		storm_percent = atoi(argv[1]);
	storm_report = share(sizeof(*storm_report));
	CPU_ZERO(&set);
	MUST(sched_getaffinity(0, sizeof(set), &set));
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			storm_cpus[storm_ncpus++] = i;
	alarm(PATIENCE_S);
}

/* The exit status of main. */
static inline int storm_end(void)
{
	say("wrong: %ld", (long)storm_report->wrong);
	if (storm_report->wrong)
		say("# the first in line %ld, which saw %#lx", (long)storm_report->line,
		    (long)storm_report->seen);
	VALUE_OF("children left", waitpid(-1, NULL, __WALL | WNOHANG));
	return storm_report->wrong != 0;
}

/* The given number of rounds, in the size that was asked for. */
static inline long rounds(long usual)
{
	long n = usual * storm_percent / 100;

	return n > 0 ? n : 1;
}

/* Numbers that are the same in each run (xorshift); every thread has a seed of its own. */
static inline unsigned dice(unsigned *seed, unsigned sides)
{
	unsigned x = *seed ? *seed : 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*seed = x;
	return (x >> 8) % sides;
}

static inline void spin(unsigned turns)
{
	while (turns--)
		__asm__ volatile("pause");
}

static inline void sleep_us(long us)
{
	nanosleep(&(struct timespec){ us / 1000000, us % 1000000 * 1000 }, NULL);
}

/* The n-th of the CPUs that this program may use. */
static inline int nth_cpu(int n)
{
	return storm_cpus[n % storm_ncpus];
}

static inline void pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	MUST(sched_setaffinity(0, sizeof(set), &set));
}

static pthread_t storm_thread[MOST_THREADS];

/* Threads get their number as the argument. */
static inline void start_threads(int first, int count, void *(*body)(void *))
{
	for (long i = first; i < first + count; i++)
		MUST(-pthread_create(&storm_thread[i], NULL, body, (void *)i));
}

static inline void join_threads(int first, int count)
{
	for (int i = first; i < first + count; i++)
		MUST(-pthread_join(storm_thread[i], NULL));
}

static inline void run_threads(int count, void *(*body)(void *))
{
	start_threads(0, count, body);
	join_threads(0, count);
}

/* Children that run body(number), all at once; each must end with status 0. */
static inline void run_processes(int count, void (*body)(int))
{
	pid_t pids[MOST_THREADS];
	int status;

	for (int i = 0; i < count; i++) {
		pids[i] = MUST(fork());
		if (pids[i] == 0) {
			body(i);
			_exit(0);
		}
	}
	for (int i = 0; i < count; i++) {
		status = -1;
		CHECK(waitpid(pids[i], &status, 0) == pids[i]);
		CHECK_SAW(status == 0, status);
	}
}

/* Waits, without the kernel's help, until `word` has reached `value`. */
static inline void await(atomic_int *word, int value)
{
	for (unsigned turn = 0; atomic_load(word) < value; turn++)
		if (turn % 64 == 63)
			sched_yield();
}

static inline long futex(void *word, int operation, int value, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

#endif
