/*
 * close_range: ranges, flags, tables shared and not, record locks.
 * Pages: close_range(2), fcntl(2), unshare(2).
 *
 * native: no
 */
#include "spec.h"

enum { UNSHARE = 2, CLOEXEC = 4 };

static int fd;

static long range(unsigned first, unsigned last, unsigned flags)
{
	return syscall(SYS_close_range, first, last, flags);
}

/* 3 to 20 and some beyond: o open, x close-on-exec. */
static void show(const char *label)
{
	static const int far[] = { 63, 64, 65, 500, 1023 };
	char text[32] = "";

	for (int i = 3; i <= 20; i++) {
		int flags = fcntl(i, F_GETFD);
		text[i - 3] = flags == -1 ? '-' : flags ? 'x' : 'o';
	}
	text[18] = ' ';
	for (size_t i = 0; i < COUNT(far); i++) {
		int flags = fcntl(far[i], F_GETFD);
		text[19 + i] = flags == -1 ? '-' : flags ? 'x' : 'o';
	}
	say("%s: %s", label, text);
}

static void refill(void)
{
	static const int far[] = { 63, 64, 65, 500, 1023 };

	for (int i = 3; i <= 20; i++)
		if (i != fd)
			MUST(dup2(fd, i));
	for (size_t i = 0; i < COUNT(far); i++)
		MUST(dup2(fd, far[i]));
}

#define RANGE(...) do { \
	pid_t pid = MUST(fork()); \
	if (pid == 0) { \
		refill(); \
		VALUE_OF("range " #__VA_ARGS__, range(__VA_ARGS__)); \
		show("  then"); \
		VALUE_OF("  the next is", dup(1)); \
		_exit(0); \
	} \
	MUST(waitpid(pid, NULL, 0)); \
} while (0)

static void ranges(void)
{
	RANGE(5, 9, 0);
	RANGE(3, 3, 0);
	RANGE(3, ~0U, 0);
	RANGE(10, 9, 0);
	RANGE(64, 64, 0);
	RANGE(60, 64, 0);
	RANGE(21, 62, 0);
	RANGE(1023, 1023, 0);
	RANGE(1024, ~0U, 0);
	RANGE(~0U, ~0U, 0);
	RANGE(100000, 200000, 0);
	RANGE(5, 9, CLOEXEC);
	RANGE(3, ~0U, CLOEXEC);
	RANGE(64, 1023, CLOEXEC);
	RANGE(9, 5, CLOEXEC);
	RANGE(5, 9, UNSHARE);
	RANGE(3, ~0U, UNSHARE);
	RANGE(5, 9, UNSHARE | CLOEXEC);
	RANGE(5, 9, 1);
	RANGE(5, 9, 8);
	RANGE(5, 9, ~0U);
	RANGE(9, 5, 1);
}

static char stack[65536];

static int in_shared(void *flags)
{
	return range(4, ~0U, (long)flags) == 0 ? 0 : 1;
}

/* A child that shares the table closes ours, or not any more. */
static void shared(void)
{
	static const unsigned long flags[] = { 0, UNSHARE, CLOEXEC, UNSHARE | CLOEXEC };

	for (size_t i = 0; i < COUNT(flags); i++) {
		int status;
		refill();
		pid_t pid = MUST(clone(in_shared, stack + sizeof(stack), CLONE_FILES | SIGCHLD,
				       (void *)flags[i]));
		MUST(waitpid(pid, &status, 0));
		say("a sharer with flags %lu: %s", flags[i], status_text(status));
		show("  the other's table");
	}
	range(4, ~0U, 0);
}

static void ends(void)
{
	struct flock lock = { .l_type = F_WRLCK };
	int fds[2], again;
	char byte;

	MUST(pipe(fds));
	MUST(dup2(fds[1], 50));
	MUST(close(fds[1]));
	VALUE(range(50, 50, 0));
	VALUE_OF("end of file: the last writer is gone", read(fds[0], &byte, 1));
	close(fds[0]);
	again = MUST(open("f", O_RDWR));
	MUST(fcntl(fd, F_SETLK, &lock));
	VALUE(range(again, again, CLOEXEC));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		VALUE_OF("the lock is there", fcntl(fd, F_SETLK, &lock));
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	VALUE(range(again, again, 0));
	pid = MUST(fork());
	if (pid == 0) {
		VALUE_OF("the lock went with a close of any descriptor", fcntl(fd, F_SETLK, &lock));
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
}

int main(void)
{
	spec_enter();
	fd = MUST(open("f", O_CREAT | O_RDWR, 0600));
	ranges();
	shared();
	ends();
	spec_leave();
	return 0;
}
