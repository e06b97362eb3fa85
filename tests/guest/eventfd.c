/*
 * eventfd: counting, as a semaphore, waiting for something and for room, poll,
 * its flags and errors, over fork.
 *
 * From eventfd(2).
 */
#include "check.h"
#include <sys/eventfd.h>

static uint64_t number;

static void show_read(const char *label, int fd)
{
	errno = 0;
	if (read(fd, &number, sizeof(number)) == sizeof(number))
		say("%s: %llu", label, (unsigned long long)number);
	else
		say("%s: %s", label, errno_text(errno));
}

static long add(int fd, uint64_t value)
{
	return write(fd, &value, sizeof(value));
}

static void show_poll(const char *label, int fd)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN | POLLOUT };
	int n = poll(&entry, 1, 0);

	say("%s: %d%s%s%s", label, n, entry.revents & POLLIN ? " IN" : "",
	    entry.revents & POLLOUT ? " OUT" : "", entry.revents & POLLERR ? " ERR" : "");
}

int main(void)
{
	int e = MUST(eventfd(3, EFD_NONBLOCK)), s = MUST(eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE));
	char link[64] = "", name[64];
	struct stat st;
	int status;
	pid_t pid;

	VALUE(syscall(SYS_eventfd2, 0, 0x10));
	VALUE(fcntl(e, F_GETFD));
	YES(fcntl(e, F_GETFL) == (O_RDWR | O_NONBLOCK));
	show_poll("3 in it", e);
	show_read("all of it", e);
	show_poll("empty", e);
	show_read("empty", e);
	VALUE(add(e, 4));
	VALUE(add(e, 0));
	VALUE(add(e, 5));
	show_read("sum", e);
	show_read("semaphore", s);
	show_read("semaphore", s);
	show_read("semaphore", s);
	VALUE(add(e, -1));
	VALUE(add(e, -2));
	show_poll("full", e);
	VALUE(add(e, 1));
	VALUE(add(e, 0));
	VALUE(read(e, &number, 7));
	VALUE(read(e, nowhere, 8));
	VALUE(add(e, 7));
	VALUE(write(e, &number, 7));
	VALUE(write(e, nowhere, 8));
	VALUE(pread(e, &number, 8, 0));
	VALUE(ftruncate(e, 0));
	VALUE(ioctl(e, FIONREAD, &status));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", e);
	MUST(readlink(name, link, sizeof(link) - 1));
	say("%s", link);
	MUST(fstat(e, &st));
	say("mode %o", st.st_mode);
	VALUE(open(name, O_RDWR));

	MUST(close(e));
	e = MUST(eventfd(0, EFD_CLOEXEC));
	VALUE(fcntl(e, F_GETFD));
	pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(30);
		_exit(add(e, 42) != 8);
	}
	show_read("waits", e);
	MUST(waitpid(pid, &status, 0));
	MUST(add(e, -2));
	pid = MUST(fork());
	if (pid == 0)
		_exit(add(e, 5) != 8);
	till_asleep(pid, pid);
	show_read("a writer waits for room", e);
	MUST(waitpid(pid, &status, 0));
	say("%s", status_text(status));
	show_read("what it wrote", e);
	struct pollfd entry = { .fd = e, .events = POLLIN };
	pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(30);
		_exit(add(e, 1) != 8);
	}
	VALUE(poll(&entry, 1, 5000));
	MUST(waitpid(pid, &status, 0));
	MUST(close(e));
	MUST(close(s));
	return 0;
}
