/*
 * Threads wait in poll and select on pipes that others write, drain and close:
 * each wakes for every event, and the close of a descriptor that another
 * thread polls does no harm. No wakeup is lost: a ball goes round through many
 * pipes, and nobody waits with a timeout. poll(2), select(2).
 *
 * Arguments: rounds (150).
 * guest: -c 4 -t 120
 */
#include "check.h"
#include <pthread.h>
#include <sys/select.h>

enum { PLAYERS = 6, BALLS = 3, CLOSERS = 200, MANY = 40 };

static int pipes[PLAYERS][2], rounds, wrong;

/* Waits by one of three ways for its own pipe, beside the next one that nobody reads for it. */
static int wait_for(int fd, int how)
{
	struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = -1}};
	fd_set set;
	switch (how) {
	case 0:
		return poll(fds, 2, -1) == 1;
	case 1:
		FD_ZERO(&set);
		FD_SET(fd, &set);
		return select(fd + 1, &set, NULL, NULL, NULL) == 1;
	default:
		return 1; /* read itself waits */
	}
}

static void *player(void *arg)
{
	long me = (long)arg;
	char ball;
	/* As many balls pass here as begin here or before, and come back as often. */
	for (int i = 0; i < rounds * BALLS; i++) {
		if (!wait_for(pipes[me][0], (i + me) % 3) || read(pipes[me][0], &ball, 1) != 1 ||
		    write(pipes[(me + 1) % PLAYERS][1], &ball, 1) != 1)
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* One waits for many pipes, of which the other writes to one as soon as it may: often while the
 * first is still on its way through them. */
static void many(int n)
{
	struct pollfd fds[MANY];
	int to[MANY][2], ack[2], status, bad = 0;
	char byte = 0;
	MUST(pipe(ack));
	for (int i = 0; i < MANY; i++) {
		MUST(pipe(to[i]));
		fds[i] = (struct pollfd){.fd = to[i][0], .events = POLLIN};
	}
	if (MUST(fork()) == 0) {
		for (int i = 0; i < n; i++) {
			for (volatile int spin = 0; spin < i * 37 % 3000; spin++)
				;
			if (write(to[i * 7 % 5][1], &byte, 1) != 1 || read(ack[0], &byte, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	for (int i = 0; i < n; i++) {
		bad += poll(fds, MANY, -1) != 1 || !(fds[i * 7 % 5].revents & POLLIN);
		bad += read(to[i * 7 % 5][0], &byte, 1) != 1 || write(ack[1], &byte, 1) != 1;
	}
	MUST(wait(&status));
	VALUE_OF("missed among many", bad + (status != 0));
	for (int i = 0; i < MANY; i++)
		close(to[i][0]), close(to[i][1]);
	close(ack[0]), close(ack[1]);
}

static int victim[2];

/* Polls a descriptor that may go, or be another by then. */
static void *watcher(void *arg)
{
	for (int i = 0; i < CLOSERS; i++) {
		struct pollfd fds[3] = {{.fd = __atomic_load_n(&victim[0], __ATOMIC_RELAXED), .events = POLLIN},
					{.fd = __atomic_load_n(&victim[1], __ATOMIC_RELAXED), .events = POLLOUT},
					{.fd = pipes[0][0], .events = POLLIN}};
		if (poll(fds, 3, i % 4 == 0 ? 1 : 0) < 0)
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	}
	return arg;
}

static void *closer(void *arg)
{
	for (int i = 0; i < CLOSERS; i++) {
		int end[2];
		if (pipe(end) != 0) {
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
			break;
		}
		__atomic_store_n(&victim[0], end[0], __ATOMIC_RELAXED);
		__atomic_store_n(&victim[1], end[1], __ATOMIC_RELAXED);
		if (i % 2)
			sched_yield();
		close(end[i % 2]);
		close(end[!(i % 2)]);
	}
	return arg;
}

static void run(int n, void *(*fn[])(void *))
{
	pthread_t thread[PLAYERS];
	for (long i = 0; i < n; i++)
		MUST(-pthread_create(&thread[i], NULL, fn[i], (void *)i));
	for (int i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
}

int main(int argc, char **argv)
{
	void *(*players[PLAYERS])(void *), *(*others[4])(void *) = {watcher, watcher, closer, closer};
	int in_pipes = 0, n;
	rounds = argc > 1 ? atoi(argv[1]) : 150;
	for (int i = 0; i < PLAYERS; i++) {
		players[i] = player;
		MUST(pipe(pipes[i]));
	}
	MUST(write(pipes[0][1], "bal", BALLS));
	run(PLAYERS, players);
	for (int i = 0; i < PLAYERS; i++) {
		MUST(ioctl(pipes[i][0], FIONREAD, &n));
		in_pipes += n;
	}
	VALUE(in_pipes);
	many(rounds * 4);
	run(4, others);
	VALUE(wrong);
	return 0;
}
