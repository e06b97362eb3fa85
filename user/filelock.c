/*
 * filelock - three kinds of locks on a file, and what dup, close, fork, exec and exit do to them.
 *
 * A record lock (fcntl F_SETLK) belongs to the process and the file, a lock of flock and an open
 * file description lock (F_OFD_SETLK) to the description, which dup and fork share. Look for: the
 * table. In each row this process takes the whole file, something is done, and then a stranger (a
 * process that has opened the file by itself) finds out whether the file is still locked. "Any
 * close" is why a library that opens the same file a second time breaks its caller's record locks.
 * To think about: which kind keeps two threads of one process apart? Which one could a daemon
 * inherit from who started it?
 * In the kernel: kernel/fs/lock.c: struct lock, its owner, lock_release; flocks and records differ
 * in nothing else.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef F_OFD_SETLK
#define F_OFD_SETLK 37
#endif

enum kind { RECORD, FLOCK, OFD, KINDS };

static char path[64];
static int failures;

static long must(long result, const char *call)
{
	if (result < 0) {
		perror(call);
		exit(2);
	}
	return result;
}

/* Takes (F_WRLCK) or gives back (F_UNLCK) the whole file, without waiting: whether it could. */
static bool set_lock(enum kind kind, int fd, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };
	int result;

	if (kind == FLOCK)
		result = flock(fd, type == F_UNLCK ? LOCK_UN : LOCK_EX | LOCK_NB);
	else
		result = fcntl(fd, kind == OFD ? F_OFD_SETLK : F_SETLK, &lock);
	if (result < 0 && errno != EAGAIN && errno != EACCES)
		must(result, "lock");
	return result == 0;
}

static int open_file(int flags)
{
	return (int)must(open(path, O_RDWR | flags, 0600), "open");
}

static int locked_file(enum kind kind, int flags)
{
	int fd = open_file(flags);

	must(set_lock(kind, fd, F_WRLCK) ? 0 : -1, "the first lock");
	return fd;
}

static bool status_of(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0), "waitpid");
	must(WIFEXITED(status) && WEXITSTATUS(status) < 2 ? 0 : -1, "child");
	return WEXITSTATUS(status);
}

static bool is_locked(enum kind kind)
{
	pid_t pid = (pid_t)must(fork(), "fork");

	if (pid == 0)
		_exit(!set_lock(kind, open_file(0), F_WRLCK));
	return status_of(pid);
}

/* The rows: what is done, and what is found. */
static bool nothing(enum kind kind)
{
	locked_file(kind, 0);
	return is_locked(kind);
}

static bool lock_twice(enum kind kind)
{
	locked_file(kind, 0);
	return !set_lock(kind, open_file(0), F_WRLCK);
}

static bool close_dup(enum kind kind)
{
	close((int)must(dup(locked_file(kind, 0)), "dup"));
	return is_locked(kind);
}

static bool close_first(enum kind kind)
{
	int fd = locked_file(kind, 0);

	must(dup(fd), "dup");
	close(fd);
	return is_locked(kind);
}

static bool close_other(enum kind kind)
{
	locked_file(kind, 0);
	close(open_file(0));
	return is_locked(kind);
}

static bool unlock_by_dup(enum kind kind)
{
	must(set_lock(kind, (int)must(dup(locked_file(kind, 0)), "dup"), F_UNLCK) ? 0 : -1, "unlock");
	return is_locked(kind);
}

static bool child_may_lock(enum kind kind)
{
	int fd = locked_file(kind, 0);
	pid_t pid = (pid_t)must(fork(), "fork");

	if (pid == 0)
		_exit(set_lock(kind, fd, F_WRLCK));
	return status_of(pid);
}

static bool child_closes(enum kind kind)
{
	int fd = locked_file(kind, 0);
	pid_t pid = (pid_t)must(fork(), "fork");

	if (pid == 0)
		_exit(close(fd) != 0);
	status_of(pid);
	return is_locked(kind);
}

