/*
 * Descriptors and credentials in messages: what arrives is the same open file,
 * with its own close-on-exec flag; where it stands among the bytes; too little
 * room for it, no descriptor left for it, nobody who asks for it; MSG_PEEK; bad
 * control messages. Descriptors that are never received are closed when the
 * queue goes, also where sockets hold each other in a circle, or in a long line.
 *
 * From unix(7), recvmsg(2), cmsg(3).
 */
#include "sock.h"

static char text[64];

static int is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

static void show_got(const char *label, int fd, size_t len, int most, int flags)
{
	int fds[8], n;
	ssize_t got;

	errno = 0;
	got = recv_fds(fd, text, len, fds, most, &n, flags);
	if (got < 0)
		say("%s: %s", label, errno_text(errno));
	else
		say("%s: \"%.*s\" and %d%s", label, (int)got, text, n < 0 ? -1 - n : n,
		    n < 0 ? ", more were lost" : "");
	for (int i = 0; i < (n < 0 ? -1 - n : n); i++)
		MUST(close(fds[i]));
}

static void passing(int type)
{
	int s[2], p[2], fds[8], n, two[2];

	MUST(socketpair(AF_UNIX, type, 0, s));
	MUST(pipe(p));
	VALUE(send_fds(s[0], "pipe", 4, p, 2));
	MUST(close(p[0]));
	MUST(close(p[1]));
	VALUE(recv_fds(s[1], text, 10, fds, 4, &n, 0));
	VALUE(n);
	VALUE(write(fds[1], "through", 7));
	VALUE(read(fds[0], text, 10));
	VALUE(fcntl(fds[0], F_GETFD));
	VALUE(send_fds(s[0], "again", 5, fds, 1));
	VALUE(recv_fds(s[1], text, 10, two, 1, &n, MSG_CMSG_CLOEXEC));
	VALUE(fcntl(two[0], F_GETFD));
	VALUE(fcntl(fds[0], F_SETFL, O_NONBLOCK));
	YES_OF("one open file", fcntl(two[0], F_GETFL) & O_NONBLOCK);
	MUST(close(two[0]));

	VALUE(send_fds(s[0], "both", 4, fds, 2));
	VALUE(recv_fds(s[1], text, 10, two, 2, &n, MSG_PEEK));
	VALUE(n);
	MUST(close(two[0]));
	MUST(close(two[1]));
	show_got("room for one", s[1], 10, 1, 0);
	VALUE(send_fds(s[0], "both", 4, fds, 2));
	show_got("room for none", s[1], 10, 0, 0);
	VALUE(send_fds(s[0], "both", 4, fds, 2));
	VALUE(read(s[1], text, 10));
	VALUE(send_fds(s[0], "", 0, fds, 1));
	show_got("with no bytes", s[1], 10, 2, MSG_DONTWAIT);

	VALUE(write(s[0], "before", 6));
	VALUE(send_fds(s[0], "with", 4, fds, 1));
	VALUE(send_fds(s[0], "with too", 8, fds, 1));
	VALUE(write(s[0], "after", 5));
	show_got("first", s[1], 60, 4, 0);
	show_got("second", s[1], 2, 4, MSG_DONTWAIT);
	show_got("third", s[1], 60, 4, MSG_DONTWAIT);
	show_got("fourth", s[1], 60, 4, MSG_DONTWAIT);
	show_got("fifth", s[1], 60, 4, MSG_DONTWAIT);
	MUST(close(s[0]));
	MUST(close(s[1]));
	MUST(close(fds[0]));
	MUST(close(fds[1]));
}

