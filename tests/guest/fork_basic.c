/*
 * fork: both returns, the copy, and what the child does not get.
 *
 * Covers memory copied both ways, descriptors sharing one offset, a mask that
 * is kept, pending signals and CPU times that are not, the ids.
 * From fork(2), fork(3p).
 */
#include "check.h"

static int global = 1;
static volatile sig_atomic_t seen;

static void count(int number)
{
	(void)number;
	seen++;
}

static void check_memory(void)
{
	int local = 10, status, answer[2] = { 0, 0 }, to_parent[2];
	int *heap = malloc(sizeof(*heap));
	pid_t pid;

	*heap = 100;
	MUST(pipe(to_parent));
	pid = MUST(fork());
	if (pid == 0) {
		global++, local++, (*heap)++;
		answer[0] = global + local + *heap;
		MUST(write(to_parent[1], answer, sizeof(answer)));
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	MUST(read(to_parent[0], answer, sizeof(answer)));
	VALUE_OF("sum the child sees", answer[0]);
	VALUE_OF("sum the parent sees", global + local + *heap);
	close(to_parent[0]), close(to_parent[1]);
	free(heap);
}

static void check_ids(void)
{
	pid_t parent = getpid(), group = getpgrp(), session = getsid(0), pid;
	int fds[2], ids[4] = { 0 }, status;

	MUST(pipe(fds));
	pid = MUST(fork());
	if (pid == 0) {
		ids[0] = getpid(), ids[1] = getppid(), ids[2] = getpgrp(), ids[3] = getsid(0);
		MUST(write(fds[1], ids, sizeof(ids)));
		_exit(0);
	}
	MUST(read(fds[0], ids, sizeof(ids)));
	YES_OF("fork returned the child's pid", ids[0] == pid);
	YES_OF("the child's pid differs", pid != parent && pid > 0);
	YES_OF("the child's parent is the caller", ids[1] == parent);
	YES_OF("same process group", ids[2] == group);
	YES_OF("same session", ids[3] == session);
	VALUE_OF("waitpid returns it", MUST(waitpid(pid, &status, 0)) == pid);
	close(fds[0]), close(fds[1]);
}

static void check_offset(void)
{
	char byte = '?';
	int fd, status;
	pid_t pid;

	make_file("fork_basic.tmp", 0644, "abcdef", 6);
	fd = MUST(open("fork_basic.tmp", O_RDONLY));
	pid = MUST(fork());
	if (pid == 0) {
		char two[2];

		_exit(read(fd, two, 2) == 2 && close(fd) == 0 ? 0 : 1);
	}
	MUST(waitpid(pid, &status, 0));
	MUST(read(fd, &byte, 1));
	say("read after the child read two bytes and closed: %c", byte);
	close(fd);
	MUST(unlink("fork_basic.tmp"));
}

static void check_signals(void)
{
	sigset_t usr1, now;
	struct tms times_now;
	pid_t pid;
	int status;

	signal(SIGUSR1, count);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	MUST(sigprocmask(SIG_BLOCK, &usr1, NULL));
	MUST(kill(getpid(), SIGUSR1));
	pid = MUST(fork());
	if (pid == 0) {
		MUST(sigpending(&now));
		YES_OF("child: signal pending", sigismember(&now, SIGUSR1));
		MUST(sigprocmask(SIG_BLOCK, NULL, &now));
		YES_OF("child: signal blocked", sigismember(&now, SIGUSR1));
		MUST(sigprocmask(SIG_UNBLOCK, &usr1, NULL));
		VALUE_OF("child: handler ran", seen);
		MUST(kill(getpid(), SIGUSR1));
		VALUE_OF("child: handler is kept", seen);
		MUST(times(&times_now));
		YES_OF("child: times near zero",
		       times_now.tms_utime + times_now.tms_stime < 20 && times_now.tms_cutime == 0);
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	MUST(sigpending(&now));
	YES_OF("parent: signal pending", sigismember(&now, SIGUSR1));
	MUST(sigprocmask(SIG_UNBLOCK, &usr1, NULL));
	VALUE_OF("parent: handler ran", seen);
}

static void both_returns(void)
{
	pid_t raw = syscall(SYS_fork);
	int status;

	if (raw == 0)
		_exit(7);
	MUST(waitpid(raw, &status, 0));
	say("raw fork: %s", status_text(status));
}

int main(void)
{
	check_memory();
	check_ids();
	check_offset();
	check_signals();
	both_returns();
	return 5;
}
