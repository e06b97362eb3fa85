/*
 * AF_UNIX by names: bind, listen, accept, connect, getsockname, getpeername; paths, the
 * abstract space, autobind; permissions, states, backlog, SO_PEERCRED; datagrams.
 * Pages: unix(7), bind(2), listen(2), accept(2), connect(2), getsockname(2), sendto(2).
 *
 * native: no
 */
#include "spec.h"
#include <sys/socket.h>
#include <sys/un.h>

static char buffer[256];

static struct sockaddr_un address;

/* The address of a path; its length. A first "@" means the abstract space. */
static socklen_t at(const char *path)
{
	memset(&address, 0, sizeof(address));
	address.sun_family = AF_UNIX;
	memcpy(address.sun_path, path, strlen(path));
	if (path[0] == '@') {
		address.sun_path[0] = 0;
		return offsetof(struct sockaddr_un, sun_path) + strlen(path);
	}
	return offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
}

static int bind_to(int fd, const char *path)
{
	socklen_t size = at(path);

	return bind(fd, (void *)&address, size);
}

static int connect_to(int fd, const char *path)
{
	socklen_t size = at(path);

	return connect(fd, (void *)&address, size);
}

static void show_name(const char *label, int fd, int (*call)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_un name;
	socklen_t size = sizeof(name);

	memset(&name, 'z', sizeof(name));
	if (call(fd, (void *)&name, &size) == -1)
		say("%s: %s", label, errno_text(errno));
	else
		say("%s: size %u family %d '%.*s'", label, size, name.sun_family,
		    size > 2 ? (int)(size - 2 - (name.sun_path[0] == 0)) : 0,
		    name.sun_path + (name.sun_path[0] == 0));
}

static int make(int type)
{
	return MUST(socket(AF_UNIX, type, 0));
}

static void binding(void)
{
	struct stat status;
	int fd = make(SOCK_STREAM), more = make(SOCK_STREAM);
	socklen_t size;

	show_name("unbound", fd, getsockname);
	show_name("unbound", fd, getpeername);
	umask(027);
	VALUE(bind_to(fd, "sock"));
	umask(022);
	MUST(stat("sock", &status));
	say("mode %o links %ld size %ld", status.st_mode, (long)status.st_nlink, (long)status.st_size);
	show_name("bound", fd, getsockname);
	VALUE(bind_to(fd, "sock2"));
	VALUE(bind_to(more, "sock"));
	VALUE(bind_to(more, "absent/sock"));
	VALUE(bind_to(more, "f"));
	VALUE(bind_to(more, "f/x"));
	VALUE(bind_to(more, "/proc/sock"));
	VALUE(bind_to(more, "dangling"));
	VALUE(bind(more, (void *)nowhere, 20));
	size = at("x");
	VALUE(bind(more, (void *)&address, 1));
	VALUE(bind(more, (void *)&address, 111));
	VALUE(bind(more, (void *)&address, -1));
	address.sun_family = AF_INET;
	VALUE(bind(more, (void *)&address, size));
	VALUE(bind(-1, (void *)&address, size));
	VALUE(bind(1, (void *)&address, size));
	VALUE(open("sock", O_RDWR));
	VALUE(rename("sock", "moved"));
	show_name("after a rename", fd, getsockname);
	VALUE(unlink("moved"));
	VALUE(bind_to(more, "sock"));
	close(more);
	more = make(SOCK_STREAM);
	VALUE(bind_to(more, "sock"));
	MUST(unlink("sock"));
	memset(buffer, 0, sizeof(buffer));
	memset(buffer, 'l', 107);
	VALUE(bind_to(more, buffer));
	show_name("107 bytes", more, getsockname);
	MUST(unlink(buffer));
	close(more), close(fd);
}

