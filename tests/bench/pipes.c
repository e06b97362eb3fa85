/*
 * Pipes, and the switch between processes that pass a byte on.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <unistd.h>

enum {
	CHUNK = 64 * KIB,
	MAX_RING = 96,
};

static int there[2], back[2];

static void pass(int from, int to)
{
	char token = 0;

	if (read(from, &token, 1) != 1 || write(to, &token, 1) != 1)
		fail("passing the token");
}

static void ping(void)
{
	char token = 0;

	if (write(there[1], &token, 1) != 1 || read(back[0], &token, 1) != 1)
		fail("ping");
}

/* The child that answers each byte, until end of file. */
static void answer(void)
{
	char token;

	close(there[1]);
	while (read(there[0], &token, 1) == 1)
		if (write(back[1], &token, 1) != 1)
			_exit(1);
	_exit(0);
}

/*
 * pipe_round_trip: a byte to another process and one back: two writes, two reads that sleep, two
 * switches.
 */
void pipe_round_trip(void)
{
	make_pipe(there);
	make_pipe(back);
	pid_t pid = fork_or_fail();
	if (pid == 0)
		answer();
	report("pipe_round_trip", per_call(200, ping), "ns");
	close(there[1]);
	wait_well(pid);
}

/* Reads all of each batch, then says so. */
static void drain(char *chunk, size_t batch)
{
	size_t got = 0;
	ssize_t n;

	close(there[1]);
	while ((n = read(there[0], chunk, CHUNK)) > 0) {
		got += (size_t)n;
		if (got == batch) {
			if (write(back[1], chunk, 1) != 1)
				_exit(1);
			got = 0;
		}
	}
	_exit(n < 0);
}

/*
 * pipe_bandwidth: MiB a second from one process to another, which throws it away; both use buffers
 * of 64 KiB. Includes the answer at the end of each batch of 4 MiB.
 */
void pipe_bandwidth(void)
{
	char *chunk = map(NULL, CHUNK);
	size_t batch = (size_t)rounds(64) * CHUNK;
	uint64_t ns[BATCHES];
	char done;

	make_pipe(there);
	make_pipe(back);
	pid_t pid = fork_or_fail();
	if (pid == 0)
		drain(chunk, batch);
	touch(chunk, CHUNK);
	for (int b = -1; b < BATCHES; b++) {
		uint64_t start = now();

		for (size_t sent = 0; sent < batch; sent += CHUNK)
			if (write(there[1], chunk, CHUNK) != CHUNK)
				fail("write to a pipe");
		if (read(back[0], &done, 1) != 1)
			fail("the reader's answer");
		if (b >= 0)
			ns[b] = now() - start;
	}
	close(there[1]);
	wait_well(pid);
	report("pipe_bandwidth", batch * 1000000000u / MIB / median(ns, BATCHES), "MiB/s");
}

/* Process number i of the ring: passes `turns` bytes from pipe i to pipe i + 1. */
static void ring_member(int pipes[][2], int size, int i, int turns)
{
	for (int turn = 0; turn < turns; turn++)
		pass(pipes[i][0], pipes[(i + 1) % size][1]);
	_exit(0);
}

static void ring(int size)
{
	int pipes[MAX_RING][2];
	pid_t pids[MAX_RING];
	int turns = rounds(size > 8 ? 10 : 100);
	uint64_t ns[BATCHES];
	char token = 0;

	for (int i = 0; i < size; i++)
		make_pipe(pipes[i]);
	for (int i = 1; i < size; i++) {
		pids[i] = fork_or_fail();
		if (pids[i] == 0)
			ring_member(pipes, size, i, turns * (BATCHES + 1));
	}
	for (int b = -1; b < BATCHES; b++) {
		uint64_t start = now();

		for (int turn = 0; turn < turns; turn++)
			if (write(pipes[1][1], &token, 1) != 1 || read(pipes[0][0], &token, 1) != 1)
				fail("the ring");
		if (b >= 0)
			ns[b] = (now() - start) / (uint64_t)(turns * size);
	}
	report_sized("context_switch", (size_t)size, "", median(ns, BATCHES), "ns");
	for (int i = 0; i < size; i++) {
		if (i > 0)
			wait_well(pids[i]);
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
}

/*
 * context_switch_N: a byte goes round a ring of N processes joined by pipes, as in lmbench's
 * lat_ctx: the time of one hop. That is a switch of address spaces, and (not subtracted, as lmbench
 * does) a write and a read of one byte. The processes do nothing between.
 */
void context_switch(void)
{
	ring(2);
	ring(8);
	ring(MAX_RING);
}
