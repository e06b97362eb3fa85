/*
 * 10,000 processes alive at once, in 2 GiB; each ends with its own status. With
 * them there, fork returns at the same price: at most 10 % dearer. Prices are
 * counted in instructions (tools/guest -i), so they repeat. With an argument
 * only the processes are made, on as many CPUs as there are (tests/smp.t).
 *
 * guest: -i -m 2048 -t 120
 * tine-only: yes
 *
 * The figures are those of issue 3; fork(2).
 */
#include "check.h"

enum { PROCESSES = 10000, SAMPLES = 15 };

static int hold[2];
static pid_t pids[PROCESSES];

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

/* The median time until fork returns in the parent. */
static long fork_cost(void)
{
	long cost[SAMPLES];

	for (int i = 0; i < SAMPLES; i++) {
		long before = now_ns();
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		cost[i] = now_ns() - before;
		MUST(pid);
		MUST(waitpid(pid, NULL, 0));
	}
	qsort(cost, SAMPLES, sizeof(*cost), compare);
	return cost[SAMPLES / 2];
}

/* Each lives until the pipe is closed. */
static int make_all(void)
{
	int made = 0;

	for (; made < PROCESSES; made++) {
		pids[made] = fork();
		if (pids[made] == -1)
			break;
		if (pids[made] == 0) {
			char byte;

			close(hold[1]);
			_exit(read(hold[0], &byte, 1) == 0 ? made % 101 : 255);
		}
	}
	return made;
}

static void reap_all(int made)
{
	int right = 0, status;

	close(hold[1]);
	for (int i = 0; i < made; i++)
		right += waitpid(pids[i], &status, 0) == pids[i] && WIFEXITED(status) &&
			 WEXITSTATUS(status) == i % 101;
	say("with the right status: %d", right);
	failures += right != PROCESSES;
}

int main(int argc, char **argv)
{
	long alone, among;
	int made;

	(void)argv;
	MUST(pipe(hold));
	alone = fork_cost();
	made = make_all();
	say("alive at once: %d", made);
	failures += made != PROCESSES;
	among = fork_cost();
	reap_all(made);
	if (argc > 1)
		return failures != 0;
	say("# fork returns after %ld ns alone, %ld ns among them, %ld ns after", alone, among,
	    fork_cost());
	expect("fork among them at most 10 % dearer", among * 10 <= alone * 11);
	return failures != 0;
}
