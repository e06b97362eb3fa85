/*
 * fork, exec, clone, pipe, open, mkdir and mmap with almost no memory left:
 * each works or fails with an error, nothing is lost, and all works afterwards.
 *
 * guest: -m 64 -t 120
 * tine-only: yes
 *
 * A hog eats memory until MemFree is at a given level, then tries each call in
 * turn; the levels fall to zero. Only that all ended, and that free memory came
 * back, is printed. From fork(2), execve(2), proc(5).
 */
#include "check.h"

enum { ARGUMENT_BYTES = 60000 };

static char *arguments[4], long_argument[ARGUMENT_BYTES];

static long free_kib(void)
{
	char text[1024], *at;
	int fd = open("/proc/meminfo", O_RDONLY);
	long n;

	if (fd == -1)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	at = strstr(text, "MemFree:");
	return at ? atol(at + 8) : -1;
}

static void try_exec_now(void)
{
	int error;

	execve("/proc/self/exe", arguments, NULL);
	error = errno;
	_exit(error == ENOMEM || error == E2BIG || error == EAGAIN ? 60 : 61);
}

/* Failing is well; failing with another errno is not. */
static int accepted(long result)
{
	return result >= 0 || errno == ENOMEM || errno == EAGAIN || errno == ENFILE ||
	       errno == ENOSPC || errno == ENOENT || errno == EEXIST;
}

/* How much of a child that execs went wrong. */
static int check_child(pid_t pid)
{
	int status;

	if (pid < 0)
		return !accepted(pid);
	MUST(waitpid(pid, &status, 0));
	return WIFEXITED(status) && WEXITSTATUS(status) == 61;
}

static pid_t start_by_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		try_exec_now();
	return pid;
}

static pid_t start_by_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		try_exec_now();
	return pid;
}

static int try_calls(void)
{
	int fds[2], fd, bad;
	char *p;

	bad = check_child(start_by_fork()) + check_child(start_by_vfork());
	if (pipe(fds) == 0)
		close(fds[0]), close(fds[1]);
	else
		bad += !accepted(-1);
	bad += !accepted(mkdir("low.dir", 0755));
	bad += !accepted(symlink("target", "low.link"));
	fd = open("low.tmp", O_WRONLY | O_CREAT, 0644);
	bad += !accepted(fd);
	if (fd >= 0)
		close(fd);
	p = mmap(NULL, GIB(64), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	bad += p == MAP_FAILED && !accepted(-1);
	if (p != MAP_FAILED) {
		bad += !accepted(mprotect(p + GIB(7) + PAGE, GIB(9), PROT_READ));
		bad += !accepted(munmap(p + GIB(30) + MIB(2) + PAGE, PAGE));
		bad += !accepted(munmap(p, GIB(64)));
	}
	return bad;
}

static void hog(long leave_kib)
{
	char *p = map_anon(GIB(1), PROT_READ | PROT_WRITE);
	size_t at = 0;
	long spare;

	/* Half of what is left at a time: the tables need some of it. */
	while (at < GIB(1) && (spare = free_kib() - leave_kib) > 0)
		for (long pages = spare / 8 + 1; pages > 0; pages--, at += PAGE)
			p[at] = 1;
	for (int i = 0; i < 20; i++) {
		if (try_calls() != 0)
			_exit(70);
		p[at] = 1;
		at += PAGE;
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	static const long levels[] = { 4096, 1024, 512, 256, 128, 64, 48, 32, 24, 16, 8, 0 };
	long before, after;
	int status;

	if (argc > 1)
		return argv[1][0] == 'l' ? 0 : 1;
	memset(long_argument, 'l', sizeof(long_argument) - 1);
	arguments[0] = "limit_low_memory", arguments[1] = arguments[2] = long_argument;
	before = free_kib();
	for (size_t i = 0; i < COUNT(levels); i++) {
		pid_t pid = MUST(fork());

		if (pid == 0)
			hog(levels[i]);
		MUST(waitpid(pid, &status, 0));
		expect("the hog ended, by a kill or with proper errors only",
		       WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
		rmdir("low.dir"), unlink("low.link"), unlink("low.tmp");
	}
	sleep_ms(100);
	after = free_kib();
	expect("free memory came back", after > before - 256);
	expect("exec afterwards", in_child("exec afterwards", try_exec_now) == 0);
	return failures != 0;
}
