/*
 * socketpair of AF_UNIX: streams, datagrams, sequenced packets; boundaries, ends, shutdown,
 * flags of send and recv, readiness, sizes. Pages: unix(7), socketpair(2), send(2), recv(2),
 * shutdown(2), socket(2), getsockopt(2), socket(7).
 *
 * native: no
 */
#include "spec.h"
#include <sys/socket.h>
#include <sys/un.h>

static int s[2];
static char buffer[1 << 16];

static const char *ready(int fd)
{
	static char text[40];
	struct pollfd entry = { fd, POLLIN | POLLOUT | POLLRDHUP, 0 };

	poll(&entry, 1, 0);
	snprintf(text, sizeof(text), "%s%s%s%s%s", entry.revents & POLLIN ? "in " : "",
		 entry.revents & POLLOUT ? "out " : "", entry.revents & POLLHUP ? "hup " : "",
		 entry.revents & POLLRDHUP ? "rdhup " : "", entry.revents & POLLERR ? "err " : "");
	return text;
}

static void show_option(int fd, const char *label, int option)
{
	int value = -7;
	socklen_t size = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, option, &value, &size) == -1)
		say("%s: %s", label, errno_text(errno));
	else
		say("%s: %d, size %u", label, value, size);
}

static void arguments(void)
{
	VALUE(socketpair(AF_UNIX, SOCK_STREAM, 1, s) == 0 ? close(s[0]) + close(s[1]) : -1);
	VALUE(socketpair(AF_UNIX, SOCK_STREAM, 2, s));
	VALUE(socketpair(AF_UNIX, 77, 0, s));
	VALUE(socketpair(4711, SOCK_STREAM, 0, s));
	VALUE(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)nowhere));
	VALUE(socketpair(AF_UNIX, SOCK_STREAM | 0x1000, 0, s));
	VALUE(socket(AF_UNIX, SOCK_STREAM | 0x1000, 0));
	VALUE(socket(AF_UNIX, SOCK_STREAM, 3));
	VALUE(socket(4711, SOCK_STREAM, 0));
	VALUE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s));
	say("%d %d %o %o", fcntl(s[0], F_GETFD), fcntl(s[1], F_GETFD), fcntl(s[0], F_GETFL),
	    fcntl(s[1], F_GETFL));
	struct stat status;
	MUST(fstat(s[0], &status));
	say("mode %o size %ld", status.st_mode, (long)status.st_size);
	show_option(s[0], "SO_TYPE", SO_TYPE);
	show_option(s[0], "SO_DOMAIN", 39);
	show_option(s[0], "SO_PROTOCOL", 38);
	show_option(s[0], "SO_ERROR", SO_ERROR);
	show_option(s[0], "SO_ACCEPTCONN", SO_ACCEPTCONN);
	show_option(s[0], "SO_PASSCRED", SO_PASSCRED);
	show_option(s[0], "an unknown one", 4711);
	int zero = 0, fd = open("/dev/null", O_RDWR);
	socklen_t size = 4;
	VALUE(getsockopt(fd, SOL_SOCKET, SO_TYPE, &zero, &size));
	VALUE(getsockopt(s[0], 4711, 1, &zero, &size));
	VALUE(getsockopt(s[0], SOL_SOCKET, SO_TYPE, nowhere, &size));
	VALUE(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &zero, (socklen_t *)nowhere));
	close(fd);
	VALUE(lseek(s[0], 0, SEEK_CUR));
	VALUE(pread(s[0], buffer, 1, 0));
	VALUE(ftruncate(s[0], 0));
	VALUE(fsync(s[0]));
	VALUE(fchdir(s[0]));
	char path[40];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s[0]);
	VALUE_OF("reopened by /proc", open(path, O_RDWR));
	VALUE_OF("its name begins with socket:[", readlink(path, buffer, 50) > 8 && !memcmp(buffer, "socket:[", 8));
	close(s[0]), close(s[1]);
}

static void streams(void)
{
	int bytes = -1;

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s));
	say("ready: %s", ready(s[0]));
	VALUE(read(s[0], buffer, 10));
	VALUE(write(s[1], "abc", 3));
	VALUE(send(s[1], "def", 3, 0));
	VALUE(ioctl(s[0], FIONREAD, &bytes));
	say("%d bytes; ready: %s", bytes, ready(s[0]));
	VALUE(recv(s[0], buffer, 2, MSG_PEEK));
	VALUE(recv(s[0], buffer, 0, 0));
	VALUE(recv(s[0], buffer, 4, 0));
	say("%.4s", buffer);
	VALUE(recv(s[0], buffer, 10, MSG_WAITALL));
	VALUE(recv(s[0], buffer, 10, MSG_DONTWAIT));
	VALUE(send(s[1], "", 0, 0));
	VALUE(recv(s[0], buffer, 10, MSG_DONTWAIT));
	VALUE(send(s[1], "x", 1, MSG_OOB) >= -1);
	while (read(s[0], buffer, sizeof(buffer)) > 0)
		;
	VALUE(send(s[1], nowhere, 3, 0));
	VALUE(write(s[1], "ghi", 3));
	VALUE(recv(s[0], nowhere, 3, 0));
	VALUE(send(-1, "x", 1, 0));
	VALUE(send(1, "x", 1, 0));
	VALUE(recv(1, buffer, 1, 0));
	long sent = 0, n;
	while ((n = write(s[1], buffer, 1000)) > 0)
		sent += n;
	say("full: %s; ready: %s", errno_text(errno), ready(s[1]));
	close(s[1]);
	say("the other end closed: %s", ready(s[0]));
	long got = 0;
	while ((n = read(s[0], buffer, sizeof(buffer))) > 0)
		got += n;
	VALUE_OF("then end of file", n);
	YES(got >= sent);
	VALUE(send(s[0], "x", 1, MSG_NOSIGNAL));
	signal(SIGPIPE, SIG_IGN);
	VALUE(write(s[0], "x", 1));
	signal(SIGPIPE, SIG_DFL);
	close(s[0]);
}

