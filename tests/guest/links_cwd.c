/*
 * symlink, readlink, chdir, fchdir, getcwd, truncate, ftruncate: what they do
 * and the errors, with links on the way and at the end of a path.
 *
 * From symlink(2), readlink(2), chdir(2), getcwd(2), truncate(2),
 * path_resolution(7).
 */
#include "check.h"

static char buffer[8192];

static void links(void)
{
	static char long_target[5000];
	char name[32], to[32];

	VALUE(symlink("l.file", "l.link"));
	VALUE(symlink("l.file", "l.link"));
	VALUE(symlink("l.file", "l.dir"));
	VALUE(symlink("", "l.empty"));
	VALUE(symlink("l.file", ""));
	VALUE(symlink("l.file", "l.gone/x"));
	VALUE(symlink("l.file", "l.file/x"));
	VALUE(symlink("anything goes / here", "l.any"));
	VALUE(readlink("l.any", buffer, sizeof(buffer)));
	say("target: %.20s", buffer);
	memset(buffer, '#', 10);
	VALUE(readlink("l.any", buffer, 4));
	say("cut, not ended: %.6s", buffer);
	VALUE(syscall(SYS_readlink, "l.any", buffer, 0));
	VALUE(syscall(SYS_readlink, "l.any", buffer, -1));
	VALUE(readlink("l.file", buffer, 10));
	VALUE(readlink("l.dir", buffer, 10));
	VALUE(readlink("l.gone", buffer, 10));
	VALUE(readlink("", buffer, 10));
	VALUE(readlink("l.link/", buffer, 10));
	memset(long_target, 't', 4095);
	VALUE(symlink(long_target, "l.long"));
	VALUE(readlink("l.long", buffer, sizeof(buffer)));
	VALUE(access("l.long", F_OK));
	long_target[4095] = 't';
	VALUE(symlink(long_target, "l.longer"));
	/* 40 links in a row are followed, 41 are not. */
	for (int i = 0; i < 42; i++) {
		snprintf(name, sizeof(name), "l.chain%d", i);
		snprintf(to, sizeof(to), i ? "l.chain%d" : "l.file", i - 1);
		MUST(symlink(to, name));
	}
	VALUE(access("l.chain39", F_OK));
	VALUE(access("l.chain40", F_OK));
	for (int i = 0; i < 42; i++) {
		snprintf(name, sizeof(name), "l.chain%d", i);
		MUST(unlink(name));
	}
	MUST(unlink("l.any")), MUST(unlink("l.long"));
}

static const char *last_of_cwd(void)
{
	return getcwd(buffer, sizeof(buffer)) ? strrchr(buffer, '/') : errno_text(errno);
}

static void directories(void)
{
	int home = MUST(open(".", O_RDONLY | O_DIRECTORY)), file, dir;
	long length;

	MUST(mkdir("l.dir/deep", 0755));
	MUST(symlink("l.dir/deep", "l.deep"));
	VALUE(chdir("l.deep"));
	say("through a link: %s", last_of_cwd());
	VALUE(chdir(".."));
	say("its parent: %s", last_of_cwd());
	VALUE(fchdir(home));
	VALUE(chdir("l.gone"));
	VALUE(chdir("l.file"));
	VALUE(chdir("l.link"));
	VALUE(chdir(""));
	VALUE(chdir("l.loop"));
	VALUE(fchdir(99));
	file = MUST(open("l.file", O_RDONLY));
	VALUE(fchdir(file));
	close(file);
	dir = MUST(open("l.dir", O_RDONLY));
	VALUE(fchdir(dir));
	say("fchdir: %s", last_of_cwd());
	MUST(fchdir(home));
	length = MUST(syscall(SYS_getcwd, buffer, sizeof(buffer)));
	YES_OF("the raw call counts the NUL", length == (long)strlen(buffer) + 1);
	YES_OF("exactly enough", syscall(SYS_getcwd, buffer, length) == length);
	VALUE_OF("one too few", syscall(SYS_getcwd, buffer, length - 1));
	VALUE_OF("none", syscall(SYS_getcwd, buffer, 0));
	VALUE(chdir("/"));
	VALUE(syscall(SYS_getcwd, buffer, 100));
	VALUE(chdir(".."));
	say("the root's parent: %s", getcwd(buffer, 100));
	MUST(fchdir(home));
	/* A working directory that is removed. */
	MUST(chdir("l.dir/deep"));
	MUST(rmdir("../deep"));
	VALUE_OF("getcwd in a removed folder", syscall(SYS_getcwd, buffer, 1000));
	VALUE_OF("open there", open("x", O_CREAT | O_WRONLY, 0600));
	VALUE_OF(". is still there", access(".", F_OK));
	VALUE_OF(".. too", chdir(".."));
	say("%s", last_of_cwd());
	MUST(fchdir(home));
	close(home), close(dir);
	MUST(unlink("l.deep"));
}

static void lengths(void)
{
	struct stat status;
	int fd = MUST(open("l.file", O_RDWR)), ro = MUST(open("l.file", O_RDONLY)), fds[2];

	MUST(pipe(fds));
	VALUE(truncate("l.file", 3));
	VALUE(pread(fd, buffer, 100, 0));
	VALUE(ftruncate(fd, 6));
	VALUE(pread(fd, buffer, 100, 0));
	say("grown with zeroes: %d %d %d", buffer[3], buffer[4], buffer[5]);
	VALUE(truncate("l.link", 1L << 30));
	MUST(fstat(fd, &status));
	VALUE_OF("size", status.st_size);
	VALUE(lseek(fd, 0, SEEK_CUR));
	VALUE(truncate("l.file", -1));
	VALUE(ftruncate(fd, -1));
	VALUE(ftruncate(ro, 0));
	VALUE(ftruncate(99, 0));
	VALUE(ftruncate(fds[1], 0));
	VALUE(truncate("l.dir", 0));
	VALUE(truncate("l.gone", 0));
	VALUE(truncate("l.file/", 0));
	VALUE(truncate("l.file/x", 0));
	VALUE(truncate("l.loop", 0));
	VALUE(truncate("", 0));
	VALUE(truncate("l.file", 0));
	MUST(fstat(fd, &status));
	VALUE_OF("size", status.st_size);
	close(fd), close(ro), close(fds[0]), close(fds[1]);
}

int main(void)
{
	umask(022);
	make_file("l.file", 0644, "0123456789", 10);
	MUST(mkdir("l.dir", 0755));
	MUST(symlink("l.loop", "l.loop"));
	links();
	directories();
	lengths();
	MUST(unlink("l.file")), MUST(unlink("l.link")), MUST(unlink("l.loop"));
	MUST(rmdir("l.dir"));
	return 0;
}
