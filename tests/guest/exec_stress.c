/*
 * fork, exec and wait 150 times, by fork and by vfork in turn, and a chain of
 * 50 execs in one process: no descriptor, page or pid is lost on the way.
 *
 * guest: -m 64 -t 120
 *
 * From execve(2), vfork(2).
 */
#include "check.h"

enum { ROUNDS = 150, CHAIN = 50 };

static char *no_environment[] = { NULL };

static int run(int by_vfork, char **argv)
{
	int status;
	pid_t pid = by_vfork ? vfork() : fork();

	if (pid == 0) {
		execve("/proc/self/exe", argv, no_environment);
		_exit(255);
	}
	MUST(waitpid(pid, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Execs itself until the number in argv[2] is down to zero. */
static int chain(pid_t pid, int left)
{
	char pid_text[16], left_text[16];
	char *argv[] = { "exec_stress", "chain", left_text, pid_text, NULL };

	if (getpid() != pid)
		return 1;
	if (left == 0)
		return 9;
	snprintf(pid_text, sizeof(pid_text), "%d", pid);
	snprintf(left_text, sizeof(left_text), "%d", left - 1);
	execve("/proc/self/exe", argv, no_environment);
	return 2;
}

int main(int argc, char **argv)
{
	int wrong = 0, before, after, status;
	pid_t pid;

	if (argc == 3)
		return atoi(argv[2]);
	if (argc == 4)
		return chain(atoi(argv[3]), atoi(argv[2]));
	before = MUST(dup(0));
	close(before);
	for (int i = 0; i < ROUNDS; i++) {
		char number[16];
		char *child_argv[] = { "exec_stress", "status", number, NULL };

		snprintf(number, sizeof(number), "%d", i);
		wrong += run(i % 2, child_argv) != i;
	}
	VALUE_OF("wrong statuses", wrong);
	pid = MUST(fork());
	if (pid == 0)
		_exit(chain(getpid(), CHAIN));
	MUST(waitpid(pid, &status, 0));
	say("a chain of execs: %s", status_text(status));
	after = MUST(dup(0));
	YES_OF("no descriptor was lost", before == after);
	return 0;
}
