/*
 * getpriority, setpriority and nice: by thread, group and user; who may change
 * whose value, and how far up RLIMIT_NICE lets one go; fork and exec keep it.
 *
 * native: no
 *
 * The raw calls are made: getpriority gives 20 - nice. From getpriority(2),
 * setpriority(2), getrlimit(2).
 */
#include "check.h"
#include <pthread.h>

static long get(int which, int who)
{
	return syscall(SYS_getpriority, which, who);
}

static long set(int which, int who, int nice)
{
	return syscall(SYS_setpriority, which, who, nice);
}

static pid_t sleeper(unsigned uid, int nice, int group)
{
	int ready[2];
	char byte;
	pid_t pid;

	MUST(pipe(ready));
	pid = MUST(fork());
	if (pid == 0) {
		if (group >= 0)
			MUST(setpgid(0, group));
		MUST(set(PRIO_PROCESS, 0, nice));
		MUST(setresuid(uid, uid, uid));
		MUST(write(ready[1], "r", 1));
		for (;;)
			pause();
	}
	MUST(read(ready[0], &byte, 1));
	close(ready[0]), close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, NULL, 0));
}

static void values(void)
{
	static const int nice[] = { 5, 19, 20, 100, 0, -20, -21, INT_MIN, INT_MAX, -1, 0 };

	for (size_t i = 0; i < COUNT(nice); i++) {
		VALUE_OF("set", set(PRIO_PROCESS, 0, nice[i]));
		VALUE_OF("get", get(PRIO_PROCESS, getpid()));
	}
	VALUE(get(3, 0));
	VALUE(get(-1, 0));
	VALUE(set(3, 0, 0));
	VALUE(get(PRIO_PROCESS, 1 << 30));
	VALUE(get(PRIO_PROCESS, -1));
	VALUE(get(PRIO_PGRP, 1 << 30));
	VALUE(get(PRIO_USER, 54321));
	VALUE(set(PRIO_USER, 54321, 0));
}

static void *thread(void *arg)
{
	pid_t *tid = arg;

	*tid = syscall(SYS_gettid);
	VALUE_OF("a thread starts with", get(PRIO_PROCESS, 0));
	VALUE_OF("it sets its own", set(PRIO_PROCESS, 0, 7));
	VALUE_OF("it has", get(PRIO_PROCESS, 0));
	VALUE_OF("the leader has", get(PRIO_PROCESS, getpid()));
	VALUE_OF("set the leader's", set(PRIO_PROCESS, getpid(), 3));
	VALUE_OF("the highest of the group", get(PRIO_PGRP, 0));
	return NULL;
}

static void threads(void)
{
	pthread_t other;
	pid_t tid;

	MUST(setpgid(0, 0));
	MUST(set(PRIO_PROCESS, 0, 2));
	MUST(pthread_create(&other, NULL, thread, &tid));
	pthread_join(other, NULL);
	VALUE_OF("the leader", get(PRIO_PROCESS, 0));
	MUST(set(PRIO_PGRP, 0, 9));
	VALUE_OF("all of the group", get(PRIO_PROCESS, 0));
}

static void groups_and_users(void)
{
	pid_t a = sleeper(1001, 5, 0), b = sleeper(1002, 8, a), c = sleeper(1002, 3, a);

	VALUE_OF("group", get(PRIO_PGRP, a));
	VALUE_OF("user 1001", get(PRIO_USER, 1001));
	VALUE_OF("user 1002", get(PRIO_USER, 1002));
	VALUE_OF("set the user's", set(PRIO_USER, 1002, 12));
	VALUE_OF("one", get(PRIO_PROCESS, b));
	VALUE_OF("the other", get(PRIO_PROCESS, c));
	VALUE_OF("another user", get(PRIO_PROCESS, a));
	MUST(setresuid(1001, 1001, 0));
	VALUE_OF("a user: the group, one is another's", set(PRIO_PGRP, a, 15));
	VALUE_OF("our own is set", get(PRIO_PROCESS, a));
	VALUE_OF("the other's is not", get(PRIO_PROCESS, b));
	VALUE_OF("a user: another's", set(PRIO_PROCESS, b, 15));
	VALUE_OF("a user: own", set(PRIO_PROCESS, a, 16));
	VALUE_OF("a user: less", set(PRIO_PROCESS, a, 10));
	VALUE_OF("a user: the same", set(PRIO_PROCESS, a, 16));
	MUST(setresuid(-1, 0, -1));
	end(a), end(b), end(c);
	MUST(setresuid(1003, 1004, 0));
	a = sleeper(1003, 0, -1);
	VALUE_OF("unlike ids", set(PRIO_PROCESS, a, 1));
	MUST(setresuid(-1, 0, -1));
	end(a);
}

static void limit(void)
{
	MUST(setrlimit(RLIMIT_NICE, &(struct rlimit){ 25, 30 }));
	MUST(set(PRIO_PROCESS, 0, 10));
	MUST(setresuid(1001, 1001, 1001));
	VALUE_OF("to 0", set(PRIO_PROCESS, 0, 0));
	VALUE_OF("to -5", set(PRIO_PROCESS, 0, -5));
	VALUE_OF("to -6", set(PRIO_PROCESS, 0, -6));
	MUST(setrlimit(RLIMIT_NICE, &(struct rlimit){ 30, 30 }));
	VALUE_OF("to -6 with a higher limit", set(PRIO_PROCESS, 0, -6));
	MUST(setrlimit(RLIMIT_NICE, &(struct rlimit){ 0, 30 }));
	VALUE_OF("without: to -6", set(PRIO_PROCESS, 0, -6));
	VALUE_OF("to -7", set(PRIO_PROCESS, 0, -7));
	VALUE_OF("to 4", set(PRIO_PROCESS, 0, 4));
	VALUE_OF("and back", set(PRIO_PROCESS, 0, -6));
	if (MUST(fork()) == 0) {
		VALUE_OF("a child", get(PRIO_PROCESS, 0));
		_exit(0);
	}
	MUST(wait(NULL));
}

int main(void)
{
	in_child("values", values);
	in_child("threads", threads);
	in_child("groups and users", groups_and_users);
	in_child("limit", limit);
	return 0;
}
