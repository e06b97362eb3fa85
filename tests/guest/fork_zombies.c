/*
 * Many zombies at once, reaped in an order other than that of their deaths.
 *
 * guest: -m 128 -t 120
 *
 * A zombie keeps its pid (kill with 0 finds it) and its status until it is
 * waited for, and is gone after. From wait(2), kill(2).
 */
#include "check.h"

enum { ZOMBIES = 300 };

static pid_t pids[ZOMBIES];

int main(void)
{
	int status, wrong = 0, gone = 0, there = 0, sum = 0;
	siginfo_t info;

	for (int i = 0; i < ZOMBIES; i++) {
		pids[i] = MUST(fork());
		if (pids[i] == 0)
			_exit(i % 100);
	}
	/* Each has died, and none is reaped. */
	for (int i = 0; i < ZOMBIES; i++)
		MUST(waitid(P_PID, pids[i], &info, WEXITED | WNOWAIT));
	for (int i = 0; i < ZOMBIES; i++)
		there += kill(pids[i], 0) == 0 && kill(pids[i], SIGKILL) == 0;
	VALUE_OF("zombies that kill finds", there);
	for (int i = ZOMBIES - 1; i >= 0; i -= 2) {
		if (waitpid(pids[i], &status, 0) != pids[i])
			wrong++;
		wrong += !WIFEXITED(status) || WEXITSTATUS(status) != i % 100;
	}
	VALUE_OF("wrong statuses, last to first, every other", wrong);
	for (int i = ZOMBIES - 1; i >= 0; i -= 2)
		gone += kill(pids[i], 0) == -1 && errno == ESRCH;
	VALUE_OF("gone after that", gone);
	for (int i = 0; i < ZOMBIES / 2; i++) {
		MUST(wait(&status));
		sum += WEXITSTATUS(status);
	}
	VALUE_OF("sum of the other statuses", sum);
	VALUE_OF("wait for one more", wait(NULL));
	return 0;
}
