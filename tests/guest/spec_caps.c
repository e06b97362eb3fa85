/*
 * capget, capset: versions, headers, whose; what is left after setuid; then what root alone
 * may do, asked by another: chroot-like calls answer EPERM.
 * Pages: capget(2), capabilities(7), setuid(2).
 *
 * native: no
 */
#include "spec.h"

struct head { uint32_t version; int pid; };
struct data { uint32_t effective, permitted, inheritable; };

enum { V1 = 0x19980330, V2 = 0x20071026, V3 = 0x20080522 };

static struct head head;
static struct data data[2];

static long get(uint32_t version, int pid)
{
	head = (struct head){ version, pid };
	memset(data, 0x55, sizeof(data));
	return syscall(SYS_capget, &head, data);
}

static long set(uint32_t version, int pid)
{
	head = (struct head){ version, pid };
	return syscall(SYS_capset, &head, data);
}

static const char *kind(uint32_t low, uint32_t high)
{
	return low == 0 && high == 0 ? "none" : low == ~0U && high != 0 ? "all" : "some";
}

static void show(const char *label)
{
	say("%s: effective %s permitted %s inheritable %s", label,
	    kind(data[0].effective, data[1].effective), kind(data[0].permitted, data[1].permitted),
	    kind(data[0].inheritable, data[1].inheritable));
}

static void reading(void)
{
	VALUE(get(V3, 0));
	show("root");
	VALUE(get(V3, getpid()));
	VALUE(get(V3, 1));
	VALUE(get(V3, -1));
	VALUE(get(V3, 4000000));
	VALUE(get(V2, 0));
	VALUE(get(V1, 0));
	YES_OF("version 1 is one of 32 bits", data[0].effective == ~0U && data[1].effective == 0x55555555);
	VALUE(get(0, 0));
	YES(head.version == V3);
	VALUE((head = (struct head){ 4711, 0 }, syscall(SYS_capget, &head, NULL)));
	YES_OF("the version is told", head.version == V3);
	VALUE((head = (struct head){ V3, 0 }, syscall(SYS_capget, &head, NULL)));
	VALUE(syscall(SYS_capget, nowhere, data));
	VALUE(syscall(SYS_capget, NULL, data));
	VALUE((head = (struct head){ V3, 0 }, syscall(SYS_capget, &head, nowhere)));
	VALUE(syscall(SYS_capset, nowhere, data));
	VALUE((head = (struct head){ V3, 0 }, syscall(SYS_capset, &head, nowhere)));
}

static void writing(void)
{
	MUST(get(V3, 0));
	VALUE(set(V3, 0));
	VALUE(set(V3, getpid()));
	VALUE(set(V3, 1));
	VALUE(set(4711, 0));
	if (other(9, 9)) {
		VALUE(get(V3, 0));
		show("another user");
		VALUE_OF("the same again", set(V3, 0));
		data[0].permitted = 1;
		VALUE_OF("one more", set(V3, 0));
		data[0].permitted = 0;
		data[0].effective = 1;
		VALUE_OF("effective but not permitted", set(V3, 0));
		_exit(0);
	}
	pid_t pid = MUST(fork());
	if (pid == 0) {
		MUST(seteuid(9));
		MUST(get(V3, 0));
		show("seteuid(9)");
		MUST(seteuid(0));
		MUST(get(V3, 0));
		show("and back");
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
}

/* What a user who is not root is refused. */
static void refused(void)
{
	struct rlimit limit = { 100, RLIM_INFINITY };
	struct timespec now = { 1, 0 };
	struct sched_param priority = { .sched_priority = 5 };

	make_file("f", 0644, "", 0);
	if (!other(9, 9))
		return;
	VALUE(setuid(0));
	VALUE(setgid(0));
	VALUE(setgroups(0, NULL));
	VALUE(setresuid(-1, 0, -1));
	VALUE(chown("f", 9, 9));
	VALUE(mknod("dev", S_IFCHR | 0600, 0x103));
	VALUE(syscall(SYS_mount, "none", ".", "tmpfs", 0, NULL));
	VALUE(syscall(SYS_umount2, "/proc", 0));
	VALUE(sethostname("x", 1));
	VALUE(clock_settime(CLOCK_REALTIME, &now));
	VALUE(setpriority(PRIO_PROCESS, 0, -5));
	VALUE(setrlimit(RLIMIT_NOFILE, &limit));
	VALUE(sched_setscheduler(0, SCHED_FIFO, &priority) == -1);
	VALUE(kill(1, 0));
	VALUE(kill(1, SIGKILL));
	VALUE(syscall(SYS_reboot, 0xfee1dead, 672274793, 0, NULL));
	VALUE(syscall(SYS_sync));
	_exit(0);
}

int main(void)
{
	spec_enter();
	reading();
	writing();
	refused();
	spec_leave();
	return 0;
}