static void abstract(void)
{
	int fd = make(SOCK_STREAM), more = make(SOCK_STREAM), client = make(SOCK_STREAM);

	VALUE(bind_to(fd, "@hidden"));
	show_name("abstract", fd, getsockname);
	VALUE(bind_to(more, "@hidden"));
	VALUE(bind_to(more, "@hidden2"));
	VALUE(connect_to(client, "@hidden"));
	VALUE(listen(fd, 1));
	VALUE(connect_to(client, "@hidden3"));
	VALUE(connect_to(client, "@hidden"));
	show_name("peer", client, getpeername);
	show_name("client", client, getsockname);
	close(fd), close(more);
	more = make(SOCK_STREAM);
	VALUE(bind_to(more, "@hidden"));
	close(more), close(client);
}

static void connecting(void)
{
	struct { int pid, uid, gid; } peer = { -1, -1, -1 };
	socklen_t size = sizeof(peer);
	int server = make(SOCK_STREAM), client = make(SOCK_STREAM), got, gram = make(SOCK_DGRAM);

	VALUE(listen(server, 5));
	VALUE(accept(server, NULL, NULL));
	VALUE(bind_to(server, "s"));
	VALUE(accept(server, NULL, NULL));
	VALUE(connect_to(client, "s"));
	VALUE(connect_to(client, "absent"));
	VALUE(connect_to(client, "f"));
	VALUE(connect_to(client, "f/x"));
	VALUE(connect_to(gram, "s"));
	VALUE(write(client, "x", 1));
	VALUE(read(client, buffer, 1));
	VALUE(shutdown(client, SHUT_RD));
	VALUE(listen(server, 5));
	VALUE(listen(server, 6));
	VALUE(listen(gram, 5));
	VALUE(listen(-1, 5));
	VALUE(listen(1, 5));
	VALUE(connect_to(gram, "s"));
	close(client);
	client = make(SOCK_STREAM);
	MUST(fcntl(server, F_SETFL, O_NONBLOCK));
	VALUE(accept(server, NULL, NULL));
	VALUE(connect_to(client, "s"));
	VALUE(connect_to(client, "s"));
	VALUE(write(client, "early", 5));
	struct pollfd entry = { server, POLLIN, 0 };
	VALUE(poll(&entry, 1, 0));
	struct sockaddr_un name;
	socklen_t name_size = sizeof(name);
	VALUE(syscall(SYS_accept4, server, &name, &name_size, SOCK_CLOEXEC | 1));
	got = MUST(accept4(server, (void *)&name, &name_size, SOCK_CLOEXEC | SOCK_NONBLOCK));
	say("size %u family %d; %d %o", name_size, name.sun_family, fcntl(got, F_GETFD), fcntl(got, F_GETFL));
	show_name("accepted", got, getsockname);
	show_name("accepted, peer", got, getpeername);
	show_name("client, peer", client, getpeername);
	VALUE(read(got, buffer, 10));
	VALUE(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size));
	say("size %u, pid %s, %d:%d", size, peer.pid == getpid() ? "own" : "another", peer.uid, peer.gid);
	VALUE(getsockopt(server, SOL_SOCKET, SO_ACCEPTCONN, &peer, &size));
	say("%d", peer.pid);
	VALUE(connect_to(server, "s"));
	VALUE(accept(client, NULL, NULL));
	VALUE(accept(-1, NULL, NULL));
	VALUE(accept(1, NULL, NULL));
	VALUE(sendto(client, "x", 1, 0, (void *)&name, 2));
	close(server);
	VALUE(write(client, "y", 1));
	VALUE(read(got, buffer, 10));
	close(client);
	client = make(SOCK_STREAM);
	VALUE(connect_to(client, "s"));
	close(client), close(got), close(gram);
	MUST(unlink("s"));
}

