/*
 * sched_setscheduler and its like for the policies without a priority; bounds
 * of priorities; threads and processes that are not there; permissions.
 *
 * native: no
 *
 * From sched(7), sched_setscheduler(2), sched_setparam(2),
 * sched_get_priority_max(2), sched_rr_get_interval(2).
 */
#include "check.h"

enum { OTHER = 0, FIFO = 1, RR = 2, BATCH = 3, ISO = 4, IDLE = 5, RESET = 0x40000000 };

static long setscheduler(pid_t pid, int policy, int priority)
{
	return syscall(SYS_sched_setscheduler, pid, policy, &priority);
}

static long getscheduler(pid_t pid)
{
	return syscall(SYS_sched_getscheduler, pid);
}

static void policies(void)
{
	static const int policy[] = { BATCH, IDLE, OTHER, IDLE, BATCH };
	int priority = 5;

	VALUE(getscheduler(0));
	for (size_t i = 0; i < COUNT(policy); i++) {
		VALUE_OF("set", setscheduler(0, policy[i], 0));
		VALUE_OF("get", getscheduler(getpid()));
		VALUE_OF("param", syscall(SYS_sched_getparam, 0, &priority));
		VALUE_OF("priority", priority);
	}
	VALUE(setscheduler(0, OTHER, 1));
	VALUE(setscheduler(0, OTHER, -1));
	VALUE(setscheduler(0, FIFO, 0));
	VALUE(setscheduler(0, RR, 100));
	VALUE(setscheduler(0, ISO, 0));
	VALUE(setscheduler(0, 7, 0));
	VALUE(setscheduler(0, -1, 0));
	VALUE(setscheduler(-1, OTHER, 0));
	VALUE(setscheduler(1 << 30, OTHER, 0));
	VALUE(syscall(SYS_sched_setscheduler, 0, OTHER, NULL));
	VALUE(syscall(SYS_sched_setscheduler, 0, OTHER, nowhere));
	VALUE(getscheduler(-1));
	VALUE(getscheduler(1 << 30));
	VALUE(syscall(SYS_sched_getparam, 0, NULL));
	VALUE(syscall(SYS_sched_getparam, 0, nowhere));
	VALUE(syscall(SYS_sched_getparam, -1, &priority));
	VALUE(syscall(SYS_sched_getparam, 1 << 30, &priority));
	priority = 0;
	VALUE(syscall(SYS_sched_setparam, 0, &priority));
	VALUE_OF("it keeps the policy", getscheduler(0));
	priority = 1;
	VALUE(syscall(SYS_sched_setparam, 0, &priority));
	VALUE(syscall(SYS_sched_setparam, 0, NULL));
	VALUE(syscall(SYS_sched_setparam, -1, &priority));
	if (MUST(fork()) == 0) {
		VALUE_OF("a child's", getscheduler(0));
		_exit(0);
	}
	MUST(wait(NULL));
}

static void bounds(void)
{
	struct timespec slice = { -1, -1 };

	for (int policy = -1; policy < 9; policy++) {
		VALUE_OF("max", syscall(SYS_sched_get_priority_max, policy));
		VALUE_OF("min", syscall(SYS_sched_get_priority_min, policy));
	}
	VALUE(syscall(SYS_sched_rr_get_interval, 0, &slice));
	YES_OF("a time", slice.tv_sec == 0 && slice.tv_nsec >= 0 && slice.tv_nsec < 1000000000);
	VALUE(syscall(SYS_sched_rr_get_interval, -1, &slice));
	VALUE(syscall(SYS_sched_rr_get_interval, 1 << 30, &slice));
	VALUE(syscall(SYS_sched_rr_get_interval, 0, nowhere));
}

static void permissions(void)
{
	pid_t parent = getpid(), pid;

	pid = MUST(fork());
	if (pid == 0) {
		MUST(setresuid(1001, 1001, 1001));
		VALUE_OF("own: batch", setscheduler(0, BATCH, 0));
		VALUE_OF("own: idle", setscheduler(0, IDLE, 0));
		VALUE_OF("own: back", setscheduler(0, OTHER, 0));
		VALUE_OF("own: real time", setscheduler(0, RR, 10));
		VALUE_OF("root's: batch", setscheduler(parent, BATCH, 0));
		VALUE_OF("root's: read", getscheduler(parent));
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	if (MUST(fork()) == 0) {
		MUST(setrlimit(RLIMIT_NICE, &(struct rlimit){ 20, 20 }));
		MUST(setresuid(1001, 1001, 1001));
		VALUE_OF("with a limit: idle", setscheduler(0, IDLE, 0));
		VALUE_OF("back", setscheduler(0, OTHER, 0));
		_exit(0);
	}
	MUST(wait(NULL));
}

/* Children have no nice value below 0, and not the flag; only root takes it back. */
static void reset_on_fork(void)
{
	struct { unsigned size, policy; unsigned long flags; int nice; char rest[28]; } attr;
	int priority = 0;

	MUST(setpriority(PRIO_PROCESS, 0, -5));
	VALUE(setscheduler(0, BATCH | RESET, 0));
	VALUE(getscheduler(0));
	VALUE(syscall(SYS_sched_setparam, 0, &priority));
	VALUE_OF("it keeps the flag", getscheduler(0));
	VALUE(syscall(SYS_sched_getattr, 0, &attr, 48, 0));
	say("policy %u, flags %lu, nice %d", attr.policy, attr.flags, attr.nice);
	if (MUST(fork()) == 0) {
		VALUE_OF("a child's", getscheduler(0));
		VALUE_OF("nice", getpriority(PRIO_PROCESS, 0));
		_exit(0);
	}
	MUST(wait(NULL));
	VALUE(setscheduler(0, BATCH, 0));
	VALUE(getscheduler(0));
	attr.flags = 1, attr.policy = OTHER, attr.nice = 3;
	VALUE(syscall(SYS_sched_setattr, 0, &attr, 0));
	VALUE(getscheduler(0));
	attr.policy = RESET;
	VALUE(syscall(SYS_sched_setattr, 0, &attr, 0));
	attr.policy = BATCH, attr.flags = 8;
	VALUE(syscall(SYS_sched_setattr, 0, &attr, 0));
	VALUE_OF("kept", getscheduler(0));
	if (MUST(fork()) == 0) {
		VALUE_OF("nice", getpriority(PRIO_PROCESS, 0));
		VALUE(setscheduler(0, IDLE | RESET, 0));
		_exit(0);
	}
	MUST(wait(NULL));
	MUST(setresuid(1001, 1001, 1001));
	VALUE_OF("by a user", setscheduler(0, OTHER, 0));
	VALUE_OF("kept by a user", setscheduler(0, OTHER | RESET, 0));
}

int main(void)
{
	in_child("reset on fork", reset_on_fork);
	in_child("policies", policies);
	in_child("bounds", bounds);
	in_child("permissions", permissions);
	return 0;
}
