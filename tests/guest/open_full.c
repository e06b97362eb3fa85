/*
 * With no descriptor left, calls that make one fail before they do anything: no
 * file is made or cut, no name looked up, no fifo waited for; and a table that
 * is full above stays usable below. dup2, F_DUPFD at the limit.
 * Pages: open(2), pipe(2), dup(2), fcntl(2), getrlimit(2).
 */
#include "check.h"

enum { LIMIT = 40 };

static void fill(void)
{
	while (dup(0) >= 0)
		;
}

static void opens(void)
{
	struct stat st;

	fill();
	VALUE(open("nothing", O_RDONLY));
	VALUE(open("made.tmp", O_RDWR | O_CREAT, 0600));
	VALUE(stat("made.tmp", &st));
	VALUE(open("full.tmp", O_WRONLY | O_TRUNC));
	VALUE((stat("full.tmp", &st), st.st_size));
	VALUE(open("full.tmp/x", O_RDONLY));
	VALUE(open("fifo.tmp", O_RDONLY));
	VALUE(open("", O_RDONLY));
	VALUE(open(nowhere, O_RDONLY));
	VALUE(open("full.tmp", O_PATH));
	VALUE(openat(-5, "full.tmp", O_RDONLY));
	close(20);
	VALUE(open("nothing", O_RDONLY));
	VALUE(open("full.tmp", O_RDONLY));
	VALUE(open("full.tmp", O_RDONLY));
}

static void pipes(void)
{
	int fds[2] = { -7, -7 };

	fill();
	VALUE(pipe(fds));
	close(LIMIT - 1);
	VALUE(pipe(fds));
	YES(fds[0] == -7 && fds[1] == -7);
	VALUE(dup(0));
	close(10), close(12);
	VALUE(syscall(SYS_pipe2, nowhere, 0));
	VALUE(syscall(SYS_pipe2, in_kernel, 0));
	VALUE(pipe(fds));
	say("pipe got %d and %d", fds[0], fds[1]);
}

static void limits(void)
{
	VALUE(fcntl(0, F_DUPFD, LIMIT - 1));
	VALUE(fcntl(0, F_DUPFD, LIMIT));
	VALUE(fcntl(0, F_DUPFD, -1));
	VALUE(fcntl(99, F_DUPFD, LIMIT));
	VALUE(fcntl(0, F_DUPFD_CLOEXEC, LIMIT - 1));
	VALUE(fcntl(0, F_DUPFD_CLOEXEC, LIMIT));
	VALUE(syscall(SYS_fcntl, 0, F_DUPFD, 0x100000000ul));
	close(LIMIT - 1);
	VALUE(syscall(SYS_fcntl, 0, F_DUPFD, 0x100000000ul + LIMIT - 1));
	VALUE(dup2(0, LIMIT));
	VALUE(dup2(0, LIMIT - 1));
	VALUE(dup2(99, LIMIT - 1));
	VALUE_OF("still open", fcntl(LIMIT - 1, F_GETFD));
}

/* A limit below what is open closes nothing: getrlimit(2). */
static void lowered(void)
{
	struct rlimit limit;
	struct pollfd fds[21] = { { .fd = 30, .events = POLLOUT } };

	MUST(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 20;
	MUST(setrlimit(RLIMIT_NOFILE, &limit));
	VALUE_OF("open above it", fcntl(30, F_GETFD));
	VALUE(dup2(30, 31));
	VALUE(dup2(30, 19));
	VALUE(dup2(31, 31));
	close(5);
	VALUE(dup(30));
	VALUE(dup(30));
	VALUE(poll(fds, 20, 0) >= 0);
	VALUE(poll(fds, 21, 0));
	VALUE(poll(fds, 0, 0));
	limit.rlim_cur = limit.rlim_max + 1;
	VALUE(setrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 0;
	MUST(setrlimit(RLIMIT_NOFILE, &limit));
	VALUE(dup(0));
	VALUE(fcntl(0, F_DUPFD, 0));
	VALUE(open("full.tmp", O_RDONLY));
}

int main(void)
{
	struct rlimit limit;

	MUST(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = LIMIT;
	MUST(setrlimit(RLIMIT_NOFILE, &limit));
	make_file("full.tmp", 0600, "12345", 5);
	MUST(mkfifo("fifo.tmp", 0600));
	for (int fd = 3; fd < 60; fd++)
		close(fd);
	opens();
	pipes();
	limits();
	lowered();
	MUST(unlink("full.tmp"));
	MUST(unlink("fifo.tmp"));
	return 0;
}
