/*
 * Advisory locks: ranges that merge, split and change type, who sees whose,
 * what ends them (any close, dup2, exit), what keeps them (fork, exec), waiting
 * and its signals, the circle that would wait for ever; and flock.
 * Pages: fcntl(2) "Advisory record locking", flock(2), close(2).
 */
#include "check.h"
#include <sys/file.h>

static int fd;

static int lock_op(int file, int command, int type, long start, long len)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len };

	return fcntl(file, command, &lock);
}

static int set(int type, long start, long len)
{
	return lock_op(fd, F_SETLK, type, start, len);
}

/* What another process sees in bytes 0 to 99: one letter a byte, in runs. */
static void show_locks(const char *label)
{
	char text[256] = "", seen[101] = "";
	pid_t owner = getpid();
	int status;

	pid_t child = MUST(fork());
	if (child == 0) {
		for (int byte = 0; byte < 100; byte++) {
			struct flock read = { .l_type = F_RDLCK, .l_start = byte, .l_len = 1 };
			struct flock write = { .l_type = F_WRLCK, .l_start = byte, .l_len = 1 };
			MUST(fcntl(fd, F_GETLK, &read));
			MUST(fcntl(fd, F_GETLK, &write));
			seen[byte] = read.l_type != F_UNLCK ? 'w' : write.l_type != F_UNLCK ? 'r' : '-';
			if (write.l_type != F_UNLCK && write.l_pid != owner)
				seen[byte] = '?';
		}
		for (int byte = 0, from = 0; byte < 100; byte++) {
			if (byte < 99 && seen[byte + 1] == seen[byte])
				continue;
			size_t used = strlen(text);
			snprintf(text + used, sizeof(text) - used, " %c%d", seen[byte],
				 byte + 1 - from);
			from = byte + 1;
		}
		say("%s:%s", label, text);
		_exit(0);
	}
	MUST(waitpid(child, &status, 0));
}

static void ranges(void)
{
	OK(set(F_WRLCK, 10, 10));
	OK(set(F_WRLCK, 20, 10));
	show_locks("touching ranges");
	OK(set(F_RDLCK, 15, 5));
	show_locks("read in the middle of write");
	OK(set(F_UNLCK, 12, 15));
	show_locks("hole in the middle");
	OK(set(F_RDLCK, 5, 90));
	show_locks("one over all");
	OK(set(F_UNLCK, 50, 1));
	show_locks("split");
	OK(set(F_WRLCK, 0, 0));
	show_locks("to the end");
	OK(set(F_UNLCK, 0, 30));
	OK(set(F_UNLCK, 40, 0));
	show_locks("both ends off");
	OK(set(F_UNLCK, 0, 0));
	show_locks("none");
}

static void conflict_answer(void)
{
	OK(set(F_WRLCK, 30, 0));
	pid_t parent = getpid(), child = MUST(fork());
	if (child == 0) {
		struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_END, .l_start = -60, .l_len = 20 };
		VALUE(fcntl(fd, F_GETLK, &lock));
		say("type %d whence %d start %ld len %ld, parent's %d", lock.l_type, lock.l_whence,
		    (long)lock.l_start, (long)lock.l_len, lock.l_pid == parent);
		lock = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -70, .l_len = -30,
				       .l_pid = 7 };
		VALUE(fcntl(fd, F_GETLK, &lock));
		say("type %d whence %d start %ld len %ld pid %d", lock.l_type, lock.l_whence,
		    (long)lock.l_start, (long)lock.l_len, lock.l_pid);
		VALUE(set(F_WRLCK, 29, 2));
		VALUE(set(F_RDLCK, 99, 1));
		VALUE(set(F_WRLCK, 0, 30));
		VALUE(set(F_UNLCK, 0, 0));
		_exit(0);
	}
	MUST(waitpid(child, NULL, 0));
	show_locks("the child took none away");
	OK(set(F_UNLCK, 0, 0));
}

static void errors(void)
{
	struct flock lock = { .l_type = 3 };
	int read_only = MUST(open("locks.file", O_RDONLY));
	int write_only = MUST(open("locks.file", O_WRONLY));
	int path_only = MUST(open("locks.file", O_PATH));

	VALUE(fcntl(fd, F_SETLK, &lock));
	VALUE(set(F_WRLCK, -1, 5));
	VALUE(set(F_WRLCK, 5, -6));
	VALUE(set(F_WRLCK, 5, LONG_MAX));
	VALUE(set(F_WRLCK, 5, LONG_MAX - 4));
	VALUE(set(F_UNLCK, 0, 0));
	VALUE(lock_op(fd, F_GETLK, F_UNLCK, 0, 0));
	lock.l_type = F_RDLCK;
	lock.l_whence = 3;
	VALUE(fcntl(fd, F_SETLK, &lock));
	VALUE(fcntl(fd, F_SETLK, nowhere));
	VALUE(fcntl(fd, F_SETLK, in_kernel));
	VALUE(lock_op(read_only, F_SETLK, F_WRLCK, 0, 0));
	VALUE(lock_op(write_only, F_SETLK, F_RDLCK, 0, 0));
	VALUE(lock_op(path_only, F_SETLK, F_RDLCK, 0, 0));
	VALUE(lock_op(path_only, F_GETLK, F_RDLCK, 0, 0));
	VALUE(lock_op(99, F_SETLK, F_RDLCK, 0, 0));
	MUST(close(read_only));
	MUST(close(write_only));
	MUST(close(path_only));
}

