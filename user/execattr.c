/*
 * execattr - exec replaces the program and keeps the process.
 *
 * The program sets attributes, writes them down, execs itself, and compares. Look for: what is
 * kept (pid, ppid, group, session, ids, folder, umask, nice, ignored signals, signal mask, record
 * locks, descriptors), and what is not (caught signals, close-on-exec descriptors, memory).
 * In the kernel: kernel/proc/exec.c. With -v: the values themselves.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEPT_FD = 20, CLOSED_FD = 21, LINE_BYTES = 256 };

static int variable = 1;

static bool verbose;
static int failures;

static long must(long result, const char *call)
{
	if (result < 0) {
		perror(call);
		exit(2);
	}
	return result;
}

static void relation(const char *what, bool holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "no");
	failures += !holds;
}

static void note(char *line, const char *format, long a, long b)
{
	snprintf(line, LINE_BYTES, format, a, b);
}

/* The attributes as text, one line each, the same before and after. */
enum { PID, GROUP, IDS, FOLDER, MASK, NICE, ATTRIBUTES };

static const char *const names[ATTRIBUTES] = {
	[PID] = "pid and parent", [GROUP] = "process group and session",
	[IDS] = "user and group ids", [FOLDER] = "working directory", [MASK] = "umask",
	[NICE] = "nice value",
};

static void read_attributes(char lines[ATTRIBUTES][LINE_BYTES])
{
	mode_t mask = umask(0);

	umask(mask);
	note(lines[PID], "%ld %ld", getpid(), getppid());
	note(lines[GROUP], "%ld %ld", getpgrp(), getsid(0));
	note(lines[IDS], "%ld %ld", getuid(), getgid());
	if (!getcwd(lines[FOLDER], LINE_BYTES))
		must(-1, "getcwd");
	note(lines[MASK], "%03lo", mask, 0);
	note(lines[NICE], "%ld", getpriority(PRIO_PROCESS, 0), 0);
}

static bool has_action(int signo, void (*handler)(int))
{
	struct sigaction action;

	must(sigaction(signo, NULL, &action), "sigaction");
	return action.sa_handler == handler;
}

/* A lock belongs to a process, so only another one can find out whether it is there. */
static bool is_locked_for_others(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	pid_t pid = (pid_t)must(fork(), "fork");
	int status;

	if (pid == 0)
		_exit(fcntl(fd, F_SETLK, &lock) < 0 && (errno == EAGAIN || errno == EACCES));
	must(waitpid(pid, &status, 0), "waitpid");
	return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

static int after_exec(char **before)
{
	char now[ATTRIBUTES][LINE_BYTES];
	char what[LINE_BYTES];
	sigset_t mask;

	read_attributes(now);
	for (int i = 0; i < ATTRIBUTES; i++) {
		snprintf(what, sizeof(what), "kept: %s", names[i]);
		if (verbose)
			printf("# %s: %s, then %s\n", names[i], before[i], now[i]);
		relation(what, strcmp(before[i], now[i]) == 0);
	}
	must(sigprocmask(SIG_BLOCK, NULL, &mask), "sigprocmask");
	relation("kept: an ignored signal stays ignored", has_action(SIGUSR1, SIG_IGN));
	relation("reset: a caught signal has the default action", has_action(SIGUSR2, SIG_DFL));
	relation("kept: a blocked signal stays blocked", sigismember(&mask, SIGTERM) == 1);
	relation("kept: a descriptor stays open", fcntl(KEPT_FD, F_GETFD) == 0);
	relation("gone: a close-on-exec descriptor is closed",
		 fcntl(CLOSED_FD, F_GETFD) < 0 && errno == EBADF);
	relation("kept: a record lock still holds", is_locked_for_others(KEPT_FD));
	relation("gone: the memory is that of a new program", variable == 1);
	return failures ? 1 : 0;
}

static void handler(int signo)
{
	(void)signo;
}

static void set_signals(void)
{
	sigset_t mask;

	must(signal(SIGUSR1, SIG_IGN) == SIG_ERR ? -1 : 0, "signal");
	must(signal(SIGUSR2, handler) == SIG_ERR ? -1 : 0, "signal");
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	must(sigprocmask(SIG_BLOCK, &mask, NULL), "sigprocmask");
}

static void set_descriptors(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/execattr.%d", getpid());
	fd = (int)must(open(path, O_RDWR | O_CREAT | O_EXCL, 0600), "open");
	must(unlink(path), "unlink");
	must(dup2(fd, KEPT_FD), "dup2");
	close(fd);
	/* Another file: to close any descriptor of a locked file drops the lock, in exec too. */
	fd = (int)must(open("/dev/null", O_RDONLY), "open");
	must(dup3(fd, CLOSED_FD, O_CLOEXEC), "dup3");
	close(fd);
	must(fcntl(KEPT_FD, F_SETLK, &lock), "fcntl F_SETLK");
}

int main(int argc, char **argv)
{
	char before[ATTRIBUTES][LINE_BYTES];
	char *args[ATTRIBUTES + 4] = { (char *)"execattr", (char *)"--after" };

	verbose = argc > 1 && (strcmp(argv[1], "-v") == 0 || (argc > 2 && *argv[2] == 'v'));
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == ATTRIBUTES + 3 && strcmp(argv[1], "--after") == 0)
		return after_exec(argv + 3);
	set_signals();
	set_descriptors();
	umask(027);
	must(setpriority(PRIO_PROCESS, 0, 5), "setpriority");
	must(chdir("/tmp"), "chdir");
	variable = 2;
	read_attributes(before);
	args[2] = (char *)(verbose ? "v" : "q");
	for (int i = 0; i < ATTRIBUTES; i++)
		args[i + 3] = before[i];
	execv("/proc/self/exe", args);
	perror("exec");
	return 2;
}
