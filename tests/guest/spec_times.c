/*
 * utimensat, and which times each operation marks. Pages: utimensat(2), utime(2),
 * inode(7) "atime mtime ctime", open(2) O_TRUNC.
 *
 * native: no
 */
#include "spec.h"

static const char *when(struct timespec old, struct timespec now)
{
	if (now.tv_sec == 111 && now.tv_nsec == 222)
		return "set";
	if (now.tv_sec == 333 && now.tv_nsec == 444)
		return "set2";
	return old.tv_sec == now.tv_sec && old.tv_nsec == now.tv_nsec ? "same" : "now";
}

static void show(const char *label, int done, const struct stat *old, const char *path)
{
	struct stat now;
	int failed = errno;

	MUST(lstat(path, &now));
	say("%s: %s; a %s m %s c %s", label, done == -1 ? errno_text(failed) : "ok",
	    when(old->st_atim, now.st_atim), when(old->st_mtim, now.st_mtim),
	    when(old->st_ctim, now.st_ctim));
}

static const struct timespec old_times[2] = { { 1000, 1 }, { 1000, 2 } };

static void reset(const char *path, struct stat *old)
{
	MUST(utimensat(AT_FDCWD, path, old_times, AT_SYMLINK_NOFOLLOW));
	MUST(lstat(path, old));
	sleep_ms(12);
}

static const struct { const char *name; struct timespec times[2]; } sets[] = {
	{ "both", { { 111, 222 }, { 333, 444 } } },
	{ "atime", { { 111, 222 }, { 0, UTIME_OMIT } } },
	{ "mtime", { { 0, UTIME_OMIT }, { 333, 444 } } },
	{ "omit both", { { 0, UTIME_OMIT }, { 0, UTIME_OMIT } } },
	{ "omit both, odd seconds", { { -7, UTIME_OMIT }, { -7, UTIME_OMIT } } },
	{ "now both", { { 77, UTIME_NOW }, { 77, UTIME_NOW } } },
	{ "now, omit", { { 0, UTIME_NOW }, { 0, UTIME_OMIT } } },
	{ "now, set", { { 0, UTIME_NOW }, { 333, 444 } } },
	{ "ns too many", { { 1, 1000000000 }, { 1, 1 } } },
	{ "ns negative", { { 1, 1 }, { 1, -1 } } },
	{ "ns bad but omitted", { { 1, UTIME_OMIT }, { 1, 2000000000 } } },
};

static void setting(const char *who)
{
	char label[80];
	struct stat old;

	for (size_t i = 0; i < COUNT(sets); i++) {
		MUST(stat("f", &old));
		sleep_ms(12);
		snprintf(label, sizeof(label), "%s: %s", who, sets[i].name);
		show(label, syscall(SYS_utimensat, AT_FDCWD, "f", sets[i].times, 0), &old, "f");
	}
	MUST(stat("f", &old));
	sleep_ms(12);
	snprintf(label, sizeof(label), "%s: NULL", who);
	show(label, syscall(SYS_utimensat, AT_FDCWD, "f", NULL, 0), &old, "f");
}

static void by_whom(void)
{
	static const struct { const char *who; uid_t uid; int mode; } users[] = {
		{ "owner", 10, 0000 }, { "writer", 11, 0666 }, { "reader", 11, 0644 }, { "root", 0, 0 },
	};
	struct stat old;

	make_file("f", 0644, "abc", 3);
	MUST(chown("f", 10, 10));
	for (size_t i = 0; i < COUNT(users); i++) {
		MUST(chmod("f", users[i].mode));
		reset("f", &old);
		if (other(users[i].uid, 99)) {
			setting(users[i].who);
			_exit(0);
		}
	}
	MUST(chown("f", 0, 0));
	MUST(chmod("f", 0644));
}

