/*
 * sched_* queries and settings, getcpu, getpriority: arguments, ranges, who may, what is
 * inherited. Pages: sched_setscheduler(2), sched_setparam(2), sched_get_priority_max(2),
 * sched_rr_get_interval(2), sched_setaffinity(2), getcpu(2), getpriority(2), sched(7).
 *
 * native: no
 */
#include "spec.h"

enum { RESET_ON_FORK = 0x40000000 };

static long set(int pid, int policy, int priority)
{
	return syscall(SYS_sched_setscheduler, pid, policy, &priority);
}

static void ranges(void)
{
	char label[40];

	for (int policy = -1; policy < 8; policy++) {
		snprintf(label, sizeof(label), "priorities of %d: from", policy);
		VALUE_OF(label, syscall(SYS_sched_get_priority_min, policy));
		VALUE_OF("  to", syscall(SYS_sched_get_priority_max, policy));
	}
	VALUE(syscall(SYS_sched_get_priority_max, RESET_ON_FORK));
}

static void schedulers(void)
{
	struct sched_param p = { .sched_priority = 77 };

	VALUE(syscall(SYS_sched_getscheduler, 0));
	VALUE(syscall(SYS_sched_getscheduler, getpid()));
	VALUE(syscall(SYS_sched_getscheduler, -1));
	VALUE(syscall(SYS_sched_getscheduler, 4000000));
	VALUE(syscall(SYS_sched_getparam, 0, &p));
	VALUE(p.sched_priority);
	VALUE(syscall(SYS_sched_getparam, 0, NULL));
	VALUE(syscall(SYS_sched_getparam, 0, nowhere));
	VALUE(syscall(SYS_sched_getparam, -1, &p));
	VALUE(syscall(SYS_sched_getparam, 4000000, &p));
	VALUE(set(0, SCHED_OTHER, 0));
	VALUE(set(0, SCHED_OTHER, 1));
	VALUE(set(0, SCHED_BATCH, 0));
	VALUE(syscall(SYS_sched_getscheduler, 0));
	VALUE(set(0, SCHED_IDLE, 0));
	VALUE(syscall(SYS_sched_getscheduler, 0));
	VALUE(set(0, SCHED_OTHER, 0));
	VALUE(set(0, 4, 0));
	VALUE(set(0, 77, 0));
	VALUE(set(0, -1, 0));
	VALUE(set(-1, 0, 0));
	VALUE(set(4000000, 0, 0));
	VALUE(set(0, SCHED_FIFO, 0));
	VALUE(set(0, SCHED_FIFO, 100));
	VALUE(set(0, SCHED_OTHER, -1));
	VALUE(syscall(SYS_sched_setscheduler, 0, 0, NULL));
	VALUE(syscall(SYS_sched_setscheduler, 0, 0, nowhere));
	p.sched_priority = 0;
	VALUE(syscall(SYS_sched_setparam, 0, &p));
	p.sched_priority = 1;
	VALUE(syscall(SYS_sched_setparam, 0, &p));
	VALUE(syscall(SYS_sched_setparam, 0, NULL));
	VALUE(syscall(SYS_sched_setparam, -1, &p));
	VALUE(set(0, SCHED_BATCH, 0));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		VALUE_OF("a child inherits", syscall(SYS_sched_getscheduler, 0));
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	VALUE(set(0, SCHED_OTHER, 0));
}

