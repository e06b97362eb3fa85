/*
 * fork and vfork: over the size of the process, and over the number of processes that there are.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct fork_times {
	uint64_t ret;	/* until fork returns in the parent */
	uint64_t whole;	/* until the child, which ends at once, is reaped */
};

static struct fork_times time_fork(int n)
{
	uint64_t ret[MAX_ROUNDS], whole[MAX_ROUNDS];

	for (int i = 0; i < n; i++) {
		uint64_t start = now();
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		ret[i] = now() - start;
		if (pid < 0)
			fail("fork");
		wait_well(pid);
		whole[i] = now() - start;
	}
	return (struct fork_times){ median(ret, n), median(whole, n) };
}

/*
 * fork_return_NMiB, fork_exit_wait_NMiB: the process has N MiB of touched anonymous memory, besides
 * the few pages of the program. Neither process writes to it: that is cow_fault.
 */
void fork_sizes(void)
{
	static const size_t sizes[] = { 0, 16, 64, 256, 1024, 4096 };
	char *memory = NULL; /* mapped when it is needed: fork copies an empty mapping, too */
	size_t have = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && sizes[i] <= options.max_mib; i++) {
		size_t more = (sizes[i] - have) * MIB;

		/* A 32nd for the tables of pages, and as much for a child's. */
		if (meminfo_kib("MemFree") < (more + sizes[i] * MIB / 16) / KIB) {
			note("fork_return_%zuMiB: left out: not enough free memory", sizes[i]);
			return;
		}
		if (more > 0 && !memory)
			memory = map(NULL, options.max_mib * MIB);
		touch(memory + have * MIB, more);
		have = sizes[i];
		struct fork_times t = time_fork(rounds(have > 1024 ? 5 : have > 256 ? 9 : 31));
		report_sized("fork_return", have, "MiB", t.ret, "ns");
		report_sized("fork_exit_wait", have, "MiB", t.whole, "ns");
	}
}

/* A child that sleeps until the pipe `hold` has no writer any more. */
static pid_t fork_sleeper(const int hold[2])
{
	pid_t pid = fork();

	if (pid == 0) {
		char c;

		close(hold[1]);
		_exit(read(hold[0], &c, 1) != 0);
	}
	return pid;
}

/*
 * processes_fork_return_N: fork_return of a small process while N others are alive, which sleep in a
 * read. Not their making, nor their end.
 */
void fork_processes(void)
{
	int hold[2];
	int alive = 0;
	pid_t *pids = calloc((size_t)options.max_processes, sizeof(*pids));

	if (!pids)
		fail("calloc");
	make_pipe(hold);
	for (int goal = 1; goal <= options.max_processes; goal *= 10) {
		for (; alive < goal; alive++) {
			pids[alive] = fork_sleeper(hold);
			if (pids[alive] < 0) {
				note("after %d processes:", alive);
				fail("fork");
			}
		}
		report_sized("processes_fork_return", (size_t)goal, "", time_fork(rounds(31)).ret, "ns");
	}
	close(hold[1]);
	while (alive > 0)
		wait_well(pids[--alive]);
}

/* vfork_exit_wait: the child borrows the parent's memory and ends at once; reaped. */
void vfork_exit_wait(void)
{
	uint64_t ns[MAX_ROUNDS];
	int n = rounds(31);

	for (int i = 0; i < n; i++) {
		uint64_t start = now();
		pid_t pid = vfork();

		if (pid == 0)
			_exit(0);
		if (pid < 0)
			fail("vfork");
		wait_well(pid);
		ns[i] = now() - start;
	}
	report("vfork_exit_wait", median(ns, n), "ns");
}