static void what_ends_them(void)
{
	int other = MUST(open("locks.file", O_RDONLY));
	int path_only = MUST(open("locks.file", O_PATH));
	int copy = MUST(dup(fd));

	OK(set(F_WRLCK, 0, 10));
	MUST(close(path_only));
	show_locks("a path-only close");
	MUST(close(other));
	show_locks("another open of the file is closed");
	OK(set(F_WRLCK, 0, 10));
	MUST(close(copy));
	show_locks("a copy is closed");
	OK(set(F_WRLCK, 0, 10));
	copy = MUST(dup(fd));
	MUST(dup2(1, copy));
	show_locks("a copy is replaced");
	MUST(close(copy));
	OK(set(F_WRLCK, 0, 10));
	pid_t child = MUST(fork());
	if (child == 0)
		_exit(close(fd));
	MUST(waitpid(child, NULL, 0));
	show_locks("a child closes it");
	OK(set(F_UNLCK, 0, 0));
	child = MUST(fork());
	if (child == 0)
		_exit(set(F_WRLCK, 0, 10));
	MUST(waitpid(child, NULL, 0));
	show_locks("the owner has exited");
}

/* The child holds the lock until told; the parent's wait ends by that. */
static void waiting(void)
{
	int ready[2], go[2];
	char byte;

	MUST(pipe(ready));
	MUST(pipe(go));
	pid_t child = MUST(fork());
	if (child == 0) {
		MUST(close(go[1]));
		MUST(set(F_WRLCK, 0, 10));
		MUST(write(ready[1], "x", 1));
		MUST(read(go[0], &byte, 1));
		sleep_ms(100);
		MUST(write(ready[1], "y", 1));
		_exit(0);
	}
	MUST(read(ready[0], &byte, 1));
	MUST(write(go[1], "x", 1));
	VALUE(set(F_RDLCK, 5, 1));
	VALUE(lock_op(fd, F_SETLKW, F_RDLCK, 5, 1));
	MUST(fcntl(ready[0], F_SETFL, O_NONBLOCK));
	YES(read(ready[0], &byte, 1) == 1 && byte == 'y');
	MUST(waitpid(child, NULL, 0));
	show_locks("after the wait");
	OK(set(F_UNLCK, 0, 0));
	MUST(close(ready[0]));
	MUST(close(ready[1]));
	MUST(close(go[0]));
	MUST(close(go[1]));
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void interrupted(void)
{
	struct sigaction action = { .sa_handler = on_alarm };

	MUST(sigaction(SIGALRM, &action, NULL));
	OK(set(F_WRLCK, 0, 10));
	pid_t child = MUST(fork());
	if (child == 0) {
		syscall(SYS_alarm, 1);
		VALUE(lock_op(fd, F_SETLKW, F_WRLCK, 0, 10));
		_exit(0);
	}
	MUST(waitpid(child, NULL, 0));
	OK(set(F_UNLCK, 0, 0));
}

/* Parent has byte 0 and wants 1; the child has 1 and waits for 0. */
static void circle(void)
{
	int ready[2];
	char byte;

	MUST(pipe(ready));
	MUST(set(F_WRLCK, 0, 1));
	pid_t child = MUST(fork());
	if (child == 0) {
		MUST(set(F_WRLCK, 1, 1));
		MUST(write(ready[1], "x", 1));
		_exit(lock_op(fd, F_SETLKW, F_WRLCK, 0, 1) != 0);
	}
	MUST(read(ready[0], &byte, 1));
	sleep_ms(100);
	VALUE(lock_op(fd, F_SETLKW, F_WRLCK, 1, 1));
	VALUE(lock_op(fd, F_SETLKW, F_WRLCK, 2, 1));
	OK(set(F_UNLCK, 0, 0));
	int status;
	MUST(waitpid(child, &status, 0));
	VALUE_OF("the child then had its lock", WEXITSTATUS(status));
	MUST(close(ready[0]));
	MUST(close(ready[1]));
}

static void whole_files(void)
{
	int other = MUST(open("locks.file", O_RDONLY));
	int copy = MUST(dup(fd));

	VALUE(flock(fd, LOCK_EX));
	VALUE(flock(other, LOCK_SH | LOCK_NB));
	VALUE(flock(copy, LOCK_EX | LOCK_NB));
	VALUE(lock_op(other, F_SETLK, F_RDLCK, 0, 0));
	MUST(close(copy));
	VALUE_OF("a copy was closed", flock(other, LOCK_SH | LOCK_NB));
	VALUE(flock(fd, LOCK_SH));
	VALUE(flock(other, LOCK_SH | LOCK_NB));
	VALUE_OF("no upgrade beside a reader", flock(fd, LOCK_EX | LOCK_NB));
	VALUE_OF("which lost it", flock(other, LOCK_EX | LOCK_NB));
	pid_t child = MUST(fork());
	if (child == 0)
		_exit(flock(other, LOCK_UN));
	MUST(waitpid(child, NULL, 0));
	VALUE_OF("the child gave the shared one back", flock(fd, LOCK_EX | LOCK_NB));
	MUST(close(other));
	VALUE(flock(fd, LOCK_UN));
	VALUE(flock(fd, 0));
	VALUE(flock(fd, LOCK_SH | LOCK_EX));
	VALUE(flock(99, LOCK_SH));
	other = MUST(open("locks.file", O_PATH));
	VALUE(flock(other, LOCK_SH));
	MUST(close(other));
}

int main(void)
{
	fd = MUST(open("locks.file", O_RDWR | O_CREAT | O_TRUNC, 0600));
	MUST(ftruncate(fd, 100));
	ranges();
	conflict_answer();
	errors();
	what_ends_them();
	waiting();
	interrupted();
	circle();
	whole_files();
	MUST(unlink("locks.file"));
	return 0;
}
