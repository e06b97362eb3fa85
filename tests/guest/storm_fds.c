/*
 * Storm: one table of descriptors under all threads: open, dup, dup2, close,
 * pipe, read, write and fork at once. No descriptor is given to two, none is
 * lost, what dup2 replaces is never missing, a reader keeps its pipe when
 * another thread closes the descriptor, and bytes arrive whole and once.
 *
 * args: 10
 *
 * From open(2) (lowest number), dup(2), close(2), pipe(7) (PIPE_BUF), fork(2).
 */
#include "storm.h"

enum { TAKERS = 5, ROUNDS = 300, MOST_FDS = 512, WRITERS = 3, READERS = 3, MESSAGES = 500,
       SWAPS = 600, CLOSES = 80, FORKS = 12 };

struct message {
	unsigned writer, number, sum;
	unsigned char filler[40];
};

static atomic_int owner[MOST_FDS];
static atomic_int stop;
static int fixed_fd, sources[2], channel[2];
static atomic_long received, received_sum;

static void take(int fd)
{
	CHECK_SAW(fd >= 0 && fd < MOST_FDS && atomic_exchange(&owner[fd], 1) == 0, fd);
}

static void give_back(int fd)
{
	CHECK_SAW(atomic_exchange(&owner[fd], 0) == 1, fd);
	CHECK_SAW(close(fd) == 0, errno);
}

static void use_pipe(unsigned *seed)
{
	char text[64] = { 0 }, back[64] = { 0 };
	size_t length = 1 + dice(seed, 60);
	int ends[2], copy;

	CHECK(pipe(ends) == 0);
	take(ends[0]), take(ends[1]);
	copy = dup(ends[1]);
	take(copy);
	give_back(ends[1]);
	memset(text, 'a' + (int)dice(seed, 26), length);
	CHECK(write(copy, text, length) == (long)length);
	give_back(copy);
	CHECK(read(ends[0], back, sizeof(back)) == (long)length && !memcmp(text, back, length));
	CHECK(read(ends[0], back, 1) == 0);
	give_back(ends[0]);
}

static void *taker(void *number)
{
	unsigned seed = (unsigned)(long)number + 1;

	for (long i = 0; i < rounds(ROUNDS); i++) {
		int a = open("/dev/null", O_RDWR | (dice(&seed, 2) ? O_CLOEXEC : 0)), b;

		take(a);
		b = fcntl(a, F_DUPFD, (int)dice(&seed, 200));
		take(b);
		use_pipe(&seed);
		CHECK(write(a, "x", 1) == 1);
		give_back(a);
		CHECK(write(b, "x", 1) == 1);
		give_back(b);
	}
	return NULL;
}

/* The child has a copy of the table at one moment, and may close all of it. */
static void *forker(void *unused)
{
	for (long i = 0; i < rounds(FORKS); i++) {
		pid_t pid = MUST(fork());
		int status = -1;

		if (pid == 0) {
			for (int fd = 3; fd < MOST_FDS; fd++)
				close(fd);
			_exit(open("/dev/null", O_RDONLY) == 3 ? 0 : 1);
		}
		CHECK_SAW(waitpid(pid, &status, 0) == pid && status == 0, status);
	}
	return unused;
}

/* Puts one file, then the other, in place of fixed_fd: it is never not there. */
static void *swapper(void *number)
{
	for (long i = 0; i < rounds(SWAPS); i++)
		CHECK_SAW(dup2(sources[((long)number + i) % 2], fixed_fd) == fixed_fd, errno);
	stop = 1;
	return NULL;
}

static void *watcher(void *unused)
{
	struct stat now;

	while (!stop) {
		CHECK_SAW(fstat(fixed_fd, &now) == 0, errno);
		CHECK(S_ISCHR(now.st_mode) || S_ISDIR(now.st_mode));
	}
	return unused;
}

static void *send(void *number)
{
	struct message message = { .writer = (unsigned)(long)number };

	for (long i = 0; i < rounds(MESSAGES); i++) {
		message.number = (unsigned)i;
		memset(message.filler, (int)i & 255, sizeof(message.filler));
		message.sum = message.writer * 1000003u + message.number;
		CHECK(write(channel[1], &message, sizeof(message)) == sizeof(message));
	}
	return NULL;
}

static void *receive(void *unused)
{
	struct message message;

	while (read(channel[0], &message, sizeof(message)) == sizeof(message)) {
		CHECK(message.sum == message.writer * 1000003u + message.number);
		CHECK(message.filler[0] == (message.number & 255) &&
		      message.filler[39] == message.filler[0]);
		atomic_fetch_add(&received, 1);
		atomic_fetch_add(&received_sum, (long)message.number);
	}
	return unused;
}

static void messages(void)
{
	long n = rounds(MESSAGES);

	MUST(pipe(channel));
	start_threads(0, WRITERS, send);
	start_threads(WRITERS, READERS, receive);
	join_threads(0, WRITERS);
	MUST(close(channel[1]));
	join_threads(WRITERS, READERS);
	MUST(close(channel[0]));
	CHECK_SAW(received == WRITERS * n, received);
	CHECK_SAW(received_sum == WRITERS * n * (n - 1) / 2, received_sum);
	say("messages whole, and each once");
}

static void *read_one(void *result)
{
	char byte;
	long n = read(channel[0], &byte, 1);

	*(long *)result = n == -1 ? -errno : n;
	return NULL;
}

/* A read that has begun holds the pipe; one that comes later finds no descriptor. */
static void close_under_reader(void)
{
	unsigned seed = 3;

	signal(SIGPIPE, SIG_IGN);
	for (long i = 0; i < rounds(CLOSES); i++) {
		pthread_t thread;
		long result = 0, written;

		MUST(pipe(channel));
		MUST(-pthread_create(&thread, NULL, read_one, &result));
		spin(dice(&seed, 4000));
		CHECK(close(channel[0]) == 0);
		written = write(channel[1], "x", 1);
		CHECK(written == 1 || errno == EPIPE);
		CHECK(close(channel[1]) == 0);
		MUST(-pthread_join(thread, NULL));
		CHECK_SAW(result == (written == 1 ? 1 : -EBADF) || result == -EBADF, result);
	}
	say("closed under a reader");
}

static int open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < MOST_FDS * 2; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

int main(int argc, char **argv)
{
	int before;

	storm_start(argc, argv);
	before = open_descriptors();
	start_threads(0, TAKERS, taker);
	start_threads(TAKERS, 1, forker);
	join_threads(0, TAKERS + 1);
	CHECK_SAW(open_descriptors() == before, open_descriptors());
	say("each descriptor given to one");
	sources[0] = MUST(open("/dev/null", O_RDONLY));
	sources[1] = MUST(open("/", O_RDONLY | O_DIRECTORY));
	fixed_fd = MUST(dup(sources[0]));
	start_threads(0, 2, swapper);
	start_threads(2, 2, watcher);
	join_threads(0, 4);
	close(fixed_fd), close(sources[0]), close(sources[1]);
	say("dup2 leaves no gap");
	messages();
	close_under_reader();
	CHECK_SAW(open_descriptors() == before, open_descriptors());
	return storm_end();
}