static void arguments(void)
{
	struct stat old;
	int fd = MUST(open("f", O_RDONLY));

	MUST(symlink("f", "link"));
	MUST(symlink("gone", "dangling"));
	VALUE(syscall(SYS_utimensat, AT_FDCWD, "link", old_times, 1));
	VALUE(syscall(SYS_utimensat, AT_FDCWD, "absent", old_times, 0));
	VALUE(syscall(SYS_utimensat, AT_FDCWD, "dangling", old_times, 0));
	VALUE(syscall(SYS_utimensat, AT_FDCWD, "dangling", old_times, AT_SYMLINK_NOFOLLOW));
	VALUE(syscall(SYS_utimensat, AT_FDCWD, "absent", sets[3].times, 0));
	VALUE(syscall(SYS_utimensat, AT_FDCWD, "f", nowhere, 0));
	VALUE(syscall(SYS_utimensat, AT_FDCWD, nowhere, old_times, 0));
	VALUE(syscall(SYS_utimensat, AT_FDCWD, NULL, old_times, 0));
	VALUE(syscall(SYS_utimensat, -1, "f", old_times, 0));
	VALUE(syscall(SYS_utimensat, 0, "f", old_times, 0));
	VALUE(syscall(SYS_utimensat, fd, "", old_times, 0));
	VALUE(syscall(SYS_utimensat, fd, "", old_times, AT_EMPTY_PATH));
	VALUE(syscall(SYS_utimensat, fd, NULL, old_times, 0));
	VALUE(syscall(SYS_utimensat, fd, NULL, old_times, AT_SYMLINK_NOFOLLOW));
	VALUE(syscall(SYS_utimensat, -1, NULL, old_times, 0));
	reset("link", &old);
	show("link itself", utimensat(AT_FDCWD, "link", sets[0].times, AT_SYMLINK_NOFOLLOW), &old, "link");
	reset("f", &old);
	show("through the link", utimensat(AT_FDCWD, "link", sets[0].times, 0), &old, "f");
	struct timespec early[2] = { { -5, 0 }, { -5, 999999999 } };
	VALUE(utimensat(AT_FDCWD, "f", early, 0));
	MUST(stat("f", &old));
	say("before 1970: %ld.%09ld", (long)old.st_mtim.tv_sec, old.st_mtim.tv_nsec);
	close(fd);
}

/* Every operation on a file `f` in a folder `d`, and what it marks in both. */
#define MARKS(...) do { \
	reset("d/f", &file), reset("d", &dir); \
	int done = (__VA_ARGS__); \
	show(#__VA_ARGS__ ", folder", done, &dir, "d"); \
	if (access("d/f", F_OK) == 0) \
		show(#__VA_ARGS__ ", file", done, &file, "d/f"); \
} while (0)

static void marks(void)
{
	struct stat file, dir;
	int fd, in;
	char byte[3000];

	MUST(mkdir("d", 0755));
	make_file("d/f", 0644, "abc", 3);
	MUST(mkdir("e", 0755));
	fd = MUST(open("d/f", O_RDWR));
	MARKS(write(fd, "x", 1));
	MARKS(write(fd, "", 0));
	MARKS(ftruncate(fd, 3));
	MARKS(ftruncate(fd, 9));
	MARKS(truncate("d/f", 9));
	MARKS(opened(open("d/f", O_RDONLY)));
	MARKS(opened(open("d/f", O_WRONLY | O_TRUNC)));
	MARKS(opened(open("d/f", O_WRONLY | O_TRUNC)));
	MARKS(opened(open("d/f", O_RDWR | O_CREAT, 0600)));
	MARKS(opened(open("d/g", O_RDWR | O_CREAT, 0600)));
	MARKS(chmod("d/f", 0600));
	MARKS(chmod("d/f", 0600));
	MARKS(chown("d/f", 3, 3));
	MARKS(chown("d/f", -1, -1));
	MARKS(link("d/f", "d/h"));
	MARKS(unlink("d/h"));
	MARKS(rename("d/f", "d/r"));
	MUST(rename("d/r", "d/f"));
	MARKS(rename("d/g", "e/g"));
	MARKS(rename("d/f", "d/f"));
	MARKS(mkdir("d/sub", 0700));
	MARKS(rmdir("d/sub"));
	MARKS(symlink("x", "d/l"));
	MARKS(unlink("d/absent"));
	MARKS(mkfifo("d/p", 0600));
	MARKS(stat("d/f", &file) & 0);
	MARKS(pwrite(fd, "abc", 3, 0));
	reset("d/f", &file);
	MUST(read(fd, byte, 0));
	show("read of nothing", 0, &file, "d/f");
	MUST(pread(fd, byte, 3, 0));
	show("read", 0, &file, "d/f");
	close(fd);
	fd = MUST(open("d/f", O_RDONLY | O_NOATIME));
	reset("d/f", &file);
	MUST(read(fd, byte, 3));
	show("read with O_NOATIME", 0, &file, "d/f");
	close(fd);
	fd = MUST(open("d", O_RDONLY));
	reset("d", &dir);
	MUST(syscall(SYS_getdents64, fd, byte, sizeof(byte)));
	show("getdents", 0, &dir, "d");
	close(fd);
	reset("d/l", &file);
	MUST(readlink("d/l", byte, 10));
	show("readlink", 0, &file, "d/l");
	in = MUST(open("d/p", O_RDWR));
	reset("d/p", &file);
	MUST(write(in, "x", 1));
	show("write to a fifo", 0, &file, "d/p");
	reset("d/p", &file);
	MUST(read(in, byte, 1));
	show("read from a fifo", 0, &file, "d/p");
	close(in);
}

int main(void)
{
	spec_enter();
	by_whom();
	arguments();
	marks();
	spec_leave();
	return 0;
}
