/*
 * Calls about the system and about scheduling that programs make in passing:
 * personality, setdomainname, settimeofday, syslog, sched_getattr, sched_setattr.
 *
 * native: no
 *
 * It starts as root. From the manual pages (section 2) by these names.
 */
#include "check.h"

enum { NO_RANDOM = 0x0040000 };

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
	uint64_t more;
};

static long persona(unsigned long value)
{
	return syscall(SYS_personality, value);
}

static void personalities(void)
{
	int status;

	VALUE_OF("personality", persona(0xffffffff));
	VALUE_OF("no randomisation", persona(NO_RANDOM));
	VALUE_OF("now", persona(0xffffffff));
	if (fork() == 0) {
		VALUE_OF("in the child", persona(0));
		_exit(0);
	}
	MUST(wait(&status));
	VALUE_OF("in the parent", persona(0));
}

static void names(void)
{
	struct utsname name;
	char long_name[66];

	memset(long_name, 'x', sizeof(long_name));
	OK_OF("domain name", syscall(SYS_setdomainname, "example.net", 11));
	MUST(uname(&name));
	say("%s", name.domainname);
	OK_OF("64 bytes", syscall(SYS_setdomainname, long_name, 64));
	VALUE_OF("65 bytes", syscall(SYS_setdomainname, long_name, 65));
	VALUE_OF("-1 bytes", syscall(SYS_setdomainname, long_name, -1));
	VALUE_OF("nowhere", syscall(SYS_setdomainname, nowhere, 3));
	OK_OF("none", syscall(SYS_setdomainname, "(none)", 6));
}

static void time_of_day(void)
{
	struct timeval now, set = { 1700000000, 500000 }, odd = { 1700000000, 1000000 };

	MUST(gettimeofday(&now, NULL));
	OK_OF("set", syscall(SYS_settimeofday, &set, NULL));
	MUST(gettimeofday(&set, NULL));
	YES_OF("it is later by little", set.tv_sec - 1700000000 < 20);
	MUST(syscall(SYS_settimeofday, &now, NULL));
	VALUE_OF("a million microseconds", syscall(SYS_settimeofday, &odd, NULL));
	VALUE_OF("nowhere", syscall(SYS_settimeofday, nowhere, NULL));
	OK_OF("nothing", syscall(SYS_settimeofday, NULL, NULL));
}

static int kernel_log(int action, char *buf, int length)
{
	return syscall(SYS_syslog, action, buf, length);
}

static void log_calls(void)
{
	static char text[1 << 17];
	long size = kernel_log(10, NULL, 0), n;

	YES_OF("there is room", size >= 4096);
	n = kernel_log(3, text, sizeof(text));
	YES_OF("there is text", n > 0);
	YES_OF("a part", kernel_log(3, text, 100) <= 100);
	VALUE_OF("no buffer", kernel_log(3, NULL, 100));
	VALUE_OF("negative", kernel_log(3, text, -1));
	VALUE_OF("nothing", kernel_log(3, text, 0));
	VALUE_OF("bad buffer", kernel_log(3, nowhere, 100));
	VALUE_OF("level 9", kernel_log(8, NULL, 9));
	VALUE_OF("action 11", kernel_log(11, NULL, 0));
	VALUE_OF("action -1", kernel_log(-1, NULL, 0));
	VALUE_OF("open", kernel_log(1, NULL, 0));
	VALUE_OF("close", kernel_log(0, NULL, 0));
	YES_OF("read and clear", kernel_log(4, text, sizeof(text)) > 0);
	VALUE_OF("clear", kernel_log(5, NULL, 0));
	VALUE_OF("nothing left", kernel_log(3, text, sizeof(text)));
}

static int get(int tid, struct attr *attr, unsigned size, unsigned flags)
{
	return syscall(SYS_sched_getattr, tid, attr, size, flags);
}

static int set(int tid, struct attr *attr, unsigned flags)
{
	return syscall(SYS_sched_setattr, tid, attr, flags);
}

static void attributes(void)
{
	struct attr a = {0}, want = { .size = 48, .nice = 5 };

	OK_OF("get", get(0, &a, 48, 0));
	say("size %u policy %u nice %d priority %u flags %lu", a.size, a.policy, a.nice, a.priority,
	    (long)a.flags);
	VALUE_OF("size 47", get(0, &a, 47, 0));
	VALUE_OF("size 4097", get(0, &a, 4097, 0));
	VALUE_OF("flags", get(0, &a, 48, 1));
	VALUE_OF("tid -1", get(-1, &a, 48, 0));
	VALUE_OF("no such tid", get(4000000, &a, 48, 0));
	VALUE_OF("no attributes", get(0, NULL, 48, 0));
	OK_OF("nice 5", set(0, &want, 0));
	VALUE_OF("getpriority", getpriority(PRIO_PROCESS, 0));
	want.size = 0, want.policy = SCHED_BATCH, want.nice = 3;
	OK_OF("batch", set(0, &want, 0));
	MUST(get(0, &a, 48, 0));
	say("policy %u nice %d", a.policy, a.nice);
	want.size = sizeof(want), want.more = 1;
	VALUE_OF("what nobody knows", set(0, &want, 0));
	say("size %u", want.size);
	want.size = 47;
	VALUE_OF("too short", set(0, &want, 0));
	want.size = 48, want.more = 0, want.policy = 77;
	VALUE_OF("policy 77", set(0, &want, 0));
	want.policy = 0, want.flags = 1 << 20;
	VALUE_OF("unknown flag", set(0, &want, 0));
	want.flags = 0;
	VALUE_OF("call's flags", set(0, &want, 1));
	VALUE_OF("nowhere", set(0, (struct attr *)nowhere, 0));
	want.priority = 5;
	VALUE_OF("priority without a real-time policy", set(0, &want, 0));
}

static void as_nobody(void)
{
	struct attr want = { .size = 48, .nice = -5 };
	struct timeval now;
	char text[100];

	MUST(setresuid(65534, 65534, 65534));
	VALUE_OF("sched_setattr", set(0, &want, 0));
	MUST(gettimeofday(&now, NULL));
	VALUE_OF("settimeofday", syscall(SYS_settimeofday, &now, NULL));
	VALUE_OF("setdomainname", syscall(SYS_setdomainname, "x", 1));
	VALUE_OF("clearing the log", kernel_log(5, text, 0));
}

int main(void)
{
	personalities();
	names();
	time_of_day();
	log_calls();
	attributes();
	in_child("nobody", as_nobody);
	return 0;
}
