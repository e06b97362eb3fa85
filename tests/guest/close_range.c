/*
 * close_range: what it closes and what not, ranges beyond the table, marks
 * instead of closing, a shared table that it first makes its own; and record
 * locks, which its closes end like any close.
 * Page: close_range(2).
 */
#include "clone.h"

enum { UNSHARE = 2, CLOEXEC = 4 };

static long range(unsigned first, unsigned last, unsigned flags)
{
	return syscall(436, first, last, flags);
}

/* '+' open, 'x' open and close-on-exec, '-' closed, for descriptors 10 to 21. */
static void show(const char *label)
{
	char seen[13] = "";

	for (int i = 0; i < 12; i++) {
		int flags = fcntl(10 + i, F_GETFD);
		seen[i] = flags < 0 ? '-' : flags & FD_CLOEXEC ? 'x' : '+';
	}
	say("%s: %s", label, seen);
}

static void fill(void)
{
	for (int i = 10; i <= 21; i++)
		MUST(dup2(0, i));
}

static void closing(void)
{
	fill();
	VALUE(range(12, 14, 0));
	show("12 to 14");
	VALUE(range(11, 16, 0));
	show("11 to 16, some of them closed");
	VALUE(range(20, 20, 0));
	show("one");
	VALUE_OF("the lowest free is below", fcntl(0, F_DUPFD, 10));
	VALUE(range(17, ~0u, 0));
	show("from 17 on");
	VALUE_OF("nothing is there", range(100, 200, 0));
	VALUE(range(~0u, ~0u, 0));
	VALUE(range(10, 21, 0));
	show("all");
	MUST(dup2(0, 700));
	VALUE(range(650, 10000, 0));
	VALUE_OF("one far up", fcntl(700, F_GETFD));
}

static void marking(void)
{
	fill();
	VALUE(range(12, 14, CLOEXEC));
	show("12 to 14 marked");
	close(13);
	MUST(dup2(0, 13));
	show("13 new");
	VALUE(range(20, 5000, CLOEXEC));
	show("from 20 on");
	VALUE_OF("none of the closed was marked", (MUST(dup2(0, 30)), fcntl(30, F_GETFD)));
	range(10, 30, 0);
}

static void errors(void)
{
	VALUE(range(5, 4, 0));
	VALUE(range(5, 4, CLOEXEC));
	VALUE(range(100, 100, 1));
	VALUE(range(100, 100, 8));
	VALUE(range(100, 100, ~0u));
	VALUE(range(100, 100, UNSHARE | CLOEXEC));
}

static int close_own(void *flags)
{
	return syscall(436, 12, 14, (unsigned)(long)flags) != 0 || fcntl(11, F_GETFD) < 0;
}

static void sharing(void)
{
	fill();
	reap("child, table shared", raw_clone(CLONE_FILES | SIGCHLD, close_own, (void *)0));
	show("its closes are ours");
	fill();
	reap("child, unshares", raw_clone(CLONE_FILES | SIGCHLD, close_own, (void *)UNSHARE));
	show("its closes are its own");
	reap("child, unshares and marks",
	     raw_clone(CLONE_FILES | SIGCHLD, close_own, (void *)(UNSHARE | CLOEXEC)));
	show("so are its marks");
	reap("child, marks", raw_clone(CLONE_FILES | SIGCHLD, close_own, (void *)CLOEXEC));
	show("marks in common");
	range(10, 21, 0);
}

static void locks(void)
{
	struct flock lock = { .l_type = F_WRLCK };
	int status, fd = MUST(open("range.tmp", O_RDWR | O_CREAT, 0600)), other = MUST(dup2(fd, 20));

	for (int step = 0; step < 2; step++) {
		lock.l_type = F_WRLCK;
		MUST(fcntl(fd, F_SETLK, &lock));
		VALUE(range(20, 30, step == 0 ? CLOEXEC : 0));
		pid_t pid = MUST(fork());
		if (pid == 0)
			_exit(fcntl(fd, F_GETLK, &lock) || lock.l_type != F_UNLCK);
		MUST(waitpid(pid, &status, 0));
		say("locked: %s", WEXITSTATUS(status) ? "yes" : "no");
	}
	YES(fcntl(other, F_GETFD) == -1);
	close(fd);
	MUST(unlink("range.tmp"));
}

int main(void)
{
	range(3, ~0u, 0);
	errors();
	closing();
	marking();
	sharing();
	locks();
	return 0;
}
