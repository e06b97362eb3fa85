/*
 * stat, lstat, fstat, newfstatat, access: kinds, modes, sizes, links; devices;
 * and the errors.
 *
 * From stat(2), access(2), inode(7).
 */
#include "check.h"

static struct stat status;

static const char *kind(void)
{
	mode_t mode = status.st_mode;

	return S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "folder" : S_ISLNK(mode) ? "link" :
	       S_ISCHR(mode) ? "character device" : S_ISFIFO(mode) ? "pipe" : "another";
}

static void show_stat(const char *label, int result)
{
	if (result == -1)
		say("%s: %s", label, errno_text(errno));
	else
		say("%s: %s, %04o", label, kind(), status.st_mode & 07777);
}

#define STAT(...) show_stat(#__VA_ARGS__, __VA_ARGS__)

static void kinds(void)
{
	int fds[2], fd;
	ino_t number;

	STAT(stat("s.file", &status));
	say("size %ld, links %ld", (long)status.st_size, (long)status.st_nlink);
	YES_OF("blocks of 512 cover it", status.st_blocks >= 0 && status.st_blksize >= 512);
	YES_OF("owner is us", status.st_uid == geteuid() && status.st_gid == getegid());
	number = status.st_ino;
	STAT(lstat("s.file", &status));
	STAT(stat("s.link", &status));
	YES_OF("the same file", status.st_ino == number);
	STAT(lstat("s.link", &status));
	VALUE_OF("size of a link", status.st_size);
	STAT(stat("s.dir", &status));
	STAT(stat("s.dir/.", &status));
	STAT(stat("s.dir/../s.file", &status));
	YES_OF("the same file", status.st_ino == number);
	STAT(stat("s.dangling", &status));
	STAT(lstat("s.dangling", &status));
	STAT(lstat("s.dirlink/", &status));
	STAT(stat("/dev/null", &status));
	say("/dev/null is %d, %d", (int)(status.st_rdev >> 8), (int)(status.st_rdev & 0xff));
	STAT(stat("/dev/zero", &status));
	say("/dev/zero is %d, %d", (int)(status.st_rdev >> 8), (int)(status.st_rdev & 0xff));
	MUST(pipe(fds));
	STAT(fstat(fds[0], &status));
	fd = MUST(open("s.file", O_RDONLY));
	STAT(fstat(fd, &status));
	MUST(unlink("s.file"));
	STAT(fstat(fd, &status));
	VALUE_OF("links after unlink", status.st_nlink);
	VALUE_OF("size after unlink", status.st_size);
	close(fd), close(fds[0]), close(fds[1]);
	make_file("s.file", 0604, "12345", 5);
}

static void at(void)
{
	int dir = MUST(open("s.dir", O_RDONLY)), file = MUST(open("s.file", O_RDONLY));

	STAT(fstatat(AT_FDCWD, "s.file", &status, 0));
	STAT(fstatat(dir, "../s.link", &status, 0));
	STAT(fstatat(dir, "../s.link", &status, AT_SYMLINK_NOFOLLOW));
	STAT(fstatat(dir, "none", &status, 0));
	STAT(fstatat(file, "none", &status, 0));
	STAT(fstatat(99, "none", &status, 0));
	STAT(fstatat(99, "/dev/null", &status, 0));
	STAT(fstatat(file, "", &status, 0));
	STAT(fstatat(file, "", &status, AT_EMPTY_PATH));
	STAT(fstatat(99, "", &status, AT_EMPTY_PATH));
	STAT(fstatat(AT_FDCWD, "s.file", &status, 0x40000000));
	close(dir), close(file);
}

static void errors(void)
{
	STAT(stat("s.gone", &status));
	STAT(stat("", &status));
	STAT(stat("s.file/", &status));
	STAT(stat("s.file/x", &status));
	STAT(stat("s.loop", &status));
	STAT(lstat("s.loop", &status));
	STAT(fstat(99, &status));
	STAT(fstat(-1, &status));
}

static void accessible(void)
{
	VALUE(access("s.file", F_OK));
	VALUE(access("s.file", R_OK | W_OK));
	VALUE(access("s.file", X_OK));
	VALUE(access("s.exec", X_OK));
	VALUE(access("s.dir", X_OK));
	VALUE(access("s.file", 8));
	VALUE(access("s.file", -1));
	VALUE(access("s.gone", F_OK));
	VALUE(access("s.file/x", F_OK));
	VALUE(access("s.dangling", F_OK));
	VALUE(access("s.loop", F_OK));
	VALUE(access("", F_OK));
}

static void times_change(void)
{
	struct stat before;
	int fd = MUST(open("s.file", O_RDWR));

	MUST(fstat(fd, &before));
	sleep_ms(30);
	MUST(write(fd, "x", 1));
	MUST(fstat(fd, &status));
	YES_OF("a write changes the time of modification",
	       status.st_mtim.tv_sec != before.st_mtim.tv_sec ||
	       status.st_mtim.tv_nsec != before.st_mtim.tv_nsec);
	close(fd);
}

int main(void)
{
	umask(022);
	make_file("s.file", 0604, "12345", 5);
	make_file("s.exec", 0711, "", 0);
	MUST(mkdir("s.dir", 0751));
	MUST(symlink("s.file", "s.link"));
	MUST(symlink("s.dir", "s.dirlink"));
	MUST(symlink("s.gone", "s.dangling"));
	MUST(symlink("s.loop", "s.loop"));
	kinds();
	at();
	errors();
	accessible();
	times_change();
	MUST(unlink("s.file")), MUST(unlink("s.exec")), MUST(rmdir("s.dir"));
	MUST(unlink("s.link")), MUST(unlink("s.dirlink"));
	MUST(unlink("s.dangling")), MUST(unlink("s.loop"));
	return 0;
}
