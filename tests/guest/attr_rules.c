/*
 * Who may change what of a file, and what changes by itself: umask, set-id
 * bits cleared by write and chown, group inherited from directories, sticky
 * directories, times and their rules.
 *
 * From chmod(2), chown(2), umask(2), inode(7), utimensat(2), utime(2),
 * unlink(2), rename(2).
 * native: no
 */
#include "check.h"
#include <grp.h>
#include <utime.h>

enum { ANN = 1001, BOB = 1002, TEAM = 2000 };

static void become(int uid, int with_team)
{
	gid_t team = TEAM;

	MUST(setgroups(with_team, &team));
	MUST(setresgid(uid, uid, uid));
	MUST(setresuid(uid, uid, uid));
}

static void show(const char *name)
{
	struct stat st;

	MUST(lstat(name, &st));
	say("  %s: %o, %d:%d", name, st.st_mode, st.st_uid, st.st_gid);
}

static void made(void)
{
	become(ANN, 1);
	umask(027);
	MUST(close(MUST(open("ann", O_CREAT | O_RDWR, 0666)))), show("ann");
	MUST(mkdir("ann.dir", 01777)), show("ann.dir");
	MUST(mknod("ann.fifo", S_IFIFO | 0666, 0)), show("ann.fifo");
	MUST(symlink("x", "ann.link")), show("ann.link");
	VALUE(umask(07777)), VALUE(umask(022));
	MUST(close(MUST(open("ann.set", O_CREAT | O_RDWR, 06777)))), show("ann.set");
	VALUE(mknod("dev", S_IFCHR | 0666, 1 << 8 | 3));
	VALUE(mknod("dev", S_IFDIR | 0666, 0));
	VALUE(mknod("dev", 0x7000 | 0666, 0));
	OK(mkdir("team.dir/sub", 0755)), show("team.dir/sub");
	MUST(close(MUST(open("team.dir/file", O_CREAT | O_RDWR, 0644)))), show("team.dir/file");
	MUST(close(MUST(open("team.dir/setgid", O_CREAT | O_RDWR, 02775)))), show("team.dir/setgid");
}

static void made_outside_of_group(void)
{
	become(BOB, 0);
	umask(0);
	MUST(close(MUST(open("team.dir/bob", O_CREAT | O_RDWR, 02775)))), show("team.dir/bob");
	MUST(close(MUST(open("team.dir/bob2", O_CREAT | O_RDWR, 02765)))), show("team.dir/bob2");
	OK(chmod("team.dir/bob", 02775)), show("team.dir/bob");
}

static void by_owner(void)
{
	int fd;

	become(ANN, 1);
	OK(chmod("ann", 06755)), show("ann");
	OK(chown("ann", -1, TEAM)), show("ann");
	OK(chmod("ann", 02755)), show("ann");
	OK(chown("ann", ANN, -1)), show("ann");
	VALUE(chown("ann", BOB, -1));
	VALUE(chown("ann", -1, BOB));
	OK(chmod("ann", 06755));
	fd = MUST(open("ann", O_RDWR));
	MUST(write(fd, "x", 1)), show("ann");
	OK(fchmod(fd, 06755));
	OK(ftruncate(fd, 0)), show("ann");
	OK(fchmod(fd, 06745));
	MUST(write(fd, "x", 1)), show("ann");
	OK(fchmod(fd, 07777)), show("ann");
	close(fd);
	OK(chmod("ann.dir", 02770));
	OK(chown("ann.dir", -1, TEAM)), show("ann.dir");
	VALUE(fchmodat(AT_FDCWD, "none", 0644, 0));
	VALUE(chmod("root", 0644));
	VALUE(chown("root", -1, -1));
	VALUE(chown("root", 0, -1));
	OK(lchown("ann.link", -1, TEAM)), show("ann.link");
}

static void by_root(void)
{
	MUST(chmod("ann", 06755));
	OK(chown("ann", BOB, BOB)), show("ann");
	MUST(chmod("ann", 06745));
	OK(fchownat(AT_FDCWD, "ann", ANN, ANN, 0)), show("ann");
	OK(fchownat(AT_FDCWD, "ann.link", BOB, BOB, AT_SYMLINK_NOFOLLOW)), show("ann.link");
	VALUE(fchownat(AT_FDCWD, "ann.link", BOB, BOB, 0));
	VALUE(fchownat(AT_FDCWD, "ann", BOB, BOB, 0x4000));
	MUST(chmod("ann", 06755));
	OK(truncate("ann", 1)), show("ann");
}

static void sticky(void)
{
	become(BOB, 0);
	VALUE(unlink("tmp/ann"));
	VALUE(rename("tmp/ann", "tmp/bob"));
	VALUE(rename("tmp/ann", "away"));
	VALUE(rmdir("tmp/ann.dir"));
	OK(rename("tmp/mine", "tmp/other"));
	VALUE(rename("tmp/other", "tmp/ann"));
	VALUE(link("tmp/ann", "tmp/ann.too"));
	OK(unlink("tmp/other"));
}

static void owner_of_sticky(void)
{
	become(ANN, 0);
	OK(unlink("tmp/bobs"));
	OK(unlink("tmp/ann"));
}

