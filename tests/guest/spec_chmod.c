/*
 * chmod, fchmod, fchmodat, chown, fchown, lchown, fchownat: who may, what happens to the
 * set-id bits, also by writing and truncating. Pages: chmod(2), chown(2), inode(7),
 * write(2), truncate(2), path_resolution(7).
 *
 * native: no
 */
#include "spec.h"

static void reset(mode_t mode, uid_t uid, gid_t gid)
{
	make_file("f", 0644, "abc", 3);
	MUST(chown("f", uid, gid));
	MUST(chmod("f", mode));
}

static void show(const char *label, int done)
{
	struct stat status;
	int failed = errno;

	MUST(stat("f", &status));
	say("%s: %s; %04o %d:%d", label, done == -1 ? errno_text(failed) : "ok",
	    status.st_mode & 07777, status.st_uid, status.st_gid);
}

/* Each call by each user, on a file 10:20 of mode 06755. */
static void chowns(mode_t mode)
{
	static const struct { int uid, gid; } to[] = {
		{ 10, 20 }, { 10, -1 }, { -1, 20 }, { -1, -1 }, { 10, 21 }, { 11, -1 }, { -1, 30 },
		{ -1, 0 }, { 0, 0 },
	};
	static const struct { uid_t uid; gid_t gid; } by[] = { { 0, 0 }, { 10, 20 }, { 10, 30 }, { 11, 20 } };

	for (size_t b = 0; b < COUNT(by); b++) {
		for (size_t t = 0; t < COUNT(to); t++) {
			char label[64];
			reset(mode, 10, 20);
			snprintf(label, sizeof(label), "%04o: %d:%d chown to %d:%d", mode, by[b].uid, by[b].gid,
				 to[t].uid, to[t].gid);
			if (other(by[b].uid, by[b].gid)) {
				show(label, chown("f", to[t].uid, to[t].gid));
				_exit(0);
			}
		}
	}
}

static void chmods(void)
{
	static const mode_t modes[] = { 0, 0777, 04755, 02755, 06755, 01644, 07777, 02644, 0177777 };
	static const struct { uid_t uid; gid_t gid; } by[] = { { 0, 0 }, { 10, 20 }, { 10, 30 }, { 11, 20 } };

	for (size_t b = 0; b < COUNT(by); b++) {
		for (size_t m = 0; m < COUNT(modes); m++) {
			char label[64];
			reset(0640, 10, 20);
			snprintf(label, sizeof(label), "%d:%d chmod %o", by[b].uid, by[b].gid, modes[m]);
			if (other(by[b].uid, by[b].gid)) {
				show(label, chmod("f", modes[m]));
				_exit(0);
			}
		}
	}
	MUST(mkdir("d", 0755));
	MUST(chown("d", 10, 20));
	AS(10, 30, chmod("d", 07777));
	MODE("d");
	AS(10, 20, chmod("d", 07777));
	MODE("d");
	AS(10, 20, chown("d", -1, 20));
	MODE("d");
	OK(chown("d", 11, 21));
	MODE("d");
}

/* What writing does to the set-id bits. */
static void written(void)
{
	static const mode_t modes[] = { 06755, 02755, 06777, 04644 };

	for (size_t m = 0; m < COUNT(modes); m++) {
		for (int user = 0; user <= 1; user++) {
			char label[64];
			for (int how = 0; how < 6; how++) {
				static const char *const names[] = {
					"write", "write of nothing", "ftruncate", "truncate", "O_TRUNC", "pwrite" };
				reset(modes[m], 10, 20);
				int fd = MUST(open("f", O_RDWR)), done = 0;
				snprintf(label, sizeof(label), "%04o %s by %s", modes[m], names[how],
					 user ? "another" : "root");
				MUST(chmod("f", modes[m] | 0006));
				if (user && !other(11, 11)) {
					close(fd);
					continue;
				}
				if (how == 0)
					done = write(fd, "x", 1);
				else if (how == 1)
					done = write(fd, "", 0);
				else if (how == 2)
					done = ftruncate(fd, 1);
				else if (how == 3)
					done = truncate("f", 1);
				else if (how == 4)
					done = opened(open("f", O_WRONLY | O_TRUNC));
				else
					done = pwrite(fd, "x", 1, 0);
				show(label, done);
				close(fd);
				if (user)
					_exit(0);
			}
		}
	}
}

static void names(void)
{
	struct stat status;
	int fd;

	reset(0644, 0, 0);
	MUST(symlink("f", "link"));
	MUST(symlink("gone", "dangling"));
	OK(chmod("link", 0600));
	MODE("f");
	MODE("link");
	OK(lchown("link", 5, 6));
	MUST(lstat("link", &status));
	say("link %d:%d", status.st_uid, status.st_gid);
	OK(chown("link", 7, 8));
	MUST(stat("f", &status));
	say("file %d:%d", status.st_uid, status.st_gid);
	OK(lchown("dangling", 5, 6));
	OK(chown("dangling", 5, 6));
	OK(chmod("dangling", 0600));
	OK(syscall(SYS_fchownat, AT_FDCWD, "link", 1, 2, AT_SYMLINK_NOFOLLOW));
	OK(syscall(SYS_fchownat, AT_FDCWD, "", 1, 2, 0));
	OK(syscall(SYS_fchownat, AT_FDCWD, "link", 1, 2, 0x200));
	OK(syscall(SYS_fchownat, -1, "f", 1, 2, 0));
	OK(syscall(SYS_fchownat, 0, "f", 1, 2, 0));
	OK(syscall(SYS_fchmodat, -1, "f", 0600));
	OK(syscall(SYS_fchmodat, 0, "f", 0600));
	OK(chmod("", 0600));
	OK(chmod("f/", 0600));
	OK(chmod("absent", 0600));
	OK(chmod(nowhere, 0600));
	OK(chown(nowhere, 0, 0));
	OK(fchmod(-1, 0600));
	OK(fchown(-1, 0, 0));
	fd = MUST(open("f", O_RDONLY));
	OK_OF("fchmod by a read-only descriptor", fchmod(fd, 0604));
	OK_OF("fchown by a read-only descriptor", fchown(fd, 9, 9));
	OK(syscall(SYS_fchownat, fd, "", 4, 4, AT_EMPTY_PATH));
	MUST(fstat(fd, &status));
	say("%04o %d:%d", status.st_mode & 07777, status.st_uid, status.st_gid);
	AS_OF("fchmod by another", 11, 11, fchmod(fd, 0777));
	close(fd);
	AS(11, 11, chown("link", -1, -1));
	AS(11, 11, lchown("link", 11, -1));
	OK(chmod("/proc/self/stat", 0));
	MUST(mkdir("closed", 0700));
	make_file("closed/f", 0777, "", 0);
	MUST(chown("closed/f", 11, 11));
	AS(11, 11, chmod("closed/f", 0));
}

int main(void)
{
	spec_enter();
	chowns(06755);
	chowns(04644);
	chowns(0644);
	chmods();
	written();
	names();
	spec_leave();
	return 0;
}
