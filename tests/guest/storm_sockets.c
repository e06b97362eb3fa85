/*
 * Storm: sockets under all CPUs: descriptors, sockets among them, are passed in
 * circles, sent over themselves and dropped, while queues are closed, peeked at
 * and read; connects meet closing listeners; bytes arrive whole and in order.
 * What nobody can receive any more is closed: a pipe that travelled along shows
 * its reader the end.
 *
 * args: 10
 *
 * From unix(7), sendmsg(2), accept(2).
 */
#include "storm.h"
#include "sock.h"

enum { PASSERS = 6, PASSES = 120, CIRCLES = 150, STREAMS = 3, STREAM_BYTES = 300000,
       CONNECTS = 120, CLIENTS = 3, PACKETS = 400 };

static int ring[PASSERS][2];	/* [0] to send, [1] to receive */
static atomic_int stop;

/* Takes what comes, passes some of it on, and adds sockets of its own. */
static void *passer(void *number)
{
	long me = (long)number;
	unsigned seed = (unsigned)me + 7;
	char byte;

	for (long i = 0; i < rounds(PASSES); i++) {
		int to = ring[dice(&seed, PASSERS)][0], fds[4], n, s[2];

		for (int tries = 0; tries < 5; tries++) {
			ssize_t got = recv_fds(ring[me][1], &byte, 1, fds, 4, &n,
					       MSG_DONTWAIT | (dice(&seed, 8) ? 0 : MSG_PEEK));

			CHECK_SAW(got == 1 || (got == -1 && errno == EAGAIN), errno);
			for (int k = 0; got == 1 && k < n; k++) {
				CHECK_SAW(fcntl(fds[k], F_GETFD) == 0, errno);
				if (dice(&seed, 3))
					send_fds(to, "p", 1, &fds[k], 1);
				CHECK(close(fds[k]) == 0);
			}
		}
		CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s) == 0);
		if (dice(&seed, 2))
			send_fds(s[0], "r", 1, &to, 1);
		if (send_fds(to, "s", 1, s, 2) == -1)
			CHECK_SAW(errno == EAGAIN, errno);
		CHECK(close(s[0]) == 0);
		CHECK(close(s[1]) == 0);
	}
	return NULL;
}

static void passing(void)
{
	int p[2];
	char byte;

	MUST(pipe2(p, O_NONBLOCK));
	for (int i = 0; i < PASSERS; i++)
		MUST(socketpair(AF_UNIX, i % 2 ? SOCK_STREAM | SOCK_NONBLOCK
					       : SOCK_DGRAM | SOCK_NONBLOCK, 0, ring[i]));
	for (int i = 0; i < PASSERS; i++) {
		MUST(send_fds(ring[i][0], "t", 1, &p[1], 1));
		MUST(send_fds(ring[i][0], "o", 1, ring[i], 2)); /* itself */
	}
	MUST(close(p[1]));
	run_threads(PASSERS, passer);
	for (int i = 0; i < PASSERS; i++)
		CHECK(close(ring[i][0]) == 0 && close(ring[i][1]) == 0);
	UNTIL(pipe_ended(p[0]));
	CHECK_SAW(read(p[0], &byte, 1) == 0, errno);
	CHECK(close(p[0]) == 0);
	say("what was passed around is closed");
}

/* Two pairs that hold each other, made and left, over and over. */
static void circler(int number)
{
	unsigned seed = (unsigned)number + 3;
	char byte;

	for (long i = 0; i < rounds(CIRCLES); i++) {
		int a[2], b[2], p[2];

		CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, a) == 0);
		CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, b) == 0);
		CHECK(pipe2(p, O_NONBLOCK) == 0);
		CHECK(send_fds(a[0], "b", 1, &b[1], 1) == 1);
		CHECK(send_fds(b[0], "a", 1, &a[1], 1) == 1);
		CHECK(send_fds(dice(&seed, 2) ? a[0] : b[0], "p", 1, &p[1], 1) == 1);
		if (dice(&seed, 2))
			CHECK(send_fds(a[0], "b", 1, &b[0], 1) == 1 &&
			      send_fds(b[0], "a", 1, &a[0], 1) == 1);
		CHECK(close(p[1]) == 0 && close(a[0]) == 0 && close(b[1]) == 0);
		CHECK(close(a[1]) == 0 && close(b[0]) == 0);
		UNTIL(pipe_ended(p[0]));
		CHECK_SAW(read(p[0], &byte, 1) == 0, errno);
		CHECK(close(p[0]) == 0);
	}
}

static int stream[STREAMS][2];

