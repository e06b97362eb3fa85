/*
 * Preemption: a child that spins without a system call does not stop its
 * parent, nor other children; a spinning process can be stopped and killed.
 *
 * From sched(7), kill(2).
 */
#include "check.h"

static pid_t spinner(void)
{
	pid_t pid = MUST(fork());

	if (pid == 0)
		for (;;)
			__asm__ volatile("");
	return pid;
}

int main(void)
{
	volatile unsigned long *counters =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned long moved = 0;
	pid_t pids[3];
	int status;
	long start;

	pids[0] = spinner();
	start = now_ms();
	sleep_ms(50);
	YES_OF("the parent wakes from its sleep", now_ms() - start < 10000);
	VALUE_OF("the child spins on", waitpid(pids[0], &status, WNOHANG));
	MUST(kill(pids[0], SIGSTOP));
	MUST(waitpid(pids[0], &status, WUNTRACED));
	say("%s", status_text(status));
	MUST(kill(pids[0], SIGKILL));
	MUST(waitpid(pids[0], &status, 0));
	say("%s", status_text(status));
	for (int i = 0; i < 3; i++) {
		pids[i] = MUST(fork());
		if (pids[i] == 0)
			for (;;)
				counters[i * 8]++;
	}
	for (int i = 0; i < 3; i++) {
		unsigned long before;

		UNTIL(counters[i * 8] > 0);
		before = counters[i * 8];
		UNTIL(counters[i * 8] > before);
		moved += counters[i * 8] > before;
	}
	VALUE_OF("spinning children that all move", moved);
	for (int i = 0; i < 3; i++) {
		MUST(kill(pids[i], SIGTERM));
		MUST(waitpid(pids[i], &status, 0));
		say("%s", status_text(status));
	}
	munmap((void *)counters, PAGE);
	return 0;
}
