/*
 * Record locks: whence and ranges, who may lock what, F_GETLK's answer, splits, ends of
 * files; fork, exec, close, threads' shared table; deadlocks of two and three; waits
 * interrupted; and flock beside them. Pages: fcntl(2) "Advisory record locking", flock(2),
 * lockf(3).
 *
 * native: no
 */
#include "spec.h"
#include <sys/file.h>

static int fd;

static long lock(int file, int command, int type, int whence, long start, long len)
{
	struct flock l = { .l_type = type, .l_whence = whence, .l_start = start, .l_len = len, .l_pid = 77 };

	return fcntl(file, command, &l);
}

#define SET(...) lock(fd, F_SETLK, __VA_ARGS__)

/* What F_GETLK says, to a child, of a lock of `type` there. */
static void get(const char *label, int type, int whence, long start, long len)
{
	struct flock l = { .l_type = type, .l_whence = whence, .l_start = start, .l_len = len, .l_pid = 77 };
	pid_t owner = getpid(), pid = MUST(fork());

	if (pid == 0) {
		if (fcntl(fd, F_GETLK, &l) == -1)
			say("%s: %s", label, errno_text(errno));
		else if (l.l_type == F_UNLCK)
			say("%s: free; whence %d start %ld len %ld pid %s", label, l.l_whence, (long)l.l_start,
			    (long)l.l_len, l.l_pid == 77 ? "as given" : "changed");
		else
			say("%s: %s, whence %d start %ld len %ld by %s", label,
			    l.l_type == F_WRLCK ? "write" : "read", l.l_whence, (long)l.l_start, (long)l.l_len,
			    l.l_pid == owner ? "the parent" : "another");
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
}

static void ranges(void)
{
	VALUE(SET(F_WRLCK, SEEK_SET, 10, 10));
	get("inside", F_WRLCK, SEEK_SET, 12, 2);
	get("before", F_WRLCK, SEEK_SET, 0, 10);
	get("over the start", F_RDLCK, SEEK_SET, 0, 11);
	get("after", F_WRLCK, SEEK_SET, 20, 0);
	get("to the end", F_RDLCK, SEEK_SET, 0, 0);
	get("unlock type", F_UNLCK, SEEK_SET, 0, 0);
	get("bad type", 7, SEEK_SET, 0, 0);
	VALUE(SET(F_UNLCK, SEEK_SET, 13, 2));
	get("split: first", F_WRLCK, SEEK_SET, 0, 0);
	get("split: second", F_WRLCK, SEEK_SET, 13, 0);
	VALUE(SET(F_WRLCK, SEEK_SET, 13, 2));
	get("joined", F_WRLCK, SEEK_SET, 0, 0);
	VALUE(SET(F_RDLCK, SEEK_SET, 15, 100));
	get("a reader's view", F_RDLCK, SEEK_SET, 0, 0);
	get("a writer's view", F_WRLCK, SEEK_SET, 15, 0);
	VALUE(SET(F_UNLCK, SEEK_SET, 0, 0));
	get("all gone", F_WRLCK, SEEK_SET, 0, 0);
	VALUE_OF("negative length: up to before start", SET(F_WRLCK, SEEK_SET, 20, -5));
	get("it is", F_WRLCK, SEEK_SET, 0, 0);
	VALUE(SET(F_WRLCK, SEEK_SET, 4, -5));
	VALUE(SET(F_WRLCK, SEEK_SET, -1, 1));
	VALUE(SET(F_WRLCK, SEEK_SET, 0, LONG_MIN));
	VALUE(SET(F_WRLCK, SEEK_SET, LONG_MAX, 1));
	VALUE(SET(F_WRLCK, SEEK_SET, LONG_MAX, 2));
	VALUE(SET(F_WRLCK, 9, 0, 1));
	VALUE(SET(9, SEEK_SET, 0, 1));
	VALUE(SET(F_UNLCK, SEEK_SET, 0, 0));
	MUST(lseek(fd, 30, SEEK_SET));
	VALUE(SET(F_WRLCK, SEEK_CUR, 5, 5));
	get("from the offset", F_WRLCK, SEEK_SET, 0, 0);
	VALUE(SET(F_RDLCK, SEEK_END, -10, 0));
	get("from the end", F_WRLCK, SEEK_SET, 50, 0);
	get("asked from the end", F_WRLCK, SEEK_END, -1, 1);
	VALUE(SET(F_WRLCK, SEEK_CUR, -31, 1));
	VALUE(SET(F_WRLCK, SEEK_END, LONG_MAX, 1));
	VALUE(SET(F_UNLCK, SEEK_SET, 0, 0));
	struct flock own = { .l_type = F_WRLCK };
	MUST(SET(F_WRLCK, SEEK_SET, 0, 0));
	MUST(fcntl(fd, F_GETLK, &own));
	VALUE_OF("one's own lock is not in the way", own.l_type == F_UNLCK);
	VALUE(SET(F_UNLCK, SEEK_SET, 0, 0));
}

static void access_modes(void)
{
	int r = MUST(open("f", O_RDONLY)), w = MUST(open("f", O_WRONLY)), d = MUST(open(".", O_RDONLY));
	int fds[2];

	VALUE(lock(r, F_SETLK, F_RDLCK, SEEK_SET, 0, 1));
	VALUE(lock(r, F_SETLK, F_WRLCK, SEEK_SET, 0, 1));
	VALUE(lock(w, F_SETLK, F_RDLCK, SEEK_SET, 0, 1));
	VALUE(lock(w, F_SETLK, F_WRLCK, SEEK_SET, 0, 1));
	VALUE(lock(w, F_SETLK, F_UNLCK, SEEK_SET, 0, 1));
	VALUE(lock(r, F_GETLK, F_WRLCK, SEEK_SET, 0, 1));
	VALUE(lock(d, F_SETLK, F_RDLCK, SEEK_SET, 0, 1));
	VALUE(lock(d, F_SETLK, F_WRLCK, SEEK_SET, 0, 1));
	MUST(pipe(fds));
	VALUE(lock(fds[0], F_SETLK, F_RDLCK, SEEK_SET, 0, 1));
	VALUE(lock(fds[1], F_SETLK, F_WRLCK, SEEK_SET, 0, 1));
	VALUE(flock(fds[0], LOCK_EX));
	VALUE(flock(r, LOCK_EX));
	VALUE_OF("flock and record locks do not meet", lock(w, F_SETLK, F_WRLCK, SEEK_SET, 0, 0));
	VALUE(flock(w, LOCK_SH | LOCK_NB));
	VALUE(flock(r, LOCK_SH | LOCK_NB));
	VALUE(flock(w, LOCK_SH | LOCK_NB));
	VALUE(flock(r, LOCK_EX | LOCK_NB));
	VALUE(flock(w, LOCK_UN));
	VALUE(flock(d, LOCK_EX | LOCK_NB));
	VALUE(flock(r, 0));
	VALUE(flock(r, LOCK_SH | LOCK_EX));
	VALUE(flock(r, LOCK_NB));
	VALUE(flock(r, 16));
	VALUE(flock(-1, LOCK_SH));
	close(r), close(w), close(d), close(fds[0]), close(fds[1]);
}

static void keeps_and_ends(void)
{
	int again, status;

	MUST(SET(F_WRLCK, SEEK_SET, 0, 0));
	get("not inherited by a child", F_WRLCK, SEEK_SET, 0, 0);
	again = MUST(dup(fd));
	close(again);
	get("closing a copy ends it", F_WRLCK, SEEK_SET, 0, 0);
	MUST(SET(F_WRLCK, SEEK_SET, 0, 0));
	again = MUST(open("f", O_RDONLY));
	close(again);
	get("closing another open ends it", F_WRLCK, SEEK_SET, 0, 0);
	MUST(SET(F_WRLCK, SEEK_SET, 0, 0));
	MUST(link("f", "f2"));
	again = MUST(open("f2", O_RDONLY));
	close(again);
	get("by another name, too", F_WRLCK, SEEK_SET, 0, 0);
	MUST(SET(F_WRLCK, SEEK_SET, 0, 0));
	again = MUST(open("f", O_PATH));
	close(again);
	get("closing an O_PATH descriptor does not", F_WRLCK, SEEK_SET, 0, 0);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		close(fd);
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	get("a child's close does not", F_WRLCK, SEEK_SET, 0, 0);
	MUST(SET(F_UNLCK, SEEK_SET, 0, 0));
	pid = MUST(fork());
	if (pid == 0) {
		MUST(SET(F_WRLCK, SEEK_SET, 5, 5));
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	get("gone with its owner", F_WRLCK, SEEK_SET, 0, 0);
	unlink("f2");
}

/* Processes in a ring: each holds byte i and waits for byte i+1. */
static void ring(int count)
{
	int ready[2], deadlocks = 0, status;
	char byte;

	MUST(pipe(ready));
	for (int i = 0; i < count; i++) {
		if (MUST(fork()) == 0) {
			int go = i;
			MUST(SET(F_WRLCK, SEEK_SET, i, 1));
			MUST(write(ready[1], "x", 1));
			while (MUST(lock(fd, F_GETLK, F_WRLCK, SEEK_SET, 0, 0)), go < count - 1) {
				struct flock l = { .l_type = F_WRLCK, .l_start = i + 1, .l_len = 1 };
				MUST(fcntl(fd, F_GETLK, &l));
				if (l.l_type != F_UNLCK)
					break;
				sleep_ms(1);
			}
			if (i == count - 1)
				sleep_ms(150);
			if (lock(fd, F_SETLKW, F_WRLCK, SEEK_SET, (i + 1) % count, 1) == 0)
				_exit(0);
			_exit(errno == EDEADLK ? 1 : 2);
		}
	}
	for (int i = 0; i < count; i++)
		MUST(read(ready[0], &byte, 1));
	for (int i = 0; i < count; i++) {
		MUST(wait(&status));
		deadlocks += WEXITSTATUS(status) == 1;
	}
	say("ring of %d: EDEADLK for %d", count, deadlocks);
	close(ready[0]), close(ready[1]);
}

static void on_alarm(int number)
{
	(void)number;
}

static void waiting(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval soon = { .it_value = { 0, 30000 } };
	int ready[2], go[2], status;
	char byte;

	MUST(sigaction(SIGALRM, &action, NULL));
	MUST(pipe(ready)), MUST(pipe(go));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		MUST(SET(F_WRLCK, SEEK_SET, 0, 10));
		MUST(flock(MUST(open("f", O_RDWR)), LOCK_EX));
		MUST(write(ready[1], "x", 1));
		MUST(read(go[0], &byte, 1));
		_exit(0);
	}
	MUST(read(ready[0], &byte, 1));
	VALUE(SET(F_WRLCK, SEEK_SET, 9, 1));
	VALUE(SET(F_RDLCK, SEEK_SET, 9, 1));
	VALUE(SET(F_WRLCK, SEEK_SET, 10, 1));
	MUST(setitimer(ITIMER_REAL, &soon, NULL));
	VALUE(lock(fd, F_SETLKW, F_WRLCK, SEEK_SET, 0, 0));
	MUST(setitimer(ITIMER_REAL, &soon, NULL));
	VALUE(flock(fd, LOCK_SH));
	VALUE(flock(fd, LOCK_SH | LOCK_NB));
	get("what a wait that ended leaves", F_WRLCK, SEEK_SET, 10, 0);
	pid_t waiter = MUST(fork());
	if (waiter == 0) {
		int done = lock(fd, F_SETLKW, F_WRLCK, SEEK_SET, 0, 5);
		_exit(done == 0 ? 7 : 8);
	}
	till_asleep(waiter, waiter);
	MUST(write(go[1], "x", 1));
	MUST(waitpid(waiter, &status, 0));
	say("granted at the owner's exit: %s", status_text(status));
	MUST(waitpid(pid, &status, 0));
	VALUE(SET(F_UNLCK, SEEK_SET, 0, 0));
	close(ready[0]), close(ready[1]), close(go[0]), close(go[1]);
}

static void inherited_flock(void)
{
	int again = MUST(open("f", O_RDWR)), copy, status;

	MUST(flock(fd, LOCK_EX));
	VALUE(flock(again, LOCK_EX | LOCK_NB));
	copy = MUST(dup(fd));
	VALUE_OF("a copy is the same lock", flock(copy, LOCK_EX | LOCK_NB));
	close(copy);
	VALUE_OF("closing a copy does not end it", flock(again, LOCK_EX | LOCK_NB));
	pid_t pid = MUST(fork());
	if (pid == 0)
		_exit(flock(fd, LOCK_UN) == 0 ? 0 : 1);
	MUST(waitpid(pid, &status, 0));
	VALUE_OF("a child unlocks it for both", flock(again, LOCK_EX | LOCK_NB));
	MUST(close(again));
	VALUE_OF("the last close ends it", flock(fd, LOCK_EX | LOCK_NB));
	MUST(flock(fd, LOCK_UN));
}

int main(void)
{
	static char data[60];

	spec_enter();
	make_file("f", 0644, data, sizeof(data));
	fd = MUST(open("f", O_RDWR));
	ranges();
	access_modes();
	keeps_and_ends();
	ring(2);
	ring(3);
	ring(5);
	waiting();
	inherited_flock();
	close(fd);
	spec_leave();
	return 0;
}
