/*
 * CPU time: of a child, of threads, of a first thread that left before the others;
 * RUSAGE_THREAD against RUSAGE_SELF; times, getrusage and the CPU clocks agree.
 *
 * Busy loops end by their thread's CPU clock, as a busy host may give them little
 * of the time that passes; in a guest what the host takes away counts as used, so
 * the bounds leave room for it. From getrusage(2), times(2), clock_gettime(2),
 * wait4(2).
 */
#include "check.h"
#include <pthread.h>

enum { SPIN_MS = 400, LEAST_MS = 360, MOST_MS = 760, LITTLE_MS = 200 };

static long usage_ms(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000 +
	       (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1000;
}

static long used_ms(int who)
{
	struct rusage usage;

	memset(&usage, 0x55, sizeof(usage));
	MUST(getrusage(who, &usage));
	return usage_ms(&usage);
}

/* The loop was charged, and once. */
static int charged(long ms)
{
	return ms >= LEAST_MS && ms <= MOST_MS;
}

static void spin(void)
{
	spin_cpu_ms(SPIN_MS);
}

static void errors(void)
{
	struct rusage usage;

	VALUE(getrusage(2, &usage));
	VALUE(getrusage(-2, &usage));
	VALUE(getrusage(INT_MIN, &usage));
	VALUE(syscall(SYS_getrusage, RUSAGE_SELF, NULL));
	VALUE(syscall(SYS_getrusage, RUSAGE_SELF, nowhere));
	VALUE(syscall(SYS_getrusage, RUSAGE_THREAD, in_kernel));
	VALUE(syscall(SYS_getrusage, 5, NULL));
	VALUE(syscall(SYS_times, nowhere));
	OK_OF("times without a place", syscall(SYS_times, NULL));
}

static void children(void)
{
	long tick = sysconf(_SC_CLK_TCK), children_ms = used_ms(RUSAGE_CHILDREN);
	struct rusage usage;
	struct tms before, after;
	int status;
	pid_t pid;

	MUST(times(&before));
	pid = MUST(fork());
	if (pid == 0) {
		long own = used_ms(RUSAGE_SELF);

		/* Only what is its own, and no children yet. */
		if (own > LITTLE_MS || used_ms(RUSAGE_CHILDREN) != 0)
			_exit(1);
		spin_cpu_ms(SPIN_MS);
		_exit(charged(used_ms(RUSAGE_SELF) - own) ? 2 : 3);
	}
	MUST(waitid(P_PID, pid, NULL, WEXITED | WNOWAIT));
	YES_OF("a child that is not waited for does not count",
	       used_ms(RUSAGE_CHILDREN) == children_ms);
	MUST(wait4(pid, &status, 0, &usage));
	MUST(times(&after));
	say("a child that spins (2 = it saw that): %s", status_text(status));
	YES_OF("wait4", charged(usage_ms(&usage)));
	YES_OF("RUSAGE_CHILDREN", charged(used_ms(RUSAGE_CHILDREN) - children_ms));
	YES_OF("times", charged((after.tms_cutime + after.tms_cstime - before.tms_cutime -
				 before.tms_cstime) * 1000 / tick));
	YES_OF("not our own time", (after.tms_utime + after.tms_stime - before.tms_utime -
				    before.tms_stime) * 1000 / tick <= LITTLE_MS);
}

static void *spin_thread(void *own_usage)
{
	spin_cpu_ms(SPIN_MS);
	*(long *)own_usage = used_ms(RUSAGE_THREAD);
	return NULL;
}

static void threads(void)
{
	long self = used_ms(RUSAGE_SELF), thread = used_ms(RUSAGE_THREAD), its_own;
	long process_clock = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
	long thread_clock = clock_ms(CLOCK_THREAD_CPUTIME_ID);
	long start;
	pthread_t id;

	MUST(-pthread_create(&id, NULL, spin_thread, &its_own));
	MUST(-pthread_join(id, NULL));
	YES_OF("RUSAGE_THREAD in the thread that spins", charged(its_own));
	YES_OF("RUSAGE_THREAD here: not its time", used_ms(RUSAGE_THREAD) - thread <= LITTLE_MS);
	YES_OF("CLOCK_THREAD_CPUTIME_ID: not its time",
	       clock_ms(CLOCK_THREAD_CPUTIME_ID) - thread_clock <= LITTLE_MS);
	YES_OF("RUSAGE_SELF after it has gone", charged(used_ms(RUSAGE_SELF) - self));
	YES_OF("CLOCK_PROCESS_CPUTIME_ID",
	       charged(clock_ms(CLOCK_PROCESS_CPUTIME_ID) - process_clock));
	thread = used_ms(RUSAGE_THREAD);
	thread_clock = clock_ms(CLOCK_THREAD_CPUTIME_ID);
	start = now_ms();
	spin_cpu_ms(SPIN_MS);
	YES_OF("own loop: no more than the time that passes",
	       now_ms() - start >= clock_ms(CLOCK_THREAD_CPUTIME_ID) - thread_clock - LITTLE_MS);
	YES_OF("RUSAGE_THREAD, own loop", charged(used_ms(RUSAGE_THREAD) - thread));
	YES_OF("CLOCK_THREAD_CPUTIME_ID, own loop",
	       charged(clock_ms(CLOCK_THREAD_CPUTIME_ID) - thread_clock));
}

/* The first thread has spun and gone: its time still counts, and counts once. */
static void *after_the_first(void *unused)
{
	struct tms now;
	long ms[3];

	(void)unused;
	UNTIL(task_state(getpid(), getpid()) == 'Z');
	MUST(times(&now));
	ms[0] = used_ms(RUSAGE_SELF);
	ms[1] = (now.tms_utime + now.tms_stime) * 1000 / sysconf(_SC_CLK_TCK);
	ms[2] = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
	_exit(!charged(ms[0]) + 2 * !charged(ms[1]) + 4 * !charged(ms[2]) +
	      8 * (used_ms(RUSAGE_THREAD) > LITTLE_MS));
}

static void first_thread_goes(void)
{
	pthread_t id;

	MUST(-pthread_create(&id, NULL, after_the_first, NULL));
	spin_cpu_ms(SPIN_MS);
	syscall(SYS_exit, 0);
}

static void first_thread_gone(void)
{
	struct rusage usage;
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0)
		first_thread_goes();
	MUST(wait4(pid, &status, 0, &usage));
	say("the first thread spins and goes (bits of what is wrong): %s", status_text(status));
	YES_OF("wait4 of it", charged(usage_ms(&usage)));
}

int main(void)
{
	long children_ms;

	errors();
	children();
	threads();
	first_thread_gone();
	children_ms = used_ms(RUSAGE_CHILDREN);
	in_child("one more", spin);
	YES_OF("RUSAGE_CHILDREN grows by it", charged(used_ms(RUSAGE_CHILDREN) - children_ms));
	return 0;
}