static bool child_unlocks(enum kind kind)
{
	int fd = locked_file(kind, 0);
	pid_t pid = (pid_t)must(fork(), "fork");

	if (pid == 0)
		_exit(!set_lock(kind, fd, F_UNLCK));
	status_of(pid);
	return is_locked(kind);
}

/* Who locks ends; its child, which has inherited the descriptor, lives until the pipe's end. */
static bool owner_exits(enum kind kind)
{
	int hold[2];
	pid_t pid;
	bool locked;
	char byte;

	must(pipe(hold), "pipe");
	pid = (pid_t)must(fork(), "fork");
	if (pid == 0) {
		locked_file(kind, 0);
		if (must(fork(), "fork") != 0)
			_exit(0);
		close(hold[1]);
		_exit((int)read(hold[0], &byte, 1));
	}
	status_of(pid);
	locked = is_locked(kind);
	close(hold[1]);
	return locked;
}

/* exec of this program, which asks the stranger. */
static bool after_exec(enum kind kind, int flags)
{
	char name[2] = { (char)('0' + kind), '\0' };

	locked_file(kind, flags);
	execl("/proc/self/exe", "filelock", "--ask", name, path, (char *)NULL);
	exit(2);
}

static bool exec_keeps(enum kind kind)		{ return after_exec(kind, 0); }
static bool exec_closes(enum kind kind)		{ return after_exec(kind, O_CLOEXEC); }

static const struct row {
	const char *what;
	bool (*run)(enum kind kind);
	bool expected[KINDS];	/* record, flock, OFD */
} rows[] = {
	{ "locked for a stranger", nothing, { true, true, true } },
	{ "locked for a second open in the process", lock_twice, { false, true, true } },
	{ "locked after: a dup is closed", close_dup, { false, true, true } },
	{ "  the first is closed, its dup stays", close_first, { false, true, true } },
	{ "  any close: of a second open", close_other, { false, true, true } },
	{ "  unlocked by a dup", unlock_by_dup, { false, false, false } },
	{ "fork: the child may lock by its copy", child_may_lock, { false, true, true } },
	{ "locked after: the child closes its copy", child_closes, { true, true, true } },
	{ "  the child unlocks its copy", child_unlocks, { true, false, false } },
	{ "  the owner exits, its child has a copy", owner_exits, { false, true, true } },
	{ "  exec", exec_keeps, { true, true, true } },
	{ "  exec, of a close-on-exec descriptor", exec_closes, { false, false, false } },
};

/* Each cell in a process of its own, which starts without locks, and with a file of its own: a child
 * of the last one may still be about to go. */
static bool run_cell(const struct row *row, enum kind kind)
{
	bool result;
	pid_t pid;

	close(open_file(O_CREAT | O_EXCL));
	pid = (pid_t)must(fork(), "fork");
	if (pid == 0)
		_exit(row->run(kind));
	result = status_of(pid);
	unlink(path);
	return result;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "--ask") == 0) {
		snprintf(path, sizeof(path), "%s", argv[3]);
		return is_locked((enum kind)atoi(argv[2]));
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	snprintf(path, sizeof(path), "/tmp/filelock.%d", getpid());
	printf("%-41s %-7s %-6s %s\n", "", "record", "flock", "OFD");
	for (const struct row *row = rows; row < rows + sizeof(rows) / sizeof(rows[0]); row++) {
		bool found[KINDS];

		for (int kind = 0; kind < KINDS; kind++) {
			found[kind] = run_cell(row, kind);
			failures += found[kind] != row->expected[kind];
		}
		printf("%-41s %-7s %-6s %s\n", row->what, found[RECORD] ? "yes" : "no",
		       found[FLOCK] ? "yes" : "no", found[OFD] ? "yes" : "no");
	}
	return failures ? 1 : 0;
}
