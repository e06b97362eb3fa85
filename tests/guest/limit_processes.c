/*
 * Fork bombs end in EAGAIN or ENOMEM, and the rest of the system goes on.
 *
 * guest: -m 64 -t 120
 * tine-only: yes
 *
 * The bomb runs in a child, which may also die of a fault without memory; the
 * first process waits, and must be able to fork afterwards. (Natively it would
 * take the host along.) From fork(2).
 */
#include "check.h"

enum { MOST = 100000 };

/* Forks until it is refused; its children wait for the pipe to close. */
static void line_bomb(void)
{
	int fds[2];
	char byte;

	MUST(pipe(fds));
	for (int i = 0; i < MOST; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			close(fds[1]);
			read(fds[0], &byte, 1);
			_exit(0);
		}
		if (pid == -1)
			_exit(errno == EAGAIN || errno == ENOMEM ? 40 : 41);
	}
	_exit(42);
}

/* Every process forks: all stay in one group, to be killed together. */
static void tree_bomb(void)
{
	setpgid(0, 0);
	for (;;)
		if (fork() == -1)
			sleep_ms(20);
}

/* Copies our pages of the stack now: later there may be no memory for it. */
static void own_stack(void)
{
	volatile char pages[4 * PAGE];

	for (size_t i = 0; i < sizeof(pages); i += 64)
		pages[i] = 1;
	failures += 0 * pages[0];
}

static void after(const char *label)
{
	int worked = 0, status;

	for (int tries = 0; tries < 500 && worked < 100; tries++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(7);
		if (pid == -1) {
			sleep_ms(20);
			continue;
		}
		if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
		    WEXITSTATUS(status) == 7)
			worked++;
	}
	say("%s: forks that work afterwards: %d", label, worked);
	expect("all of them", worked == 100);
}

int main(void)
{
	int status;
	pid_t pid;

	for (int round = 0; round < 2; round++) {
		pid = MUST(fork());
		if (pid == 0)
			line_bomb();
		MUST(waitpid(pid, &status, 0));
		expect("the line was refused",
		       WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 40));
		after("line");
	}
	pid = MUST(fork());
	if (pid == 0)
		tree_bomb();
	own_stack();
	sleep_ms(1500);
	for (int i = 0; i < 500 && kill(-pid, SIGKILL) == 0; i++) {
		while (waitpid(-1, &status, WNOHANG) > 0)
			;
		sleep_ms(10);
	}
	expect("the group has gone after SIGKILL", kill(-pid, 0) == -1 && errno == ESRCH);
	after("tree");
	return failures != 0;
}