static void die_of_pipe(void)
{
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	close(s[1]);
	write(s[0], "x", 1);
}

static void unread_bytes(void)
{
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	MUST(write(s[0], "abc", 3));
	MUST(write(s[1], "def", 3));
	close(s[1]);
	VALUE_OF("what was sent before the close", read(s[0], buffer, 2));
	VALUE_OF("then", read(s[0], buffer, 5));
	VALUE_OF("then", read(s[0], buffer, 5));
	VALUE_OF("then", read(s[0], buffer, 5));
	close(s[0]);
}

static void shutdowns(void)
{
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s));
	VALUE(shutdown(s[0], 3));
	VALUE(shutdown(s[0], -1));
	VALUE(shutdown(-1, 0));
	VALUE(shutdown(1, 0));
	MUST(write(s[0], "abc", 3));
	VALUE(shutdown(s[0], SHUT_WR));
	VALUE(send(s[0], "x", 1, MSG_NOSIGNAL));
	say("writer shut: %s; other: %s", ready(s[0]), ready(s[1]));
	VALUE(read(s[1], buffer, 10));
	VALUE(read(s[1], buffer, 10));
	VALUE(write(s[1], "back", 4));
	VALUE(read(s[0], buffer, 10));
	VALUE(shutdown(s[1], SHUT_WR));
	say("both shut: %s; other: %s", ready(s[0]), ready(s[1]));
	VALUE(read(s[0], buffer, 10));
	close(s[0]), close(s[1]);
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s));
	MUST(write(s[1], "abc", 3));
	VALUE(shutdown(s[0], SHUT_RD));
	VALUE(read(s[0], buffer, 10));
	VALUE(read(s[0], buffer, 10));
	VALUE(send(s[1], "x", 1, MSG_NOSIGNAL));
	close(s[0]), close(s[1]);
}

static void packets(int type, const char *label)
{
	struct iovec part = { buffer, 2 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	int bytes = -1;

	say("%s", label);
	MUST(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s));
	VALUE(write(s[0], "first", 5));
	VALUE(write(s[0], "", 0));
	VALUE(send(s[0], "second", 6, 0));
	VALUE(ioctl(s[1], FIONREAD, &bytes));
	say("%d", bytes);
	VALUE(recv(s[1], buffer, 3, MSG_PEEK | MSG_TRUNC));
	VALUE(recvmsg(s[1], &message, 0));
	say("flags %x", message.msg_flags & ~MSG_CMSG_CLOEXEC);
	VALUE(recv(s[1], buffer, 10, 0));
	VALUE(recvmsg(s[1], &message, MSG_TRUNC));
	VALUE(recv(s[1], buffer, 10, 0));
	long n = 0;
	while (send(s[0], buffer, 100, 0) > 0 && n < 100000)
		n++;
	say("full: %s", errno_text(errno));
	VALUE_OF("too large", send(s[0], buffer, sizeof(buffer), 0) > 0 || errno == EAGAIN || errno == EMSGSIZE);
	close(s[0]);
	while (n-- > 0)
		MUST(recv(s[1], buffer, 200, 0));
	say("ready: %s", ready(s[1]));
	VALUE_OF("the other end closed", recv(s[1], buffer, 10, 0));
	VALUE(send(s[1], "x", 1, MSG_NOSIGNAL));
	close(s[1]);
}

static void blocking(void)
{
	int status;

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		close(s[1]);
		long n = recv(s[0], buffer, 6, MSG_WAITALL);
		_exit(n);
	}
	close(s[0]);
	till_asleep(pid, pid);
	MUST(write(s[1], "abc", 3));
	sleep_ms(20);
	MUST(write(s[1], "def", 3));
	MUST(waitpid(pid, &status, 0));
	say("MSG_WAITALL: %s", status_text(status));
	signal(SIGPIPE, SIG_IGN);
	VALUE(write(s[1], "x", 1));
	VALUE(recv(s[1], buffer, 1, 0));
	close(s[1]);
	struct timeval limit = { 0, 30000 };
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	VALUE(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	VALUE(recv(s[0], buffer, 1, 0));
	close(s[0]), close(s[1]);
}

int main(void)
{
	arguments();
	streams();
	in_child("SIGPIPE", die_of_pipe);
	unread_bytes();
	shutdowns();
	packets(SOCK_SEQPACKET, "sequenced packets");
	packets(SOCK_DGRAM, "datagrams");
	blocking();
	return 0;
}
