/*
 * Datagrams and sequenced packets: bounds are kept, what does not fit is cut
 * (MSG_TRUNC), empty packets, senders' names, connect and sendto, a receiver
 * that is full, gone, or connected to somebody else; readv and writev; the end
 * of each kind.
 *
 * From unix(7), socket(2), send(2), recv(2), connect(2).
 */
#include "sock.h"

static char buffer[300000];

static void show_recv(const char *label, int fd, size_t len, int flags)
{
	struct iovec iov = { buffer, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	memset(buffer, 0, 64);
	errno = 0;
	n = recvmsg(fd, &msg, flags);
	if (n < 0)
		say("%s: %s", label, errno_text(errno));
	else
		say("%s: %zd \"%s\"%s", label, n, buffer, msg.msg_flags & MSG_TRUNC ? " cut" : "");
}

static void bounds(int type)
{
	struct iovec parts[2] = { { "one ", 4 }, { "packet", 6 } };
	char a[3] = "", b[8] = "";
	struct iovec into[2] = { { a, 3 }, { b, 7 } };
	int s[2], n;

	MUST(socketpair(AF_UNIX, type, 0, s));
	VALUE(write(s[0], "first", 5));
	VALUE(write(s[0], "second", 6));
	VALUE(ioctl(s[1], FIONREAD, &n));
	VALUE(n);
	show_recv("peek", s[1], 60, MSG_PEEK);
	show_recv("whole", s[1], 60, 0);
	show_recv("cut, as long as it was", s[1], 3, MSG_TRUNC | MSG_PEEK);
	show_recv("cut", s[1], 3, 0);
	show_recv("the rest is lost", s[1], 60, MSG_DONTWAIT);
	VALUE(writev(s[1], parts, 2));
	VALUE(readv(s[0], into, 2));
	YES(!memcmp(a, "one", 3) && !memcmp(b, " packet", 7));
	VALUE(write(s[0], "", 0));
	show_recv("an empty one", s[1], 60, MSG_DONTWAIT);
	VALUE(write(s[0], "x", 1));
	VALUE(read(s[1], nowhere, 1));
	VALUE(recv(s[1], buffer, 1, MSG_DONTWAIT));
	VALUE(send(s[0], buffer, sizeof(buffer), 0));
	VALUE(send(s[0], buffer, 150000, 0));
	VALUE(recv(s[1], buffer, sizeof(buffer), 0));
	show_poll("idle", s[0]);
	MUST(shutdown(s[0], SHUT_WR));
	VALUE(send(s[0], "x", 1, 0));
	show_poll("shut", s[0]);
	show_poll("the other side", s[1]);
	if (type == SOCK_SEQPACKET)
		show_recv("the end", s[1], 60, 0);
	MUST(close(s[1]));
	show_poll("closed on the other side", s[0]);
	MUST(close(s[0]));
	MUST(socketpair(AF_UNIX, type, 0, s));
	MUST(write(s[1], "last", 4));
	MUST(write(s[0], "unread", 6));
	MUST(close(s[1]));
	show_recv("what was sent", s[0], 60, 0);
	VALUE(send(s[0], "x", 1, 0));
	VALUE(send(s[0], "x", 1, 0));
	show_recv("and then", s[0], 60, MSG_DONTWAIT);
	MUST(close(s[0]));
}

static void show_from(int fd)
{
	struct sockaddr_un un = { .sun_family = 0 };
	socklen_t len = sizeof(un);
	ssize_t n = recvfrom(fd, buffer, 60, 0, (struct sockaddr *)&un, &len);

	say("%zd bytes from %d bytes \"%s\"", n, len, len ? un.sun_path : "");
}

static void names(void)
{
	int a = MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), b = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	int c = MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), d = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	struct sockaddr_un to;
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	socklen_t len = path_address(&to, "a");

	MUST(bind_path(a, "a"));
	MUST(bind_path(b, "b"));
	VALUE(sendto(b, "from b", 6, 0, (struct sockaddr *)&to, len));
	VALUE(sendto(c, "from c", 6, 0, (struct sockaddr *)&to, len));
	VALUE(sendto(c, "x", 1, 0, (struct sockaddr *)nowhere, len));
	VALUE(sendto(c, "x", 1, 0, (struct sockaddr *)&to, 2));
	VALUE(sendto(c, "x", 1, 0, &none, sizeof(none)));
	VALUE(sendto(d, "x", 1, 0, (struct sockaddr *)&to, len));
	show_from(a);
	show_from(a);
	VALUE(connect_path(c, "a"));
	VALUE(send(c, "connected", 9, 0));
	show_from(a);
	VALUE(connect_path(a, "b"));
	VALUE_OF("who is connected elsewhere hears only that one", send(c, "x", 1, 0));
	VALUE(connect_path(c, "a"));
	VALUE(send(b, "x", 1, 0));
	VALUE(sendto(b, "heard", 5, 0, (struct sockaddr *)&to, len));
	show_from(a);
	VALUE(connect(a, &none, 1));
	VALUE(connect(a, &none, sizeof(none)));
	VALUE(send(c, "x", 1, 0));
	show_from(a);
	path_address(&to, "nobody");
	VALUE(sendto(b, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)));
	VALUE(connect_path(d, "a"));
	MUST(close(a));
	VALUE(send(c, "x", 1, 0));
	VALUE(send(c, "x", 1, 0));
	path_address(&to, "a");
	VALUE(sendto(b, "x", 1, 0, (struct sockaddr *)&to, len));
	MUST(close(b));
	MUST(close(c));
	MUST(close(d));
	MUST(unlink("a"));
	MUST(unlink("b"));
}

static void crowded(void)
{
	int a = MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), b = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	int sent = 0, status;
	pid_t pid;

	MUST(bind_path(a, "a"));
	MUST(connect_path(b, "a"));
	while (send(b, "x", 1, MSG_DONTWAIT) == 1)
		sent++;
	say("full: %s", errno_text(errno));
	YES(sent >= 2 && sent < 1000);
	show_poll("the sender", b);
	pid = MUST(fork());
	if (pid == 0)
		_exit(send(b, "y", 1, 0) != 1);
	sleep_ms(30);
	VALUE(recv(a, buffer, 1, 0));
	MUST(waitpid(pid, &status, 0));
	say("a sender that waited: %s", status_text(status));
	for (int i = 0; i < sent / 2 + 1; i++)
		MUST(recv(a, buffer, 1, 0));
	show_poll("room again", b);
	while (recv(a, buffer, 1, MSG_DONTWAIT) == 1)
		;
	say("last: %c", buffer[0]);
	MUST(close(a));
	MUST(close(b));
	MUST(unlink("a"));
}

int main(void)
{
	say("datagrams");
	bounds(SOCK_DGRAM);
	say("sequenced packets");
	bounds(SOCK_SEQPACKET);
	names();
	crowded();
	return 0;
}
