/*
 * Clocks of CPU time: of this thread and process, of other threads and other
 * processes by their id; resolution, setting, sleeping on them.
 *
 * guest: -c 2
 *
 * From clock_gettime(2), clock_nanosleep(2), clock_getcpuclockid(3),
 * pthread_getcpuclockid(3).
 */
#include "check.h"
#include <pthread.h>

/* The kernel's form of an id: which is 0 (user and system), 1 (user), 2 (exact). */
#define ID(pid, thread, which) ((clockid_t)(~(unsigned)(pid) << 3 | (thread) << 2 | (which)))

static long gettime(clockid_t clock, struct timespec *t)
{
	return syscall(SYS_clock_gettime, clock, t);
}

static double used(clockid_t clock)
{
	struct timespec t;

	MUST(gettime(clock, &t));
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void burn(double seconds)
{
	double until = used(CLOCK_THREAD_CPUTIME_ID) + seconds;

	while (used(CLOCK_THREAD_CPUTIME_ID) < until)
		;
}

/* A guest whose CPU the host takes away meanwhile has used more than it wanted. */
static int near(double is, double wanted)
{
	return is > wanted - 0.02 && is < wanted + 1.5;
}

static void ids(void)
{
	struct timespec t;

	for (int which = 0; which < 4; which++) {
		VALUE_OF("own process", gettime(ID(0, 0, which), &t));
		VALUE_OF("own thread", gettime(ID(0, 1, which), &t));
		VALUE_OF("by pid", gettime(ID(getpid(), 0, which), &t));
		VALUE_OF("by tid", gettime(ID(getpid(), 1, which), &t));
	}
	VALUE_OF("the parent", gettime(ID(getppid(), 0, 2), &t));
	VALUE_OF("the parent as a thread", gettime(ID(getppid(), 1, 2), &t));
	VALUE_OF("nobody", gettime(ID(1 << 28, 0, 2), &t));
	VALUE_OF("nobody's thread", gettime(ID(1 << 28, 1, 2), &t));
	VALUE_OF("bad pointer", gettime(ID(0, 0, 2), (void *)nowhere));
	VALUE_OF("100", gettime(100, &t));
	VALUE_OF("TAI", gettime(CLOCK_TAI, &t));
	VALUE_OF("resolution", syscall(SYS_clock_getres, ID(getpid(), 0, 2), &t));
	say("%ld s %ld ns", (long)t.tv_sec, (long)t.tv_nsec);
	VALUE_OF("of nobody", syscall(SYS_clock_getres, ID(1 << 28, 0, 2), &t));
	VALUE_OF("without a pointer", syscall(SYS_clock_getres, CLOCK_PROCESS_CPUTIME_ID, NULL));
	t.tv_sec = t.tv_nsec = 0;
	VALUE_OF("set own", syscall(SYS_clock_settime, ID(getpid(), 0, 2), &t));
	VALUE_OF("set nobody's", syscall(SYS_clock_settime, ID(1 << 28, 0, 2), &t));
	VALUE_OF("set process", syscall(SYS_clock_settime, CLOCK_PROCESS_CPUTIME_ID, &t));
	VALUE_OF("set thread", syscall(SYS_clock_settime, CLOCK_THREAD_CPUTIME_ID, &t));
}

static pid_t burner;
static int done[2], go[2];

static void *burning(void *arg)
{
	char byte;

	burner = syscall(SYS_gettid);
	burn(0.3);
	MUST(write(done[1], "d", 1));
	MUST(read(go[0], &byte, 1));
	return arg;
}

static void threads(void)
{
	double before = used(CLOCK_PROCESS_CPUTIME_ID), own = used(CLOCK_THREAD_CPUTIME_ID);
	struct rusage usage, thread;
	char byte;
	pthread_t other;
	clockid_t id;

	MUST(pipe(done));
	MUST(pipe(go));
	MUST(pthread_create(&other, NULL, burning, NULL));
	MUST(read(done[0], &byte, 1));
	VALUE_OF("id", pthread_getcpuclockid(other, &id));
	YES_OF("it is of the form", id == ID(burner, 1, 2));
	YES_OF("the thread has used 0.3 s", near(used(id), 0.3));
	YES_OF("so has the process", near(used(CLOCK_PROCESS_CPUTIME_ID) - before, 0.3));
	YES_OF("not this thread", used(CLOCK_THREAD_CPUTIME_ID) - own < used(id) / 2);
	YES_OF("by another thread's number, the process",
	       gettime(ID(burner, 0, 2), &(struct timespec){ 0 }) == -1 && errno == EINVAL);
	MUST(getrusage(RUSAGE_SELF, &usage));
	MUST(getrusage(RUSAGE_THREAD, &thread));
	YES_OF("getrusage of all", near(usage.ru_utime.tv_sec + usage.ru_utime.tv_usec / 1e6 +
					usage.ru_stime.tv_sec + usage.ru_stime.tv_usec / 1e6 -
					before, 0.3));
	YES_OF("of this thread", (thread.ru_utime.tv_sec + thread.ru_utime.tv_usec / 1e6 +
				   thread.ru_stime.tv_sec + thread.ru_stime.tv_usec / 1e6) -
				  own < used(id) / 2);
	MUST(write(go[1], "g", 1));
	pthread_join(other, NULL);
	burn(0.1);
	YES_OF("that of a thread that has gone stays",
	       near(used(CLOCK_PROCESS_CPUTIME_ID) - before, 0.4));
}

static void processes(void)
{
	struct rusage usage;
	clockid_t id;
	char byte;
	pid_t pid;

	MUST(pipe(done));
	pid = MUST(fork());
	if (pid == 0) {
		burn(0.3);
		MUST(write(done[1], "d", 1));
		for (;;)
			pause();
	}
	MUST(read(done[0], &byte, 1));
	VALUE_OF("id of a child", clock_getcpuclockid(pid, &id));
	YES_OF("it has used 0.3 s", near(used(id), 0.3));
	MUST(getrusage(RUSAGE_CHILDREN, &usage));
	YES_OF("not yet waited for", usage.ru_utime.tv_sec == 0 && usage.ru_utime.tv_usec < 50000);
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, NULL, 0));
	VALUE_OF("it has gone", clock_getcpuclockid(pid, &id) == ESRCH ? 1 : 0);
	MUST(getrusage(RUSAGE_CHILDREN, &usage));
	YES_OF("its time is the children's", near(usage.ru_utime.tv_usec / 1e6 +
						  usage.ru_stime.tv_usec / 1e6, 0.3));
}

