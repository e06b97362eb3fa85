/*
 * CPU time of children that live for less than a tick is not lost, none of the
 * figures ever goes back, and what is waited for adds up, over generations.
 *
 * From getrusage(2), wait4(2), times(2).
 */
#include "check.h"

static long us(struct timeval t)
{
	return t.tv_sec * 1000000 + t.tv_usec;
}

static void burn(long ns)
{
	struct timespec t;
	long until;

	MUST(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t));
	until = t.tv_sec * 1000000000 + t.tv_nsec + ns;
	do
		MUST(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t));
	while (t.tv_sec * 1000000000 + t.tv_nsec < until);
}

static void many_short(void)
{
	struct rusage one, all;
	long sum = 0, last = 0;
	int less = 0;

	for (int i = 0; i < 60; i++) {
		pid_t pid = MUST(fork());

		if (pid == 0) {
			burn(2000000);
			_exit(0);
		}
		MUST(wait4(pid, NULL, 0, &one));
		less += us(one.ru_utime) + us(one.ru_stime) < 2000;
		sum += us(one.ru_utime) + us(one.ru_stime);
		MUST(getrusage(RUSAGE_CHILDREN, &all));
		less += us(all.ru_utime) + us(all.ru_stime) < last;
		last = us(all.ru_utime) + us(all.ru_stime);
	}
	VALUE_OF("times that were too small", less);
	YES_OF("the sum is all children's", last > sum - 200 && last < sum + 200);
}

static void generations(void)
{
	struct rusage usage;

	if (MUST(fork()) == 0) {
		if (MUST(fork()) == 0) {
			burn(50000000);
			_exit(0);
		}
		MUST(wait(NULL));
		MUST(getrusage(RUSAGE_CHILDREN, &usage));
		YES_OF("a child", us(usage.ru_utime) + us(usage.ru_stime) >= 49000);
		_exit(0);
	}
	MUST(wait(NULL));
	MUST(getrusage(RUSAGE_CHILDREN, &usage));
	YES_OF("a grandchild", us(usage.ru_utime) + us(usage.ru_stime) >= 49000);
	if (MUST(fork()) == 0) {
		signal(SIGCHLD, SIG_IGN);
		if (MUST(fork()) == 0) {
			burn(50000000);
			_exit(0);
		}
		while (wait(NULL) != -1)
			;
		MUST(getrusage(RUSAGE_CHILDREN, &usage));
		YES_OF("one that is not waited for", us(usage.ru_utime) + us(usage.ru_stime) == 0);
		_exit(0);
	}
	MUST(wait(NULL));
}

/* User and system time by turns. */
static void never_back(void)
{
	long user = 0, system = 0;
	int back = 0;

	for (int i = 0; i < 20; i++) {
		struct rusage usage;

		for (int k = 0; k < 20; k++) {
			if (i % 2)
				burn(1000000);
			else
				for (volatile int n = 0; n < 300000; n++)
					;
			MUST(getrusage(RUSAGE_SELF, &usage));
			back += us(usage.ru_utime) < user || us(usage.ru_stime) < system;
			user = us(usage.ru_utime);
			system = us(usage.ru_stime);
		}
	}
	VALUE_OF("times that it went back", back);
}

static void memory(void)
{
	struct rusage before, after;
	char *at;

	MUST(getrusage(RUSAGE_SELF, &before));
	at = map_anon(MIB(8), PROT_READ | PROT_WRITE);
	for (size_t i = 0; i < MIB(8); i += PAGE)
		at[i] = 1;
	MUST(munmap(at, MIB(8)));
	MUST(getrusage(RUSAGE_SELF, &after));
	YES_OF("8 MiB were there at once", after.ru_maxrss >= before.ru_maxrss + 7000);
	YES_OF("each page was a fault", after.ru_minflt >= before.ru_minflt + 1000 ||
	       after.ru_minflt > before.ru_minflt); /* or a huge one */
	if (MUST(fork()) == 0) {
		at = map_anon(MIB(20), PROT_READ | PROT_WRITE);
		memset(at, 1, MIB(20));
		_exit(0);
	}
	MUST(wait(NULL));
	MUST(getrusage(RUSAGE_CHILDREN, &after));
	YES_OF("the largest child", after.ru_maxrss >= 20000 && after.ru_maxrss < 40000);
	VALUE(getrusage(2, &after));
	VALUE(getrusage(-2, &after));
	VALUE(syscall(SYS_getrusage, 0, nowhere));
}

int main(void)
{
	in_child("short", many_short);
	generations();
	in_child("never back", never_back);
	in_child("memory", memory);
	return 0;
}
