/*
 * Stream sockets in pairs: bytes both ways, MSG_PEEK, MSG_WAITALL, MSG_DONTWAIT,
 * MSG_TRUNC, readv and writev, FIONREAD, shutdown and close seen from the other
 * side, SIGPIPE, ECONNRESET, poll, a full queue, time limits, signals, fstat and
 * the name in /proc.
 *
 * From unix(7), socketpair(2), send(2), recv(2), shutdown(2), socket(7).
 */
#include "sock.h"

static int s[2];
static char buffer[1 << 20];
static volatile int signals;

static void pair(int flags)
{
	MUST(socketpair(AF_UNIX, SOCK_STREAM | flags, 0, s));
}

static void close_both(void)
{
	MUST(close(s[0]));
	MUST(close(s[1]));
}

static void show_recv(const char *label, int fd, size_t len, int flags)
{
	char got[64] = "";
	ssize_t n;

	errno = 0;
	n = recv(fd, got, len, flags);
	if (n < 0)
		say("%s: %s", label, errno_text(errno));
	else
		say("%s: %zd \"%.*s\"", label, n, (int)n, got);
}

static void kinds(void)
{
	VALUE(socketpair(AF_UNIX, SOCK_STREAM, 1, s));
	close_both();
	VALUE(socketpair(AF_UNIX, SOCK_STREAM, 2, s));
	VALUE(socketpair(AF_UNIX, 4, 0, s));
	VALUE(socketpair(AF_UNIX, 11, 0, s));
	VALUE(socketpair(AF_UNIX, SOCK_STREAM | 0x10, 0, s));
	VALUE(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)nowhere));
	VALUE(socket(999, SOCK_STREAM, 0));
	VALUE(socket(-1, SOCK_STREAM, 0));
	VALUE(socket(AF_UNSPEC, SOCK_STREAM, 0));
	VALUE(send(1, "x", 1, 0));
	VALUE(recv(99, buffer, 1, 0));
	pair(SOCK_CLOEXEC | SOCK_NONBLOCK);
	VALUE(fcntl(s[0], F_GETFD));
	YES(fcntl(s[1], F_GETFL) == (O_RDWR | O_NONBLOCK));
	show_recv("nothing there", s[0], 10, 0);
	close_both();
}

static void bytes(void)
{
	struct iovec parts[3] = { { "one ", 4 }, { "", 0 }, { "two", 3 } };
	char a[3], b[8];
	struct iovec into[2] = { { a, 3 }, { b, 8 } };
	int n = -1;

	pair(0);
	VALUE(write(s[0], "hello", 5));
	VALUE(write(s[0], " world", 6));
	VALUE(ioctl(s[1], FIONREAD, &n));
	VALUE(n);
	show_recv("peek", s[1], 7, MSG_PEEK);
	show_recv("peek beyond one write", s[1], 60, MSG_PEEK);
	show_recv("some", s[1], 3, 0);
	show_recv("the rest", s[1], 60, 0);
	show_recv("no more", s[1], 60, MSG_DONTWAIT);
	VALUE(writev(s[1], parts, 3));
	VALUE(readv(s[0], into, 2));
	YES(!memcmp(a, "one", 3) && !memcmp(b, " two", 4));
	VALUE(read(s[0], buffer, 0));
	VALUE(write(s[0], buffer, 0));
	VALUE(write(s[0], nowhere, 5));
	VALUE(write(s[0], "abc", 3));
	VALUE(read(s[1], nowhere, 5));
	show_recv("still there", s[1], 10, 0);
	VALUE(lseek(s[0], 0, SEEK_CUR));
	VALUE(pread(s[0], buffer, 1, 0));
	VALUE(ftruncate(s[0], 0));
	VALUE(fsync(s[0]));
	VALUE(isatty(s[0]));
	VALUE(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, s[0], 0) == MAP_FAILED);
	close_both();
}

static void identity(void)
{
	struct stat st;
	char link[64], name[64];
	int fd;

	pair(0);
	MUST(fstat(s[0], &st));
	say("mode %o, size %ld", st.st_mode, (long)st.st_size);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", s[0]);
	memset(link, 0, sizeof(link));
	MUST(readlink(name, link, sizeof(link) - 1));
	snprintf(buffer, 64, "socket:[%lu]", (unsigned long)st.st_ino);
	YES(!strcmp(link, buffer));
	VALUE(open(name, O_RDWR));
	fd = MUST(dup(s[0]));
	MUST(close(s[0]));
	VALUE(write(fd, "by the copy", 11));
	show_recv("from the copy", s[1], 20, 0);
	MUST(close(fd));
	MUST(close(s[1]));
}

static void on_signal(int number)
{
	(void)number;
	signals++;
}

