/*
 * Locks of open file descriptions (F_OFD_SETLK): they exclude record locks of
 * the same process, live by the description (dup, fork, the last close), leave
 * flock alone, and find no circles. Errors.
 * Page: fcntl(2) "Open file description locks".
 */
#include "check.h"
#include <sys/file.h>

static int a, b; /* two descriptions of one file */

static int op(int fd, int command, int type, long start, long len)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len };

	return fcntl(fd, command, &lock);
}

static const char *type_text(int type)
{
	return type == F_RDLCK ? "read" : type == F_WRLCK ? "write" : "none";
}

static void show(const char *label, int fd, int command, int type, long start, long len)
{
	struct flock lock = { .l_type = type, .l_start = start, .l_len = len };

	MUST(fcntl(fd, command, &lock));
	say("%s: %s start %ld len %ld pid %s", label, type_text(lock.l_type), (long)lock.l_start,
	    (long)lock.l_len, lock.l_pid == -1 ? "-1" : lock.l_pid == getpid() ? "own" : "other");
}

static void exclusion(void)
{
	VALUE(op(a, F_OFD_SETLK, F_WRLCK, 10, 10));
	VALUE_OF("the same again, longer", op(a, F_OFD_SETLK, F_WRLCK, 15, 10));
	VALUE_OF("another description", op(b, F_OFD_SETLK, F_RDLCK, 24, 1));
	VALUE_OF("beside it", op(b, F_OFD_SETLK, F_RDLCK, 25, 1));
	VALUE_OF("a record lock of the same process", op(a, F_SETLK, F_RDLCK, 12, 1));
	show("F_GETLK", a, F_GETLK, F_RDLCK, 0, 0);
	show("F_OFD_GETLK of the owner", a, F_OFD_GETLK, F_RDLCK, 0, 25);
	show("F_OFD_GETLK of the other", b, F_OFD_GETLK, F_RDLCK, 0, 0);
	VALUE_OF("made weaker", op(a, F_OFD_SETLK, F_RDLCK, 12, 3));
	VALUE_OF("two that read", op(b, F_OFD_SETLK, F_RDLCK, 12, 3));
	VALUE_OF("no way back", op(a, F_OFD_SETLK, F_WRLCK, 12, 3));
	VALUE_OF("a record lock that reads", op(a, F_SETLK, F_RDLCK, 13, 1));
	VALUE_OF("unlocking by F_SETLK", op(a, F_SETLK, F_UNLCK, 0, 0));
	show("has left this", b, F_OFD_GETLK, F_WRLCK, 10, 2);
	VALUE(op(a, F_OFD_SETLK, F_UNLCK, 0, 0));
	VALUE(op(b, F_OFD_SETLK, F_UNLCK, 0, 0));
	VALUE(op(a, F_SETLK, F_WRLCK, 0, 0));
	show("a record lock, seen by F_OFD_GETLK", a, F_OFD_GETLK, F_RDLCK, 5, 1);
	VALUE(op(a, F_OFD_SETLK, F_RDLCK, 5, 1));
	VALUE(op(a, F_SETLK, F_UNLCK, 0, 0));
}

static void what_ends_them(void)
{
	int copy = MUST(dup(a)), third = MUST(open("ofd.tmp", O_RDWR)), status;

	MUST(op(a, F_OFD_SETLK, F_WRLCK, 0, 10));
	MUST(close(third));
	VALUE_OF("another open is closed", op(b, F_OFD_SETLK, F_RDLCK, 0, 1));
	VALUE_OF("the copy has it too", op(copy, F_OFD_SETLK, F_RDLCK, 0, 5));
	MUST(close(copy));
	VALUE_OF("the copy is closed", op(b, F_OFD_SETLK, F_RDLCK, 5, 1));
	pid_t pid = MUST(fork());
	if (pid == 0)
		_exit(op(a, F_OFD_SETLK, F_UNLCK, 5, 1) | op(a, F_OFD_SETLK, F_WRLCK, 50, 1));
	MUST(waitpid(pid, &status, 0));
	say("the child changes it: %s", status_text(status));
	VALUE(op(b, F_OFD_SETLK, F_WRLCK, 5, 1));
	VALUE(op(b, F_OFD_SETLK, F_RDLCK, 50, 1));
	pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(50);
		_exit(0);
	}
	MUST(close(a));
	VALUE_OF("closed, but the child has it", op(b, F_OFD_SETLK, F_RDLCK, 50, 1));
	MUST(waitpid(pid, &status, 0));
	VALUE_OF("the child has ended", op(b, F_OFD_SETLK, F_RDLCK, 50, 1));
	VALUE(op(b, F_OFD_SETLK, F_UNLCK, 0, 0));
	a = MUST(open("ofd.tmp", O_RDWR));
}

