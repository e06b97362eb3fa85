/*
 * Storm: the scheduler. Busy and sleeping threads and processes, more than CPUs,
 * that yield, change their nice value, and are moved from CPU to CPU by
 * themselves and by others: whoever is bound to a CPU runs there and nowhere
 * else, nobody starves, and the CPU times add up to no more than there was.
 *
 * args: 20
 *
 * From sched_setaffinity(2), sched_yield(2), getcpu(2), nice(2), getrusage(2).
 */
#include "storm.h"

enum { BUSY = 6, SLEEPERS = 6, MOVES = 150, MOVED = 3, SHOVES = 120, RUN_MS = 400 };

struct table {
	atomic_long progress[BUSY];
	atomic_long naps;
	atomic_int stop;
};

static struct table *table;
static atomic_int tids[MOVED], bound[MOVED], ended;

static int cpu_now(void)
{
	unsigned cpu = 0;

	CHECK(syscall(SYS_getcpu, &cpu, NULL, NULL) == 0);
	return (int)cpu;
}

/* Binds itself: from then on it runs there. */
static void *move_self(void *number)
{
	unsigned seed = (unsigned)(long)number + 1;

	for (long i = 0; i < rounds(MOVES); i++) {
		int cpu = nth_cpu((int)dice(&seed, 64));

		pin_to(cpu);
		for (int look = 0; look < 4; look++) {
			CHECK_SAW(cpu_now() == cpu, cpu);
			spin(dice(&seed, 300));
			if (look == 2)
				sched_yield();
			if (dice(&seed, 8) == 0)
				sleep_us(100);
		}
	}
	return NULL;
}

/* Is bound by another thread. While `bound` stays the same it runs on that CPU. */
static void *be_moved(void *number)
{
	unsigned seed = (unsigned)(long)number + 1;
	atomic_int *where = &bound[(long)number];

	atomic_store(&tids[(long)number], (int)syscall(SYS_gettid));
	while (!ended) {
		int before = atomic_load(where), cpu = cpu_now();

		if (before == atomic_load(where) && before >= 0)
			CHECK_SAW(cpu == before % 1024, cpu << 16 | before);
		if (dice(&seed, 50) == 0)
			sleep_us(50);
		if (dice(&seed, 20) == 0)
			sched_yield();
	}
	return NULL;
}

static void *shove(void *number)
{
	unsigned seed = 9;

	for (long i = 1; i <= rounds(SHOVES); i++)
		for (int k = 0; k < MOVED; k++) {
			int cpu = nth_cpu((int)dice(&seed, 64));
			cpu_set_t set;

			await(&tids[k], 1);
			CPU_ZERO(&set);
			CPU_SET(cpu, &set);
			atomic_store(&bound[k], -1);
			CHECK(sched_setaffinity(tids[k], sizeof(set), &set) == 0);
			atomic_store(&bound[k], (int)i * 1024 + cpu);
			spin(dice(&seed, 1000));
		}
	ended = 1;
	return number;
}

static void busy_or_sleeping(int number)
{
	unsigned seed = (unsigned)number + 1;

	while (!table->stop) {
		if (number >= BUSY) {
			sleep_us(dice(&seed, 2000));
			atomic_fetch_add(&table->naps, 1);
			continue;
		}
		spin(500);
		atomic_fetch_add(&table->progress[number], 1);
		if (number % 3 == 1)
			sched_yield();
		if (number % 3 == 2 && dice(&seed, 20) == 0)
			setpriority(PRIO_PROCESS, 0, (int)dice(&seed, 6));
	}
}

static long us_of(struct timeval t)
{
	return t.tv_sec * 1000000 + t.tv_usec;
}

/* Stops the others when time is up and all have had their turn. */
static void time_keeper(void)
{
	long since = now_ms();
	int all;

	do {
		sleep_ms(10);
		all = table->naps > 0;
		for (int i = 0; i < BUSY; i++)
			all &= table->progress[i] > 0;
	} while (!all || now_ms() - since < rounds(RUN_MS));
	table->stop = 1;
}

static void body(int number)
{
	if (number == BUSY + SLEEPERS)
		time_keeper();
	else
		busy_or_sleeping(number);
}

static void add_up(void)
{
	struct rusage before, after;
	long since = now_ms(), wall_us, used_us;

	MUST(getrusage(RUSAGE_CHILDREN, &before));
	run_processes(BUSY + SLEEPERS + 1, body);
	wall_us = (now_ms() - since + 1) * 1000;
	MUST(getrusage(RUSAGE_CHILDREN, &after));
	used_us = us_of(after.ru_utime) + us_of(after.ru_stime) - us_of(before.ru_utime) -
		  us_of(before.ru_stime);
	say("# %ld us of CPU time in %ld us on %d CPUs", used_us, wall_us, storm_ncpus);
	/* 5 % and some ticks for clocks that count by ticks. */
	CHECK_SAW(used_us <= wall_us * storm_ncpus / 20 * 21 + 100000, used_us);
	CHECK_SAW(used_us > 0, used_us);
}

int main(int argc, char **argv)
{
	storm_start(argc, argv);
	table = share(sizeof(*table));
	run_threads(BUSY, move_self);
	say("bound by itself");
	for (int i = 0; i < MOVED; i++)
		bound[i] = -1;
	start_threads(0, MOVED, be_moved);
	start_threads(MOVED, 1, shove);
	join_threads(0, MOVED + 1);
	say("bound by another");
	add_up();
	say("all ran, and their times add up");
	return storm_end();
}
