/*
 * rename of each kind of name onto each: who wins, which error; then the flags of
 * renameat2. Pages: rename(2), path_resolution(7).
 *
 * native: no
 */
#include "spec.h"

enum { NOREPLACE = 1, EXCHANGE = 2, WHITEOUT = 4 };

static const char *const from[] = {
	"file", "empty", "full", "link", "dirlink", "dangling", "fifo", "absent", "file/", "empty/",
	"link/", "dirlink/", "absent/", "file/x", "absent/x", "full/in", "full/sub", "full/.", "full/..",
	".", "..", "/", "/proc", "",
}, *const to[] = {
	"file", "file2", "empty", "empty2", "full", "full2", "link", "dirlink", "dangling", "absent",
	"absent/", "file/", "empty2/", "full2/", "dirlink/", "dangling/", "file/x", "absent/x",
	"full/in", "full/sub/x", "full/sub", "full2/x", "empty2/.", "empty2/..", ".", "..", "/", "",
	"/dev/x", "/dev/null", "/proc/x", "empty/x",
};

static void make_tree(void)
{
	make_file("file", 0644, "abc", 3);
	make_file("file2", 0644, "other", 5);
	MUST(mkdir("empty", 0755));
	MUST(mkdir("empty2", 0755));
	MUST(mkdir("full", 0755));
	MUST(mkdir("full/sub", 0755));
	make_file("full/in", 0644, "in", 2);
	MUST(mkdir("full2", 0755));
	make_file("full2/in", 0644, "in2", 3);
	MUST(symlink("file2", "link"));
	MUST(symlink("empty2", "dirlink"));
	MUST(symlink("gone", "dangling"));
	MUST(mkfifo("fifo", 0644));
}

static int drop(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status, (void)type;
	return at->level == 0 ? 0 : remove(path);
}

static void matrix(void)
{
	for (size_t f = 0; f < COUNT(from); f++) {
		for (size_t t = 0; t < COUNT(to); t++) {
			int done;
			MUST(mkdir("w", 0755));
			MUST(chdir("w"));
			make_tree();
			done = rename(from[f], to[t]);
			if (done == -1)
				say("'%s' to '%s': %s", from[f], to[t], errno_text(errno));
			else
				say("'%s' to '%s': ok; mode %o was, %o is, links %d", from[f], to[t],
				    mode_of(from[f]), mode_of(to[t]),
				    (mode_of("link") != -1) + (mode_of("dirlink") != -1) + (mode_of("dangling") != -1));
			MUST(chdir(".."));
			MUST(nftw("w", drop, 8, FTW_DEPTH | FTW_PHYS));
			MUST(rmdir("w"));
		}
	}
}

static long rename2(const char *old, const char *new, unsigned flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, flags);
}

static void flags(void)
{
	make_tree();
	VALUE(rename2("file", "file2", NOREPLACE));
	VALUE(rename2("file", "file", NOREPLACE));
	VALUE(rename2("file", "dangling", NOREPLACE));
	VALUE(rename2("file", "empty", NOREPLACE));
	VALUE(rename2("absent", "file2", NOREPLACE));
	VALUE(rename2("empty", "file2", NOREPLACE));
	VALUE(rename2("file", "new", NOREPLACE));
	VALUE(rename2("new", "file", NOREPLACE));
	VALUE(rename2("full", "full/sub/x", NOREPLACE));
	VALUE(rename2("full", "full/sub", NOREPLACE));
	VALUE(rename2("file", "..", NOREPLACE));
	VALUE(rename2("file", "/", NOREPLACE));
	VALUE(rename2("file", "/dev/null", NOREPLACE));
	VALUE(rename2("file", "/dev/new", NOREPLACE));
	VALUE(rename2("file", "file2", 8));
	VALUE(rename2("absent", "absent", 8));
	VALUE(rename2("file", "file2", ~0U));
	VALUE(rename2("file", "file2", NOREPLACE | EXCHANGE));
	VALUE(rename2("file", "file2", WHITEOUT | EXCHANGE));
	VALUE(rename2(nowhere, "file2", 0));
	VALUE(rename2("file", nowhere, 0));
	VALUE(rename2(nowhere, nowhere, 8));
	VALUE(renameat(-1, "file", AT_FDCWD, "file2"));
	VALUE(renameat(AT_FDCWD, "file", -1, "file2"));
	VALUE(renameat(0, "file", AT_FDCWD, "file2"));
	VALUE(renameat(AT_FDCWD, "file", 0, "file2"));
	int at = MUST(open("full", O_PATH));
	VALUE(renameat(AT_FDCWD, "file", at, "moved"));
	VALUE(renameat(at, "moved", AT_FDCWD, "file"));
	VALUE(renameat(at, "sub", at, "sub/x"));
	close(at);
}

static void times_and_links(void)
{
	struct stat old, now;
	int fd;

	MUST(stat("full2", &old));
	say("links of the old parent %ld", (long)old.st_nlink);
	VALUE(rename("full", "full2/moved"));
	MUST(stat("full2", &now));
	say("links of the new parent %ld", (long)now.st_nlink - (long)old.st_nlink);
	MUST(stat("full2/moved/..", &old));
	YES(old.st_ino == now.st_ino);
	fd = MUST(open("empty2", O_RDONLY));
	VALUE(rename("empty", "empty2"));
	MUST(fstat(fd, &now));
	say("links of the replaced folder %ld", (long)now.st_nlink);
	VALUE(openat(fd, "x", O_CREAT | O_RDWR, 0600));
	VALUE(mkdirat(fd, "x", 0700));
	close(fd);
	VALUE(link("file", "same"));
	VALUE(rename("file", "same"));
	OK_OF("both names of one file stay", access("file", F_OK) | access("same", F_OK));
}

int main(void)
{
	spec_enter();
	matrix();
	flags();
	times_and_links();
	spec_leave();
	return 0;
}
