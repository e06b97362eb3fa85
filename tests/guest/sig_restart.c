/*
 * Slow calls met by a signal: read and write on a pipe with and without
 * SA_RESTART, nanosleep and its remainder, poll and sigsuspend that never
 * restart, and calls that an ignored or stopped-and-continued process resumes.
 *
 * From signal(7), "Interruption of system calls", nanosleep(2), poll(2).
 */
#include "check.h"

static volatile sig_atomic_t seen;
static int fds[2];

static void handler(int number)
{
	(void)number;
	seen++;
}

static void install(int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	MUST(sigaction(SIGUSR1, &action, NULL));
	seen = 0;
}

/* A child that signals us at 40 ms, and moves a byte at 80 ms. */
static pid_t helper(int number, int write_byte, int read_bytes)
{
	pid_t pid = MUST(fork());

	if (pid == 0) {
		static char buffer[1 << 17];

		sleep_ms(40);
		kill(getppid(), number);
		if (number == SIGSTOP) {
			sleep_ms(20);
			kill(getppid(), SIGCONT);
		}
		sleep_ms(40);
		if (write_byte)
			MUST(write(fds[1], "b", 1));
		if (read_bytes)
			MUST(read(fds[0], buffer, read_bytes));
		_exit(0);
	}
	return pid;
}

static void finish(pid_t pid)
{
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
	say("  handler ran: %d", seen);
}

static void read_pipe(const char *label, int flags, int number)
{
	char byte;
	pid_t pid;

	install(flags);
	pid = helper(number, 1, 0);
	VALUE_OF(label, read(fds[0], &byte, 1));
	finish(pid);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	while (read(fds[0], &byte, 1) == 1)
		;
	fcntl(fds[0], F_SETFL, 0);
}

static void write_pipe(const char *label, int flags)
{
	static char buffer[1 << 17];
	long filled = 0, n;
	pid_t pid;

	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	while ((n = write(fds[1], buffer, sizeof(buffer))) > 0)
		filled += n;
	fcntl(fds[1], F_SETFL, 0);
	install(flags);
	pid = helper(SIGUSR1, 0, (int)filled);
	VALUE_OF(label, write(fds[1], buffer, 100));
	finish(pid);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	while (read(fds[0], buffer, sizeof(buffer)) > 0)
		;
	fcntl(fds[0], F_SETFL, 0);
}

/* Part of a large write is done when the signal comes: a short count. */
static void partial_write(void)
{
	static char buffer[1 << 20];
	long n;
	pid_t pid;

	install(SA_RESTART);
	pid = helper(SIGUSR1, 0, 0);
	n = write(fds[1], buffer, sizeof(buffer));
	YES_OF("a large write is cut short", n > 0 && n < (long)sizeof(buffer));
	finish(pid);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	while (read(fds[0], buffer, sizeof(buffer)) > 0)
		;
	fcntl(fds[0], F_SETFL, 0);
}

static void sleeping(const char *label, int flags, int number)
{
	struct timespec want = { 0, 150000000 }, left = { 9, 9 };
	long before = now_ms(), took;
	int result;
	pid_t pid;

	install(flags);
	pid = helper(number, 0, 0);
	errno = 0;
	result = nanosleep(&want, &left);
	took = now_ms() - before;
	say("%s: %s", label, result == 0 ? "slept" : errno_text(errno));
	if (result == -1) {
		long left_ms = left.tv_sec * 1000 + left.tv_nsec / 1000000;

		YES_OF("  it came back early", took < 140);
		YES_OF("  the remainder is what is left",
		       left_ms > 0 && left_ms < 150 && took + left_ms >= 145);
	} else {
		YES_OF("  it took the whole time", took >= 149);
		/* Linux stores it in passing when the process was stopped. */
		if (number != SIGSTOP)
			YES_OF("  the remainder is not stored", left.tv_sec == 9 &&
			       left.tv_nsec == 9);
	}
	finish(pid);
}

static void polling(const char *label, int timeout, int number)
{
	struct pollfd entry = { .fd = fds[0], .events = POLLIN };
	pid_t pid;

	install(SA_RESTART);
	pid = helper(number, 0, 0);
	VALUE_OF(label, poll(&entry, 1, timeout));
	finish(pid);
}

int main(void)
{
	MUST(pipe(fds));
	read_pipe("read, no SA_RESTART", 0, SIGUSR1);
	read_pipe("read, SA_RESTART", SA_RESTART, SIGUSR1);
	read_pipe("read, an ignored signal", 0, SIGWINCH);
	read_pipe("read, stopped and continued", 0, SIGSTOP);
	write_pipe("write, no SA_RESTART", 0);
	write_pipe("write, SA_RESTART", SA_RESTART);
	partial_write();
	sleeping("nanosleep, no SA_RESTART", 0, SIGUSR1);
	sleeping("nanosleep, SA_RESTART", SA_RESTART, SIGUSR1);
	sleeping("nanosleep, an ignored signal", 0, SIGWINCH);
	sleeping("nanosleep, stopped and continued", 0, SIGSTOP);
	polling("poll, SA_RESTART", 1000, SIGUSR1);
	polling("poll without end, SA_RESTART", -1, SIGUSR1);
	polling("poll, an ignored signal", 150, SIGWINCH);
	return 0;
}
