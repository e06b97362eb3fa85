/*
 * The size of pipes: what F_SETPIPE_SZ rounds to, its limits and errors; bytes
 * keep their order over growing and shrinking wherever the ring stands; a
 * writer that waits goes on when the pipe grows; a page read in part is full.
 * Pages: fcntl(2) "Changing the capacity of a pipe", pipe(7).
 */
#include "check.h"

static int fds[2];
static char buffer[1 << 20];

static long capacity(void)
{
	long total = 0, n;

	while ((n = write(fds[1], buffer, 4096)) > 0)
		total += n;
	return total;
}

static void rounding(void)
{
	static const int sizes[] = { 0, 1, 4096, 4097, 65536, 100000, 1 << 20, -1 };

	for (size_t i = 0; i < COUNT(sizes); i++) {
		errno = 0;
		int size = fcntl(fds[0], F_SETPIPE_SZ, sizes[i]);
		say("%d: %d %s, now %d", sizes[i], size, errno ? errno_text(errno) : "ok",
		    fcntl(fds[1], F_GETPIPE_SZ));
	}
	MUST(fcntl(fds[0], F_SETPIPE_SZ, 4096));
	VALUE_OF("capacity of one page", capacity());
	VALUE(fcntl(fds[0], F_SETPIPE_SZ, 1 << 17));
	VALUE_OF("then", capacity());
	VALUE_OF("too full to shrink", fcntl(fds[0], F_SETPIPE_SZ, 65536));
	VALUE(read(fds[0], buffer, 65536));
	VALUE(fcntl(fds[0], F_SETPIPE_SZ, 65536));
	VALUE(fcntl(fds[0], F_SETPIPE_SZ, 4096));
	VALUE(read(fds[0], buffer, 61440));
	VALUE(fcntl(fds[0], F_SETPIPE_SZ, 4096));
	VALUE(read(fds[0], buffer, 1 << 20));
}

static void errors(void)
{
	int file = MUST(open("pipe_size.tmp", O_RDWR | O_CREAT, 0600));
	int fifo, path;
	pid_t pid;

	MUST(mkfifo("fifo.tmp", 0600));
	fifo = MUST(open("fifo.tmp", O_RDWR));
	path = MUST(open("fifo.tmp", O_PATH));
	VALUE(fcntl(file, F_SETPIPE_SZ, 4096));
	VALUE(fcntl(file, F_GETPIPE_SZ));
	VALUE(fcntl(99, F_GETPIPE_SZ));
	VALUE(fcntl(path, F_GETPIPE_SZ));
	VALUE(fcntl(path, F_SETPIPE_SZ, 4096));
	VALUE(fcntl(fifo, F_GETPIPE_SZ));
	VALUE(fcntl(fifo, F_SETPIPE_SZ, 8192));
	VALUE(fcntl(fifo, F_GETPIPE_SZ));
	close(file), close(fifo), close(path);
	fifo = MUST(open("fifo.tmp", O_RDWR));
	VALUE_OF("a fifo that nobody had open", fcntl(fifo, F_GETPIPE_SZ));
	close(fifo);
	MUST(unlink("fifo.tmp"));
	MUST(unlink("pipe_size.tmp"));
	pid = MUST(fork());
	if (pid == 0) {
		if (setuid(65534))
			_exit(0);
		VALUE_OF("not root, 1 MiB", fcntl(fds[0], F_SETPIPE_SZ, 1 << 20));
		VALUE_OF("not root, more", fcntl(fds[0], F_SETPIPE_SZ, (1 << 20) + 1));
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	VALUE(fcntl(fds[0], F_SETPIPE_SZ, 65536));
}

/* A running number every 16 bits goes in and out, while the size goes up and down. */
static void order(void)
{
	static uint16_t words[32768];
	uint16_t in = 0, out = 0;
	long moved = 0, wrong = 0, resized = 0, busy = 0;

	for (int round = 0; round < 3000; round++) {
		int n = (round * 7919) % 9000 + 2, size = 4096 << (round * 31 % 6);
		for (int i = 0; i < n / 2; i++)
			words[i] = in + i;
		long done = write(fds[1], words, n & ~1);
		if (done > 0)
			in += done / 2;
		if (fcntl(fds[0], F_SETPIPE_SZ, size) == size)
			resized++;
		else
			busy++;
		done = read(fds[0], words, (round * 104729) % 9500 & ~1);
		for (long i = 0; i < done / 2; i++)
			wrong += words[i] != out++;
		moved += done > 0 ? done : 0;
	}
	say("wrong: %ld", wrong);
	YES(moved > 1000000);
	YES(resized > 500);
	YES(busy > 100);
	while (read(fds[0], buffer, sizeof(buffer)) > 0)
		;
}

static void grows_under_a_writer(void)
{
	int status;

	MUST(fcntl(fds[0], F_SETPIPE_SZ, 4096));
	MUST(fcntl(fds[1], F_SETFL, 0));
	pid_t pid = MUST(fork());
	if (pid == 0)
		_exit(write(fds[1], buffer, 20000) != 20000);
	sleep_ms(100);
	VALUE(fcntl(fds[0], F_SETPIPE_SZ, 32768));
	MUST(waitpid(pid, &status, 0));
	say("the writer has ended: %s", status_text(status));
	VALUE(read(fds[0], buffer, sizeof(buffer)));
	MUST(fcntl(fds[1], F_SETFL, O_NONBLOCK));
}

static void partly_read(void)
{
	struct pollfd poll_out = { .fd = fds[1], .events = POLLOUT };

	MUST(fcntl(fds[0], F_SETPIPE_SZ, 8192));
	VALUE(capacity());
	VALUE(read(fds[0], buffer, 4095));
	VALUE(write(fds[1], buffer, 1));
	VALUE(poll(&poll_out, 1, 0));
	VALUE(read(fds[0], buffer, 1));
	VALUE(poll(&poll_out, 1, 0));
	VALUE(write(fds[1], buffer, 5000));
	VALUE(read(fds[0], buffer, sizeof(buffer)));
	VALUE(fcntl(fds[0], F_SETPIPE_SZ, 65536));
}

int main(void)
{
	MUST(pipe2(fds, O_NONBLOCK));
	rounding();
	errors();
	order();
	grows_under_a_writer();
	partly_read();
	return 0;
}
