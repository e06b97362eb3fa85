/*
 * Two busy children of nice 0 and nice 5 share one CPU as 3 to 1 (Linux's
 * weights are 1,024 and 335), within 10 %, by the CPU times that wait4 reports.
 * The host may take the guest's CPU away for much of a round: one of some rounds
 * must hold.
 *
 * guest: -t 120
 * native: no
 *
 * From sched(7) ("The nice value"), setpriority(2), wait4(2).
 */
#include "check.h"

enum { RUN_MS = 1500, ROUNDS = 20 };

static pid_t busy(int nice_value)
{
	pid_t pid = MUST(fork());

	if (pid == 0) {
		MUST(setpriority(PRIO_PROCESS, 0, nice_value));
		for (;;)
			;
	}
	return pid;
}

static long cpu_us(pid_t pid)
{
	struct rusage used;
	int status;

	MUST(kill(pid, SIGKILL));
	MUST(wait4(pid, &status, 0, &used));
	return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 + used.ru_utime.tv_usec +
	       used.ru_stime.tv_usec;
}

/* In percent of 3 to 1. */
static long round_of_two(void)
{
	pid_t first = busy(0), second = busy(5);
	long a, b, percent;

	sleep_ms(RUN_MS);
	MUST(kill(first, SIGSTOP));
	MUST(kill(second, SIGSTOP));
	a = cpu_us(first);
	b = cpu_us(second);
	percent = a * 100 / (b * 3);
	say("# nice 0: %ld us, nice 5: %ld us, %ld %% of 3 to 1", a, b, percent);
	return percent;
}

int main(void)
{
	long percent = 0;
	cpu_set_t set;
	unsigned cpu;

	MUST(syscall(SYS_getcpu, &cpu, NULL, NULL));
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	MUST(sched_setaffinity(0, sizeof(set), &set));
	for (int i = 0; i < ROUNDS && (percent < 90 || percent > 110); i++)
		percent = round_of_two();
	YES_OF("3 to 1 within 10 %", percent >= 90 && percent <= 110);
	return 0;
}
