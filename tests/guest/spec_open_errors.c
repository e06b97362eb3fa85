/*
 * open where something stands in the way: lengths, loops of links, programs that run,
 * fifos and devices without another side, limits; and creat.
 * Pages: open(2) ERRORS, path_resolution(7), execve(2) ETXTBSY, fifo(7), getrlimit(2).
 *
 * native: no
 */
#include "spec.h"
#include <sys/sysmacros.h>

static char long_path[PATH_MAX + 300];

/* "./././" of a total length. */
static const char *dots(int length, const char *end)
{
	memset(long_path, 0, sizeof(long_path));
	for (int i = 0; i < length; i++)
		long_path[i] = i % 2 ? '/' : '.';
	memcpy(long_path + length - strlen(end), end, strlen(end));
	if (long_path[length - strlen(end) - 1] == '.')
		long_path[length - strlen(end) - 1] = '/';
	return long_path;
}

static void lengths(void)
{
	char name[300] = "";
	static char deep[5000];

	memset(name, 'n', 255);
	OPENS(open(name, O_CREAT | O_RDWR, 0600));
	OPENS(open(name, O_RDONLY));
	OK(unlink(name));
	name[255] = 'n';
	OPENS(open(name, O_CREAT | O_RDWR, 0600));
	OPENS(open(name, O_RDONLY));
	OK(mkdir(name, 0700));
	OK(symlink("x", name));
	OK(unlink(name));
	VALUE(access(name, F_OK));
	OPENS(open(dots(4094, "file"), O_RDONLY));
	OPENS(open(dots(4095, "file"), O_RDONLY));
	OPENS(open(dots(4096, "file"), O_RDONLY));
	OPENS(open(dots(4200, "file"), O_RDONLY));
	memset(deep, 'a', 4095);
	OK(symlink(deep, "deep"));
	VALUE_OF("its length", size_of("deep"));
	OPENS(open("deep", O_RDONLY));
	deep[4095] = 'a';
	OK(symlink(deep, "deeper"));
	snprintf(deep, sizeof(deep), "%s", dots(4000, "file"));
	MUST(symlink(deep, "far"));
	OPENS(open("far", O_RDONLY));
	OPENS(open("./far", O_RDONLY));
	OPENS(open("file/../file", O_RDONLY));
	OPENS(open("absent/../file", O_RDONLY));
	OPENS(open("..//spec.tmp///.//file", O_RDONLY));
	OPENS(open("/../../proc/../..//dev/null", O_RDONLY));
}

static void loops(void)
{
	char name[16], to[16];

	MUST(symlink("file", "l0"));
	for (int i = 1; i <= 45; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(to, sizeof(to), "l%d", i - 1);
		MUST(symlink(to, name));
	}
	OPENS(open("l38", O_RDONLY));
	OPENS(open("l39", O_RDONLY));
	OPENS(open("l40", O_RDONLY));
	OPENS(open("l45", O_RDONLY));
	OPENS(open("l45", O_RDONLY | O_NOFOLLOW));
	OPENS(open("l39", O_CREAT | O_RDWR, 0600));
	OPENS(open("l40", O_CREAT | O_RDWR, 0600));
	OPENS(open("l40", O_CREAT | O_EXCL | O_RDWR, 0600));
	MUST(mkdir("d", 0755));
	MUST(symlink(".", "d/here"));
	OPENS(open("d/here/here/here/here/here/here/here/here/here/here/here/here/here/here/here/here"
		   "/here/here/here/here/here/here/here/here/here/here/here/here/here/here/here/here"
		   "/here/here/here/here/here/here/here/here", O_RDONLY));
	OPENS(open("d/here/here/here/here/here/here/here/here/here/here/here/here/here/here/here/here"
		   "/here/here/here/here/here/here/here/here/here/here/here/here/here/here/here/here"
		   "/here/here/here/here/here/here/here/here/here", O_RDONLY));
	MUST(symlink("pong", "ping"));
	MUST(symlink("ping", "pong"));
	OPENS(open("ping", O_RDONLY));
	OPENS(open("ping/x", O_RDONLY));
	VALUE(access("ping", F_OK));
	VALUE(chdir("ping"));
	VALUE(truncate("ping", 0));
	VALUE(chmod("ping", 0));
	VALUE(rmdir("ping"));
	VALUE(mkdir("ping", 0700));
	VALUE(unlink("ping/"));
	VALUE(unlink("ping"));
}

