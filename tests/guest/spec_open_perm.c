/*
 * Who may open what: every mode of nine bits by owner, group, others and root; what
 * folders ask for; the rights of a descriptor stay what they were at open; O_NOATIME and
 * O_TRUNC ask for more. Pages: open(2), path_resolution(7), inode(7), chmod(2).
 *
 * native: no
 */
#include "spec.h"

static const struct { const char *who; uid_t uid; gid_t gid; } users[] = {
	{ "owner", 10, 99 }, { "group", 11, 20 }, { "other", 12, 99 }, { "owner+group", 10, 20 },
};

/* Digits: bits of rwx that may be used, by opening with read, write; by access for x. */
static void files(void)
{
	static const int modes[] = {
		0000, 0400, 0200, 0100, 0040, 0020, 0010, 0004, 0002, 0001, 0700, 0070, 0007,
		0077, 0707, 0770, 0644, 0600, 0060, 0006, 0666, 0055, 0555, 0222,
	};

	for (size_t u = 0; u < COUNT(users); u++) {
		if (!other(users[u].uid, users[u].gid))
			continue;
		for (size_t m = 0; m < COUNT(modes); m++) {
			char name[8];
			snprintf(name, sizeof(name), "m%03o", modes[m]);
			say("%s %03o: read %s write %s both %s exec %s", users[u].who, modes[m],
			    opened(open(name, O_RDONLY)) ? "no" : "yes",
			    opened(open(name, O_WRONLY)) ? "no" : "yes",
			    opened(open(name, O_RDWR)) ? "no" : "yes",
			    faccessat(AT_FDCWD, name, X_OK, 0) ? "no" : "yes");
		}
		_exit(0);
	}
	OPENS(open("m000", O_RDWR));
	VALUE(access("m000", X_OK));
	VALUE(access("m010", X_OK));
}

static void make_files(void)
{
	char name[8];

	for (int mode = 0; mode <= 0777; mode++) {
		snprintf(name, sizeof(name), "m%03o", mode);
		make_file(name, mode, "", 0);
		MUST(chown(name, 10, 20));
	}
}

/* One supplementary group is enough; the wrong one is not. */
static void further_groups(void)
{
	static const gid_t right[] = { 5, 20, 7 }, wrong[] = { 5, 6 };

	for (int i = 0; i < 2; i++) {
		pid_t pid = MUST(fork());
		if (pid == 0) {
			MUST(i == 0 ? setgroups(3, right) : setgroups(2, wrong));
			MUST(setresgid(99, 99, 99));
			MUST(setresuid(12, 12, 12));
			OK_OF(i == 0 ? "in the group" : "not in the group",
			      opened(open("m040", O_RDONLY)));
			OK_OF("others' bits do not count for the group", opened(open("m004", O_RDONLY)));
			_exit(0);
		}
		MUST(waitpid(pid, NULL, 0));
	}
}

static void folders(void)
{
	static const int modes[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	char name[16], in[24], made[24];
	struct stat status;

	for (size_t m = 0; m < COUNT(modes); m++) {
		snprintf(name, sizeof(name), "d%d", modes[m]);
		snprintf(in, sizeof(in), "%s/in", name);
		snprintf(made, sizeof(made), "%s/made", name);
		MUST(mkdir(name, 0755));
		make_file(in, 0666, "x", 1);
		MUST(chmod(name, modes[m]));
		if (!other(12, 12))
			continue;
		say("folder %o:", modes[m]);
		OPENS(open(name, O_RDONLY));
		OPENS(open(in, O_RDONLY));
		OK(stat(in, &status));
		OPENS(open(made, O_CREAT | O_WRONLY, 0600));
		OPENS(open(in, O_CREAT | O_WRONLY, 0600));
		OPENS(open(in, O_CREAT | O_EXCL, 0600));
		OK(mkdir(made, 0700));
		OK(unlink(in));
		OK(unlink("d3/absent"));
		OK(chdir(name));
		_exit(0);
	}
}

static void more(void)
{
	int fd;

	make_file("ours", 0644, "abc", 3);
	MUST(chown("ours", 10, 20));
	AS(10, 20, open("ours", O_RDONLY | O_NOATIME));
	AS(12, 12, open("ours", O_RDONLY | O_NOATIME));
	AS(12, 12, open("ours", O_RDONLY | O_TRUNC));
	say("size %ld", size_of("ours"));
	AS(12, 12, open("ours", O_RDONLY | O_CREAT, 0600));
	AS(12, 12, open("ours", O_RDONLY | O_CREAT | O_EXCL, 0600));
	MUST(chmod("ours", 0));
	AS(10, 20, open("ours", O_RDONLY));
	AS_OF("mode 0 at creation, but it writes", 0, 0,
	      write(open("fresh", O_CREAT | O_WRONLY | O_EXCL, 0), "x", 1));
	fd = MUST(open("ours", O_RDWR));
	AS_OF("an open descriptor needs no more permission", 12, 12, write(fd, "z", 1));
	AS_OF("it truncates, too", 12, 12, ftruncate(fd, 1));
	AS_OF("chmod does", 12, 12, fchmod(fd, 0666));
	MUST(close(fd));
	fd = MUST(open("m600", O_RDONLY));
	VALUE(write(fd, "x", 1));
	VALUE(ftruncate(fd, 0));
	MUST(close(fd));
	fd = MUST(open("m600", O_WRONLY));
	VALUE(read(fd, &fd, 1));
	MUST(close(fd));
	fd = MUST(open("m600", O_ACCMODE));
	VALUE(read(fd, &fd, 1));
	VALUE(write(fd, "x", 1));
	MUST(close(fd));
	AS_OF("access mode 3 asks for both", 12, 12, open("m004", O_ACCMODE));
	AS_OF("access mode 3 asks for both", 12, 12, open("m006", O_ACCMODE));
}

/* The effective ids decide, not the real ones, for open. */
static void effective(void)
{
	pid_t pid = MUST(fork());

	if (pid == 0) {
		MUST(setegid(20));
		MUST(seteuid(12));
		OPENS(open("m600", O_RDONLY));
		OK(access("m600", R_OK));
		OK(faccessat(AT_FDCWD, "m600", R_OK, 0));
		OK_OF("AT_EACCESS", syscall(SYS_faccessat2, AT_FDCWD, "m600", R_OK, AT_EACCESS));
		OPENS(open("m060", O_RDONLY));
		MUST(seteuid(0));
		OPENS(open("m600", O_RDONLY));
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
}

int main(void)
{
	spec_enter();
	make_files();
	files();
	further_groups();
	folders();
	more();
	effective();
	spec_leave();
	return 0;
}
