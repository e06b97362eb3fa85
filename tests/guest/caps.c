/*
 * capget and capset as root and as nobody, their versions and errors, and what
 * prctl tells of capabilities.
 *
 * native: no
 *
 * It starts as root, with all capabilities. From capget(2), capabilities(7), prctl(2).
 */
#include "check.h"
#include <sys/prctl.h>

enum { V1 = 0x19980330, V2 = 0x20071026, V3 = 0x20080522 };

struct header { uint32_t version; int pid; };
struct data { uint32_t effective, permitted, inheritable; };

static int get(uint32_t version, int pid, struct data *data)
{
	struct header header = { version, pid };

	return syscall(SYS_capget, &header, data);
}

static int set(uint32_t version, int pid, const struct data *data)
{
	struct header header = { version, pid };

	return syscall(SYS_capset, &header, data);
}

static void show(const char *label, int pid)
{
	struct data d[2] = { {1, 1, 1}, {1, 1, 1} };

	if (get(V3, pid, d))
		say("%s: %s", label, errno_text(errno));
	else
		say("%s: effective %08x%08x permitted %08x%08x inheritable %08x%08x", label,
		    d[1].effective, d[0].effective, d[1].permitted, d[0].permitted,
		    d[1].inheritable, d[0].inheritable);
}

static void versions(void)
{
	struct data d[2] = { {1, 1, 1}, {1, 1, 1} };
	struct header header = { 0, 0 };

	VALUE_OF("version 1", get(V1, 0, d));
	say("%x %x %x, %x", d[0].effective, d[0].permitted, d[0].inheritable, d[1].effective);
	VALUE_OF("version 2", get(V2, 0, d));
	VALUE_OF("version 0", get(0, 0, d));
	VALUE_OF("asking for the version", syscall(SYS_capget, &header, NULL));
	say("it is %x", header.version);
	VALUE_OF("no data", get(V3, 0, NULL));
	VALUE_OF("bad header", syscall(SYS_capget, nowhere, d));
	VALUE_OF("bad data", get(V3, 0, (struct data *)nowhere));
	VALUE_OF("pid -1", get(V3, -1, d));
	VALUE_OF("no such pid", get(V3, 4000000, d));
}

static void setting(void)
{
	struct data d[2], more[2];

	MUST(get(V3, 0, d));
	OK_OF("the same again", set(V3, 0, d));
	OK_OF("by our own pid", set(V3, getpid(), d));
	VALUE_OF("of another", set(V3, getppid(), d));
	VALUE_OF("version 0", set(0, 0, d));
	VALUE_OF("bad data", set(V3, 0, (struct data *)nowhere));
	memcpy(more, d, sizeof(d));
	more[0].effective = ~0u;
	more[0].permitted = 0;
	VALUE_OF("effective beyond permitted", set(V3, 0, more));
}

static void options(void)
{
	VALUE(prctl(PR_CAPBSET_READ, 0, 0, 0, 0));
	VALUE(prctl(PR_CAPBSET_READ, 40, 0, 0, 0));
	VALUE(prctl(PR_CAPBSET_READ, 41, 0, 0, 0));
	VALUE(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
	VALUE(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0));
	VALUE(prctl(PR_SET_KEEPCAPS, 2, 0, 0, 0));
	VALUE(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	VALUE(prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
	VALUE(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
	VALUE(prctl(12345, 0, 0, 0, 0));
}

static void as_nobody(void)
{
	struct data d[2];

	MUST(seteuid(65534));
	show("effective uid", 0);
	MUST(seteuid(0));
	show("back", 0);
	MUST(setresuid(65534, 65534, 65534));
	show("all uids", 0);
	show("of pid 1", 1);
	MUST(get(V3, 0, d));
	OK_OF("the same again", set(V3, 0, d));
	d[0].effective = d[0].permitted = 1;
	VALUE_OF("one more", set(V3, 0, d));
	VALUE(prctl(PR_CAPBSET_READ, 0, 0, 0, 0));
}

int main(void)
{
	show("root", 0);
	show("ourselves by pid", getpid());
	versions();
	setting();
	options();
	in_child("nobody", as_nobody);
	return 0;
}
