/*
 * Record locks and flock from several processes: a counter in a file that is
 * read and written under a lock loses nothing; ranges that do not meet do not
 * wait; of two that would wait for each other exactly one gets EDEADLK; and a
 * process that is killed leaves none behind. fcntl(2), flock(2).
 *
 * Arguments: rounds (100).
 * guest: -c 4 -t 120
 */
#include "check.h"
#include <sys/file.h>

enum { WORKERS = 4 };

static int lock(int fd, int type, off_t start, off_t len, int wait)
{
	struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};
	return fcntl(fd, wait ? F_SETLKW : F_SETLK, &range);
}

static int add_one(int fd, off_t at)
{
	int n;
	if (pread(fd, &n, sizeof n, at) != sizeof n)
		return 1;
	n++;
	return pwrite(fd, &n, sizeof n, at) != sizeof n;
}

/* Odd ones of the rounds add to a number of their own, beside the others'. */
static int count_by_fcntl(int me, int rounds)
{
	int fd = open("counter", O_RDWR);
	for (int i = 0; i < rounds; i++) {
		off_t at = i % 2 ? 64 + 8 * me : 0;
		if (lock(fd, F_WRLCK, at, 8, 1) || add_one(fd, at) || lock(fd, F_UNLCK, at, 8, 0))
			return 1;
		/* Splits and merges beside them: nobody else looks there. */
		if (lock(fd, F_RDLCK, 1000 + i % 7, 10, 1) || lock(fd, F_UNLCK, 1003, 3, 0))
			return 1;
	}
	return 0;
}

static int count_by_flock(int me, int rounds)
{
	int fd = open("counter", O_RDWR);
	(void)me;
	for (int i = 0; i < rounds; i++)
		if (flock(fd, LOCK_EX) || add_one(fd, 8) || flock(fd, LOCK_UN))
			return 1;
	return 0;
}

static int run(int (*worker)(int me, int rounds), int rounds)
{
	int failed = 0, status;
	for (int i = 0; i < WORKERS; i++)
		if (MUST(fork()) == 0)
			_exit(worker(i, rounds));
	for (int i = 0; i < WORKERS; i++) {
		MUST(wait(&status));
		failed += status != 0;
	}
	return failed;
}

static int number_at(int fd, off_t at)
{
	int n = -1;
	MUST(pread(fd, &n, sizeof n, at));
	return n;
}

/* Both hold one byte and want the other's. */
static int deadlock_once(int fd)
{
	int ready[2], go[2], met = 0, status;
	char byte;
	MUST(pipe(ready));
	MUST(pipe(go));
	for (int me = 0; me < 2; me++) {
		if (MUST(fork()) != 0)
			continue;
		int first = lock(fd, F_WRLCK, 100 + me, 1, 1);
		if (first || write(ready[1], "r", 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(9);
		int second = lock(fd, F_WRLCK, 101 - me, 1, 1);
		_exit(second == 0 ? 0 : errno == EDEADLK ? 1 : 9);
	}
	MUST(read(ready[0], &byte, 1));
	MUST(read(ready[0], &byte, 1));
	MUST(write(go[1], "gg", 2));
	for (int i = 0; i < 2; i++) {
		MUST(wait(&status));
		met += WEXITSTATUS(status);
	}
	close(ready[0]), close(ready[1]), close(go[0]), close(go[1]);
	return met;
}

/* A holder dies, a waiter gets the lock. */
static int killed_once(int fd)
{
	int ready[2], status;
	char byte;
	MUST(pipe(ready));
	pid_t holder = MUST(fork());
	if (holder == 0) {
		lock(fd, F_WRLCK, 0, 0, 1);
		MUST(write(ready[1], "r", 1));
		pause();
	}
	MUST(read(ready[0], &byte, 1));
	pid_t waiter = MUST(fork());
	if (waiter == 0)
		_exit(lock(fd, F_WRLCK, 50, 1, 1));
	MUST(kill(holder, SIGKILL));
	MUST(waitpid(holder, NULL, 0));
	MUST(waitpid(waiter, &status, 0));
	close(ready[0]), close(ready[1]);
	return status;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 100, one = 0, failed = 0;
	int fd = MUST(open("counter", O_RDWR | O_CREAT | O_TRUNC, 0600));
	MUST(ftruncate(fd, 4096));
	VALUE(run(count_by_fcntl, rounds));
	YES_OF("record locks lose nothing", number_at(fd, 0) == WORKERS * (rounds / 2));
	YES_OF("nor beside", number_at(fd, 64) == rounds / 2 && number_at(fd, 88) == rounds / 2);
	VALUE(run(count_by_flock, rounds));
	YES_OF("flock loses nothing", number_at(fd, 8) == WORKERS * rounds);
	for (int i = 0; i < rounds / 2; i++)
		one += deadlock_once(fd) == 1;
	YES_OF("always one EDEADLK", one == rounds / 2);
	for (int i = 0; i < rounds / 10; i++)
		failed += killed_once(fd);
	VALUE_OF("waiters that failed", failed);
	OK(unlink("counter"));
	return 0;
}
