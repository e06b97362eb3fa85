/*
 * O_TMPFILE: a file without a name, its name given later or never (O_EXCL), its mode,
 * its owner, and what the folder must allow. Pages: open(2) "O_TMPFILE", linkat(2).
 *
 * native: no
 */
#include "spec.h"

static char path[64], buffer[64];

static const char *by_proc(int fd)
{
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static void named_later(void)
{
	struct stat status;
	int fd = MUST(open(".", O_TMPFILE | O_RDWR, 0666));

	MUST(fstat(fd, &status));
	say("mode %o links %ld size %ld", status.st_mode, (long)status.st_nlink, (long)status.st_size);
	VALUE(write(fd, "hello", 5));
	VALUE(lseek(fd, 0, SEEK_SET));
	VALUE(read(fd, buffer, 10));
	VALUE(readlink(by_proc(fd), buffer, sizeof(buffer)) > 10);
	VALUE(linkat(fd, "", AT_FDCWD, "empty", 0));
	OK(linkat(AT_FDCWD, by_proc(fd), AT_FDCWD, "a", AT_SYMLINK_FOLLOW));
	OK(linkat(fd, "", AT_FDCWD, "b", AT_EMPTY_PATH));
	VALUE(linkat(fd, "", AT_FDCWD, "b", AT_EMPTY_PATH));
	MUST(fstat(fd, &status));
	say("links %ld; a has %ld bytes", (long)status.st_nlink, size_of("a"));
	VALUE(unlink("a"));
	VALUE(unlink("b"));
	VALUE_OF("a file whose last name went", linkat(fd, "", AT_FDCWD, "c", AT_EMPTY_PATH));
	close(fd);
	fd = MUST(open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600));
	VALUE_OF("O_EXCL, by /proc", linkat(AT_FDCWD, by_proc(fd), AT_FDCWD, "d", AT_SYMLINK_FOLLOW));
	VALUE_OF("O_EXCL", linkat(fd, "", AT_FDCWD, "d", AT_EMPTY_PATH));
	close(fd);
}

static void arguments(void)
{
	int fd;

	OPENS(open(".", O_TMPFILE | O_RDONLY, 0600));
	OPENS(open(".", (O_TMPFILE & ~O_DIRECTORY) | O_RDWR, 0600));
	OPENS(open("file", O_TMPFILE | O_RDWR, 0600));
	OPENS(open("absent", O_TMPFILE | O_RDWR, 0600));
	OPENS(open("absent/x", O_TMPFILE | O_RDWR, 0600));
	OPENS(open("/proc", O_TMPFILE | O_RDWR, 0600));
	OPENS(open(".", O_TMPFILE | O_WRONLY, 0));
	fd = MUST(open(".", O_TMPFILE | O_RDWR, 07777));
	struct stat status;
	MUST(fstat(fd, &status));
	say("mode %o", status.st_mode);
	close(fd);
	umask(077);
	fd = MUST(open(".", O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0666));
	umask(022);
	MUST(fstat(fd, &status));
	say("mode %o, fd flags %d, append %d", status.st_mode, fcntl(fd, F_GETFD),
	    (fcntl(fd, F_GETFL) & O_APPEND) != 0);
	VALUE_OF("reopened by /proc", opened(open(by_proc(fd), O_RDWR)));
	close(fd);
}

static void permissions(void)
{
	struct stat status;
	int fd;

	AS(7, 7, open(".", O_TMPFILE | O_RDWR, 0600));
	MUST(mkdir("open", 0777));
	MUST(chmod("open", 0777));
	AS(7, 7, open("open", O_TMPFILE | O_RDWR, 0600));
	AS_OF("mode 0 but writable at once", 7, 7, write(open("open", O_TMPFILE | O_RDWR, 0), "x", 1));
	AS_OF("linked by its maker", 7, 7,
	      linkat(AT_FDCWD, by_proc(open("open", O_TMPFILE | O_RDWR, 0)), AT_FDCWD, "open/x",
		     AT_SYMLINK_FOLLOW));
	MUST(stat("open/x", &status));
	say("owner %d:%d mode %o", status.st_uid, status.st_gid, status.st_mode);
	MUST(chown("open", 0, 55));
	MUST(chmod("open", 02777));
	fd = MUST(open("open", O_TMPFILE | O_RDWR, 02670));
	MUST(fstat(fd, &status));
	say("in a set-group-ID folder: %d:%d mode %o", status.st_uid, status.st_gid, status.st_mode);
	close(fd);
}

int main(void)
{
	spec_enter();
	make_file("file", 0644, "abc", 3);
	named_later();
	arguments();
	permissions();
	spec_leave();
	return 0;
}
