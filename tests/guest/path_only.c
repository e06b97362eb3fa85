/*
 * O_PATH: what works on such a descriptor and what does not; O_TMPFILE and
 * giving it a name; O_NOFOLLOW, O_DIRECTORY, O_EXCL on dangling symlinks.
 *
 * From open(2), linkat(2), symlink(7).
 */
#include "check.h"
#include <sys/statfs.h>

static char text[100];

static void through_proc(const char *label, int fd, int flags)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	VALUE_OF(label, open(path, flags) >= 0 ? 0 : -1);
}

static void path_descriptor(void)
{
	struct stat st, same;
	struct statfs fs;
	struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	int fd = MUST(open("p.file", O_PATH)), dir, link, copy;

	VALUE(read(fd, text, 1));
	VALUE(write(fd, "x", 1));
	VALUE(pread(fd, text, 1, 0));
	VALUE(lseek(fd, 0, SEEK_SET));
	VALUE(ftruncate(fd, 0));
	VALUE(fallocate(fd, 0, 0, 10));
	VALUE(syscall(SYS_fchmod, fd, 0600));
	VALUE(syscall(SYS_fchown, fd, -1, -1));
	VALUE(futimens(fd, now));
	VALUE(fsync(fd));
	VALUE(ioctl(fd, FIONREAD, text));
	VALUE(syscall(SYS_getdents64, fd, text, sizeof(text)));
	YES(mmap(NULL, 10, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == EBADF);
	OK(fstat(fd, &st));
	OK(fstatfs(fd, &fs));
	OK(fstatat(fd, "", &same, AT_EMPTY_PATH));
	YES(st.st_ino == same.st_ino && st.st_size == 5);
	VALUE(fcntl(fd, F_GETFL) & (O_PATH | O_ACCMODE));
	VALUE(fcntl(fd, F_GETFD));
	VALUE(fcntl(fd, F_SETFL, O_NONBLOCK));
	copy = fcntl(fd, F_DUPFD, 0);
	YES(copy >= 0);
	OK(close(copy));
	through_proc("opened for reading", fd, O_RDONLY);
	through_proc("opened as a directory", fd, O_RDONLY | O_DIRECTORY);
	VALUE(fchdir(fd));
	VALUE(openat(fd, "x", O_RDONLY));
	OK(close(fd));
	fd = MUST(open("p.unreadable", O_PATH | O_RDWR | O_TRUNC | O_CREAT | O_EXCL));
	OK(fstat(fd, &st));
	VALUE_OF("size", st.st_size);
	close(fd);
	VALUE(open("p.none", O_PATH | O_CREAT, 0600));
	dir = MUST(open("p.dir", O_PATH | O_DIRECTORY));
	OK(faccessat(dir, "inside", F_OK, 0));
	VALUE(syscall(SYS_getdents64, dir, text, sizeof(text)));
	OK(mkdirat(dir, "made", 0700));
	OK(unlinkat(dir, "made", AT_REMOVEDIR));
	OK(fchdir(dir));
	OK(chdir(".."));
	close(dir);
	VALUE(open("p.file", O_PATH | O_DIRECTORY));
	link = MUST(open("p.link", O_PATH | O_NOFOLLOW));
	OK(fstat(link, &st));
	YES(S_ISLNK(st.st_mode));
	VALUE(readlinkat(link, "", text, sizeof(text)));
	through_proc("a symlink through /proc", link, O_RDONLY);
	close(link);
	VALUE(open("p.link", O_RDONLY | O_NOFOLLOW));
	VALUE(open("p.dirlink", O_RDONLY | O_NOFOLLOW | O_DIRECTORY));
	VALUE(open("p.dirlink", O_PATH | O_NOFOLLOW | O_DIRECTORY));
	OK(close(MUST(open("p.dirlink/inside", O_RDONLY | O_NOFOLLOW))));
	OK(close(MUST(open("p.dirlink/", O_RDONLY | O_NOFOLLOW))));
}

static void dangling(void)
{
	VALUE(open("p.dangling", O_RDONLY));
	VALUE(open("p.dangling", O_RDWR | O_CREAT | O_EXCL, 0600));
	VALUE(open("p.dangling", O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
	VALUE(access("p.target", F_OK));
	OK(close(MUST(open("p.dangling", O_RDWR | O_CREAT, 0600))));
	OK(unlink("p.target"));
	VALUE(mkdir("p.dangling", 0700));
	VALUE(mknod("p.dangling", S_IFREG | 0600, 0));
	VALUE(symlink("x", "p.dangling"));
	VALUE(link("p.file", "p.dangling"));
	VALUE(open("p.loop", O_RDONLY));
	VALUE(open("p.loop", O_CREAT | O_RDWR, 0600));
	VALUE(open("p.file/", O_RDONLY));
	VALUE(open("p.new/", O_CREAT | O_RDWR, 0600));
	VALUE(open("p.dir", O_CREAT | O_RDONLY, 0600));
	VALUE(open("p.dir", O_CREAT | O_DIRECTORY, 0600));
	VALUE(open("p.dir/", O_CREAT | O_EXCL | O_RDONLY, 0600));
	VALUE(open("p.dir", O_WRONLY));
	VALUE(open("p.dir", O_RDONLY | O_TRUNC));
	VALUE(open("p.file", O_RDONLY | O_DIRECTORY));
	VALUE(open("", O_RDONLY));
	VALUE(open("", O_CREAT | O_RDWR, 0600));
	VALUE(open(".", O_CREAT | O_RDWR, 0600));
	VALUE(open("..", O_CREAT | O_RDWR, 0600));
	VALUE(open("/", O_CREAT | O_RDWR, 0600));
}

static void nameless(void)
{
	char path[64];
	struct stat st;
	int fd, excl;

	VALUE(open("p.dir", O_TMPFILE | O_RDONLY, 0600));
	VALUE(open("p.file", O_TMPFILE | O_RDWR, 0600));
	VALUE(open("p.none", O_TMPFILE | O_RDWR, 0600));
	VALUE(open("p.dir", O_TMPFILE | O_RDWR | O_CREAT, 0600));
	VALUE(open("p.dir", (O_TMPFILE & ~O_DIRECTORY) | O_RDWR, 0600));
	umask(027);
	fd = open("p.dir", O_TMPFILE | O_RDWR, 0666);
	YES(fd >= 0);
	MUST(fstat(fd, &st));
	say("mode %o, links %d", st.st_mode, (int)st.st_nlink);
	VALUE(write(fd, "hello", 5));
	OK(lseek(fd, 0, SEEK_SET));
	VALUE(read(fd, text, sizeof(text)));
	VALUE(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	VALUE(linkat(AT_FDCWD, path, AT_FDCWD, "p.linked", 0));
	OK(linkat(AT_FDCWD, path, AT_FDCWD, "p.linked", AT_SYMLINK_FOLLOW));
	VALUE(linkat(AT_FDCWD, path, AT_FDCWD, "p.linked", AT_SYMLINK_FOLLOW));
	MUST(fstat(fd, &st));
	VALUE_OF("links", st.st_nlink);
	OK(linkat(AT_FDCWD, "p.linked", AT_FDCWD, "p.second", 0));
	OK(unlink("p.linked")), OK(unlink("p.second"));
	VALUE(linkat(AT_FDCWD, path, AT_FDCWD, "p.linked", AT_SYMLINK_FOLLOW));
	close(fd);
	excl = MUST(open("p.dir", O_TMPFILE | O_RDWR | O_EXCL, 0600));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", excl);
	VALUE(linkat(AT_FDCWD, path, AT_FDCWD, "p.linked", AT_SYMLINK_FOLLOW));
	close(excl);
	excl = MUST(open("p.dir", O_TMPFILE | O_WRONLY | O_APPEND, 0));
	VALUE(write(excl, "x", 1));
	close(excl);
	OK(rmdir("p.dir/none") == -1 && errno == ENOENT ? 0 : -1);
}

int main(void)
{
	umask(022);
	make_file("p.file", 0644, "12345", 5);
	make_file("p.unreadable", 0, "12", 2);
	MUST(mkdir("p.dir", 0755));
	make_file("p.dir/inside", 0644, "", 0);
	MUST(symlink("p.file", "p.link")), MUST(symlink("p.dir", "p.dirlink"));
	MUST(symlink("p.target", "p.dangling")), MUST(symlink("p.loop", "p.loop"));
	path_descriptor();
	dangling();
	nameless();
	MUST(unlink("p.file")), MUST(unlink("p.unreadable")), MUST(unlink("p.dir/inside"));
	MUST(rmdir("p.dir")), MUST(unlink("p.link")), MUST(unlink("p.dirlink"));
	MUST(unlink("p.dangling")), MUST(unlink("p.loop"));
	return 0;
}