static void show_times(const char *name)
{
	struct stat st;

	MUST(lstat(name, &st));
	say("  %s: %ld.%09ld %ld.%09ld", name, (long)st.st_atim.tv_sec, st.st_atim.tv_nsec,
	    (long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static int recent(const char *name)
{
	struct stat st;
	struct timespec now;

	MUST(clock_gettime(CLOCK_REALTIME, &now));
	MUST(stat(name, &st));
	return now.tv_sec - st.st_mtim.tv_sec < 20 && now.tv_sec - st.st_atim.tv_sec < 20;
}

static void times_set(void)
{
	struct timespec t[2] = { { 1000, 5 }, { 2000, 6 } };
	struct timeval old[2] = { { 3000, 7 }, { 4000, 999999 } };
	struct utimbuf oldest = { 5000, 6000 };
	int fd = MUST(open("ann", O_RDONLY)), dir = MUST(open("tmp", O_RDONLY));

	OK(utimensat(AT_FDCWD, "ann", t, 0)), show_times("ann");
	t[0].tv_nsec = UTIME_OMIT, t[1].tv_sec = 2001;
	OK(utimensat(AT_FDCWD, "ann", t, 0)), show_times("ann");
	t[0].tv_nsec = 8, t[0].tv_sec = -5, t[1].tv_nsec = UTIME_OMIT;
	OK(utimensat(AT_FDCWD, "ann", t, 0));
	t[0].tv_sec = 1001;
	OK(futimens(fd, t)), show_times("ann");
	OK(utimensat(AT_FDCWD, "ann.link", t, AT_SYMLINK_NOFOLLOW));
	VALUE(utimensat(AT_FDCWD, "ann.link", t, 0));
	OK(utimensat(fd, "", t, AT_EMPTY_PATH));
	VALUE(utimensat(fd, "", t, 0));
	VALUE(utimensat(AT_FDCWD, "ann", t, 0x4000));
	t[1].tv_nsec = 1000000000;
	VALUE(utimensat(AT_FDCWD, "ann", t, 0));
	t[0].tv_nsec = t[1].tv_nsec = UTIME_OMIT;
	OK(utimensat(AT_FDCWD, "ann", t, 0));
	VALUE(utimensat(AT_FDCWD, "none", t, 0));
	VALUE(syscall(SYS_utimensat, AT_FDCWD, NULL, t, 0));
	VALUE(syscall(SYS_utimensat, 99, NULL, NULL, 0));
	OK(syscall(SYS_utimes, "ann", old)), show_times("ann");
	OK(syscall(SYS_futimesat, dir, "../ann", old));
	VALUE(syscall(SYS_futimesat, 99, "ann", old));
	old[1].tv_usec = 1000000;
	VALUE(syscall(SYS_utimes, "ann", old));
	old[1].tv_usec = -1;
	VALUE(syscall(SYS_utimes, "ann", old));
	OK(syscall(SYS_utime, "ann", &oldest)), show_times("ann");
	VALUE(syscall(SYS_utime, "none", &oldest));
	VALUE(syscall(SYS_utime, "ann", nowhere));
	VALUE(syscall(SYS_utimes, "ann", nowhere));
	OK(syscall(SYS_utime, "ann", NULL));
	YES(recent("ann"));
	OK(utimensat(AT_FDCWD, "ann", NULL, 0));
	YES(recent("ann"));
	close(fd), close(dir);
}

static void times_by_another(void)
{
	struct timespec t[2] = { { 1000, 5 }, { 2000, 6 } };

	become(BOB, 0);
	VALUE(utimensat(AT_FDCWD, "writable", t, 0));
	OK(utimensat(AT_FDCWD, "writable", NULL, 0));
	t[0].tv_nsec = UTIME_NOW, t[1].tv_nsec = UTIME_OMIT;
	VALUE(utimensat(AT_FDCWD, "writable", t, 0));
	t[1].tv_nsec = UTIME_NOW;
	OK(utimensat(AT_FDCWD, "writable", t, 0));
	VALUE(utimensat(AT_FDCWD, "root", NULL, 0));
	t[0].tv_nsec = t[1].tv_nsec = UTIME_OMIT;
	OK(utimensat(AT_FDCWD, "root", t, 0));
}

int main(void)
{
	char root[] = "/attr_rules";

	MUST(mkdir(root, 0755)), MUST(chmod(root, 0777)), MUST(chdir(root));
	umask(0);
	MUST(mkdir("team.dir", 0777)), MUST(chown("team.dir", 0, TEAM)), MUST(chmod("team.dir", 02777));
	make_file("root", 0644, "", 0), make_file("writable", 0666, "", 0);
	in_child("made", made);
	in_child("made outside of the group", made_outside_of_group);
	in_child("by the owner", by_owner);
	by_root();
	MUST(mkdir("tmp", 0777)), MUST(chmod("tmp", 01777)), MUST(chown("tmp", ANN, ANN));
	make_file("tmp/ann", 0666, "", 0), make_file("tmp/bobs", 0666, "", 0);
	make_file("tmp/mine", 0666, "", 0), MUST(mkdir("tmp/ann.dir", 0777));
	MUST(chown("tmp/mine", BOB, BOB)), MUST(chown("tmp/bobs", BOB, BOB));
	in_child("sticky", sticky);
	in_child("owner of a sticky directory", owner_of_sticky);
	times_set();
	in_child("times by another", times_by_another);
	unlink("tmp/ann.too"), MUST(rmdir("tmp/ann.dir")), MUST(rmdir("tmp"));
	MUST(unlink("team.dir/bob")), MUST(unlink("team.dir/bob2")), MUST(unlink("team.dir/file"));
	MUST(unlink("team.dir/setgid")), MUST(rmdir("team.dir/sub")), MUST(rmdir("team.dir"));
	MUST(unlink("ann")), MUST(unlink("ann.fifo")), MUST(unlink("ann.link"));
	MUST(unlink("ann.set")), MUST(rmdir("ann.dir")), MUST(unlink("root")), MUST(unlink("writable"));
	MUST(chdir("/")), OK(rmdir(root));
	return 0;
}
