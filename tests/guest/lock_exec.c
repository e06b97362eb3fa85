/*
 * Locks over fork and exec: a record lock is the process's (the child has none,
 * the new program keeps it, unless exec closes a descriptor of the file); flock
 * and F_OFD_SETLK go with the description. Threads share a table, so they do
 * not lock each other out; a clone with CLONE_FILES is the same owner.
 * Pages: fcntl(2), flock(2), execve(2), clone(2).
 */
#include "clone.h"
#include <sys/file.h>

static int fd;

static int set(int file, int command, int type)
{
	struct flock lock = { .l_type = type, .l_len = 10 };

	return fcntl(file, command, &lock);
}

/* From another process, by a description of its own. */
static const char *locked(void)
{
	int status, probe = MUST(open("exec.tmp", O_RDWR));
	pid_t pid = MUST(fork());

	if (pid == 0)
		_exit((set(probe, F_OFD_SETLK, F_RDLCK) != 0) |
		      (flock(probe, LOCK_SH | LOCK_NB) != 0) << 1);
	MUST(waitpid(pid, &status, 0));
	MUST(close(probe));
	static const char *const text[] = { "no", "range", "whole", "both" };
	return text[WEXITSTATUS(status) & 3];
}

/* Execs this program again, which waits for a byte, while we look. */
static void exec_and_look(const char *label, void (*lock)(void))
{
	int go[2], ready[2], status;
	char byte, arg[2][12];
	pid_t pid;

	MUST(pipe(go));
	MUST(pipe(ready));
	pid = MUST(fork());
	if (pid == 0) {
		lock();
		snprintf(arg[0], sizeof(arg[0]), "%d", go[0]);
		snprintf(arg[1], sizeof(arg[1]), "%d", ready[1]);
		execl("/proc/self/exe", "lock_exec", arg[0], arg[1], NULL);
		_exit(99);
	}
	close(fd); /* ours keeps the description, too */
	MUST(read(ready[0], &byte, 1));
	say("%s: after exec %s", label, locked());
	MUST(write(go[1], "x", 1));
	MUST(waitpid(pid, &status, 0));
	say("%s: after the end %s", label, locked());
	close(go[0]), close(go[1]), close(ready[0]), close(ready[1]);
	fd = MUST(open("exec.tmp", O_RDWR));
}

static void lock_record(void)
{
	MUST(set(fd, F_SETLK, F_WRLCK));
}

static void lock_record_cloexec(void)
{
	MUST(set(fd, F_SETLK, F_WRLCK));
	MUST(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

static void lock_record_other_cloexec(void)
{
	MUST(set(fd, F_SETLK, F_WRLCK));
	MUST(open("exec.tmp", O_RDONLY | O_CLOEXEC));
}

static void lock_description(void)
{
	MUST(set(fd, F_OFD_SETLK, F_WRLCK));
	MUST(flock(fd, LOCK_EX));
}

static void lock_description_cloexec(void)
{
	lock_description();
	MUST(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

static void lock_description_other_cloexec(void)
{
	lock_description();
	MUST(open("exec.tmp", O_RDONLY | O_CLOEXEC));
}

static int try_write_lock(void *unused)
{
	(void)unused;
	return set(fd, F_SETLK, F_WRLCK) == 0 ? 0 : 1;
}

static int unlock(void *unused)
{
	(void)unused;
	return set(fd, F_SETLK, F_UNLCK) == 0 ? 0 : 1;
}

static void owners(void)
{
	MUST(set(fd, F_SETLK, F_WRLCK));
	reap("a child wants it too", raw_clone(SIGCHLD, try_write_lock, NULL));
	reap("a child that shares the table", raw_clone(CLONE_FILES | SIGCHLD, try_write_lock, NULL));
	reap("a child takes none away", raw_clone(SIGCHLD, unlock, NULL));
	say("still: %s", locked());
	reap("one that shares does", raw_clone(CLONE_FILES | SIGCHLD, unlock, NULL));
	say("now: %s", locked());
	reap("one that shares locks, and ends", raw_clone(CLONE_FILES | SIGCHLD, try_write_lock, NULL));
	say("its lock is ours: %s", locked());
	MUST(set(fd, F_SETLK, F_UNLCK));
}

int main(int argc, char **argv)
{
	char byte;

	if (argc > 2) {
		MUST(write(atoi(argv[2]), "r", 1));
		MUST(read(atoi(argv[1]), &byte, 1));
		return 0;
	}
	fd = MUST(open("exec.tmp", O_RDWR | O_CREAT, 0600));
	exec_and_look("record lock", lock_record);
	exec_and_look("record lock, close-on-exec", lock_record_cloexec);
	exec_and_look("record lock, another close-on-exec", lock_record_other_cloexec);
	exec_and_look("description", lock_description);
	exec_and_look("description, close-on-exec", lock_description_cloexec);
	exec_and_look("description, another close-on-exec", lock_description_other_cloexec);
	owners();
	MUST(unlink("exec.tmp"));
	return 0;
}
