/*
 * Descriptors and credentials sent over AF_UNIX: what arrives, flags, lost room, streams'
 * boundaries, closed on the way, limits. Pages: unix(7) "Ancillary messages", cmsg(3),
 * recv(2), send(2).
 *
 * native: no
 */
#include "spec.h"
#include <sys/socket.h>
#include <sys/un.h>

struct creds { int pid, uid, gid; };

static int s[2];
static char data[100], control[2048];

/* The bare call: musl copies messages, and has less room for control data. */
static long raw_send(void *message, int flags)
{
	return syscall(SYS_sendmsg, s[0], message, flags);
}

/* Sends text with descriptors. */
static long send_fds(const char *text, long length, const int *fds, int count)
{
	struct iovec part = { (void *)text, length };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control };
	struct cmsghdr *head = (void *)control;

	memset(control, 0, sizeof(control));
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(count * sizeof(int));
	message.msg_controllen = CMSG_SPACE(count * sizeof(int));
	memcpy(CMSG_DATA(head), fds, count * sizeof(int));
	return raw_send(&message, MSG_NOSIGNAL);
}

/* Receives; prints all that came; the descriptors into `fds`. */
static int receive(const char *label, size_t length, size_t room, int flags, int *fds)
{
	struct iovec part = { data, length };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = room };
	int count = 0;
	long n;

	memset(control, 0, sizeof(control));
	n = syscall(SYS_recvmsg, s[1], &message, flags);
	if (n == -1) {
		say("%s: %s", label, errno_text(errno));
		return 0;
	}
	say("%s: %ld bytes '%.*s', flags%s%s%s, control %ld", label, n, (int)n, data,
	    message.msg_flags & MSG_TRUNC ? " TRUNC" : "", message.msg_flags & MSG_CTRUNC ? " CTRUNC" : "",
	    message.msg_flags & MSG_CMSG_CLOEXEC ? " CLOEXEC" : "", (long)message.msg_controllen);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		if (c->cmsg_type == SCM_RIGHTS) {
			count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			memcpy(fds, CMSG_DATA(c), count * sizeof(int));
			say("  %d descriptors from %d, fd flags %d", count, fds[0], fcntl(fds[0], F_GETFD));
		} else if (c->cmsg_type == 2) {
			struct creds who;
			memcpy(&who, CMSG_DATA(c), sizeof(who));
			say("  credentials: pid %s %d:%d", who.pid == getpid() ? "own" : who.pid == 0 ? "none" : "another",
			    who.uid, who.gid);
		}
	}
	return count;
}

static void close_all(const int *fds, int count)
{
	for (int i = 0; i < count; i++)
		close(fds[i]);
}

static void files(void)
{
	int fd = MUST(open("f", O_RDWR)), many[3] = { fd, fd, 1 }, got[300], n;
	size_t room = CMSG_SPACE(sizeof(int));

	MUST(lseek(fd, 2, SEEK_SET));
	VALUE(send_fds("a", 1, &fd, 1));
	n = receive("one", 10, room, 0, got);
	VALUE_OF("the offset is shared", lseek(got[0], 0, SEEK_CUR));
	MUST(fcntl(got[0], F_SETFL, O_APPEND));
	VALUE_OF("and the flags", (fcntl(fd, F_GETFL) & O_APPEND) != 0);
	MUST(fcntl(fd, F_SETFL, 0));
	close_all(got, n);
	VALUE(send_fds("b", 1, &fd, 1));
	close_all(got, receive("close on exec", 10, room, MSG_CMSG_CLOEXEC, got));
	VALUE(send_fds("c", 1, many, 3));
	close_all(got, receive("three", 10, CMSG_SPACE(3 * sizeof(int)), 0, got));
	VALUE(send_fds("d", 1, many, 3));
	close_all(got, receive("room for two", 10, CMSG_LEN(2 * sizeof(int)), 0, got));
	VALUE(send_fds("e", 1, many, 3));
	close_all(got, receive("no room", 10, 0, 0, got));
	VALUE(send_fds("f", 1, many, 1));
	VALUE_OF("by read", read(s[1], data, 10));
	VALUE_OF("the next is what was free", dup(1));
	close(7), close(6);
	VALUE(send_fds("ghi", 3, many, 1));
	close_all(got, receive("in parts: first", 1, room, 0, got));
	close_all(got, receive("in parts: second", 10, room, 0, got));
	VALUE(write(s[0], "plain", 5));
	VALUE(send_fds("j", 1, many, 1));
	VALUE(write(s[0], "after", 5));
	close_all(got, receive("before it", 50, room, 0, got));
	close_all(got, receive("with it", 50, room, 0, got));
	close_all(got, receive("after it", 50, room, 0, got));
	VALUE(send_fds("k", 1, many, 1));
	close_all(got, receive("peek", 10, room, MSG_PEEK, got));
	close_all(got, receive("take", 10, room, 0, got));
	close(fd);
}

