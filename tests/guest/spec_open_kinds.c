/*
 * open: each kind of name with each set of flags, and the status flags that the
 * description has then. Pages: open(2), fcntl(2) F_GETFL, symlink(7).
 *
 * native: no
 */
#include "spec.h"

static const struct { const char *name; int flags; } flags[] = {
#define F(x) { #x, x }
	F(O_RDONLY), F(O_WRONLY), F(O_RDWR), F(O_ACCMODE),
	F(O_RDONLY | O_CREAT), F(O_RDWR | O_CREAT | O_EXCL), F(O_CREAT | O_EXCL | O_NOFOLLOW),
	F(O_WRONLY | O_TRUNC), F(O_RDONLY | O_DIRECTORY), F(O_RDWR | O_DIRECTORY),
	F(O_RDONLY | O_NOFOLLOW), F(O_WRONLY | O_CREAT | O_NOFOLLOW),
	F(O_DIRECTORY | O_NOFOLLOW), F(O_PATH), F(O_PATH | O_NOFOLLOW),
	F(O_PATH | O_DIRECTORY), F(O_PATH | O_DIRECTORY | O_NOFOLLOW), F(O_PATH | O_CLOEXEC),
	F(O_PATH | O_RDWR | O_CREAT | O_EXCL | O_TRUNC), F(O_RDWR | O_APPEND | O_CLOEXEC),
	F(O_RDWR | O_SYNC), F(O_RDWR | O_DSYNC), F(O_RDONLY | O_NOATIME), F(O_RDWR | O_NOCTTY),
	F(O_RDWR | O_ASYNC), F(O_RDONLY | O_EXCL), F(O_TMPFILE | O_RDWR), F(O_TMPFILE | O_WRONLY),
	F(O_TMPFILE | O_RDONLY), F(O_TMPFILE | O_RDWR | O_CREAT), F(O_TMPFILE | O_RDWR | O_EXCL),
	F(O_RDWR | O_TMPFILE | O_NOFOLLOW),
#undef F
};

static const char *const names[] = {
	"file", "folder", "to_file", "to_folder", "dangling", "loop", "fifo", "absent",
	"file/", "folder/", "to_file/", "to_folder/", "dangling/", "absent/", "file/x", "absent/x",
	"dangling/x", "loop/x", "folder/.", "folder/..", "file/.", ".", "/", "", "/dev/null",
	"folder/to_here",
};

static void show(const char *name, const char *how, int flag)
{
	struct stat status;
	int fd = open(name, flag | O_NONBLOCK, 0640);

	if (fd == -1) {
		say("%s %s: %s", name, how, errno_text(errno));
	} else {
		MUST(fstat(fd, &status));
		say("%s %s: flags %o fd %d mode %o size %ld", name, how, fcntl(fd, F_GETFL),
		    fcntl(fd, F_GETFD), status.st_mode & (name[0] == '/' ? S_IFMT : ~0U),
		    S_ISDIR(status.st_mode) ? 0 : (long)status.st_size);
		MUST(close(fd));
	}
	if (size_of("file") != 3)
		make_file("file", 0644, "abc", 3);
	if (unlink("absent") == 0)
		say("  it is there now");
	if (unlink("gone") == 0)
		say("  the target is there now");
}

int main(void)
{
	spec_enter();
	make_file("file", 0644, "abc", 3);
	MUST(mkdir("folder", 0755));
	MUST(symlink("file", "to_file"));
	MUST(symlink("folder", "to_folder"));
	MUST(symlink("gone", "dangling"));
	MUST(symlink("loop", "loop"));
	MUST(symlink(".", "folder/to_here"));
	MUST(mkfifo("fifo", 0644));
	for (size_t n = 0; n < COUNT(names); n++)
		for (size_t f = 0; f < COUNT(flags); f++)
			show(names[n], flags[f].name, flags[f].flags);
	YES(open("folder", O_DIRECTORY | O_CREAT, 0600) == -1);
	YES(open("file", O_DIRECTORY | O_CREAT, 0600) == -1);
	VALUE(open(nowhere, O_RDONLY));
	VALUE(open(nowhere, O_PATH));
	VALUE(openat(-1, "file", O_RDONLY));
	VALUE(openat(0, "file", O_RDONLY));
	OK(openat(-1, "/dev/null", O_RDONLY));
	spec_leave();
	return 0;
}