static void *writer(void *number)
{
	long me = (long)number, n = rounds(STREAM_BYTES);
	unsigned seed = (unsigned)me + 1;
	unsigned char bytes[5000];

	for (long at = 0; at < n;) {
		long part = 1 + dice(&seed, sizeof(bytes));

		part = part < n - at ? part : n - at;
		for (long i = 0; i < part; i++)
			bytes[i] = (unsigned char)((at + i) * 7 + (at + i) / 256 + me);
		CHECK_SAW(write(stream[me][0], bytes, part) == part, errno);
		at += part;
	}
	CHECK(shutdown(stream[me][0], SHUT_WR) == 0);
	return NULL;
}

static void *reader(void *number)
{
	long me = (long)number - STREAMS, at = 0, got;
	unsigned seed = (unsigned)me + 99;
	unsigned char bytes[9000];

	while ((got = read(stream[me][1], bytes, 1 + dice(&seed, sizeof(bytes)))) > 0)
		for (long i = 0; i < got; i++, at++)
			CHECK_SAW(bytes[i] == (unsigned char)(at * 7 + at / 256 + me), at);
	CHECK_SAW(got == 0 && at == rounds(STREAM_BYTES), at);
	return NULL;
}

static void streams(void)
{
	for (int i = 0; i < STREAMS; i++)
		MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, stream[i]));
	start_threads(0, STREAMS, writer);
	start_threads(STREAMS, STREAMS, reader);
	join_threads(0, 2 * STREAMS);
	for (int i = 0; i < STREAMS; i++)
		CHECK(close(stream[i][0]) == 0 && close(stream[i][1]) == 0);
	say("streams whole and in order");
}

static struct sockaddr_un where;
static socklen_t where_len;
static atomic_long served, answered;

/* Connects again and again; whoever is accepted gets an answer, whoever is not, an error. */
static void *client(void *unused)
{
	while (!stop) {
		int s = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
		char byte;
		ssize_t n = -1;

		if (connect(s, (struct sockaddr *)&where, where_len) == 0) {
			n = read(s, &byte, 1);
			CHECK_SAW(n == 1 || (n == -1 && errno == ECONNRESET), errno);
		} else {
			CHECK_SAW(errno == ECONNREFUSED, errno);
			sched_yield();
		}
		if (n == 1)
			answered++;
		CHECK(close(s) == 0);
	}
	return unused;
}

static void connects(void)
{
	unsigned seed = 5;

	where_len = abstract_address(&where, "storm");
	start_threads(0, CLIENTS, client);
	for (long i = 0; i < rounds(CONNECTS); i++) {
		int l = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

		CHECK_SAW(bind(l, (struct sockaddr *)&where, where_len) == 0, errno);
		CHECK(listen(l, 1 + (int)dice(&seed, 3)) == 0);
		for (unsigned k = dice(&seed, 4); k > 0; k--) {
			int s = accept(l, NULL, NULL);

			CHECK_SAW(s >= 0 && send(s, "x", 1, MSG_NOSIGNAL) == 1, errno);
			served++;
			CHECK(close(s) == 0);
		}
		CHECK(close(l) == 0);
	}
	stop = 1;
	join_threads(0, CLIENTS);
	CHECK_SAW(served == answered, answered - served);
	say("each connection answered or refused");
}

static int packet_fd, packet_senders[CLIENTS];
static atomic_long packet_sum;

static void *packet_sender(void *number)
{
	for (long i = 1; i <= rounds(PACKETS); i++)
		CHECK_SAW(send(packet_senders[(long)number], &i, sizeof(i), 0) == sizeof(i), errno);
	return NULL;
}

static void *packet_receiver(void *unused)
{
	long value;

	while (recv(packet_fd, &value, sizeof(value), 0) == sizeof(value) && value)
		packet_sum += value;
	return unused;
}

/* The queue holds few: senders wait for room all the time. */
static void packets(void)
{
	long n = rounds(PACKETS), nothing = 0;

	where_len = abstract_address(&where, "packets");
	packet_fd = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	MUST(bind(packet_fd, (struct sockaddr *)&where, where_len));
	for (int i = 0; i < CLIENTS; i++) {
		packet_senders[i] = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
		MUST(connect(packet_senders[i], (struct sockaddr *)&where, where_len));
	}
	start_threads(0, CLIENTS, packet_sender);
	start_threads(CLIENTS, 2, packet_receiver);
	join_threads(0, CLIENTS);
	for (int i = 0; i < 2; i++)
		CHECK(send(packet_senders[0], &nothing, sizeof(nothing), 0) == sizeof(nothing));
	join_threads(CLIENTS, 2);
	CHECK_SAW(packet_sum == CLIENTS * n * (n + 1) / 2, packet_sum);
	for (int i = 0; i < CLIENTS; i++)
		CHECK(close(packet_senders[i]) == 0);
	CHECK(close(packet_fd) == 0);
	say("each packet once");
}

int main(int argc, char **argv)
{
	storm_start(argc, argv);
	passing();
	run_processes(4, circler);
	say("circles are closed");
	streams();
	connects();
	packets();
	return storm_end();
}