static void errors(void)
{
	static int many[300];
	int bad[2] = { 1, 900 }, got[300], fd = MUST(open("f", O_PATH));

	VALUE(send_fds("x", 1, bad, 2));
	for (int i = 0; i < 300; i++)
		many[i] = 1;
	VALUE(send_fds("x", 1, many, 254));
	VALUE(send_fds("x", 1, many, 253));
	close_all(got, receive("253", 10, CMSG_SPACE(253 * sizeof(int)), 0, got));
	VALUE(send_fds("x", 1, many, 0));
	close_all(got, receive("none", 10, 100, 0, got));
	VALUE(send_fds("x", 1, &fd, 1));
	int n = receive("O_PATH", 10, 100, 0, got);
	say("%o", fcntl(got[0], F_GETFL) & O_PATH);
	close_all(got, n);
	VALUE_OF("no data with it, by a stream", send_fds("", 0, many, 1));
	struct pollfd entry = { s[1], POLLIN, 0 };
	say("ready: %d", poll(&entry, 1, 0));
	struct iovec part = { "x", 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = nowhere,
				  .msg_controllen = 24 };
	VALUE(raw_send(&message, 0));
	message.msg_control = control;
	memset(control, 0, sizeof(control));
	VALUE_OF("a length of 0", raw_send(&message, 0));
	((struct cmsghdr *)control)->cmsg_len = 100;
	VALUE_OF("a length beyond the buffer", raw_send(&message, 0));
	((struct cmsghdr *)control)->cmsg_len = 20;
	((struct cmsghdr *)control)->cmsg_level = SOL_SOCKET;
	((struct cmsghdr *)control)->cmsg_type = 99;
	VALUE_OF("an unknown type", raw_send(&message, 0));
	message.msg_controllen = 0;
	message.msg_iovlen = 1025;
	VALUE(raw_send(&message, 0));
	VALUE(raw_send(nowhere, 0));
	VALUE(syscall(SYS_recvmsg, s[1], nowhere, MSG_DONTWAIT));
	close(fd);
}

static void lasts(void)
{
	int fds[2], got[10], status;
	char byte;

	MUST(pipe(fds));
	VALUE(send_fds("p", 1, &fds[1], 1));
	close(fds[1]);
	MUST(fcntl(fds[0], F_SETFL, O_NONBLOCK));
	VALUE_OF("the sent end counts while on its way", read(fds[0], &byte, 1));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		receive("in the child", 10, 100, 0, got);
		MUST(write(got[0], "!", 1));
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	VALUE(read(fds[0], &byte, 1));
	VALUE_OF("the child's was the last", read(fds[0], &byte, 1));
	MUST(pipe(fds));
	MUST(send_fds("q", 1, &fds[1], 1));
	close(fds[1]);
	close(s[0]), close(s[1]);
	VALUE_OF("never received: closed with the socket", read(fds[0], &byte, 1));
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	VALUE_OF("a socket through itself", send_fds("r", 1, s, 2));
	close(s[0]), close(s[1]);
}

static void credentials(int type)
{
	int got[10], on = 1;

	MUST(socketpair(AF_UNIX, type, 0, s));
	MUST(write(s[0], "before", 6));
	VALUE(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	MUST(write(s[0], "after", 5));
	receive("sent before", 6, 100, 0, got);
	receive("sent after", 6, 100, 0, got);
	if (other(9, 8)) {
		write(s[0], "9", 1);
		_exit(0);
	}
	receive("another's", 6, 100, 0, got);
	MUST(setreuid(11, 0));
	MUST(write(s[0], "real", 4));
	MUST(setreuid(0, 0));
	receive("the real ids'", 6, 100, 0, got);
	close(s[0]), close(s[1]);
}

int main(void)
{
	spec_enter();
	make_file("f", 0644, "abcdef", 6);
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s));
	files();
	errors();
	close(s[0]), close(s[1]);
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s));
	lasts();
	credentials(SOCK_STREAM);
	credentials(SOCK_DGRAM);
	spec_leave();
	return 0;
}
