/*
 * forkjoin - fork and join as Conway drew them (1963): more processes than processors.
 *
 * A sum is split into 16 parts. The program says what can be done at the same time (fork) and
 * where all must have come together (join); how many processors there are it need not know.
 * Look for: the same sum by one process, by 16 processes (each sends its part through a pipe; join
 * is wait) and by 16 threads (each leaves its part in memory; join is pthread_join); that every
 * processor did its share of the work, from /proc/stat.
 * To think about: what do processes pay that threads do not, and what do threads risk?
 * In the kernel: kernel/proc/sched.c. With -v: times, and the work of each processor.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PARTS = 16, PART_NUMBERS = 100000, MAX_CPUS = 1024, MIN_MS = 600, TRIES = 3 };

static bool verbose;
static int failures;
static int ncpus;

static long must(long result, const char *call)
{
	if (result < 0) {
		perror(call);
		exit(2);
	}
	return result;
}

static void relation(const char *what, bool holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "no");
	failures += !holds;
}

static long now_ms(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_MONOTONIC, &t), "clock_gettime");
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The work: numbers with enough to do on each that a compiler finds no short cut. */
static uint64_t sum_of_part(int part)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < PART_NUMBERS; i++) {
		uint64_t x = (uint64_t)part * PART_NUMBERS + i;

		for (int k = 0; k < 8; k++)
			x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
		sum += x >> 32;
	}
	return sum;
}

static uint64_t sum_alone(void)
{
	uint64_t sum = 0;

	for (int part = 0; part < PARTS; part++)
		sum += sum_of_part(part);
	return sum;
}

static uint64_t sum_by_processes(void)
{
	uint64_t sum = 0, piece;
	int results[2], status;

	must(pipe(results), "pipe");
	for (int part = 0; part < PARTS; part++) {
		if (must(fork(), "fork") == 0) {
			piece = sum_of_part(part);
			_exit(write(results[1], &piece, sizeof(piece)) != sizeof(piece));
		}
	}
	for (int part = 0; part < PARTS; part++) {
		must(wait(&status), "wait");
		failures += status != 0;
	}
	close(results[1]);
	while (read(results[0], &piece, sizeof(piece)) == sizeof(piece))
		sum += piece;
	close(results[0]);
	return sum;
}

static uint64_t pieces[PARTS];

static void *sum_in_thread(void *part)
{
	pieces[(long)part] = sum_of_part((int)(long)part);
	return NULL;
}

static uint64_t sum_by_threads(void)
{
	pthread_t thread[PARTS];
	uint64_t sum = 0;

	for (long part = 0; part < PARTS; part++)
		must(-pthread_create(&thread[part], NULL, sum_in_thread, (void *)part),
		     "pthread_create");
	for (int part = 0; part < PARTS; part++) {
		must(-pthread_join(thread[part], NULL), "pthread_join");
		sum += pieces[part];
	}
	return sum;
}

/* Ticks that each processor was busy with processes: user, nice and system of /proc/stat. */
static void read_busy(long busy[MAX_CPUS])
{
	FILE *file = fopen("/proc/stat", "re");
	long user, nice, system;
	char line[1024];
	int cpu;

	must(file ? 0 : -1, "/proc/stat");
	memset(busy, 0, MAX_CPUS * sizeof(*busy));
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "cpu%d %ld %ld %ld", &cpu, &user, &nice, &system) == 4 &&
		    cpu < MAX_CPUS)
			busy[cpu] = user + nice + system;
	fclose(file);
}

/* Whether each processor that we may use did at least a third of an equal share. */
static bool all_did_their_share(const long before[MAX_CPUS], const long after[MAX_CPUS])
{
	long least = -1, all = 0;
	cpu_set_t allowed;

	must(sched_getaffinity(0, sizeof(allowed), &allowed), "sched_getaffinity");
	for (int cpu = 0; cpu < MAX_CPUS; cpu++) {
		long ticks = after[cpu] - before[cpu];

		if (!CPU_ISSET(cpu, &allowed))
			continue;
		if (verbose)
			printf("# processor %d: %ld ticks\n", cpu, ticks);
		least = least < 0 || ticks < least ? ticks : least;
		all += ticks;
	}
	return least > 0 && least * 3 * ncpus >= all;
}

/* The same sum again and again for a while, as ticks are coarse. */
static bool work(const char *who, uint64_t (*sum)(void), uint64_t expected)
{
	static long before[MAX_CPUS], after[MAX_CPUS];
	long start = now_ms(), rounds = 0;

	read_busy(before);
	do {
		if (sum() != expected)
			failures++;
		rounds++;
	} while (now_ms() - start < MIN_MS);
	read_busy(after);
	if (verbose)
		printf("# %d %s: %ld ms\n", PARTS, who, (now_ms() - start) / rounds);
	return all_did_their_share(before, after);
}

/* Three tries: others can take away an emulator's processors. */
static void show(const char *who, uint64_t (*sum)(void), uint64_t expected)
{
	int failures_before = failures;
	bool shared = false;
	char text[80];

	for (int i = 0; i < TRIES && !shared; i++)
		shared = work(who, sum, expected);
	snprintf(text, sizeof(text), "%d %s: the same sum", PARTS, who);
	relation(text, failures == failures_before);
	snprintf(text, sizeof(text), "%d %s: every processor did its share", PARTS, who);
	relation(text, shared);
}

int main(int argc, char **argv)
{
	cpu_set_t allowed;
	uint64_t sum;
	long start;

	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	must(sched_getaffinity(0, sizeof(allowed), &allowed), "sched_getaffinity");
	ncpus = CPU_COUNT(&allowed);
	relation("there are no more processors for us than online",
		 ncpus >= 1 && ncpus <= sysconf(_SC_NPROCESSORS_ONLN));
	start = now_ms();
	sum = sum_alone();
	if (verbose)
		printf("# alone: %ld ms, %d processors\n", now_ms() - start, ncpus);
	show("processes", sum_by_processes, sum);
	show("threads", sum_by_threads, sum);
	return failures ? 1 : 0;
}
