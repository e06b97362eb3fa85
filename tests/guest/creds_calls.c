/*
 * setuid, setreuid, setresuid, setfsuid and those of groups: from each of some
 * states, with each of some arguments, what comes out; supplementary groups.
 *
 * native: no
 *
 * The raw calls are made, so that each changes one thread. From credentials(7),
 * setuid(2), setreuid(2), setresuid(2), setfsuid(2), setgroups(2).
 */
#include "check.h"
#include <grp.h>
#include <sys/fsuid.h>

static long raw(long number, unsigned a, unsigned b, unsigned c)
{
	return syscall(number, a, b, c);
}

/* Real, effective, saved, file system's, as /proc/self/status has them. */
static void ids(char *text, const char *key)
{
	static char all[4096];
	int fd = MUST(open("/proc/thread-self/status", O_RDONLY));
	ssize_t n = MUST(read(fd, all, sizeof(all) - 1));
	unsigned r, e, s, f;

	close(fd);
	all[n] = '\0';
	MUST(sscanf(strstr(all, key) + strlen(key), "%u %u %u %u", &r, &e, &s, &f) == 4 ? 0 : -1);
	sprintf(text, "%u %u %u %u", r, e, s, f);
}

static const struct call {
	const char *name;
	long number[2]; /* users, groups */
	int nargs;
} calls[] = {
	{ "setuid", { SYS_setuid, SYS_setgid }, 1 },
	{ "setreuid", { SYS_setreuid, SYS_setregid }, 2 },
	{ "setresuid", { SYS_setresuid, SYS_setresgid }, 3 },
	{ "setfsuid", { SYS_setfsuid, SYS_setfsgid }, 1 },
};
static const unsigned from[][3] = {
	{ 0, 0, 0 }, { 1, 1, 1 }, { 1, 0, 0 }, { 0, 1, 1 }, { 1, 2, 3 }, { 1, 2, 0 }, { 0, 1, 0 },
};
static const unsigned args[] = { -1u, 0, 1, 2, 3, 4 };

/* One call in a child: what it returned, and the ids afterwards. */
static void one(const struct call *call, int group, const unsigned start[3], const unsigned arg[3])
{
	pid_t pid = MUST(fork());
	char text[64];
	long result;

	if (pid != 0) {
		MUST(waitpid(pid, NULL, 0));
		return;
	}
	if (group) { /* the right to change groups is the effective user's */
		MUST(raw(SYS_setresgid, start[0], start[1], start[2]));
		if (start[1] != 0)
			MUST(raw(SYS_setresuid, 9, 9, 9));
	} else {
		MUST(raw(SYS_setresuid, start[0], start[1], start[2]));
	}
	errno = 0;
	result = raw(call->number[group], arg[0], arg[1], arg[2]);
	ids(text, group ? "Gid:" : "Uid:");
	say("%u %u %u: %s%s(%d, %d, %d): %s, %s", start[0], start[1], start[2], call->name,
	    group ? " of groups" : "", (int)arg[0], call->nargs > 1 ? (int)arg[1] : 0,
	    call->nargs > 2 ? (int)arg[2] : 0,
	    result == -1 ? errno_text(errno) : result ? "not 0" : "0", text);
	_exit(0);
}

static void all_of(const struct call *call, int group)
{
	for (size_t s = 0; s < COUNT(from); s++) {
		for (size_t a = 0; a < COUNT(args); a++) {
			for (size_t b = 0; b < (call->nargs > 1 ? COUNT(args) : 1); b++) {
				unsigned arg[3] = { args[a], args[b], -1u };

				if (call->nargs == 3) /* a few of many */
					arg[2] = args[(a + 2 * b) % COUNT(args)];
				one(call, group, from[s], arg);
			}
		}
	}
}

static void groups(void)
{
	static gid_t many[65537];
	gid_t got[8] = { 0 };

	VALUE(syscall(SYS_setgroups, 3, (gid_t[]){ 30, 10, 20 }));
	VALUE(syscall(SYS_getgroups, 0, NULL));
	VALUE(syscall(SYS_getgroups, 2, got));
	VALUE(syscall(SYS_getgroups, -1, got));
	VALUE(syscall(SYS_getgroups, 8, nowhere));
	VALUE(syscall(SYS_getgroups, 8, got));
	say("in order: %u %u %u", got[0], got[1], got[2]);
	VALUE(syscall(SYS_setgroups, -1, got));
	VALUE(syscall(SYS_setgroups, 65537, many));
	VALUE(syscall(SYS_setgroups, 3, nowhere));
	VALUE_OF("they stay", syscall(SYS_getgroups, 8, got));
	for (unsigned i = 0; i < 65536; i++)
		many[i] = (i * 40503u) & 0xffff;
	VALUE(syscall(SYS_setgroups, 65536, many));
	VALUE(syscall(SYS_getgroups, 65536, many));
	YES_OF("sorted", many[0] == 0 && many[1] == 1 && many[65535] == 65535);
	VALUE(syscall(SYS_setgroups, 2, (gid_t[]){ 7, 7 }));
	VALUE(syscall(SYS_getgroups, 8, got));
	if (MUST(fork()) == 0) {
		VALUE_OF("a child's", syscall(SYS_getgroups, 8, got));
		VALUE(syscall(SYS_setgroups, 0, NULL));
		VALUE(syscall(SYS_getgroups, 8, got));
		_exit(0);
	}
	MUST(wait(NULL));
	VALUE_OF("still ours", syscall(SYS_getgroups, 8, got));
	MUST(raw(SYS_setresuid, 1, 1, 0));
	VALUE_OF("as a user", syscall(SYS_setgroups, 0, NULL));
	VALUE_OF("and nonsense", syscall(SYS_setgroups, -1, NULL));
}

/* Who may open a file of mode 0640, owner 5, group 6. */
static void try_file(const char *label, unsigned uid, unsigned gid, unsigned group)
{
	pid_t pid = MUST(fork());

	if (pid == 0) {
		MUST(syscall(SYS_setgroups, 1, &group));
		MUST(raw(SYS_setresgid, gid, gid, gid));
		MUST(raw(SYS_setresuid, uid, uid, uid));
		OK_OF(label, open("mine", O_RDONLY));
		OK_OF("  to write", open("mine", O_WRONLY));
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
}

static void files(void)
{
	make_file("mine", 0640, "x", 1);
	MUST(chown("mine", 5, 6));
	try_file("owner", 5, 9, 9);
	try_file("group", 9, 6, 9);
	try_file("another group", 9, 9, 6);
	try_file("others", 9, 9, 9);
	setfsuid(9);
	OK_OF("root with another's file uid", open("mine", O_RDONLY));
	setfsuid(5);
	OK_OF("with the owner's", open("mine", O_RDONLY));
	OK_OF("kill is by the effective one", kill(getppid(), 0));
	setfsuid(0);
	OK_OF("as root", open("mine", O_RDONLY));
	MUST(raw(SYS_setresuid, 5, 9, 5));
	OK_OF("access is by the real uid", access("mine", W_OK));
	OK_OF("open by the effective one", open("mine", O_RDWR));
	MUST(raw(SYS_setresuid, -1, 5, -1));
	MUST(unlink("mine") == 0 || errno == EACCES ? 0 : -1);
}

int main(void)
{
	for (int group = 0; group < 2; group++)
		for (size_t i = 0; i < COUNT(calls); i++)
			all_of(&calls[i], group);
	in_child("groups", groups);
	in_child("files", files);
	unlink("mine");
	return 0;
}
