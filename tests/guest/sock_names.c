/*
 * Names of sockets: bind to paths and abstract names, listen, connect, accept,
 * what getsockname and getpeername say, a full backlog, names that are gone, of
 * another type, or not sockets at all; rights, SO_PEERCRED and other options.
 *
 * From unix(7), bind(2), listen(2), connect(2), accept(2), socket(7).
 */
#include "sock.h"

static void show_name(const char *label, int (*get)(int, struct sockaddr *, socklen_t *), int fd)
{
	struct sockaddr_un un = { .sun_family = 77 };
	socklen_t len = sizeof(un);

	errno = 0;
	if (get(fd, (struct sockaddr *)&un, &len) < 0)
		say("%s: %s", label, errno_text(errno));
	else if (len == sizeof(sa_family_t))
		say("%s: family %d, no name", label, un.sun_family);
	else
		say("%s: %d bytes \"%s\"", label, len, un.sun_path);
}

static void binding(void)
{
	struct sockaddr_un un;
	socklen_t len = path_address(&un, "name");
	struct stat st;
	mode_t mask = umask(027);
	int a = MUST(socket(AF_UNIX, SOCK_STREAM, 0)), b = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	show_name("before bind", getsockname, a);
	VALUE(bind(a, (struct sockaddr *)&un, 1));
	VALUE(bind(a, (struct sockaddr *)&un, sizeof(un) + 1));
	VALUE(bind(a, (struct sockaddr *)&un, -1));
	VALUE(bind(a, (struct sockaddr *)nowhere, len));
	VALUE(bind(1, (struct sockaddr *)&un, len));
	VALUE(bind(99, (struct sockaddr *)&un, len));
	un.sun_family = 2;
	VALUE(bind(a, (struct sockaddr *)&un, len));
	VALUE(bind_path(a, "no/such/folder"));
	VALUE(bind_path(a, "name"));
	VALUE(bind_path(a, "other name"));
	VALUE(access("other name", F_OK));
	VALUE(bind_path(b, "name"));
	VALUE(bind_path(b, "."));
	show_name("bound", getsockname, a);
	show_name("its peer", getpeername, a);
	MUST(stat("name", &st));
	say("mode %o", st.st_mode);
	umask(mask);
	VALUE(open("name", O_RDWR));
	VALUE(truncate("name", 0));
	MUST(close(a));
	VALUE(bind_path(b, "name"));
	VALUE(connect_path(b, "name"));
	VALUE(unlink("name"));
	VALUE(connect_path(b, "name"));
	VALUE(bind_path(b, "name"));
	VALUE(rename("name", "moved"));
	show_name("after rename", getsockname, b);
	VALUE(connect_path(b, "moved"));
	MUST(unlink("moved"));
	MUST(close(b));
	make_file("plain", 0666, "x", 1);
	a = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	VALUE(connect_path(a, "plain"));
	VALUE(connect_path(a, "."));
	MUST(unlink("plain"));
	memset(un.sun_path, 'x', sizeof(un.sun_path));
	un.sun_family = AF_UNIX;
	VALUE(bind(a, (struct sockaddr *)&un, sizeof(un)));
	char full[120] = { 0 };
	len = 200;
	VALUE(getsockname(a, (struct sockaddr *)full, &len));
	VALUE(len);
	memset(full, 'x', 108);
	full[108] = 0;
	VALUE(unlink(full));
	MUST(close(a));
}

static void abstract(void)
{
	struct sockaddr_un un, got;
	socklen_t len = abstract_address(&un, "a"), got_len = sizeof(got);
	int a = MUST(socket(AF_UNIX, SOCK_STREAM, 0)), b = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	int d = MUST(socket(AF_UNIX, SOCK_DGRAM, 0));

	VALUE(connect(b, (struct sockaddr *)&un, len));
	VALUE(bind(a, (struct sockaddr *)&un, len));
	VALUE(bind(a, (struct sockaddr *)&un, len));
	VALUE(bind(b, (struct sockaddr *)&un, len));
	VALUE(bind(d, (struct sockaddr *)&un, len));
	VALUE(bind(b, (struct sockaddr *)&un, len - 1));
	MUST(getsockname(a, (struct sockaddr *)&got, &got_len));
	YES(got_len == len && !memcmp(&got, &un, len));
	got_len = 4;
	VALUE(getsockname(a, (struct sockaddr *)&got, &got_len));
	YES(got_len == len);
	got_len = -1;
	VALUE(getsockname(a, (struct sockaddr *)&got, &got_len));
	VALUE(getsockname(a, (struct sockaddr *)nowhere, &len));
	VALUE(getsockname(a, (struct sockaddr *)&got, (socklen_t *)nowhere));
	VALUE(connect(b, (struct sockaddr *)&un, len));
	MUST(listen(a, 1));
	VALUE(connect(b, (struct sockaddr *)&un, len));
	MUST(close(a));
	a = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	VALUE_OF("the name is free again", bind(a, (struct sockaddr *)&un, len));
	MUST(close(a));
	MUST(close(b));
	MUST(close(d));
}

