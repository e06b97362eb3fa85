/*
 * Fork and join: more processes than CPUs, each with the same amount of work;
 * each CPU does its share of it, by /proc/stat. One process alone, not bound to
 * a CPU, also gets all the time that it wants.
 *
 * From proc(5) (/proc/stat), sched_getaffinity(2), clock_gettime(2).
 */
#include "check.h"

enum { MOST_CPUS = 64, PER_CPU = 3, WORK_MS = 150 };

/* Ticks of user, nice and system time of each CPU. Returns how many CPUs there are. */
static int read_busy(long busy[MOST_CPUS])
{
	static char text[65536];
	int fd = MUST(open("/proc/stat", O_RDONLY)), ncpus = 0;
	long length = 0, n;

	while ((n = MUST(read(fd, text + length, sizeof(text) - 1 - (size_t)length))) > 0)
		length += n;
	text[length] = '\0';
	close(fd);
	for (char *line = text; line; line = strchr(line, '\n')) {
		long user, nice_time, sys;
		int cpu;

		line += *line == '\n';
		if (sscanf(line, "cpu%d %ld %ld %ld", &cpu, &user, &nice_time, &sys) == 4 &&
		    cpu < MOST_CPUS && line[3] != ' ') {
			busy[cpu] = user + nice_time + sys;
			ncpus++;
		}
	}
	return ncpus;
}

static void work(void)
{
	struct timespec used;

	do
		MUST(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used));
	while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < WORK_MS);
	_exit(0);
}

int main(void)
{
	long before[MOST_CPUS] = { 0 }, after[MOST_CPUS] = { 0 }, total = 0, share;
	int ncpus = read_busy(before), processes = ncpus * PER_CPU, lazy = 0, status, good = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	MUST(sched_getaffinity(0, sizeof(set), &set));
	YES_OF("as many CPUs as sched_getaffinity says", CPU_COUNT(&set) == ncpus);
	for (int i = 0; i < processes; i++)
		if (MUST(fork()) == 0)
			work();
	while (wait(&status) > 0)
		good += status == 0;
	YES_OF("all did their work", good == processes);
	read_busy(after);
	for (int i = 0; i < ncpus; i++) {
		total += after[i] - before[i];
		say("# CPU %d: %ld ticks", i, after[i] - before[i]);
	}
	share = total / ncpus;
	for (int i = 0; i < ncpus; i++)
		lazy += (after[i] - before[i]) * 10 < share * 7;
	VALUE_OF("CPUs that did less than 70 % of their share", lazy);
	YES_OF("the times add up", total * 1000 / sysconf(_SC_CLK_TCK) * 10 >=
	       (long)processes * WORK_MS * 9);
	return 0;
}
