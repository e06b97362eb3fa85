/*
 * access, faccessat, faccessat2: real and effective ids, root and x bits, flags, links,
 * empty paths. Pages: access(2), path_resolution(7).
 *
 * native: no
 */
#include "spec.h"

static long at2(int dir, const char *path, int mode, int flags)
{
	return syscall(SYS_faccessat2, dir, path, mode, flags);
}

/* For each mode 0 to 7 one letter: what it gives. */
static void row(const char *label, const char *path, int flags)
{
	char text[64] = "";

	for (int mode = 0; mode < 8; mode++)
		strcat(text, at2(AT_FDCWD, path, mode, flags) == 0 ? "y" :
		       errno == EACCES ? "-" : errno == ENOENT ? "0" : "?");
	say("%s %s: %s", label, path, text);
}

static void rows(const char *label, int flags)
{
	static const char *const names[] = {
		"f000", "f100", "f010", "f001", "f400", "f200", "f044", "f066", "f007", "f770", "d000", "d700",
		"d711", "d700/in", "d711/in", "absent", "to_f007", "dangling",
	};

	for (size_t i = 0; i < COUNT(names); i++)
		row(label, names[i], flags);
}

static void make_tree(void)
{
	static const int modes[] = { 0, 0100, 0010, 0001, 0400, 0200, 0044, 0066, 0007, 0770 };
	char name[8];

	for (size_t i = 0; i < COUNT(modes); i++) {
		snprintf(name, sizeof(name), "f%03o", modes[i]);
		make_file(name, modes[i], "", 0);
		MUST(chown(name, 10, 20));
	}
	MUST(mkdir("d000", 0));
	MUST(mkdir("d700", 0700));
	MUST(mkdir("d711", 0711));
	make_file("d700/in", 0666, "", 0);
	make_file("d711/in", 0666, "", 0);
	MUST(symlink("f007", "to_f007"));
	MUST(symlink("gone", "dangling"));
}

static void both_ids(void)
{
	pid_t pid = MUST(fork());

	if (pid == 0) {
		MUST(setresgid(20, 99, 0));
		MUST(setresuid(10, 12, 0));
		rows("real 10:20 effective 12:99, real", 0);
		rows("real 10:20 effective 12:99, effective", AT_EACCESS);
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	pid = MUST(fork());
	if (pid == 0) {
		MUST(setresuid(0, 12, 0));
		rows("real 0 effective 12, real", 0);
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	pid = MUST(fork());
	if (pid == 0) {
		MUST(setresuid(12, 0, 0));
		rows("real 12 effective 0, real", 0);
		rows("real 12 effective 0, effective", AT_EACCESS);
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
}

static void arguments(void)
{
	int fd = MUST(open("f000", O_PATH)), dir = MUST(open("d700", O_PATH));

	VALUE(access("f007", 8));
	VALUE(access("f007", -1));
	VALUE(access("f007", F_OK));
	VALUE(access("", F_OK));
	VALUE(access("f007/", F_OK));
	VALUE(access("f007/x", F_OK));
	VALUE(access("d700/", F_OK));
	VALUE(access(nowhere, F_OK));
	VALUE(at2(AT_FDCWD, "f007", 0, 1));
	VALUE(at2(AT_FDCWD, "f007", 8, 0));
	VALUE(at2(AT_FDCWD, "f007", 0, AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
	VALUE(at2(AT_FDCWD, "f007", 0, AT_SYMLINK_FOLLOW));
	VALUE(at2(AT_FDCWD, "dangling", 0, AT_SYMLINK_NOFOLLOW));
	VALUE(at2(AT_FDCWD, "dangling", W_OK, AT_SYMLINK_NOFOLLOW));
	VALUE(at2(-1, "f007", 0, 0));
	VALUE(at2(-1, "/", 0, 0));
	VALUE(at2(0, "f007", 0, 0));
	VALUE(at2(dir, "in", R_OK, 0));
	VALUE(at2(dir, "../f007", R_OK, 0));
	VALUE(at2(fd, "", 0, AT_EMPTY_PATH));
	VALUE(at2(fd, "", X_OK, AT_EMPTY_PATH));
	VALUE(at2(fd, "", R_OK | W_OK, AT_EMPTY_PATH));
	VALUE(at2(fd, "", 0, 0));
	VALUE(at2(AT_FDCWD, "", R_OK, AT_EMPTY_PATH));
	VALUE_OF("the old call has no flags", syscall(SYS_faccessat, AT_FDCWD, "f007", R_OK, 0x7777));
	VALUE(access("/proc/self/stat", W_OK));
	VALUE(access("/proc", W_OK));
	VALUE(access("/dev/null", R_OK | W_OK));
	VALUE(access("/dev/null", X_OK));
	AS(12, 12, access("/dev/null", R_OK | W_OK));
	AS(12, 12, access("/proc/self/stat", W_OK));
	AS(12, 12, access("/proc/self/stat", R_OK));
}

int main(void)
{
	spec_enter();
	make_tree();
	rows("root", 0);
	if (other(10, 99)) {
		rows("owner", 0);
		_exit(0);
	}
	if (other(12, 20)) {
		rows("group", 0);
		_exit(0);
	}
	if (other(12, 99)) {
		rows("other", 0);
		_exit(0);
	}
	both_ids();
	arguments();
	spec_leave();
	return 0;
}
