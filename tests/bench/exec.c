/*
 * exec: of this program, of a larger one, and as a shell does it. All until the new program, which
 * does nothing, has been reaped.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pid_t by_fork(const char *path, char *const argv[])
{
	pid_t pid = fork_or_fail();

	if (pid == 0) {
		execve(path, argv, environ);
		_exit(127);
	}
	return pid;
}

static pid_t by_vfork(const char *path, char *const argv[])
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve(path, argv, environ);
		_exit(127);
	}
	if (pid < 0)
		fail("vfork");
	return pid;
}

static pid_t by_spawn(const char *path, char *const argv[])
{
	pid_t pid;

	errno = posix_spawn(&pid, path, NULL, NULL, argv, environ);
	if (errno)
		fail("posix_spawn");
	return pid;
}

typedef pid_t starter(const char *path, char *const argv[]);

static uint64_t time_exec(starter *start, const char *path, char *argument, int wanted)
{
	char *argv[] = { (char *)path, argument, NULL };
	uint64_t ns[MAX_ROUNDS];
	int n = rounds(wanted);

	for (int i = 0; i < n; i++) {
		uint64_t begin = now();

		wait_well(start(path, argv));
		ns[i] = now() - begin;
	}
	return median(ns, n);
}

/* fork_exec_wait_NMiB: fork and exec of this program, from a process with N MiB of touched memory. */
void fork_exec_wait(void)
{
	enum { LARGE_MIB = 256 };

	report("fork_exec_wait_0MiB", time_exec(by_fork, self, "--nothing", 31), "ns");
	if (options.max_mib < LARGE_MIB)
		return;
	if (meminfo_kib("MemFree") < (LARGE_MIB + 16) * KIB) {
		note("fork_exec_wait_%dMiB: left out: not enough free memory", LARGE_MIB);
		return;
	}
	touch(map(NULL, LARGE_MIB * MIB), LARGE_MIB * MIB);
	report("fork_exec_wait_256MiB", time_exec(by_fork, self, "--nothing", 9), "ns");
}

/* vfork_exec_wait_0MiB: the same by vfork, which copies nothing. */
void vfork_exec_wait(void)
{
	report("vfork_exec_wait_0MiB", time_exec(by_vfork, self, "--nothing", 31), "ns");
}

/* posix_spawn_wait_0MiB: the same by the C library's posix_spawn: CLONE_VFORK and signal masks. */
void posix_spawn_wait(void)
{
	report("posix_spawn_wait_0MiB", time_exec(by_spawn, self, "--nothing", 31), "ns");
}

/* The program of 1 MiB (image_1MiB.c) is beside this one. */
static const char *image(void)
{
	int folder = (int)(strrchr(self, '/') - self);
	char *path;

	if (asprintf(&path, "%.*s/image_1MiB", folder, self) < 0)
		fail("asprintf");
	if (access(path, X_OK) < 0)
		fail(path);
	return path;
}

/*
 * exec_1MiB: vfork and exec of a static program of 1 MiB that looks at none of its pages but those
 * of its start and end.
 */
void exec_1MiB(void)
{
	report("exec_1MiB", time_exec(by_vfork, image(), NULL, 31), "ns");
}

/* exec_1MiB_read: the same program, which reads a byte of each of its 256 pages. */
void exec_1MiB_read(void)
{
	report("exec_1MiB_read", time_exec(by_vfork, image(), "read", 31), "ns");
}

/*
 * shell_1000_true: /bin/sh runs /bin/true 1,000 times, one after the other: fork, exec, exit and
 * wait, and what a shell does around them. Both kernels run the same shell and the same true.
 */
void shell_1000_true(void)
{
	char script[] = "i=0; while [ $i -lt 1000 ]; do /bin/true || exit 1; i=$((i+1)); done";
	char short_script[] = "/bin/true";
	char *argv[] = { "sh", "-c", options.divisor > 1 ? short_script : script, NULL };
	uint64_t start = now();

	wait_well(by_vfork("/bin/sh", argv));
	report("shell_1000_true", now() - start, "ns");
}
