/*
 * fork and wait, 2,000 times in turn: nothing is lost, nothing runs out.
 *
 * guest: -m 64 -t 120
 *
 * The parent's memory stays its own through all of it. From fork(2), wait(2).
 */
#include "check.h"

enum { ROUNDS = 2000 };

int main(void)
{
	int wrong_status = 0, wrong_memory = 0, same_pid_twice = 0;
	volatile int cell = 0;
	pid_t last = 0;

	for (int round = 0; round < ROUNDS; round++) {
		int status;
		pid_t pid = MUST(fork());

		if (pid == 0) {
			cell = -1;
			_exit(round & 0x7f);
		}
		same_pid_twice += pid == last;
		last = pid;
		cell++;
		if (MUST(waitpid(pid, &status, 0)) != pid)
			wrong_status++;
		wrong_status += !WIFEXITED(status) || WEXITSTATUS(status) != (round & 0x7f);
		wrong_memory += cell != round + 1;
	}
	VALUE_OF("wrong statuses", wrong_status);
	VALUE_OF("wrong memory", wrong_memory);
	VALUE_OF("pid used twice in a row", same_pid_twice);
	VALUE_OF("wait for one more", wait(NULL));
	return 0;
}
