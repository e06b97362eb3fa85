/*
 * Programs with set-user-ID and set-group-ID bits: the ids that they run with,
 * AT_SECURE, what no_new_privs changes, and what such a change resets (dumpable,
 * the signal at the parent's death); exec's copy to the saved ids.
 *
 * native: no
 *
 * From execve(2), credentials(7), prctl(2), getauxval(3).
 */
#include "check.h"
#include <sys/auxv.h>
#include <sys/prctl.h>

static void show(const char *label)
{
	uid_t u[3];
	gid_t g[3];
	int death;

	MUST(getresuid(&u[0], &u[1], &u[2]));
	MUST(getresgid(&g[0], &g[1], &g[2]));
	MUST(prctl(PR_GET_PDEATHSIG, &death));
	say("%s: uid %u %u %u, gid %u %u %u, secure %lu, euid %lu, egid %lu, dumpable %d, "
	    "no_new_privs %d, death %d", label, u[0], u[1], u[2], g[0], g[1], g[2],
	    getauxval(AT_SECURE), getauxval(AT_EUID), getauxval(AT_EGID),
	    prctl(PR_GET_DUMPABLE), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), death);
}

static unsigned start_uid[3], start_gid[3];
static int no_new_privs;
static const char *label;

static void run(void)
{
	char *argv[] = { "copy", (char *)label, NULL };

	if (no_new_privs)
		MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	MUST(setresgid(start_gid[0], start_gid[1], start_gid[2]));
	MUST(setresuid(start_uid[0], start_uid[1], start_uid[2]));
	MUST(prctl(PR_SET_PDEATHSIG, SIGUSR1));
	OK_OF("exec", execv("./copy", argv));
}

/* A copy of this program of that mode, owner 70, group 80, run by a user. */
static void mode(const char *text, mode_t bits, unsigned real, unsigned effective, unsigned saved)
{
	unsigned u[3] = { real, effective, saved };

	memcpy(start_uid, u, sizeof(u));
	memcpy(start_gid, u, sizeof(u));
	label = text;
	MUST(chown("copy", 70, 80));
	MUST(chmod("copy", bits));
	in_child(text, run);
}

static void copy_self(void)
{
	static char bytes[KIB(64)];
	int from = MUST(open("/proc/self/exe", O_RDONLY)), to;
	ssize_t n;

	to = MUST(open("copy", O_WRONLY | O_CREAT | O_TRUNC, 0755));
	while ((n = MUST(read(from, bytes, sizeof(bytes)))) > 0)
		MUST(write(to, bytes, n));
	MUST(close(to));
	MUST(close(from));
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		show(argv[1]);
		return 0;
	}
	copy_self();
	show("at first");
	mode("plain program, plain user", 0755, 5, 5, 5);
	mode("plain program, all ids differ", 0755, 5, 6, 7);
	mode("plain program, real uid root", 0755, 0, 6, 7);
	mode("set-user-ID", 04755, 5, 5, 5);
	mode("set-group-ID", 02755, 5, 5, 5);
	mode("both", 06755, 5, 6, 7);
	mode("set-group-ID, but no group may run it", 02745, 5, 5, 5);
	mode("set-user-ID, run by its owner", 04755, 70, 70, 70);
	mode("set-user-ID, root runs it", 04755, 0, 0, 0);
	mode("nobody may run it", 04644, 5, 5, 5);
	no_new_privs = 1;
	mode("both, with no_new_privs", 06755, 5, 5, 5);
	mode("ids differ, with no_new_privs", 06755, 5, 6, 7);
	MUST(unlink("copy"));
	return 0;
}
