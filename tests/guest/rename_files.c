/*
 * rename: files and folders onto nothing, onto each other, onto themselves,
 * into their own subtree; open descriptors follow; and the errors.
 *
 * From rename(2), rename(3p).
 */
#include "check.h"

static char first_byte(const char *name)
{
	char byte = '-';
	int fd = open(name, O_RDONLY);

	if (fd >= 0) {
		if (read(fd, &byte, 1) != 1)
			byte = '0';
		close(fd);
	}
	return byte;
}

static void files(void)
{
	struct stat before, after;
	int fd = MUST(open("r.a", O_RDWR));

	MUST(stat("r.a", &before));
	VALUE(rename("r.a", "r.new"));
	MUST(stat("r.new", &after));
	YES_OF("the same file", before.st_ino == after.st_ino);
	say("a %c, new %c", first_byte("r.a"), first_byte("r.new"));
	VALUE_OF("the open descriptor follows", pwrite(fd, "A", 1, 0));
	say("new %c", first_byte("r.new"));
	close(fd);
	fd = MUST(open("r.b", O_RDONLY));
	VALUE(rename("r.new", "r.b"));
	say("new %c, b %c", first_byte("r.new"), first_byte("r.b"));
	MUST(fstat(fd, &after));
	VALUE_OF("links of the replaced file", after.st_nlink);
	close(fd);
	VALUE(rename("r.b", "r.b"));
	VALUE(rename("r.b", "./r.b"));
	VALUE(rename("r.b", "r.dir/b"));
	VALUE(rename("r.dir/b", "r.a"));
	VALUE(rename("r.a", "r.link"));
	say("over a link: %c; its target %c", first_byte("r.link"), first_byte("r.c"));
	VALUE(rename("r.link", "r.a"));
	VALUE(rename("r.dangling", "r.moved"));
	VALUE(unlink("r.moved"));
}

static void folders(void)
{
	VALUE(rename("r.dir", "r.dir2"));
	VALUE(rename("r.dir2", "r.empty"));
	VALUE(rename("r.empty/", "r.dir/"));
	MUST(mkdir("r.empty", 0755));
	MUST(mkdir("r.full", 0755));
	make_file("r.full/x", 0644, "x", 1);
	VALUE(rename("r.empty", "r.full"));
	VALUE(rename("r.full", "r.empty"));
	say("x moved along: %c", first_byte("r.empty/x"));
	VALUE(rename("r.empty", "r.full"));
	VALUE(rename("r.dir", "r.a"));
	VALUE(rename("r.a", "r.dir"));
	VALUE(rename("r.a", "r.dir/"));
	VALUE(rename("r.a", "r.gone/"));
	VALUE(rename("r.a/", "r.new"));
	VALUE(rename("r.full", "r.full/inside"));
	VALUE(rename("r.full", "r.full"));
	MUST(mkdir("r.full/sub", 0755));
	VALUE(rename("r.full", "r.full/sub/deeper"));
	VALUE(rename("r.full/sub", "r.full"));
	VALUE(rename("r.full/sub", "r.sub"));
	VALUE(chdir("r.sub"));
	VALUE(rename("../r.sub", "../r.full/sub"));
	VALUE(access("../../r.full", F_OK));
	VALUE(chdir("../.."));
}

static void errors(void)
{
	static char long_name[300];

	memset(long_name, 'n', 299);
	VALUE(rename("r.gone", "r.new"));
	VALUE(rename("r.a", "r.gone/x"));
	VALUE(rename("r.gone/x", "r.a"));
	VALUE(rename("r.a/x", "r.new"));
	VALUE(rename("r.a", "r.c/x"));
	VALUE(rename("", "r.new"));
	VALUE(rename("r.a", ""));
	VALUE(rename(".", "r.new"));
	VALUE(rename("r.a", "."));
	VALUE(rename("r.dir", ".."));
	VALUE(rename("r.dir/.", "r.new"));
	VALUE(rename("r.dir/..", "r.new"));
	VALUE(rename("r.a", long_name));
	VALUE(rename("r.loop/x", "r.new"));
	VALUE(rename("r.loop", "r.loop2"));
	VALUE(rename("r.loop2", "r.loop"));
}

int main(void)
{
	umask(022);
	make_file("r.a", 0644, "a", 1);
	make_file("r.b", 0644, "b", 1);
	make_file("r.c", 0644, "c", 1);
	MUST(mkdir("r.dir", 0755));
	MUST(mkdir("r.empty", 0755));
	MUST(symlink("r.c", "r.link"));
	MUST(symlink("r.gone", "r.dangling"));
	MUST(symlink("r.loop", "r.loop"));
	files();
	folders();
	errors();
	MUST(unlink("r.a")), MUST(unlink("r.c")), MUST(unlink("r.loop")), MUST(rmdir("r.dir"));
	MUST(unlink("r.full/x")), MUST(rmdir("r.full/sub")), MUST(rmdir("r.full"));
	return 0;
}
