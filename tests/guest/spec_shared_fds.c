/*
 * One table of descriptors, several tasks: opens and closes are seen at once, a close under a
 * waiting read, dup2 over it, exec's own copy, exit; and tables apart after fork.
 * Pages: clone(2) CLONE_FILES, close(2) "Multithreaded processes and close()", execve(2).
 *
 * native: no
 */
#include "spec.h"

static char stacks[4][65536];
static int fds[2], spare, other_pipe[2];
static char byte;

/* A child that shares descriptors only (not memory); runs `body`, its result is the status. */
static pid_t sharer(int (*body)(void *), void *arg)
{
	static int next;

	return MUST(clone(body, stacks[next++ % 4] + sizeof(stacks[0]), CLONE_FILES | SIGCHLD, arg));
}

static int finish(pid_t pid)
{
	int status;

	MUST(waitpid(pid, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int open_one(void *arg)
{
	(void)arg;
	int fd = open("f", O_RDWR);
	return write(fd, "child", 5) == 5 ? fd : 255;
}

static int close_it(void *arg)
{
	return close((long)arg) == 0 ? 0 : errno;
}

static int set_cloexec(void *arg)
{
	return fcntl((long)arg, F_SETFD, FD_CLOEXEC);
}

static int limit_it(void *arg)
{
	struct rlimit limit = { 10, 1024 };

	(void)arg;
	return setrlimit(RLIMIT_NOFILE, &limit);
}

static void seen_at_once(void)
{
	int fd = finish(sharer(open_one, NULL));

	say("a child's open: %s; offset %ld", fcntl(fd, F_GETFD) == 0 ? "here, too" : "not here",
	    (long)lseek(fd, 0, SEEK_CUR));
	VALUE(finish(sharer(set_cloexec, (void *)(long)fd)));
	VALUE(fcntl(fd, F_GETFD));
	VALUE(finish(sharer(close_it, (void *)(long)fd)));
	VALUE(fcntl(fd, F_GETFD));
	VALUE(finish(sharer(close_it, (void *)(long)fd)) == EBADF);
	VALUE_OF("limits are each process's own", finish(sharer(limit_it, NULL)));
	VALUE(dup2(1, 100));
	close(100);
	fd = MUST(open("f", O_RDWR));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		close(fd);
		_exit(0);
	}
	finish(pid);
	VALUE_OF("after fork tables are apart", fcntl(fd, F_GETFD));
	close(fd);
}

static int reads(void *arg)
{
	long n = read((long)arg, &byte, 1);

	return n == -1 ? 100 + errno : n == 0 ? 50 : byte;
}

/* close(2): the read that waits goes on with the old description. */
static void closed_under_a_read(void)
{
	MUST(pipe(fds));
	MUST(pipe(other_pipe));
	pid_t pid = sharer(reads, (void *)(long)fds[0]);
	till_asleep(pid, pid);
	VALUE(close(fds[0]));
	VALUE_OF("the descriptor is gone", fcntl(fds[0], F_GETFD));
	MUST(write(fds[1], "r", 1));
	say("the read gets: %c", finish(pid));
	signal(SIGPIPE, SIG_IGN);
	VALUE_OF("then the end is closed", write(fds[1], "r", 1));
	close(fds[1]);
	MUST(pipe(fds));
	pid = sharer(reads, (void *)(long)fds[0]);
	till_asleep(pid, pid);
	VALUE_OF("another onto its number", dup2(other_pipe[0], fds[0]) == fds[0]);
	MUST(write(other_pipe[1], "o", 1));
	MUST(write(fds[1], "s", 1));
	say("the read gets: %c", finish(pid));
	VALUE_OF("the number is the other's", read(fds[0], &byte, 1));
	say("%c", byte);
	close(fds[0]), close(fds[1]), close(other_pipe[0]), close(other_pipe[1]);
}

static int run_again(void *arg)
{
	(void)arg;
	MUST(dup2(1, 61));
	execl("/proc/self/exe", "again", "check", (char *)NULL);
	return 99;
}

/* exec takes a copy: what is closed there stays open here. */
static void exec_unshares(void)
{
	spare = MUST(open("f", O_RDWR));
	MUST(dup2(spare, 60));
	MUST(fcntl(60, F_SETFD, FD_CLOEXEC));
	VALUE(finish(sharer(run_again, NULL)));
	VALUE_OF("close-on-exec closed it there only", fcntl(60, F_GETFD));
	VALUE_OF("what the program closed is here", fcntl(61, F_GETFD));
	VALUE_OF("what it opened is not", fcntl(62, F_GETFD));
	close(60), close(61), close(spare);
}

static int locks(void *arg)
{
	struct flock l = { .l_type = F_WRLCK };

	return fcntl((long)arg, F_SETLK, &l) == 0 ? 0 : errno;
}

static int just_exits(void *arg)
{
	(void)arg;
	return 0;
}

/* Linux: the owner of record locks is the table of descriptors. */
static void locks_of_a_table(void)
{
	struct flock l = { .l_type = F_WRLCK };
	int fd = MUST(open("f", O_RDWR));

	MUST(fcntl(fd, F_SETLK, &l));
	VALUE_OF("a sharer of the table", finish(sharer(locks, (void *)(long)fd)));
	finish(sharer(just_exits, NULL));
	pid_t pid = MUST(fork());
	if (pid == 0)
		_exit(locks((void *)(long)fd) == EAGAIN ? 1 : 2);
	VALUE_OF("held after a sharer's exit", finish(pid));
	close(fd);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		int gone = fcntl(60, F_GETFD) == -1, there = fcntl(61, F_GETFD) == 0;
		close(61);
		dup2(1, 62);
		return gone && there ? 7 : 8;
	}
	spec_enter();
	make_file("f", 0644, "", 0);
	seen_at_once();
	closed_under_a_read();
	exec_unshares();
	locks_of_a_table();
	spec_leave();
	return 0;
}
