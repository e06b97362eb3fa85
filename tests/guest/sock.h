/*
 * sock.h: what the tests of sockets share: addresses, sending and receiving
 * descriptors, and what poll says in words.
 */
#ifndef SOCK_H
#define SOCK_H

#include "check.h"
#include <sys/socket.h>
#include <sys/un.h>

static inline socklen_t path_address(struct sockaddr_un *un, const char *path)
{
	*un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(un->sun_path, path, strlen(path));
	return offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
}

/* An abstract name; the pid keeps it apart from others' on a host. */
static inline socklen_t abstract_address(struct sockaddr_un *un, const char *name)
{
	*un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return offsetof(struct sockaddr_un, sun_path) + 1 +
	       snprintf(un->sun_path + 1, sizeof(un->sun_path) - 1, "tine-%d-%s", getpid(), name);
}

static inline int bind_path(int fd, const char *path)
{
	struct sockaddr_un un;
	socklen_t len = path_address(&un, path);

	return bind(fd, (struct sockaddr *)&un, len);
}

static inline int connect_path(int fd, const char *path)
{
	struct sockaddr_un un;
	socklen_t len = path_address(&un, path);

	return connect(fd, (struct sockaddr *)&un, len);
}

/* A listening socket with this path. */
static inline int listener(int type, const char *path, int backlog)
{
	int fd = MUST(socket(AF_UNIX, type, 0));

	MUST(bind_path(fd, path));
	MUST(listen(fd, backlog));
	return fd;
}

union control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(253 * sizeof(int))];
};

/* sendmsg of text with n descriptors. */
static inline ssize_t send_fds(int fd, const char *text, size_t len, const int *fds, int n)
{
	union control control = { 0 };
	struct iovec iov = { (void *)text, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(n * sizeof(int)),
						 .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.head), fds, n * sizeof(int));
	}
	return syscall(SYS_sendmsg, fd, &msg, MSG_NOSIGNAL); /* musl's own takes 1 KiB at most */
}

/* recvmsg with room for `most` descriptors; *n: how many came. */
static inline ssize_t recv_fds(int fd, char *text, size_t len, int *fds, int most, int *n, int flags)
{
	union control control = { 0 };
	struct iovec iov = { text, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = most ? &control : NULL,
			      .msg_controllen = most ? CMSG_LEN(most * sizeof(int)) : 0 };
	ssize_t got = recvmsg(fd, &msg, flags);

	*n = 0;
	if (got >= 0 && CMSG_FIRSTHDR(&msg) && control.head.cmsg_type == SCM_RIGHTS) {
		*n = (control.head.cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(&control.head), *n * sizeof(int));
	}
	if (got >= 0 && (msg.msg_flags & MSG_CTRUNC))
		*n = -1 - *n;
	return got;
}

/* Has the last write end of the pipe gone? Linux looks for lost sockets when some socket is
 * closed for good, so one is. */
static inline int pipe_ended(int fd)
{
	char byte;

	close(socket(AF_UNIX, SOCK_STREAM, 0));
	return read(fd, &byte, 1) != -1;
}

static inline void show_poll(const char *label, int fd)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP };
	int n = poll(&entry, 1, 0);

	say("%s: %d%s%s%s%s%s", label, n, entry.revents & POLLIN ? " IN" : "",
	    entry.revents & POLLOUT ? " OUT" : "", entry.revents & POLLRDHUP ? " RDHUP" : "",
	    entry.revents & POLLHUP ? " HUP" : "", entry.revents & POLLERR ? " ERR" : "");
}

#endif