static void endings(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	int error;
	socklen_t len = sizeof(error);

	MUST(sigaction(SIGPIPE, &action, NULL));
	pair(0);
	show_poll("idle", s[0]);
	MUST(write(s[1], "left over", 9));
	show_poll("bytes", s[0]);
	MUST(shutdown(s[1], SHUT_WR));
	show_poll("bytes, other side wrote its last", s[0]);
	show_recv("what is left", s[0], 20, 0);
	show_recv("the end", s[0], 20, 0);
	show_recv("and again", s[0], 20, MSG_DONTWAIT);
	VALUE(write(s[0], "other way", 9));
	VALUE(write(s[1], "no", 2));
	VALUE(signals);
	VALUE(send(s[1], "no", 2, MSG_NOSIGNAL));
	VALUE(signals);
	show_recv("other way", s[1], 20, 0);
	VALUE(shutdown(s[1], 3));
	VALUE(shutdown(s[1], -1));
	VALUE(shutdown(s[1], SHUT_RD));
	show_poll("shut both ways", s[1]);
	show_poll("seen from the other side", s[0]);
	show_recv("shut", s[1], 20, 0);
	VALUE(send(s[0], "x", 1, MSG_NOSIGNAL));
	close_both();

	pair(0);
	MUST(close(s[1]));
	show_poll("other side closed", s[0]);
	show_recv("closed", s[0], 20, 0);
	signals = 0;
	VALUE(write(s[0], "x", 1));
	VALUE(signals);
	MUST(close(s[0]));

	pair(0);
	MUST(write(s[0], "unread", 6));
	MUST(write(s[1], "sent", 4));
	MUST(close(s[1]));
	show_poll("closed with bytes unread", s[0]);
	show_recv("what was sent", s[0], 20, 0);
	show_recv("then", s[0], 20, 0);
	show_recv("then", s[0], 20, 0);
	MUST(close(s[0]));
	pair(0);
	MUST(write(s[0], "unread", 6));
	MUST(close(s[1]));
	VALUE(getsockopt(s[0], SOL_SOCKET, SO_ERROR, &error, &len));
	say("SO_ERROR: %s", errno_text(error));
	VALUE(getsockopt(s[0], SOL_SOCKET, SO_ERROR, &error, &len));
	VALUE(error);
	MUST(close(s[0]));
}

static void sum_child(int fd, long expected)
{
	long sum = 0, n;

	while ((n = read(fd, buffer, 5000)) > 0)
		for (long i = 0; i < n; i++)
			sum += (unsigned char)buffer[i];
	_exit(sum != expected);
}

static void full(void)
{
	size_t written = 0;
	long sum = 0;
	pid_t pid;

	pair(SOCK_NONBLOCK);
	for (ssize_t n; (n = write(s[0], buffer, 1000)) > 0;)
		written += n;
	say("full: %s", errno_text(errno));
	YES(written >= 50000 && written <= 400000);
	show_poll("full", s[0]);
	show_poll("the reader", s[1]);
	VALUE(send(s[0], "x", 1, 0));
	for (size_t n = 0; n < written - 2000;)
		n += MUST(read(s[1], buffer, 1000));
	show_poll("room again", s[0]);
	close_both();

	for (size_t i = 0; i < sizeof(buffer); i++) {
		buffer[i] = i * 31 + i / 1000;
		sum += (unsigned char)buffer[i];
	}
	pair(0);
	pid = MUST(fork());
	if (pid == 0) {
		close(s[0]);
		sum_child(s[1], sum);
	}
	MUST(close(s[1]));
	YES_OF("a MiB in one write", write(s[0], buffer, sizeof(buffer)) == sizeof(buffer));
	MUST(close(s[0]));
	int status = -1;
	MUST(waitpid(pid, &status, 0));
	say("the reader: %s", status_text(status));
}

/* Who waits for room goes on when SO_SNDBUF makes some, and nobody reads. */
static void more_room(void)
{
	int size = 4096, status = -1;

	pair(0);
	MUST(setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		alarm(10);
		_exit(write(s[0], buffer, 30000) == 30000 ? 0 : 1);
	}
	till_asleep(pid, pid);
	size = 100000;
	OK(setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	MUST(waitpid(pid, &status, 0));
	say("a writer that waited: %s", status_text(status));
	close_both();
}

static void later(int fd, int ms)
{
	if (fork())
		return;
	sleep_ms(ms);
	write(fd, "later", 5);
	_exit(0);
}

static void waiting(void)
{
	struct timeval limit = { 0, 60000 }, got;
	socklen_t len = sizeof(got);
	struct sigaction action = { .sa_handler = on_signal }, restart = { .sa_handler = on_signal,
									     .sa_flags = SA_RESTART };
	long before;

	pair(0);
	later(s[1], 30);
	show_recv("waits for a writer", s[0], 20, 0);
	later(s[1], 30);
	MUST(write(s[1], "now, ", 5));
	show_recv("all of it", s[0], 10, MSG_WAITALL);
	while (wait(NULL) > 0)
		;
	MUST(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	MUST(getsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &got, &len));
	say("limit: %ld s %ld us", (long)got.tv_sec, (long)got.tv_usec);
	before = now_ms();
	show_recv("a time limit", s[0], 20, 0);
	YES_OF("it took that long", now_ms() - before >= 59);
	MUST(write(s[1], "abc", 3));
	show_recv("less than all by then", s[0], 20, MSG_WAITALL);
	limit.tv_usec = 0;
	MUST(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));

	MUST(sigaction(SIGALRM, &action, NULL));
	ualarm(40000, 0);
	show_recv("a signal", s[0], 20, 0);
	MUST(sigaction(SIGALRM, &restart, NULL));
	later(s[1], 120);
	ualarm(40000, 0);
	show_recv("a signal and SA_RESTART", s[0], 20, 0);
	limit.tv_sec = 5;
	MUST(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	ualarm(40000, 0);
	show_recv("SA_RESTART with a limit", s[0], 20, 0);
	MUST(wait(NULL));
	close_both();
}

int main(void)
{
	kinds();
	bytes();
	identity();
	endings();
	full();
	more_room();
	waiting();
	return 0;
}