static void errors(void)
{
	int s[2], bad[2] = { 0, 99 }, many[254] = { 0 }, n, fds[300];
	struct { struct cmsghdr head; char data[40]; } control = { .data = "" };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	VALUE(send_fds(s[0], "x", 1, bad, 2));
	control.head = (struct cmsghdr){ .cmsg_len = 3, .cmsg_level = SOL_SOCKET,
					 .cmsg_type = SCM_RIGHTS };
	VALUE_OF("shorter than its head", syscall(SYS_sendmsg, s[0], &msg, 0));
	control.head.cmsg_len = 1000;
	VALUE_OF("longer than all", syscall(SYS_sendmsg, s[0], &msg, 0));
	control.head.cmsg_len = CMSG_LEN(4);
	control.head.cmsg_type = 99;
	VALUE_OF("unknown type", syscall(SYS_sendmsg, s[0], &msg, 0));
	control.head.cmsg_level = 41;
	msg.msg_controllen = control.head.cmsg_len;
	VALUE_OF("unknown level", syscall(SYS_sendmsg, s[0], &msg, 0));
	msg.msg_control = nowhere;
	VALUE_OF("bad address", syscall(SYS_sendmsg, s[0], &msg, 0));
	msg.msg_control = NULL;
	msg.msg_iov = (struct iovec *)nowhere;
	VALUE_OF("bad parts", syscall(SYS_sendmsg, s[0], &msg, 0));
	msg.msg_iovlen = 1025;
	VALUE_OF("too many parts", syscall(SYS_sendmsg, s[0], &msg, 0));
	VALUE(syscall(SYS_sendmsg, s[0], (struct msghdr *)nowhere, 0));
	VALUE(syscall(SYS_recvmsg, s[0], (struct msghdr *)nowhere, 0));
	VALUE(syscall(SYS_sendmsg, 1, &msg, 0));
	VALUE(syscall(SYS_recvmsg, 99, &msg, 0));
	show_got("what has arrived", s[1], 10, 2, MSG_DONTWAIT);
	VALUE(send_fds(s[0], "x", 1, many, 253));
	VALUE(recv_fds(s[1], text, 1, fds, 253, &n, 0));
	VALUE(n);
	for (int i = 0; i < n; i++)
		MUST(close(fds[i]));

	struct rlimit old, few;
	MUST(getrlimit(RLIMIT_NOFILE, &old));
	few = (struct rlimit){ s[1] + 3, old.rlim_max };
	MUST(send_fds(s[0], "x", 1, many, 5));
	MUST(setrlimit(RLIMIT_NOFILE, &few));
	show_got("descriptors for two", s[1], 10, 5, 0);
	MUST(setrlimit(RLIMIT_NOFILE, &old));
	MUST(close(s[0]));
	MUST(close(s[1]));
}

/* A pipe whose write end only the message holds: its reader sees the end when that goes. */
static int doomed_pipe(int into)
{
	int p[2];

	MUST(pipe2(p, O_NONBLOCK));
	MUST(send_fds(into, "p", 1, &p[1], 1));
	MUST(close(p[1]));
	return p[0];
}

static void show_doomed(const char *label, int fd)
{
	char byte;
	ssize_t n;

	UNTIL(pipe_ended(fd));
	n = read(fd, &byte, 1);
	say("%s: %s", label, n == 0 ? "closed" : "open");
	MUST(close(fd));
}

static void never_received(void)
{
	int s[2], t[2], pipe_end, one[2], server, client;
	char byte;

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	pipe_end = doomed_pipe(s[0]);
	VALUE(read(pipe_end, &byte, 1));
	MUST(close(s[1]));
	show_doomed("the receiver closed", pipe_end);
	MUST(close(s[0]));

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	MUST(send_fds(s[0], "i", 1, &s[0], 1));
	MUST(send_fds(s[0], "o", 1, &s[1], 1));
	pipe_end = doomed_pipe(s[0]);
	MUST(close(s[0]));
	VALUE(read(pipe_end, &byte, 1));
	MUST(close(s[1]));
	show_doomed("a pair sent over itself", pipe_end);

	MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, t));
	MUST(send_fds(s[0], "t", 1, &t[1], 1));
	MUST(send_fds(t[0], "s", 1, &s[1], 1));
	pipe_end = doomed_pipe(t[0]);
	one[0] = s[0], one[1] = t[0];
	MUST(close(s[1]));
	MUST(close(t[1]));
	VALUE_OF("still to be reached by nobody, but open at the other ends", read(pipe_end, &byte, 1) == 0
		 || errno == EAGAIN);
	MUST(close(one[0]));
	MUST(close(one[1]));
	show_doomed("two that hold each other", pipe_end);

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, t));
	MUST(send_fds(s[0], "t", 1, &t[1], 1));
	pipe_end = doomed_pipe(t[0]);
	MUST(send_fds(t[0], "s", 1, &s[0], 1));
	MUST(close(t[1]));
	MUST(close(s[0]));
	MUST(close(t[0]));
	VALUE_OF("who can be reached is kept", read(pipe_end, &byte, 1));
	int fds[2], n;
	MUST(recv_fds(s[1], text, 1, fds, 1, &n, 0));
	VALUE(read(fds[0], text, 1));
	say("and its queue: %c", text[0]);
	MUST(close(fds[0]));
	show_doomed("received and closed", pipe_end);
	MUST(close(s[1]));

	server = listener(SOCK_STREAM, "server", 3);
	client = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(connect_path(client, "server"));
	pipe_end = doomed_pipe(client);
	MUST(send_fds(client, "l", 1, &server, 1));
	MUST(send_fds(client, "c", 1, &client, 1));
	MUST(close(server));
	MUST(close(client));
	show_doomed("never accepted", pipe_end);
	MUST(unlink("server"));
}

