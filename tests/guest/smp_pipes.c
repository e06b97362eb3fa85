/*
 * One pipe with several writers and readers, some of which poll first: every
 * record of up to PIPE_BUF bytes arrives whole and once, long writes are all
 * there in the end, also while the pipe's size changes, and the last writer's
 * close ends every reader. pipe(7), fcntl(2).
 *
 * Arguments: records of each writer (400).
 * guest: -c 4 -t 120
 */
#include "check.h"

enum { WRITERS = 4, READERS = 4, RECORD = 64, LONG = 200000 };

struct record {
	unsigned writer, number, check;
	char pad[RECORD - 12];
};

static int write_records(int fd, unsigned writer, unsigned n)
{
	struct record record = {.writer = writer};
	memset(record.pad, 'a' + writer, sizeof record.pad);
	for (record.number = 0; record.number < n; record.number++) {
		record.check = writer * 31 + record.number * 7;
		if (write(fd, &record, sizeof record) != sizeof record)
			return 1;
	}
	return 0;
}

/* The records read come as a sum on the second pipe. */
static int read_records(int fd, int sums, int polls, int nonblocking)
{
	struct record record;
	unsigned long sum[2] = {0, 0};
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	for (;;) {
		if (polls && poll(&poll_fd, 1, -1) != 1)
			return 1;
		ssize_t n = read(fd, &record, sizeof record);
		if (n == 0)
			break;
		if (n < 0 && errno == EAGAIN && nonblocking)
			continue;
		if (n != sizeof record || record.check != record.writer * 31 + record.number * 7 ||
		    record.pad[0] != (char)('a' + record.writer) ||
		    record.pad[sizeof record.pad - 1] != record.pad[0])
			return 1;
		sum[0]++;
		sum[1] += record.number;
	}
	return write(sums, sum, sizeof sum) != sizeof sum;
}

static int children_failed(int n)
{
	int failed = 0, status;
	while (n-- > 0) {
		MUST(wait(&status));
		failed += status != 0;
	}
	return failed;
}

static void short_records(unsigned n, int nonblocking)
{
	int fd[2], sums[2];
	unsigned long total[2] = {0, 0}, sum[2];
	MUST(pipe(fd));
	MUST(pipe(sums));
	if (nonblocking) /* flags are of a description: only the readers' end has it */
		MUST(fcntl(fd[0], F_SETFL, O_NONBLOCK));
	for (unsigned i = 0; i < WRITERS + READERS; i++) {
		if (MUST(fork()) != 0)
			continue;
		if (i < WRITERS)
			_exit(write_records(fd[1], i, n));
		close(fd[1]);
		_exit(read_records(fd[0], sums[1], i % 2, nonblocking));
	}
	close(fd[0]);
	close(fd[1]);
	close(sums[1]);
	VALUE_OF("failed", children_failed(WRITERS + READERS));
	while (read(sums[0], sum, sizeof sum) == sizeof sum) {
		total[0] += sum[0];
		total[1] += sum[1];
	}
	close(sums[0]);
	YES_OF("all records, once", total[0] == (unsigned long)WRITERS * n &&
					    total[1] == (unsigned long)WRITERS * n * (n - 1) / 2);
}

/* Until it is killed. */
static void resize(int fd)
{
	for (unsigned i = 0;; i++)
		if (fcntl(fd, F_SETPIPE_SZ, 4096 << i * 7 % 6) < 0 && errno != EBUSY)
			_exit(1);
}

static void long_writes(int resized)
{
	static char bytes[LONG];
	int fd[2], counts[2];
	long total = 0, count;
	pid_t resizer = 0;
	MUST(pipe(fd));
	MUST(pipe(counts));
	if (resized && (resizer = MUST(fork())) == 0) {
		close(fd[1]);
		resize(fd[0]);
	}
	for (int i = 0; i < WRITERS + READERS; i++) {
		if (MUST(fork()) != 0)
			continue;
		if (i < WRITERS)
			_exit(write(fd[1], bytes, LONG) != LONG);
		close(fd[1]);
		ssize_t n;
		for (count = 0; (n = read(fd[0], bytes, 1000 + 777 * i)) > 0;)
			count += n;
		_exit(write(counts[1], &count, sizeof count) != sizeof count);
	}
	close(fd[0]);
	close(fd[1]);
	close(counts[1]);
	VALUE_OF("failed", children_failed(WRITERS + READERS));
	if (resized) {
		MUST(kill(resizer, SIGKILL));
		VALUE_OF("the resizer was killed", children_failed(1));
	}
	while (read(counts[0], &count, sizeof count) == sizeof count)
		total += count;
	close(counts[0]);
	YES_OF("all bytes", total == (long)WRITERS * LONG);
}

/* Readers come and go while one writes: SIGPIPE, or all is well, but never a hang. */
static void broken_pipes(int rounds)
{
	int fd[2], failed = 0;
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < rounds; i++) {
		char byte;
		MUST(pipe(fd));
		if (MUST(fork()) == 0) {
			close(fd[1]);
			_exit(read(fd[0], &byte, 1) < 0);
		}
		if (MUST(fork()) == 0) {
			close(fd[0]);
			for (int j = 0; j < 3; j++)
				if (write(fd[1], "x", 1) != 1 && errno != EPIPE)
					_exit(1);
			_exit(0);
		}
		close(fd[0]);
		close(fd[1]);
		failed += children_failed(2);
	}
	VALUE_OF("failed ends", failed);
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 400;
	short_records(n, 0);
	short_records(n, 1);
	long_writes(0);
	long_writes(1);
	broken_pipes(n / 20);
	return 0;
}
