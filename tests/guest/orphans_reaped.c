/*
 * Orphans are reaped: those that end after their parent, and zombies that
 * their parent left behind. Process 1 does it.
 *
 * native: no
 *
 * (Natively, process 1 may be a container's that reaps late or never.)
 * From exit(3p), "Consequences of Process Termination".
 */
#include "check.h"

enum { MANY = 20 };

static pid_t orphans[MANY];

static void wait_until_gone(const char *label, pid_t pid)
{
	for (int i = 0; i < 300 && kill(pid, 0) == 0; i++)
		sleep_ms(10);
	VALUE_OF(label, kill(pid, 0));
}

/* Children left behind alive, or dead already. */
static void leave_behind(const char *label, int dead)
{
	int fds[2], status;
	pid_t middle;
	siginfo_t info;

	MUST(pipe(fds));
	middle = MUST(fork());
	if (middle == 0) {
		for (int i = 0; i < MANY; i++) {
			orphans[i] = MUST(fork());
			if (orphans[i] == 0) {
				if (!dead)
					sleep_ms(50);
				_exit(i);
			}
			if (dead)
				MUST(waitid(P_PID, orphans[i], &info, WEXITED | WNOWAIT));
		}
		MUST(write(fds[1], orphans, sizeof(orphans)));
		_exit(0);
	}
	MUST(waitpid(middle, &status, 0));
	MUST(read(fds[0], orphans, sizeof(orphans)));
	close(fds[0]), close(fds[1]);
	for (int i = 0; i < MANY; i++)
		wait_until_gone(label, orphans[i]);
}

static void parent_is_one(void)
{
	int fds[2], answer = 0;
	pid_t middle;

	MUST(pipe(fds));
	middle = MUST(fork());
	if (middle == 0) {
		if (MUST(fork()) == 0) {
			for (int i = 0; i < 100 && getppid() != 1; i++)
				sleep_ms(10);
			answer = getppid();
			MUST(write(fds[1], &answer, sizeof(answer)));
			_exit(0);
		}
		_exit(0);
	}
	MUST(waitpid(middle, NULL, 0));
	MUST(read(fds[0], &answer, sizeof(answer)));
	VALUE_OF("the orphan's parent", answer);
	close(fds[0]), close(fds[1]);
}

int main(void)
{
	parent_is_one();
	leave_behind("orphan", 0);
	leave_behind("zombie left behind", 1);
	VALUE_OF("wait for one more", wait(NULL));
	return 0;
}