static void flocks(void)
{
	VALUE(flock(a, LOCK_EX));
	VALUE(op(b, F_OFD_SETLK, F_WRLCK, 0, 0));
	VALUE(op(a, F_OFD_SETLK, F_RDLCK, 0, 1));
	VALUE(op(b, F_OFD_SETLK, F_UNLCK, 0, 0));
	VALUE(op(a, F_OFD_SETLK, F_WRLCK, 0, 0));
	VALUE(flock(a, LOCK_UN));
	VALUE_OF("flock's end does not end it", op(b, F_OFD_SETLK, F_RDLCK, 0, 1));
	VALUE(flock(b, LOCK_SH));
	VALUE(flock(a, LOCK_EX | LOCK_NB));
	VALUE_OF("nor does flock that fails", op(b, F_OFD_SETLK, F_RDLCK, 0, 1));
	VALUE(flock(b, LOCK_UN));
	VALUE(op(a, F_OFD_SETLK, F_UNLCK, 0, 0));
	VALUE(flock(a, LOCK_EX | LOCK_NB));
	VALUE(flock(a, LOCK_UN));
}

static void on_alarm(int number)
{
	(void)number;
}

/* Each waits for the other: nobody says EDEADLK, the alarm ends it. */
static void circle(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	int ready[2], status;
	char byte;

	MUST(sigaction(SIGALRM, &action, NULL));
	MUST(pipe(ready));
	MUST(op(a, F_OFD_SETLK, F_WRLCK, 0, 1));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		MUST(op(b, F_OFD_SETLK, F_WRLCK, 1, 1));
		MUST(write(ready[1], "x", 1));
		_exit(op(b, F_OFD_SETLKW, F_WRLCK, 0, 1) != 0);
	}
	MUST(read(ready[0], &byte, 1));
	sleep_ms(50);
	struct itimerval soon = { .it_value = { .tv_usec = 200000 } };
	MUST(setitimer(ITIMER_REAL, &soon, NULL));
	VALUE(op(a, F_OFD_SETLKW, F_WRLCK, 1, 1));
	VALUE(op(a, F_OFD_SETLK, F_UNLCK, 0, 0));
	MUST(waitpid(pid, &status, 0));
	say("the child then had its lock: %s", status_text(status));
	VALUE(op(b, F_OFD_SETLK, F_UNLCK, 0, 0));
	MUST(close(ready[0]));
	MUST(close(ready[1]));
}

static void errors(void)
{
	struct flock lock = { .l_type = F_RDLCK, .l_pid = 5 };
	int read_only = MUST(open("ofd.tmp", O_RDONLY)), path = MUST(open("ofd.tmp", O_PATH));

	VALUE(fcntl(a, F_OFD_SETLK, &lock));
	VALUE(fcntl(a, F_OFD_SETLKW, &lock));
	VALUE(fcntl(a, F_OFD_GETLK, &lock));
	VALUE(op(a, F_OFD_SETLK, 3, 0, 0));
	VALUE(op(a, F_OFD_SETLK, F_WRLCK, -1, 0));
	VALUE(op(a, F_OFD_SETLK, F_WRLCK, 5, LONG_MAX));
	VALUE(op(read_only, F_OFD_SETLK, F_WRLCK, 0, 0));
	VALUE(op(path, F_OFD_SETLK, F_RDLCK, 0, 0));
	VALUE(op(99, F_OFD_SETLK, F_RDLCK, 0, 0));
	VALUE(fcntl(a, F_OFD_SETLK, nowhere));
	MUST(close(read_only));
	MUST(close(path));
}

int main(void)
{
	a = MUST(open("ofd.tmp", O_RDWR | O_CREAT, 0600));
	b = MUST(open("ofd.tmp", O_RDWR));
	exclusion();
	what_ends_them();
	flocks();
	circle();
	errors();
	MUST(unlink("ofd.tmp"));
	return 0;
}
