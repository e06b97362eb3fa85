/*
 * exit and exit_group: the status that the parent sees, what exit does to
 * descriptors and buffers, and death by each signal.
 *
 * From _exit(2), exit_group(2), wait(2).
 */
#include "check.h"

static void statuses(void)
{
	static const int codes[] = { 0, 1, 127, 128, 255, 256, 257, -1, INT_MIN, INT_MAX };
	char label[48];

	for (size_t i = 0; i < COUNT(codes); i++) {
		int status;
		pid_t pid = MUST(fork());

		if (pid == 0)
			syscall(i % 2 ? SYS_exit : SYS_exit_group, codes[i]);
		MUST(waitpid(pid, &status, 0));
		snprintf(label, sizeof(label), "exit(%d)", codes[i]);
		say("%s: raw %#06x, %s", label, status, status_text(status));
	}
}

static void signals(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGPIPE, SIGALRM,
				       SIGTERM, SIGUSR2, SIGSTKFLT, SIGIO, SIGPROF, SIGVTALRM,
				       SIGPWR, 36, 40, 64 }; /* 32 to 34 are the C library's: a
							      * runner's may have them blocked */

	for (size_t i = 0; i < COUNT(numbers); i++) {
		int status;
		pid_t pid = MUST(fork());

		if (pid == 0) {
			syscall(SYS_kill, getpid(), numbers[i]);
			_exit(1);
		}
		MUST(waitpid(pid, &status, 0));
		say("raw %#06x, %s", status, status_text(status));
	}
}

/* The last writer's end of a pipe is closed by exit, by kill and by a fault. */
static void closes(void)
{
	for (int how = 0; how < 3; how++) {
		int fds[2], status;
		char byte;
		pid_t pid;

		MUST(pipe(fds));
		pid = MUST(fork());
		if (pid == 0) {
			if (how == 1)
				kill(getpid(), SIGKILL);
			if (how == 2)
				*nowhere = 1;
			_exit(0);
		}
		close(fds[1]);
		VALUE_OF("read after the writer's end", read(fds[0], &byte, 1));
		close(fds[0]);
		MUST(waitpid(pid, &status, 0));
		say("%s", status_text(status));
	}
}

static void at_exit(void)
{
	say("atexit handler ran");
}

int main(void)
{
	pid_t pid;

	statuses();
	signals();
	closes();
	atexit(at_exit);
	pid = MUST(fork());
	if (pid == 0)
		_exit(0);
	MUST(waitpid(pid, NULL, 0));
	say("_exit runs no handlers, exit does");
	exit(300);
}