static void states(void)
{
	int a = MUST(socket(AF_UNIX, SOCK_STREAM, 0)), b, c, n;
	int d = MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), q = MUST(socket(AF_UNIX, SOCK_SEQPACKET, 0));
	struct sockaddr_un un;
	socklen_t len = sizeof(un);
	char byte;

	show_poll("fresh stream", a);
	show_poll("fresh datagrams", d);
	VALUE(listen(a, 1));
	VALUE(listen(d, 1));
	VALUE(accept(a, NULL, NULL));
	VALUE(accept(d, NULL, NULL));
	VALUE(accept(1, NULL, NULL));
	VALUE(read(a, &byte, 1));
	VALUE(recv(q, &byte, 1, 0));
	VALUE(send(a, "x", 1, MSG_NOSIGNAL));
	VALUE(send(q, "x", 1, MSG_NOSIGNAL));
	VALUE(send(d, "x", 1, MSG_NOSIGNAL));
	show_name("peer of none", getpeername, a);
	MUST(bind_path(a, "server"));
	VALUE(listen(a, 1));
	VALUE(listen(a, 2));
	show_poll("listening", a);
	VALUE(read(a, &byte, 1));
	VALUE(ioctl(a, FIONREAD, &n));
	VALUE(connect_path(a, "server"));
	VALUE(connect_path(d, "server"));
	VALUE(connect_path(q, "server"));
	b = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	VALUE(connect_path(b, "server"));
	VALUE(connect_path(b, "server"));
	VALUE(listen(b, 1));
	show_poll("a connection waits", a);
	VALUE_OF("write before accept", write(b, "early", 5));
	memset(&un, 0, sizeof(un));
	VALUE(syscall(SYS_accept4, a, NULL, NULL, 7));
	c = MUST(accept4(a, (struct sockaddr *)&un, &len, SOCK_CLOEXEC | SOCK_NONBLOCK));
	say("from: %d bytes, family %d", len, un.sun_family);
	VALUE(fcntl(c, F_GETFD));
	YES(fcntl(c, F_GETFL) & O_NONBLOCK);
	show_name("the server's side", getsockname, c);
	show_name("its peer", getpeername, c);
	show_name("the client's side", getsockname, b);
	show_name("its peer", getpeername, b);
	VALUE(read(c, &byte, 1));
	VALUE(sendto(b, "x", 1, 0, (struct sockaddr *)&un, sizeof(un)));
	VALUE(unlink("server"));
	VALUE(write(c, "still", 5));
	VALUE(read(b, &byte, 1));
	MUST(fcntl(a, F_SETFL, O_NONBLOCK));
	VALUE(accept(a, NULL, NULL));
	MUST(close(b));
	MUST(close(c));
	MUST(fcntl(a, F_SETFL, 0));
	VALUE(shutdown(a, SHUT_RD));
	VALUE(accept(a, NULL, NULL));
	MUST(close(a));
	MUST(close(d));
	MUST(close(q));
}

static void backlog(void)
{
	int a = listener(SOCK_STREAM, "server", 0), b[3], c, status;
	pid_t pid;

	for (int i = 0; i < 3; i++) {
		b[i] = MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
		VALUE(connect_path(b[i], "server"));
	}
	MUST(fcntl(b[1], F_SETFL, 0));
	pid = MUST(fork());
	if (pid == 0)
		_exit(connect_path(b[1], "server"));
	sleep_ms(40);
	c = MUST(accept(a, NULL, NULL));
	MUST(waitpid(pid, &status, 0));
	say("a connect that waited: %s", status_text(status));
	MUST(close(a));
	show_poll("never accepted", b[1]);
	VALUE(read(b[1], &status, 1));
	VALUE(read(b[1], &status, 1));
	VALUE(connect_path(b[2], "server"));
	show_poll("accepted", c);
	for (int i = 0; i < 3; i++)
		MUST(close(b[i]));
	MUST(close(c));
	MUST(unlink("server"));
}

