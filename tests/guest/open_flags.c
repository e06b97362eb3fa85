/*
 * open and openat: flags, modes, lowest descriptor, directories as starting
 * points, and the errors.
 *
 * From open(2), path_resolution(7).
 */
#include "check.h"

static char long_name[300];

static void closing(const char *label, int fd)
{
	say("%s: %s", label, fd >= 0 ? "ok" : errno_text(errno));
	if (fd >= 0)
		close(fd);
}

#define OPEN(...) closing("open(" #__VA_ARGS__ ")", open(__VA_ARGS__))
#define OPENAT(...) closing("openat(" #__VA_ARGS__ ")", openat(__VA_ARGS__))

static void making(void)
{
	struct stat status;
	int fd;

	OPEN("o.new", O_RDONLY);
	OPEN("o.new", O_WRONLY | O_CREAT, 0640);
	MUST(stat("o.new", &status));
	say("mode %04o, size %ld, links %ld", status.st_mode & 07777, (long)status.st_size,
	    (long)status.st_nlink);
	OPEN("o.new", O_WRONLY | O_CREAT, 0600);
	OPEN("o.new", O_WRONLY | O_CREAT | O_EXCL, 0600);
	OPEN("o.link", O_WRONLY | O_CREAT | O_EXCL, 0600);
	OPEN("o.dangling", O_WRONLY | O_CREAT | O_EXCL, 0600);
	OPEN("o.dangling", O_RDONLY);
	OPEN("o.dangling", O_WRONLY | O_CREAT, 0600);
	OK(access("o.target", F_OK));
	make_file("o.new", 0644, "content", 7);
	fd = MUST(open("o.new", O_RDONLY | O_CREAT, 0600));
	MUST(fstat(fd, &status));
	VALUE_OF("size without O_TRUNC", status.st_size);
	close(fd);
	fd = MUST(open("o.new", O_WRONLY | O_TRUNC));
	MUST(fstat(fd, &status));
	VALUE_OF("size with O_TRUNC", status.st_size);
	VALUE_OF("read from O_WRONLY", read(fd, long_name, 1));
	close(fd);
	fd = MUST(open("o.ro", O_RDWR | O_CREAT | O_EXCL, 0));
	VALUE_OF("write to a new file of mode 0", write(fd, "x", 1));
	close(fd);
	fd = MUST(open("o.new", O_RDONLY));
	VALUE_OF("write to O_RDONLY", write(fd, "x", 1));
	close(fd);
}

static void kinds(void)
{
	OPEN("o.dir", O_RDONLY);
	OPEN("o.dir", O_RDONLY | O_DIRECTORY);
	OPEN("o.dir", O_WRONLY);
	OPEN("o.dir", O_RDWR);
	OPEN("o.dir", O_RDONLY | O_CREAT, 0600);
	OPEN("o.dir", O_RDONLY | O_TRUNC);
	OPEN("o.new", O_RDONLY | O_DIRECTORY);
	OPEN("o.link", O_RDONLY | O_DIRECTORY);
	OPEN("o.link", O_RDONLY);
	OPEN("o.link", O_RDONLY | O_NOFOLLOW);
	OPEN("o.dirlink", O_RDONLY | O_DIRECTORY);
	OPEN("o.dirlink", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	OPEN("o.dirlink/", O_RDONLY | O_NOFOLLOW);
	OPEN("o.loop", O_RDONLY);
	OPEN("", O_RDONLY);
	OPEN("", O_RDONLY | O_CREAT, 0600);
	OPEN(".", O_RDONLY);
	OPEN("/", O_RDONLY);
	OPEN("//", O_RDONLY);
	OPEN("/..", O_RDONLY);
	OPEN("o.dir/", O_RDONLY);
	OPEN("o.dir//../o.dir/.", O_RDONLY);
	OPEN("o.new/", O_RDONLY);
	OPEN("o.new/x", O_RDONLY);
	OPEN("o.new/..", O_RDONLY);
	OPEN("o.gone/..", O_RDONLY);
	OPEN("o.made/", O_WRONLY | O_CREAT, 0600);
	OPEN("o.gone/x", O_WRONLY | O_CREAT, 0600);
	OPEN(long_name, O_RDONLY);
	long_name[255] = '\0';
	OPEN(long_name, O_RDONLY);
}

static void starting_points(void)
{
	int dir = MUST(open("o.dir", O_RDONLY | O_DIRECTORY));
	int file = MUST(open("o.new", O_RDONLY)), gone;

	OPENAT(dir, "inside", O_WRONLY | O_CREAT, 0600);
	OK(access("o.dir/inside", F_OK));
	OPENAT(dir, "../o.new", O_RDONLY);
	OPENAT(dir, "/dev/null", O_RDONLY);
	OPENAT(AT_FDCWD, "o.new", O_RDONLY);
	OPENAT(file, "inside", O_RDONLY);
	OPENAT(file, "/dev/null", O_RDONLY);
	OPENAT(99, "inside", O_RDONLY);
	OPENAT(99, "/dev/null", O_RDONLY);
	OPENAT(-1, "inside", O_RDONLY);
	OPENAT(dir, "", O_RDONLY);
	MUST(mkdir("o.gone", 0755));
	gone = MUST(open("o.gone", O_RDONLY | O_DIRECTORY));
	MUST(rmdir("o.gone"));
	OPENAT(gone, "x", O_RDONLY);
	OPENAT(gone, "x", O_WRONLY | O_CREAT, 0600);
	close(gone), close(dir), close(file);
	MUST(unlink("o.dir/inside"));
}

static void descriptors(void)
{
	int a = MUST(open("o.new", O_RDONLY)), b = MUST(open("o.new", O_RDONLY)), c;

	close(a);
	c = MUST(open("o.new", O_RDONLY));
	YES_OF("the lowest free descriptor", c == a && b == a + 1);
	close(b), close(c);
	a = MUST(open("o.new", O_RDONLY | O_CLOEXEC));
	VALUE_OF("O_CLOEXEC", fcntl(a, F_GETFD));
	close(a);
	a = MUST(open("o.new", O_RDWR | O_APPEND | O_NONBLOCK | O_TRUNC));
	VALUE_OF("flags kept", fcntl(a, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK) ?
		 (fcntl(a, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_TRUNC | O_CREAT)) : 0);
	close(a);
}

int main(void)
{
	umask(022);
	memset(long_name, 'l', 299);
	MUST(mkdir("o.dir", 0755));
	MUST(symlink("o.new", "o.link"));
	MUST(symlink("o.target", "o.dangling"));
	MUST(symlink("o.dir", "o.dirlink"));
	MUST(symlink("o.loop", "o.loop"));
	making();
	kinds();
	starting_points();
	descriptors();
	MUST(unlink("o.new")), MUST(unlink("o.link")), MUST(unlink("o.dangling"));
	MUST(unlink("o.target")), MUST(unlink("o.dirlink")), MUST(unlink("o.loop"));
	MUST(unlink("o.ro")), MUST(rmdir("o.dir"));
	return 0;
}
