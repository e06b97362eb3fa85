/*
 * A signal to a whole process group reaches those, too, that are just being
 * born: processes that do nothing but fork and exit are all killed by one
 * kill(2), and all stopped and continued by one. Fork itself is not disturbed
 * by signals, and a child starts with nothing pending.
 *
 * From kill(2), fork(2), signal(7).
 */
/* guest: -t 120 */
#include "check.h"
#include <sys/prctl.h>

enum { ROUNDS = 30, CHAINS = 3 };

/* Forks for ever; the parent exits, so there is always a process that is just forking. */
static void chain(volatile unsigned long *counter)
{
	for (;;) {
		pid_t pid = fork();

		if (pid > 0)
			_exit(0);
		if (pid == 0)
			++*counter;
	}
}

static void kill_all_at_once(void)
{
	volatile unsigned long *counter = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int gone = 0;

	MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
	for (int round = 0; round < ROUNDS; round++) {
		unsigned long before = *counter;
		pid_t group = 0;

		for (int i = 0; i < CHAINS; i++) {
			pid_t pid = MUST(fork());

			if (pid == 0) {
				MUST(setpgid(0, group));
				chain(counter);
			}
			MUST(setpgid(pid, group));
			group = group ? group : pid;
		}
		while (*counter < before + 20 + round)
			waitpid(-1, NULL, WNOHANG);
		MUST(kill(-group, SIGKILL));
		while (waitpid(-1, NULL, 0) > 0)
			;
		gone += kill(-group, 0) == -1;
	}
	say("one kill for forking processes: all were gone %d times", gone);
	MUST(munmap((void *)counter, PAGE));
}

static volatile sig_atomic_t ticks;

static void on_tick(int number)
{
	(void)number;
	ticks++;
}

/* A timer goes off all the time: fork succeeds, and children have no timer. */
static void among_ticks(void)
{
	struct itimerval often = { { 0, 500 }, { 0, 500 } }, off = { { 0, 0 }, { 0, 0 } };
	int born = 0, status;

	signal(SIGALRM, on_tick);
	MUST(setitimer(ITIMER_REAL, &often, NULL));
	for (int i = 0; i < 100 || ticks < 50; i++) {
		pid_t pid = fork();
		sigset_t set;

		if (pid == 0) {
			MUST(sigpending(&set));
			_exit(sigismember(&set, SIGALRM));
		}
		while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
			;
		born += pid > 0 && status == 0;
		if (i < 100 && born != i + 1)
			break;
	}
	MUST(setitimer(ITIMER_REAL, &off, NULL));
	YES_OF("forks among ticks", born >= 100);
}

int main(void)
{
	kill_all_at_once();
	among_ticks();
	return 0;
}
