/*
 * sched_setaffinity and sched_getaffinity on four CPUs: threads are where their
 * mask says, at once; fork, exec and new threads inherit it; other threads and
 * processes; permissions and errors.
 *
 * guest: -c 4
 * native: no
 *
 * From sched_setaffinity(2), getcpu(2).
 */
#include "check.h"
#include <pthread.h>

static long set(pid_t pid, unsigned long mask)
{
	return syscall(SYS_sched_setaffinity, pid, sizeof(mask), &mask);
}

static long get(pid_t pid)
{
	unsigned long mask = 0;
	long n = syscall(SYS_sched_getaffinity, pid, sizeof(mask), &mask);

	return n == -1 ? -1 : n == 8 ? (long)mask : -2;
}

static unsigned here(void)
{
	unsigned cpu = 99;

	MUST(syscall(SYS_getcpu, &cpu, NULL, NULL));
	return cpu;
}

static void *thread(void *arg)
{
	int *wait_on = arg;
	char byte;

	VALUE_OF("a new thread's mask", get(0));
	VALUE_OF("its CPU", here());
	MUST(read(wait_on[0], &byte, 1));
	VALUE_OF("it is on CPU", here());
	VALUE_OF("its mask", get(0));
	return NULL;
}

static void threads(void)
{
	pthread_t other;
	int go[2];

	MUST(pipe(go));
	MUST(set(0, 4));
	MUST(pthread_create(&other, NULL, thread, go));
	sleep_ms(100);
	MUST(set(0, 2));
	VALUE_OF("the leader moves", here());
	for (pid_t tid = getpid() + 1; tid < getpid() + 9; tid++)
		if (syscall(SYS_tgkill, getpid(), tid, 0) == 0)
			VALUE_OF("another thread's", set(tid, 8));
	VALUE_OF("ours stays", get(0));
	MUST(write(go[1], "g", 1));
	pthread_join(other, NULL);
}

/* A busy child is sent from CPU to CPU, and says where it finds itself. */
static void chased(void)
{
	volatile unsigned *seen = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned reached = 0;
	pid_t pid = MUST(fork());

	if (pid == 0)
		for (;;)
			*seen = here();
	for (int round = 0; round < 40; round++) {
		unsigned cpu = round * 3 % 4;

		MUST(set(pid, 1ul << cpu));
		for (int i = 0; i < 1000 && *seen != cpu; i++)
			usleep(1000);
		reached += *seen == cpu;
	}
	VALUE_OF("rounds in which it came", reached);
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, NULL, 0));
}

static void basics(void)
{
	unsigned long many[16] = { 1 };

	VALUE_OF("all", get(0));
	for (int cpu = 3; cpu >= 0; cpu--) {
		VALUE_OF("set", set(0, 1ul << cpu));
		VALUE_OF("here", here());
		VALUE_OF("mask", get(0));
	}
	VALUE_OF("more than there are", set(0, 0xff00000006));
	VALUE_OF("those that there are", get(getpid()));
	YES_OF("on one of them", here() == 1 || here() == 2);
	VALUE_OF("none", set(0, 0));
	VALUE_OF("none that there is", set(0, 1ul << 20));
	VALUE_OF("still", get(0));
	VALUE(set(1 << 30, 1));
	VALUE(set(-1, 1));
	VALUE(get(1 << 30));
	VALUE(get(-1));
	VALUE(syscall(SYS_sched_setaffinity, 0, 8, nowhere));
	VALUE(syscall(SYS_sched_setaffinity, 0, 0, many));
	VALUE(syscall(SYS_sched_setaffinity, 0, sizeof(many), many));
	VALUE(get(0));
	many[0] = 12;
	VALUE(syscall(SYS_sched_setaffinity, 0, 1, many));
	VALUE(get(0));
	VALUE(syscall(SYS_sched_getaffinity, 0, 8, nowhere));
	VALUE(syscall(SYS_sched_getaffinity, 0, 7, many));
	VALUE(syscall(SYS_sched_getaffinity, 0, 0, many));
	VALUE(syscall(SYS_sched_getaffinity, 0, 12, many));
	VALUE(syscall(SYS_sched_getaffinity, 0, 128, many));
	VALUE(syscall(SYS_getcpu, NULL, NULL, NULL));
	VALUE(syscall(SYS_getcpu, nowhere, NULL, NULL));
}

static void inherited(void)
{
	char *argv[] = { "affinity", "child", NULL };

	MUST(set(0, 8));
	if (MUST(fork()) == 0) {
		VALUE_OF("a child's CPU", here());
		execv("/proc/self/exe", argv);
	}
	MUST(wait(NULL));
}

static void permissions(void)
{
	pid_t parent = getpid();

	if (MUST(fork()) == 0) {
		MUST(setresuid(1001, 1001, 1001));
		VALUE_OF("own", set(0, 3));
		VALUE_OF("root's", set(parent, 3));
		VALUE_OF("root's, none", set(parent, 0));
		VALUE_OF("root's, read", get(parent));
		_exit(0);
	}
	MUST(wait(NULL));
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		VALUE_OF("after exec, mask", get(0));
		VALUE_OF("CPU", here());
		return 0;
	}
	in_child("basics", basics);
	in_child("threads", threads);
	in_child("chased", chased);
	in_child("inherited", inherited);
	in_child("permissions", permissions);
	return 0;
}
