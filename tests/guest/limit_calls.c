/*
 * prlimit, getrlimit, setrlimit: which process, which resource, soft and hard
 * limits, bad pointers. No pid but that of a process is one: not -1, not 2^30.
 *
 * The raw calls are made: the C library looks at some arguments itself. What
 * root may do is not under test. From getrlimit(2), prlimit(2).
 */
#include "check.h"

enum { WHICH = RLIMIT_NOFILE, RESOURCES = 16, PLAIN_UID = 65534 };

static long raw_prlimit(long pid, unsigned which, const void *new, void *old)
{
	return syscall(SYS_prlimit64, pid, which, new, old);
}

static void which_process(void)
{
	struct rlimit own, seen;
	int wrong = 0;

	MUST(getrlimit(WHICH, &own));
	VALUE(raw_prlimit(0, WHICH, NULL, &seen));
	YES_OF("0: the own limit", seen.rlim_cur == own.rlim_cur && seen.rlim_max == own.rlim_max);
	VALUE(raw_prlimit(getpid(), WHICH, NULL, &seen));
	YES_OF("own pid: the own limit", seen.rlim_cur == own.rlim_cur);
	VALUE(raw_prlimit(-1, WHICH, NULL, &seen));
	VALUE(raw_prlimit(-getpid(), WHICH, NULL, &seen));
	VALUE(raw_prlimit(INT_MIN, WHICH, NULL, &seen));
	VALUE(raw_prlimit(INT_MAX, WHICH, NULL, &seen));
	VALUE(raw_prlimit(1 << 30, WHICH, NULL, &seen));
	VALUE(raw_prlimit(-1, WHICH, &own, NULL));
	/* A table of pids that is indexed from below gives a crash or a stranger. */
	for (int pid = -1; pid > -70000; pid -= pid > -5000 ? 1 : 97)
		wrong += raw_prlimit(pid, WHICH, NULL, &seen) != -1 || errno != ESRCH;
	VALUE_OF("pids below 0 that are not ESRCH", wrong);
}

static void another_process(void)
{
	struct rlimit limit, seen;
	int go[2], status;
	char byte;
	pid_t pid;

	MUST(getrlimit(WHICH, &limit));
	MUST(pipe(go));
	pid = MUST(fork());
	if (pid == 0) {
		close(go[1]);
		read(go[0], &byte, 1);
		MUST(getrlimit(WHICH, &limit));
		_exit(limit.rlim_cur == 17 ? 1 : 2);
	}
	limit.rlim_cur = 17;
	VALUE_OF("set a child's", raw_prlimit(pid, WHICH, &limit, &seen));
	YES_OF("old value", seen.rlim_cur != 17 && seen.rlim_max == limit.rlim_max);
	MUST(getrlimit(WHICH, &seen));
	YES_OF("the own is as before", seen.rlim_cur != 17);
	close(go[0]), close(go[1]);
	MUST(waitpid(pid, &status, 0));
	say("the child sees it (1 = yes): %s", status_text(status));
	VALUE_OF("reaped", raw_prlimit(pid, WHICH, NULL, &seen));
}

static void resources(void)
{
	struct rlimit limit;
	int worked = 0;

	for (int which = 0; which < RESOURCES; which++)
		worked += raw_prlimit(0, which, NULL, &limit) == 0 &&
			  limit.rlim_cur <= limit.rlim_max;
	VALUE_OF("resources", worked);
	VALUE(raw_prlimit(0, RESOURCES, NULL, &limit));
	VALUE(raw_prlimit(0, -1, NULL, &limit));
	VALUE(raw_prlimit(0, 0x80000000, NULL, &limit));
	VALUE(raw_prlimit(0, RESOURCES, NULL, NULL));
	VALUE(syscall(SYS_getrlimit, RESOURCES, &limit));
	VALUE(syscall(SYS_getrlimit, -1, &limit));
	VALUE(syscall(SYS_setrlimit, RESOURCES, &limit));
	VALUE(syscall(SYS_setrlimit, -1, &limit));
}

static void pointers(void)
{
	struct rlimit limit;

	VALUE(raw_prlimit(0, WHICH, NULL, NULL));
	VALUE(raw_prlimit(0, WHICH, NULL, nowhere));
	VALUE(raw_prlimit(0, WHICH, NULL, in_kernel));
	VALUE(raw_prlimit(0, WHICH, nowhere, NULL));
	VALUE(raw_prlimit(0, WHICH, in_kernel, &limit));
	VALUE(raw_prlimit(-1, WHICH, NULL, nowhere));
	VALUE(syscall(SYS_getrlimit, WHICH, NULL));
	VALUE(syscall(SYS_getrlimit, WHICH, nowhere));
	VALUE(syscall(SYS_getrlimit, WHICH, in_kernel));
	VALUE(syscall(SYS_setrlimit, WHICH, NULL));
	VALUE(syscall(SYS_setrlimit, WHICH, nowhere));
	VALUE(syscall(SYS_setrlimit, WHICH, non_canonical));
}

static long set(rlim_t soft, rlim_t hard)
{
	struct rlimit limit = { soft, hard };

	return raw_prlimit(0, WHICH, &limit, NULL);
}

static void show(const char *label)
{
	struct rlimit limit;

	MUST(getrlimit(WHICH, &limit));
	say("%s: soft %ld, hard %ld", label, (long)limit.rlim_cur, (long)limit.rlim_max);
}

static void soft_and_hard(void)
{
	if (getuid() == 0)
		MUST(setuid(PLAIN_UID));
	VALUE_OF("another user's process", raw_prlimit(1, WHICH, NULL, &(struct rlimit){ 0 }));
	VALUE(set(40, 60));
	show("lowered");
	VALUE(set(60, 60));
	VALUE(set(61, 60));
	VALUE(set(RLIM_INFINITY, 60));
	show("soft above hard is refused");
	VALUE(set(20, 61));
	VALUE(set(61, 61));
	VALUE(set(20, RLIM_INFINITY));
	show("a higher hard limit is refused");
	VALUE(set(0, 60));
	VALUE_OF("no descriptor is left", dup(1));
	VALUE(set(60, 60));
	OK_OF("there are some again", dup(1));
	VALUE(set(50, 50));
	VALUE_OF("the hard limit does not come back", set(50, 60));
	show("in the end");
}

int main(void)
{
	which_process();
	another_process();
	resources();
	pointers();
	in_child("plain user", soft_and_hard);
	return 0;
}