static void queues(void)
{
	int server = make(SOCK_STREAM), clients[4], status;

	MUST(bind_to(server, "q"));
	MUST(listen(server, 1));
	for (int i = 0; i < 4; i++) {
		clients[i] = make(SOCK_STREAM | SOCK_NONBLOCK);
		VALUE(connect_to(clients[i], "q"));
	}
	close(clients[0]);
	int got = MUST(accept(server, NULL, NULL));
	VALUE(read(got, buffer, 1));
	close(got);
	VALUE(connect_to(clients[3], "q"));
	MUST(write(clients[1], "one", 3));
	close(server);
	VALUE(read(clients[1], buffer, 1));
	VALUE(send(clients[1], "x", 1, MSG_NOSIGNAL));
	for (int i = 1; i < 4; i++)
		close(clients[i]);
	MUST(unlink("q"));
	server = make(SOCK_STREAM);
	MUST(bind_to(server, "q"));
	MUST(listen(server, 3));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		struct { int pid, uid, gid; } peer;
		socklen_t size = sizeof(peer);
		got = MUST(accept(server, NULL, NULL));
		MUST(getsockopt(got, SOL_SOCKET, SO_PEERCRED, &peer, &size));
		_exit(peer.pid == getppid() ? 5 : 6);
	}
	till_asleep(pid, pid);
	int client = make(SOCK_STREAM);
	VALUE(connect_to(client, "q"));
	MUST(waitpid(pid, &status, 0));
	say("a waiting accept: %s", status_text(status));
	VALUE(read(client, buffer, 1));
	close(client), close(server);
	MUST(unlink("q"));
}

static void permissions(void)
{
	int server = make(SOCK_STREAM);

	MUST(bind_to(server, "p"));
	MUST(listen(server, 5));
	static const int modes[] = { 0777, 0755, 0722, 0700, 0744 };
	for (size_t i = 0; i < COUNT(modes); i++) {
		MUST(chmod("p", modes[i]));
		if (other(9, 9)) {
			say("mode %o", modes[i]);
			VALUE(connect_to(make(SOCK_STREAM), "p"));
			_exit(0);
		}
	}
	if (other(9, 9)) {
		VALUE(bind_to(make(SOCK_STREAM), "not_here"));
		VALUE(bind_to(make(SOCK_STREAM), "@mine"));
		_exit(0);
	}
	close(server);
	MUST(unlink("p"));
}

static void datagrams(void)
{
	int a = make(SOCK_DGRAM), b = make(SOCK_DGRAM), c = make(SOCK_DGRAM | SOCK_NONBLOCK);
	struct sockaddr_un from;
	socklen_t size;

	MUST(bind_to(a, "a"));
	MUST(bind_to(b, "b"));
	VALUE(send(c, "x", 1, 0));
	size = at("a");
	VALUE(sendto(c, "nameless", 8, 0, (void *)&address, size));
	VALUE(sendto(b, "named", 5, 0, (void *)&address, size));
	size = sizeof(from);
	VALUE(recvfrom(a, buffer, 100, 0, (void *)&from, &size));
	say("from size %u", size);
	size = sizeof(from);
	VALUE(recvfrom(a, buffer, 100, 0, (void *)&from, &size));
	say("from size %u '%s'", size, from.sun_path);
	VALUE(connect_to(b, "a"));
	VALUE(send(b, "x", 1, 0));
	VALUE(recv(a, buffer, 100, 0));
	VALUE(connect_to(a, "b"));
	size = at("a");
	VALUE(sendto(c, "not your peer", 8, 0, (void *)&address, size));
	address.sun_family = AF_UNSPEC;
	VALUE(connect(a, (void *)&address, 2));
	size = at("a");
	VALUE(sendto(c, "again", 5, 0, (void *)&address, size));
	VALUE(recv(c, buffer, 1, 0));
	close(a);
	VALUE(send(b, "x", 1, 0));
	VALUE(sendto(c, "gone", 4, 0, (void *)&address, size));
	size = at("absent");
	VALUE(sendto(c, "gone", 4, 0, (void *)&address, size));
	close(b), close(c);
}

int main(void)
{
	spec_enter();
	signal(SIGPIPE, SIG_IGN);
	make_file("f", 0644, "", 0);
	MUST(symlink("gone", "dangling"));
	binding();
	abstract();
	connecting();
	queues();
	permissions();
	datagrams();
	spec_leave();
	return 0;
}