static void intervals(void)
{
	struct timespec t = { -1, -1 };

	VALUE(syscall(SYS_sched_rr_get_interval, 0, &t));
	YES(t.tv_sec == 0 && t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
	VALUE(syscall(SYS_sched_rr_get_interval, -1, &t));
	VALUE(syscall(SYS_sched_rr_get_interval, 4000000, &t));
	VALUE(syscall(SYS_sched_rr_get_interval, 0, nowhere));
	VALUE(syscall(SYS_sched_yield));
}

static void affinity(void)
{
	unsigned long mask[128] = { 0 };
	unsigned cpu = 77, node = 77;

	YES(syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask) >= 8);
	VALUE(mask[0] & 1);
	VALUE(syscall(SYS_sched_getaffinity, 0, 0, mask));
	VALUE(syscall(SYS_sched_getaffinity, 0, 7, mask));
	VALUE(syscall(SYS_sched_getaffinity, 0, 1021, mask));
	VALUE(syscall(SYS_sched_getaffinity, 0, sizeof(mask), nowhere));
	VALUE(syscall(SYS_sched_getaffinity, -1, sizeof(mask), mask));
	VALUE(syscall(SYS_sched_getaffinity, 4000000, sizeof(mask), mask));
	MUST(syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask));
	VALUE(syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask));
	VALUE(syscall(SYS_sched_setaffinity, 0, 1, mask));
	VALUE(syscall(SYS_sched_setaffinity, 0, 0, mask));
	VALUE(syscall(SYS_sched_setaffinity, 0, 8, nowhere));
	VALUE(syscall(SYS_sched_setaffinity, -1, 8, mask));
	VALUE(syscall(SYS_sched_setaffinity, 4000000, 8, mask));
	mask[0] = 0;
	VALUE(syscall(SYS_sched_setaffinity, 0, 8, mask));
	mask[0] = 1UL << 63;
	VALUE(syscall(SYS_sched_setaffinity, 0, 8, mask));
	AS(9, 9, syscall(SYS_sched_setaffinity, 1, 8, (mask[0] = 1, mask)));
	VALUE(syscall(SYS_getcpu, &cpu, &node, NULL));
	YES(cpu < 64 && node == 0);
	VALUE(syscall(SYS_getcpu, NULL, NULL, NULL));
	VALUE(syscall(SYS_getcpu, nowhere, NULL, NULL));
}

static void priorities(void)
{
	VALUE_OF("20 - nice", syscall(SYS_getpriority, PRIO_PROCESS, 0));
	VALUE(syscall(SYS_getpriority, PRIO_PGRP, 0));
	VALUE(syscall(SYS_getpriority, 3, 0));
	VALUE(syscall(SYS_getpriority, -1, 0));
	VALUE(syscall(SYS_getpriority, PRIO_PROCESS, 4000000));
	VALUE(syscall(SYS_getpriority, PRIO_PROCESS, -1));
	VALUE(syscall(SYS_getpriority, PRIO_USER, 12345));
	VALUE(syscall(SYS_setpriority, 3, 0, 0));
	VALUE(syscall(SYS_setpriority, PRIO_PROCESS, 4000000, 0));
	VALUE(syscall(SYS_setpriority, PRIO_PROCESS, 0, 100));
	VALUE(syscall(SYS_getpriority, PRIO_PROCESS, 0));
	VALUE(syscall(SYS_setpriority, PRIO_PROCESS, 0, -100));
	VALUE(syscall(SYS_getpriority, PRIO_PROCESS, 0));
	VALUE(syscall(SYS_setpriority, PRIO_PROCESS, 0, 0));
	if (other(9, 9)) {
		VALUE(syscall(SYS_setpriority, PRIO_PROCESS, 0, 5));
		VALUE(syscall(SYS_setpriority, PRIO_PROCESS, 0, 4));
		VALUE(syscall(SYS_setpriority, PRIO_PROCESS, 0, 5));
		VALUE(syscall(SYS_setpriority, PRIO_PROCESS, 1, 5));
		VALUE(syscall(SYS_setpriority, PRIO_PROCESS, 1, -5));
		VALUE(set(0, SCHED_IDLE, 0));
		VALUE(set(0, SCHED_BATCH, 0));
		VALUE(set(1, SCHED_BATCH, 0));
		_exit(0);
	}
}

int main(void)
{
	ranges();
	schedulers();
	intervals();
	affinity();
	priorities();
	return 0;
}