static void *burn_half(void *arg)
{
	burn(0.5);
	return arg;
}

static void nothing(int sig)
{
	(void)sig;
}

static long nsleep(clockid_t clock, int flags, long ms, struct timespec *left)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	return syscall(SYS_clock_nanosleep, clock, flags, &t, left);
}

static void sleeping(void)
{
	struct timespec left = { 0, 0 };
	double before;
	pthread_t other;

	VALUE(nsleep(CLOCK_THREAD_CPUTIME_ID, 0, 1, NULL));
	VALUE(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, NULL, NULL));
	VALUE(nsleep(ID(0, 1, 2), 0, 1, NULL));
	VALUE(nsleep(ID(getpid(), 1, 2), 0, 1, NULL));
	VALUE(nsleep(ID(1 << 28, 0, 2), 0, 1, NULL));
	VALUE(nsleep(CLOCK_MONOTONIC_RAW, 0, 1, NULL));
	VALUE(nsleep(CLOCK_PROCESS_CPUTIME_ID, 0, -1000, NULL));
	VALUE(nsleep(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, 0, NULL));
	MUST(pthread_create(&other, NULL, burn_half, NULL));
	before = used(CLOCK_PROCESS_CPUTIME_ID);
	VALUE_OF("0.2 s of the process", nsleep(CLOCK_PROCESS_CPUTIME_ID, 0, 200, NULL));
	YES_OF("so much has been used", near(used(CLOCK_PROCESS_CPUTIME_ID) - before, 0.2));
	VALUE_OF("until then", nsleep(ID(getpid(), 0, 2), TIMER_ABSTIME, before * 1000 + 400, NULL));
	YES_OF("so much has been used", near(used(CLOCK_PROCESS_CPUTIME_ID) - before, 0.4));
	pthread_join(other, NULL);
	signal(SIGALRM, nothing);
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 200000 } }, NULL);
	VALUE_OF("nobody runs, a signal comes", nsleep(CLOCK_PROCESS_CPUTIME_ID, 0, 300, &left));
	YES_OF("all is left", left.tv_sec == 0 && left.tv_nsec > 250000000);
}

int main(void)
{
	in_child("ids", ids);
	in_child("threads", threads);
	in_child("processes", processes);
	in_child("sleeping", sleeping);
	return 0;
}