static void busy_text(void)
{
	static const char script[] = "#!/bin/sh\nexit 3\n";
	int fds[2], status, fd;
	char *argv[] = { "sleep", "60", NULL };
	char byte;

	fd = MUST(open("/bin/busybox", O_RDONLY));
	int out = MUST(open("sleep", O_CREAT | O_WRONLY, 0755));
	static char copy[65536];
	for (long n; (n = MUST(read(fd, copy, sizeof(copy)))) > 0;)
		MUST(write(out, copy, n));
	VALUE_OF("exec of what is open for writing", execv("sleep", argv));
	MUST(close(out));
	MUST(pipe2(fds, O_CLOEXEC));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		execv("sleep", argv);
		_exit(1);
	}
	close(fds[1]);
	VALUE_OF("exec has happened", read(fds[0], &byte, 1));
	OPENS(open("sleep", O_RDONLY));
	OPENS(open("sleep", O_WRONLY));
	OPENS(open("sleep", O_RDWR));
	OPENS(open("sleep", O_RDONLY | O_TRUNC));
	VALUE(truncate("sleep", 0));
	OPENS(open("sleep", O_PATH));
	OK(rename("sleep", "slept"));
	OPENS(open("slept", O_WRONLY));
	OK(chmod("slept", 0700));
	OK(unlink("slept"));
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, &status, 0));
	make_file("script", 0755, script, sizeof(script) - 1);
	fd = MUST(open("script", O_WRONLY | O_APPEND));
	VALUE_OF("a script open for writing", execl("script", "script", (char *)NULL));
	close(fd);
}

static void no_other_side(void)
{
	int fd;

	MUST(mkfifo("fifo", 0600));
	VALUE(open("fifo", O_WRONLY | O_NONBLOCK));
	OPENS(open("fifo", O_RDONLY | O_NONBLOCK));
	OPENS(open("fifo", O_RDWR));
	VALUE(open("fifo", O_RDONLY | O_DIRECTORY));
	VALUE(open("fifo", O_RDWR | O_CREAT | O_EXCL, 0600));
	fd = MUST(open("fifo", O_RDWR | O_NONBLOCK | O_TRUNC | O_CREAT, 0600));
	VALUE(lseek(fd, 0, SEEK_SET));
	VALUE(ftruncate(fd, 0));
	VALUE(truncate("fifo", 0));
	MUST(close(fd));
	MUST(mknod("device", S_IFCHR | 0600, makedev(200, 200)));
	VALUE(open("device", O_RDONLY));
	OPENS(open("device", O_PATH));
	MUST(mknod("block", S_IFBLK | 0600, makedev(200, 200)));
	VALUE(open("block", O_RDONLY));
	MUST(mknod("socket", S_IFSOCK | 0600, 0));
	VALUE(open("socket", O_RDONLY));
	VALUE(open("socket", O_RDWR | O_NONBLOCK));
	VALUE(truncate("device", 0));
	VALUE(truncate("socket", 0));
}

static void limits(void)
{
	struct rlimit limit = { 5, 5 }, old;
	int fds[2], fd;

	MUST(getrlimit(RLIMIT_NOFILE, &old));
	limit.rlim_max = old.rlim_max;
	MUST(setrlimit(RLIMIT_NOFILE, &limit));
	VALUE(fd = open("file", O_RDONLY));
	VALUE(open("file", O_RDONLY));
	VALUE(open("file", O_RDONLY));
	VALUE_OF("nothing is made by an open that finds no descriptor",
		 open("new", O_CREAT | O_RDWR, 0600) == -1 && access("new", F_OK) == -1);
	VALUE(dup(fd));
	VALUE(pipe(fds));
	VALUE(dup2(fd, 5));
	VALUE(dup2(fd, 4));
	VALUE(fcntl(fd, F_DUPFD, 5));
	VALUE(fcntl(fd, F_DUPFD, 4));
	close(3), close(4);
	VALUE(pipe(fds));
	close(3), close(4);
	MUST(setrlimit(RLIMIT_NOFILE, &old));
	VALUE(fd = creat("file", 0600));
	say("flags %o, size %ld, mode %o", fcntl(fd, F_GETFL), size_of("file"), mode_of("file"));
	close(fd);
	VALUE(creat("d", 0600));
	VALUE(creat("absent/x", 0600));
}

int main(void)
{
	spec_enter();
	make_file("file", 0644, "abc", 3);
	lengths();
	loops();
	busy_text();
	no_other_side();
	limits();
	spec_leave();
	return 0;
}
