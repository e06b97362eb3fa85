/*
 * poll: pipes in each state, files, bad descriptors, timeouts, a wait that a
 * writer, a close or a second descriptor ends.
 *
 * From poll(2).
 */
#include "check.h"

static int fds[2];
static char buffer[1 << 17];

static void show_poll(const char *label, int fd, short events, int timeout)
{
	struct pollfd entry = { .fd = fd, .events = events, .revents = 0x5555 };
	int n = poll(&entry, 1, timeout);

	say("%s: %d%s%s%s%s%s%s", label, n, entry.revents & POLLIN ? " IN" : "",
	    entry.revents & POLLOUT ? " OUT" : "", entry.revents & POLLHUP ? " HUP" : "",
	    entry.revents & POLLERR ? " ERR" : "", entry.revents & POLLNVAL ? " NVAL" : "",
	    entry.revents & ~(POLLIN | POLLOUT | POLLHUP | POLLERR | POLLNVAL) ? " more" : "");
}

static void states(void)
{
	int file;

	MUST(pipe2(fds, O_NONBLOCK));
	show_poll("empty, read end", fds[0], POLLIN | POLLOUT, 0);
	show_poll("empty, write end", fds[1], POLLIN | POLLOUT, 0);
	MUST(write(fds[1], "x", 1));
	show_poll("one byte, read end", fds[0], POLLIN, 0);
	show_poll("one byte, nothing asked", fds[0], 0, 0);
	while (write(fds[1], buffer, 4096) > 0)
		;
	show_poll("full, write end", fds[1], POLLOUT, 0);
	close(fds[1]);
	show_poll("writer gone, data left", fds[0], POLLIN, 0);
	while (read(fds[0], buffer, sizeof(buffer)) > 0)
		;
	show_poll("writer gone, empty", fds[0], POLLIN, 0);
	show_poll("writer gone, nothing asked", fds[0], 0, 0);
	close(fds[0]);
	MUST(pipe(fds));
	close(fds[0]);
	show_poll("reader gone", fds[1], POLLOUT, 0);
	show_poll("reader gone, nothing asked", fds[1], 0, 0);
	close(fds[1]);
	show_poll("closed descriptor", fds[1], POLLIN, 0);
	show_poll("descriptor 9999", 9999, POLLIN, 0);
	show_poll("descriptor -1", -1, POLLIN, 0);
	file = MUST(open("/proc/self/exe", O_RDONLY));
	show_poll("a file", file, POLLIN | POLLOUT, 0);
	close(file);
	file = MUST(open("/dev/null", O_RDWR));
	show_poll("/dev/null", file, POLLIN | POLLOUT, 0);
	close(file);
}

static void timeouts(void)
{
	long before = now_ms();

	MUST(pipe(fds));
	show_poll("0 ms", fds[0], POLLIN, 0);
	show_poll("60 ms", fds[0], POLLIN, 60);
	YES_OF("it took them", now_ms() - before >= 59);
	before = now_ms();
	VALUE_OF("no descriptors, 30 ms", poll(NULL, 0, 30));
	YES_OF("it took them", now_ms() - before >= 29);
	VALUE_OF("too many", poll((struct pollfd *)buffer, -1U, 0));
}

static void waking(void)
{
	struct pollfd both[3] = { { .fd = fds[0], .events = POLLIN }, { .fd = -1 } };
	int other[2];
	pid_t pid = MUST(fork());

	if (pid == 0) {
		sleep_ms(40);
		MUST(write(fds[1], "w", 1));
		_exit(0);
	}
	show_poll("a writer comes", fds[0], POLLIN, 5000);
	MUST(waitpid(pid, NULL, 0));
	MUST(read(fds[0], buffer, 10));
	MUST(pipe(other));
	both[2] = (struct pollfd){ .fd = other[0], .events = POLLIN };
	pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(40);
		MUST(write(other[1], "w", 1));
		_exit(0);
	}
	VALUE_OF("one of three", poll(both, 3, -1));
	say("which: %d %d %d", both[0].revents, both[1].revents, both[2].revents);
	MUST(waitpid(pid, NULL, 0));
	pid = MUST(fork());
	if (pid == 0) {
		close(fds[0]);
		sleep_ms(40);
		_exit(0);
	}
	close(fds[1]);
	show_poll("the last writer goes", fds[0], POLLIN, 5000);
	MUST(waitpid(pid, NULL, 0));
	close(fds[0]), close(other[0]), close(other[1]);
}

int main(void)
{
	states();
	timeouts();
	waking();
	return 0;
}