/* Each pair holds the one before: closing the last closes all. */
static void long_line(void)
{
	int s[2], before = -1, pipe_end = -1;

	for (int i = 0; i < 400; i++) {
		MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
		if (before == -1)
			pipe_end = doomed_pipe(s[0]);
		else
			MUST(send_fds(s[0], "b", 1, &before, 1));
		if (before != -1)
			MUST(close(before));
		MUST(close(s[0]));
		before = s[1];
	}
	MUST(close(before));
	show_doomed("a line of 400", pipe_end);
	YES(!is_open(before));
}

static void with_cred(const char *label, int fd, struct ucred cred)
{
	union { struct cmsghdr head; char bytes[CMSG_SPACE(sizeof(cred))]; } control = {
		.head = { .cmsg_len = CMSG_LEN(sizeof(cred)), .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_CREDENTIALS },
	};
	struct iovec iov = { "c", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.head), &cred, sizeof(cred));
	VALUE_OF(label, sendmsg(fd, &msg, 0));
}

static int credentials_child(void)
{
	int s[2], on = 1;
	struct ucred we = { getpid(), getuid(), getgid() }, other = we;
	union { struct cmsghdr head; char bytes[100]; } control;
	struct iovec iov = { text, 10 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	MUST(setsockopt(s[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	MUST(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	MUST(write(s[0], "x", 1));
	VALUE(recvmsg(s[1], &msg, 0));
	VALUE(msg.msg_controllen);
	YES(control.head.cmsg_type == SCM_CREDENTIALS &&
	    control.head.cmsg_len == CMSG_LEN(sizeof(we)) &&
	    !memcmp(CMSG_DATA(&control.head), &we, sizeof(we)));
	with_cred("our own", s[0], we);
	other.pid = 1;
	with_cred("another pid", s[0], other);
	other = we;
	other.uid = 4711;
	with_cred("another uid", s[0], other);
	VALUE(read(s[1], text, 10));
	MUST(write(s[0], "x", 1));
	msg.msg_controllen = 20;
	VALUE(recvmsg(s[1], &msg, 0));
	VALUE(msg.msg_controllen);
	YES(msg.msg_flags & MSG_CTRUNC);
	return 0;
}

static void credentials(void)
{
	int status;

	if (fork() == 0) {
		if (getuid() == 0)
			MUST(setresuid(1234, 1234, 1234));
		_exit(credentials_child());
	}
	MUST(wait(&status));
	say("%s", status_text(status));
}

/* Who is not root may have no more in flight than descriptors; root may. */
static void limited(void)
{
	int s[2], fds[50] = { 0 }, n = 0, status;

	if (fork() == 0) {
		struct rlimit few = { 200, 200 };

		if (getuid() == 0)
			MUST(setresuid(4321, 4321, 4321));
		MUST(setrlimit(RLIMIT_NOFILE, &few));
		MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
		while (n < 20 && send_fds(s[0], "x", 1, fds, 50) == 1)
			n++;
		say("after %d of 50: %s", n, errno_text(errno));
		n = 0;
		while (recv(s[1], text, 1, MSG_DONTWAIT) == 1)
			n++;
		VALUE(n);
		VALUE(send_fds(s[0], "x", 1, fds, 50));
		_exit(0);
	}
	MUST(wait(&status));
	say("%s", status_text(status));
}

int main(void)
{
	say("stream");
	passing(SOCK_STREAM);
	say("datagrams");
	passing(SOCK_DGRAM);
	errors();
	never_received();
	long_line();
	credentials();
	limited();
	return 0;
}
