/*
 * O_PATH: what such a descriptor is good for, and what it is not. The file needs no
 * permission of its own, links can be held, /proc/self/fd leads on to the file.
 * Pages: open(2) "O_PATH", symlink(7), readlink(2), fstat(2), unix(7).
 *
 * native: no
 */
#include "spec.h"
#include <sys/file.h>
#include <sys/statfs.h>

static char buffer[64], path[64];

static void refused(int fd)
{
	struct iovec part = { buffer, 1 };
	struct flock lock = { .l_type = F_RDLCK };

	VALUE(read(fd, buffer, 1));
	VALUE(write(fd, "x", 1));
	VALUE(pread(fd, buffer, 1, 0));
	VALUE(readv(fd, &part, 1));
	VALUE(lseek(fd, 0, SEEK_SET));
	VALUE(ftruncate(fd, 0));
	VALUE(syscall(SYS_fchmod, fd, 0600));
	VALUE(syscall(SYS_fchown, fd, 0, 0));
	VALUE(ioctl(fd, FIONREAD, buffer));
	VALUE(fsync(fd));
	VALUE(fdatasync(fd));
	VALUE(flock(fd, LOCK_SH));
	VALUE(fcntl(fd, F_SETLK, &lock));
	VALUE(fcntl(fd, F_GETLK, &lock));
	VALUE(fcntl(fd, F_SETFL, O_NONBLOCK));
	VALUE(fcntl(fd, F_SETOWN, getpid()));
	VALUE(syscall(SYS_getdents64, fd, buffer, sizeof(buffer)));
	VALUE(futimens(fd, NULL));
	VALUE(syscall(SYS_fallocate, fd, 0, 0L, 4096L));
	YES(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == EBADF);
	VALUE(syscall(SYS_sendfile, 1, fd, NULL, 1));
	struct pollfd entry = { .fd = fd, .events = POLLIN };
	VALUE(poll(&entry, 1, 0));
	say("revents: %s", entry.revents == POLLNVAL ? "NVAL" : "else");
}

static void allowed(int fd)
{
	struct stat status;
	struct statfs system;
	int copy;

	OK(fstat(fd, &status));
	OK(fstatfs(fd, &system));
	OK(copy = dup(fd));
	say("flags of the copy %o", fcntl(copy, F_GETFL));
	close(copy);
	OK(copy = fcntl(fd, F_DUPFD_CLOEXEC, 100));
	say("copy: fd flags %d", fcntl(copy, F_GETFD));
	OK(fcntl(copy, F_SETFD, 0));
	close(copy);
	OK(dup2(fd, 90));
	OK(close(90));
	VALUE(fcntl(fd, F_GETFD));
}

static void links(void)
{
	struct stat status;
	int fd = MUST(open("link", O_PATH | O_NOFOLLOW));

	MUST(fstat(fd, &status));
	YES_OF("it is the link itself", S_ISLNK(status.st_mode));
	VALUE(readlinkat(fd, "", buffer, sizeof(buffer)));
	VALUE(readlinkat(fd, "x", buffer, sizeof(buffer)));
	OK(fstatat(fd, "", &status, AT_EMPTY_PATH));
	OK(fchownat(fd, "", 5, 6, AT_EMPTY_PATH));
	MUST(lstat("link", &status));
	say("link: %d:%d", status.st_uid, status.st_gid);
	MUST(stat("link", &status));
	say("target: %d:%d", status.st_uid, status.st_gid);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	VALUE(open(path, O_RDONLY));
	VALUE(open(path, O_WRONLY));
	OK(stat(path, &status));
	YES_OF("through /proc it is the link still", S_ISLNK(status.st_mode));
	close(fd);
	fd = MUST(open("file", O_PATH));
	VALUE(readlinkat(fd, "", buffer, sizeof(buffer)));
	VALUE(readlinkat(AT_FDCWD, "", buffer, sizeof(buffer)));
	close(fd);
}

static void through_proc(void)
{
	int fd = MUST(open("file", O_PATH)), again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	OK(again = open(path, O_RDWR));
	VALUE(read(again, buffer, 8));
	OK(chmod(path, 0600));
	MODE("file");
	OK(close(again));
	OK(linkat(AT_FDCWD, path, AT_FDCWD, "second", AT_SYMLINK_FOLLOW));
	OK(linkat(fd, "", AT_FDCWD, "third", AT_EMPTY_PATH));
	VALUE(linkat(fd, "", AT_FDCWD, "fourth", 0));
	VALUE(link(path, "fifth"));
	VALUE(unlink("second"));
	VALUE(unlink("third"));
	VALUE(truncate(path, 2));
	say("size %ld", size_of("file"));
	close(fd);
}

static void folders(void)
{
	struct stat status;
	int fd = MUST(open("folder", O_PATH | O_DIRECTORY));

	OK(fstatat(fd, "in", &status, 0));
	OPENS(openat(fd, "in", O_RDONLY));
	OK(mkdirat(fd, "made", 0755));
	OK(unlinkat(fd, "made", AT_REMOVEDIR));
	VALUE(syscall(SYS_getdents64, fd, buffer, sizeof(buffer)));
	OK(fchdir(fd));
	OK(chdir(".."));
	close(fd);
	fd = MUST(open("file", O_PATH));
	VALUE(fchdir(fd));
	VALUE(openat(fd, "in", O_RDONLY));
	VALUE(openat(fd, "", O_RDONLY));
	close(fd);
}

static void permissions(void)
{
	make_file("secret", 0600, "abc", 3);
	MUST(mkdir("closed", 0700));
	make_file("closed/in", 0644, "abc", 3);
	AS(7, 7, open("secret", O_RDONLY));
	AS(7, 7, open("secret", O_PATH));
	AS(7, 7, open("secret", O_PATH | O_RDWR));
	AS(7, 7, open("closed", O_PATH));
	AS(7, 7, open("closed/in", O_PATH));
	AS(7, 7, fchdir(open("closed", O_PATH)));
	AS(7, 7, openat(open("closed", O_PATH), "in", O_PATH));
	int fd = MUST(open("secret", O_PATH));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	AS(7, 7, open(path, O_RDONLY));
	close(fd);
	fd = MUST(open("closed", O_PATH));
	AS(7, 7, openat(fd, "in", O_RDONLY));
	AS(7, 7, fchdir(fd));
	MUST(chmod("closed", 0711));
	AS(7, 7, fchdir(open("closed", O_PATH)));
	AS(7, 7, openat(open("closed", O_PATH), "in", O_RDONLY));
	close(fd);
}

int main(void)
{
	int fd;

	spec_enter();
	make_file("file", 0644, "abc", 3);
	MUST(symlink("file", "link"));
	MUST(mkdir("folder", 0755));
	make_file("folder/in", 0644, "abc", 3);
	fd = MUST(open("file", O_PATH));
	refused(fd);
	allowed(fd);
	close(fd);
	links();
	through_proc();
	folders();
	permissions();
	fd = MUST(open("fifo", O_PATH | O_CREAT, 0600) == -1 ? 0 : -1);
	MUST(mkfifo("fifo", 0600));
	OPENS(open("fifo", O_PATH));
	spec_leave();
	return 0;
}