static void no_descriptors(void)
{
	int a = listener(SOCK_STREAM, "server", 5), b = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	struct rlimit old, few;

	MUST(connect_path(b, "server"));
	MUST(getrlimit(RLIMIT_NOFILE, &old));
	few = (struct rlimit){ b + 1, old.rlim_max };
	MUST(setrlimit(RLIMIT_NOFILE, &few));
	VALUE(accept(a, NULL, NULL));
	VALUE(socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(setrlimit(RLIMIT_NOFILE, &old));
	OK(accept(a, NULL, NULL));
	MUST(close(b + 1));
	MUST(close(b));
	MUST(close(a));
	MUST(unlink("server"));
}

static void rights(void)
{
	int a = listener(SOCK_STREAM, "server", 5);
	int b = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	MUST(chmod("server", 0));
	if (geteuid() == 0) {
		MUST(mkdir("closed", 0755));
		MUST(setresuid(-1, 1234, -1));
	} else {
		MUST(mkdir("closed", 0555));
	}
	VALUE(connect_path(b, "server"));
	VALUE(bind_path(b, "closed/name"));
	if (getuid() == 0)
		MUST(setresuid(-1, 0, -1));
	MUST(rmdir("closed"));
	MUST(close(a));
	MUST(close(b));
	MUST(unlink("server"));
}

static void show_option(int fd, const char *label, int option)
{
	int value = -7;
	socklen_t len = sizeof(value);

	errno = 0;
	if (getsockopt(fd, SOL_SOCKET, option, &value, &len))
		say("%s: %s", label, errno_text(errno));
	else
		say("%s: %d (%d bytes)", label, value, len);
}

static void options(void)
{
	int s[2], one = 1;
	struct ucred cred;
	socklen_t len = sizeof(cred);

	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s));
	show_option(s[0], "type", SO_TYPE);
	show_option(s[0], "domain", SO_DOMAIN);
	show_option(s[0], "protocol", SO_PROTOCOL);
	show_option(s[0], "error", SO_ERROR);
	show_option(s[0], "listens", SO_ACCEPTCONN);
	show_option(s[0], "reuse", SO_REUSEADDR);
	show_option(s[0], "none of that number", 4711);
	VALUE(setsockopt(s[0], SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	show_option(s[0], "reuse", SO_REUSEADDR);
	VALUE(setsockopt(s[0], SOL_SOCKET, SO_REUSEADDR, &one, 3));
	VALUE(setsockopt(s[0], SOL_SOCKET, SO_REUSEADDR, nowhere, 4));
	VALUE(setsockopt(s[0], SOL_SOCKET, 4711, &one, sizeof(one)));
	VALUE(setsockopt(s[0], SOL_SOCKET, SO_TYPE, &one, sizeof(one)));
	VALUE(setsockopt(s[0], 6, 1, &one, sizeof(one)));
	VALUE(getsockopt(s[0], 6, 1, &one, &len));
	VALUE(setsockopt(1, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	one = 10000;
	VALUE(setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &one, sizeof(one)));
	show_option(s[0], "send buffer", SO_SNDBUF);
	VALUE(setsockopt(s[0], SOL_SOCKET, SO_RCVBUF, &one, sizeof(one)));
	show_option(s[0], "receive buffer", SO_RCVBUF);
	one = 0;
	VALUE(setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &one, sizeof(one)));
	show_option(s[0], "send buffer", SO_SNDBUF);
	len = sizeof(cred);
	VALUE(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &cred, &len));
	YES(len == sizeof(cred) && cred.pid == getpid() && cred.uid == geteuid() &&
	    cred.gid == getegid());
	len = 4;
	VALUE(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &cred, &len));
	VALUE(len);
	MUST(close(s[0]));
	MUST(close(s[1]));
	s[0] = listener(SOCK_STREAM, "server", 1);
	show_option(s[0], "listens", SO_ACCEPTCONN);
	s[1] = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	len = sizeof(cred);
	MUST(getsockopt(s[1], SOL_SOCKET, SO_PEERCRED, &cred, &len));
	say("peer of none: %d %d %d", cred.pid, cred.uid, cred.gid);
	if (fork() == 0) {
		MUST(connect_path(s[1], "server"));
		MUST(getsockopt(s[1], SOL_SOCKET, SO_PEERCRED, &cred, &len));
		_exit(cred.pid != getppid());
	}
	one = MUST(accept(s[0], NULL, NULL));
	MUST(getsockopt(one, SOL_SOCKET, SO_PEERCRED, &cred, &len));
	pid_t child = wait(&s[1]);
	YES_OF("the client knows the listener", s[1] == 0);
	YES_OF("the server knows the client", cred.pid == child);
	MUST(close(one));
	MUST(close(s[0]));
	MUST(unlink("server"));
}

int main(void)
{
	binding();
	abstract();
	states();
	backlog();
	no_descriptors();
	rights();
	options();
	return 0;
}
