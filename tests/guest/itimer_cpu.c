/*
 * setitimer with ITIMER_VIRTUAL and ITIMER_PROF: CPU time of the process, not
 * of a sleeper, nor in system calls for VIRTUAL; intervals, getitimer, fork and
 * exec; short intervals of ITIMER_REAL.
 *
 * What the host takes away from a guest's CPU counts as used there: the bounds
 * leave some 100 ms for it.
 *
 * From setitimer(2), getitimer(2), signal(7).
 */
/* guest: -t 120 */
#include "check.h"

static volatile sig_atomic_t fired[65];

static void handler(int number)
{
	fired[number]++;
}

static const int timer_signal[] = { SIGALRM, SIGVTALRM, SIGPROF };

static long left_ms(int which)
{
	struct itimerval now;

	MUST(getitimer(which, &now));
	return now.it_value.tv_sec * 1000 + (now.it_value.tv_usec + 999) / 1000;
}

static void set(int which, long value_ms, long interval_ms)
{
	struct itimerval timer = { { interval_ms / 1000, interval_ms % 1000 * 1000 },
				   { value_ms / 1000, value_ms % 1000 * 1000 } };

	fired[timer_signal[which]] = 0;
	MUST(setitimer(which, &timer, NULL));
}

static long cpu_ms(void)
{
	return clock_ms(CLOCK_PROCESS_CPUTIME_ID);
}

/* Computes until the signal has come n times, at most 4 seconds. */
static long burn(int number, int n)
{
	long before = cpu_ms();

	while (fired[number] < n && cpu_ms() - before < 4000)
		for (volatile int i = 0; i < 20000; i++)
			;
	return cpu_ms() - before;
}

/* System calls that take long in the kernel and little outside of it. */
static void burn_in_kernel(long ms)
{
	static char buffer[1 << 20];
	int fd = MUST(open("/dev/zero", O_RDONLY));

	for (long before = cpu_ms(); cpu_ms() - before < ms;)
		MUST(read(fd, buffer, sizeof(buffer)));
	close(fd);
}

static void one(const char *name, int which)
{
	int number = timer_signal[which];
	long took;

	say("%s", name);
	set(which, 300, 0);
	YES_OF("  runs", left_ms(which) > 0 && left_ms(which) <= 320);
	took = burn(number, 1);
	YES_OF("  came after about 300 ms of CPU", took >= 150 && took < 2000);
	VALUE_OF("  over", left_ms(which));
	burn(number, 2 * (fired[number] > 1));
	VALUE_OF("  came once", fired[number]);
	set(which, 60, 60);
	took = burn(number, 4);
	YES_OF("  four times in about 240 ms", took >= 150 && took < 3000);
	set(which, 400, 0);
	sleep_ms(500);
	VALUE_OF("  not for a sleeper", fired[number]);
	YES_OF("  and time is left", left_ms(which) > 10);
	set(which, 0, 0);
	VALUE_OF("  off", left_ms(which));
}

static void busy_kernel(void)
{
	struct itimerval old, both = { { 0, 0 }, { 5, 0 } };
	long virtual_ms, prof_ms;

	fired[SIGPROF] = 0;
	MUST(setitimer(ITIMER_VIRTUAL, &both, NULL));
	MUST(setitimer(ITIMER_PROF, &both, NULL));
	burn_in_kernel(400);
	virtual_ms = 5000 - left_ms(ITIMER_VIRTUAL);
	prof_ms = 5000 - left_ms(ITIMER_PROF);
	say("# VIRTUAL %ld ms, PROF %ld ms", virtual_ms, prof_ms);
	YES_OF("system calls: VIRTUAL hardly moves", virtual_ms < 200);
	YES_OF("PROF does", prof_ms > 300);
	both.it_value.tv_sec = 0;
	MUST(setitimer(ITIMER_VIRTUAL, &both, &old));
	YES_OF("the old value", old.it_value.tv_sec >= 4);
	MUST(setitimer(ITIMER_PROF, &both, NULL));
}

static void child(void)
{
	say("  in a child: %ld %ld", left_ms(ITIMER_VIRTUAL), left_ms(ITIMER_PROF));
}

static void after_exec(void)
{
	set(ITIMER_PROF, 4000, 0);
	execl("/proc/self/exe", "itimer_cpu", "exec", NULL);
}

static void not_caught(void)
{
	signal(SIGVTALRM, SIG_DFL);
	set(ITIMER_VIRTUAL, 20, 0);
	burn(SIGVTALRM, 1);
}

/* A new round begins when the signal is taken: short intervals let the program live. */
static void short_real(void)
{
	struct itimerval tiny = { { 0, 200 }, { 0, 1 } }, off = { { 0, 0 }, { 0, 0 } };
	sigset_t block;

	fired[SIGALRM] = 0;
	MUST(setitimer(ITIMER_REAL, &tiny, NULL));
	for (long before = now_ms(); fired[SIGALRM] < 20 && now_ms() - before < 20000;)
		;
	YES_OF("a short interval: comes often", fired[SIGALRM] >= 20);
	sigemptyset(&block), sigaddset(&block, SIGALRM);
	MUST(sigprocmask(SIG_BLOCK, &block, NULL));
	sleep_ms(20);
	fired[SIGALRM] = 0;
	MUST(setitimer(ITIMER_REAL, &off, NULL));
	MUST(sigprocmask(SIG_UNBLOCK, &block, NULL));
	YES_OF("blocked for long: at most one", fired[SIGALRM] <= 1);
	sleep_ms(10);
	YES_OF("and none after", fired[SIGALRM] <= 1);
	signal(SIGALRM, handler);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		YES_OF("  over exec", left_ms(ITIMER_PROF) > 2000 && left_ms(ITIMER_PROF) <= 4010);
		return 0;
	}
	for (int i = 0; i < 3; i++)
		signal(timer_signal[i], handler);
	one("ITIMER_VIRTUAL", ITIMER_VIRTUAL);
	one("ITIMER_PROF", ITIMER_PROF);
	busy_kernel();
	set(ITIMER_VIRTUAL, 4000, 0), set(ITIMER_PROF, 4000, 0);
	in_child("fork", child);
	set(ITIMER_VIRTUAL, 0, 0), set(ITIMER_PROF, 0, 0);
	in_child("exec", after_exec);
	short_real();
	in_child("SIGVTALRM not caught", not_caught);
	return 0;
}
