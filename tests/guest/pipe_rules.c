/*
 * Pipes: flags, order, end of file, EPIPE, EAGAIN, capacity, atomic writes of
 * up to PIPE_BUF, blocking both ways.
 *
 * From pipe(2), pipe(7).
 */
#include "check.h"

static int fds[2];
static char buffer[1 << 17];

static void flags(void)
{
	VALUE(pipe2(fds, 0));
	YES_OF("read end first", fds[0] < fds[1]);
	VALUE(fcntl(fds[0], F_GETFL) & O_ACCMODE);
	VALUE(fcntl(fds[1], F_GETFL) & O_ACCMODE);
	VALUE(fcntl(fds[0], F_GETFD));
	close(fds[0]), close(fds[1]);
	VALUE(pipe2(fds, O_CLOEXEC));
	VALUE(fcntl(fds[0], F_GETFD) + fcntl(fds[1], F_GETFD));
	VALUE(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
	close(fds[0]), close(fds[1]);
	VALUE(pipe2(fds, O_NONBLOCK));
	YES_OF("O_NONBLOCK on both", fcntl(fds[0], F_GETFL) & fcntl(fds[1], F_GETFL) & O_NONBLOCK);
	close(fds[0]), close(fds[1]);
	VALUE(pipe2(fds, O_APPEND));
	VALUE(pipe2(fds, -1));
}

static void order(void)
{
	MUST(pipe(fds));
	MUST(write(fds[1], "one", 3));
	MUST(write(fds[1], "two", 3));
	VALUE(read(fds[0], buffer, 2));
	VALUE(read(fds[0], buffer + 2, 100));
	say("read: %.6s", buffer);
	MUST(write(fds[1], "rest", 4));
	close(fds[1]);
	VALUE_OF("after the writer closed", read(fds[0], buffer, 100));
	VALUE_OF("end of file", read(fds[0], buffer, 100));
	VALUE_OF("end of file again", read(fds[0], buffer, 100));
	close(fds[0]);
}

static void not_blocking(void)
{
	long total = 0, n;

	MUST(pipe2(fds, O_NONBLOCK));
	VALUE_OF("read, empty", read(fds[0], buffer, 1));
	VALUE_OF("read of no bytes", read(fds[0], buffer, 0));
	while ((n = write(fds[1], buffer, 4096)) == 4096)
		total += n;
	say("write, full: %s", n == -1 ? errno_text(errno) : "a part");
	VALUE_OF("capacity", total);
	VALUE_OF("one byte more", write(fds[1], buffer, 1));
	VALUE_OF("read a page", read(fds[0], buffer, 4096));
	VALUE_OF("then PIPE_BUF fits", write(fds[1], buffer, PIPE_BUF));
	MUST(read(fds[0], buffer, 100));
	VALUE_OF("100 free bytes, write PIPE_BUF: nothing", write(fds[1], buffer, PIPE_BUF));
	while (read(fds[0], buffer, sizeof(buffer)) > 0)
		;
	n = write(fds[1], buffer, sizeof(buffer));
	YES_OF("128 KiB at once: a part", n > 0 && n <= total);
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	VALUE_OF("no reader", write(fds[1], buffer, 1));
	signal(SIGPIPE, SIG_DFL);
	close(fds[1]);
}

/* Writers of PIPE_BUF bytes each never mix their records. */
static void atomic(void)
{
	enum { WRITERS = 4, RECORDS = 40 };
	int mixed = 0, count[WRITERS] = { 0 };
	char record[PIPE_BUF];

	MUST(pipe(fds));
	for (int i = 0; i < WRITERS; i++)
		if (MUST(fork()) == 0) {
			memset(record, 'a' + i, sizeof(record));
			for (int j = 0; j < RECORDS; j++)
				if (write(fds[1], record, sizeof(record)) != PIPE_BUF)
					_exit(1);
			_exit(0);
		}
	close(fds[1]);
	for (;;) {
		size_t have = 0;
		long n = 1;

		while (have < sizeof(record) && n > 0) {
			n = MUST(read(fds[0], record + have, sizeof(record) - have));
			have += n;
		}
		if (have == 0)
			break;
		for (size_t i = 1; i < have; i++)
			mixed += record[i] != record[0];
		count[record[0] - 'a']++;
	}
	for (int i = 0; i < WRITERS; i++)
		MUST(wait(NULL));
	say("records %d %d %d %d, mixed bytes %d", count[0], count[1], count[2], count[3], mixed);
	close(fds[0]);
}

static void blocking(void)
{
	long total = 0, n, before;
	int status;
	pid_t pid;

	MUST(pipe(fds));
	before = now_ms();
	pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(50);
		MUST(write(fds[1], "late", 4));
		_exit(0);
	}
	VALUE_OF("a read waits for the writer", read(fds[0], buffer, 100));
	YES_OF("it waited", now_ms() - before >= 45);
	MUST(waitpid(pid, &status, 0));
	pid = MUST(fork());
	if (pid == 0) {
		close(fds[0]);
		n = write(fds[1], buffer, sizeof(buffer));
		_exit(n == sizeof(buffer) ? 0 : 1);
	}
	close(fds[1]);
	sleep_ms(30);
	VALUE_OF("a writer of 128 KiB waits", waitpid(pid, &status, WNOHANG));
	while ((n = MUST(read(fds[0], buffer, 1000))) > 0)
		total += n;
	VALUE_OF("all of it comes", total);
	MUST(waitpid(pid, &status, 0));
	say("%s", status_text(status));
	close(fds[0]);
	/* A blocked writer is told when the last reader goes. */
	MUST(pipe(fds));
	pid = MUST(fork());
	if (pid == 0) {
		close(fds[0]);
		MUST(write(fds[1], buffer, sizeof(buffer)) > 0 ? 0 : -1);
		MUST(write(fds[1], buffer, 1));
		_exit(0);
	}
	close(fds[1]);
	sleep_ms(30);
	close(fds[0]);
	MUST(waitpid(pid, &status, 0));
	say("a blocked writer, the reader goes: %s", status_text(status));
}

int main(void)
{
	flags();
	order();
	not_blocking();
	atomic();
	blocking();
	return 0;
}
