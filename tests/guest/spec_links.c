/*
 * link, linkat, unlink, unlinkat, rmdir, symlink, readlink: every kind of name, flags,
 * buffers, roots and folders in use. Pages: link(2), unlink(2), rmdir(2), symlink(2),
 * readlink(2), symlink(7).
 *
 * native: no
 */
#include "spec.h"

static const char *const names[] = {
	"file", "empty", "full", "link", "dirlink", "dangling", "loop", "fifo", "absent", "file/",
	"empty/", "full/", "link/", "dirlink/", "dangling/", "absent/", "file/x", "absent/x", "loop/x",
	".", "..", "/", "", "empty/.", "empty/..", "full/.", "dirlink/.", "/proc", "/dev", "/dev/null/",
	"/proc/self/fd",
};

static void make_tree(void)
{
	make_file("file", 0644, "abc", 3);
	MUST(mkdir("empty", 0755));
	MUST(mkdir("full", 0755));
	make_file("full/in", 0644, "in", 2);
	MUST(symlink("file", "link"));
	MUST(symlink("empty", "dirlink"));
	MUST(symlink("gone", "dangling"));
	MUST(symlink("loop", "loop"));
	MUST(mkfifo("fifo", 0644));
}

static int drop(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status, (void)type;
	return at->level == 0 ? 0 : remove(path);
}

static long unlink_it(const char *name)
{
	return unlink(name);
}

static long rmdir_it(const char *name)
{
	return rmdir(name);
}

static long link_it(const char *name)
{
	return link(name, "new");
}

static long link_follow(const char *name)
{
	return linkat(AT_FDCWD, name, AT_FDCWD, "new", AT_SYMLINK_FOLLOW);
}

static long link_over(const char *name)
{
	return link("file", name);
}

static long symlink_over(const char *name)
{
	return symlink("file", name);
}

static long mkdir_it(const char *name)
{
	return mkdir(name, 0755);
}

static long mknod_it(const char *name)
{
	return mknod(name, S_IFREG | 0644, 0);
}

static long readlink_it(const char *name)
{
	char text[100];
	long n = readlink(name, text, sizeof(text));

	return strcmp(name, "/proc/self") == 0 && n > 0 ? 0 : n;
}

static long chdir_it(const char *name)
{
	long n = chdir(name);

	if (n == 0)
		MUST(chdir("/tmp/spec.tmp/w"));
	return n;
}

static long truncate_it(const char *name)
{
	return truncate(name, 1);
}

static const struct { const char *name; long (*call)(const char *name); } calls[] = {
	{ "unlink", unlink_it }, { "rmdir", rmdir_it }, { "link", link_it },
	{ "link following", link_follow }, { "link over", link_over },
	{ "symlink over", symlink_over }, { "mkdir", mkdir_it }, { "mknod", mknod_it },
	{ "readlink", readlink_it }, { "chdir", chdir_it }, { "truncate", truncate_it },
};

static void matrix(void)
{
	for (size_t c = 0; c < COUNT(calls); c++) {
		for (size_t n = 0; n < COUNT(names); n++) {
			char label[64];
			MUST(mkdir("w", 0755));
			MUST(chdir("w"));
			make_tree();
			snprintf(label, sizeof(label), "%s '%s'", calls[c].name, names[n]);
			VALUE_OF(label, calls[c].call(names[n]));
			MUST(chdir("/tmp/spec.tmp"));
			MUST(nftw("w", drop, 8, FTW_DEPTH | FTW_PHYS));
			MUST(rmdir("w"));
		}
	}
}

static void flags(void)
{
	make_tree();
	VALUE(unlinkat(AT_FDCWD, "empty", 0));
	VALUE(unlinkat(AT_FDCWD, "file", AT_REMOVEDIR));
	VALUE(unlinkat(AT_FDCWD, "full", AT_REMOVEDIR));
	VALUE(unlinkat(AT_FDCWD, "file", AT_SYMLINK_NOFOLLOW));
	VALUE(unlinkat(AT_FDCWD, "file", AT_REMOVEDIR | 1));
	VALUE(unlinkat(-1, "file", 0));
	VALUE(unlinkat(0, "file", 0));
	VALUE(linkat(AT_FDCWD, "file", AT_FDCWD, "new", 1));
	VALUE(linkat(AT_FDCWD, "file", AT_FDCWD, "new", AT_SYMLINK_NOFOLLOW));
	VALUE(linkat(-1, "file", AT_FDCWD, "new", 0));
	VALUE(linkat(AT_FDCWD, "file", -1, "new", 0));
	VALUE(linkat(0, "file", AT_FDCWD, "new", 0));
	VALUE(linkat(AT_FDCWD, "", AT_FDCWD, "new", AT_EMPTY_PATH));
	VALUE(linkat(AT_FDCWD, "file", AT_FDCWD, "/dev/new", 0));
	VALUE(linkat(AT_FDCWD, "/dev/null", AT_FDCWD, "new", 0));
	VALUE(link("dangling", "second"));
	struct stat a, b;
	MUST(lstat("dangling", &a));
	MUST(lstat("second", &b));
	YES_OF("a link to the link", a.st_ino == b.st_ino && b.st_nlink == 2);
	VALUE(linkat(AT_FDCWD, "dangling", AT_FDCWD, "third", AT_SYMLINK_FOLLOW));
	VALUE(linkat(AT_FDCWD, "loop", AT_FDCWD, "third", AT_SYMLINK_FOLLOW));
	VALUE(linkat(AT_FDCWD, "dirlink", AT_FDCWD, "third", AT_SYMLINK_FOLLOW));
	VALUE(symlinkat("x", -1, "new"));
	VALUE(symlinkat("x", 0, "new"));
	VALUE(symlinkat(nowhere, AT_FDCWD, "new"));
	VALUE(symlinkat("", AT_FDCWD, "new"));
	VALUE(mkdirat(-1, "new", 0700));
	VALUE(mkdirat(0, "new", 0700));
	VALUE(mkdirat(0, "", 0700));
}

static void contents(void)
{
	char text[16] = "----------";
	struct stat status;

	VALUE(readlink("link", text, 2));
	say("%s", text);
	VALUE(readlink("link", text, 0));
	VALUE(readlink("link", text, -1));
	VALUE(readlink("link", nowhere, 4));
	VALUE(readlink(nowhere, text, 4));
	VALUE(readlinkat(-1, "link", text, 4));
	VALUE(readlinkat(0, "link", text, 4));
	MUST(lstat("link", &status));
	say("a link: mode %o size %ld links %ld", status.st_mode, (long)status.st_size,
	    (long)status.st_nlink);
	umask(0777);
	MUST(symlink("x", "masked"));
	umask(022);
	MODE("masked");
	int fd = MUST(open("file", O_RDWR));
	OK(unlink("file"));
	MUST(fstat(fd, &status));
	say("links %ld", (long)status.st_nlink);
	VALUE(write(fd, "still", 5));
	VALUE(pread(fd, text, 5, 0));
	close(fd);
	MUST(chdir("empty"));
	VALUE_OF("a folder that someone stands in", rmdir("../empty"));
	VALUE(open("x", O_CREAT | O_RDWR, 0600));
	VALUE(mkdir("x", 0700));
	OK(stat(".", &status));
	OK(stat("..", &status));
	VALUE(access("../full", F_OK));
	VALUE(syscall(SYS_getcwd, text, sizeof(text)));
	OK(open(".", O_RDONLY | O_DIRECTORY));
	MUST(chdir(".."));
}

int main(void)
{
	spec_enter();
	matrix();
	flags();
	contents();
	spec_leave();
	return 0;
}
