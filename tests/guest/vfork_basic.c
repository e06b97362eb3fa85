/*
 * vfork: the child borrows the memory, the parent stands still until the
 * child's exit or exec.
 *
 * From vfork(2), clone(2) (CLONE_VM | CLONE_VFORK).
 */
#include "check.h"

static volatile int steps[8], next_step;

static void until_exit(void)
{
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		sleep_ms(50);
		steps[next_step++] = 1;
		_exit(9);
	}
	steps[next_step++] = 2;
	MUST(waitpid(pid, &status, 0));
	say("order: %d %d", steps[0], steps[1]);
	say("vfork then exit: %s", status_text(status));
}

static void until_exec(void)
{
	static char *argv[] = { "vfork_basic", "child", NULL }, *envp[] = { NULL };
	int status, fds[2];
	struct pollfd poll_out;
	pid_t pid;

	MUST(pipe2(fds, O_CLOEXEC));
	next_step = 0;
	pid = vfork();
	if (pid == 0) {
		sleep_ms(50);
		steps[next_step++] = 3;
		execve("/proc/self/exe", argv, envp);
		_exit(1);
	}
	steps[next_step++] = 4;
	say("order: %d %d", steps[0], steps[1]);
	VALUE_OF("the child still runs", waitpid(pid, &status, WNOHANG));
	close(fds[1]);
	poll_out = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	VALUE_OF("its close-on-exec end is closed", poll(&poll_out, 1, 0));
	close(fds[0]);
	MUST(waitpid(pid, &status, 0));
	say("vfork then exec: %s", status_text(status));
}

static void failed_exec(void)
{
	static char *argv[] = { "none", NULL };
	volatile int error = 0;
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		execve("./not-there", argv, NULL);
		error = errno;
		_exit(127);
	}
	MUST(waitpid(pid, &status, 0));
	say("vfork, exec fails with %s: %s", errno_text(error), status_text(status));
}

static void by_signal(void)
{
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		kill(getpid(), SIGKILL);
		for (;;)
			;
	}
	MUST(waitpid(pid, &status, 0));
	say("vfork then a signal: %s", status_text(status));
}

/* Descriptors and the umask are the child's own. */
static void own_files(void)
{
	int status, fd = MUST(open("/dev/null", O_RDWR));
	mode_t mask = umask(022);
	pid_t pid = vfork();

	if (pid == 0) {
		close(fd);
		umask(077);
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	OK_OF("descriptor closed by the child", fcntl(fd, F_GETFD));
	say("umask set by the child: %03o", umask(mask));
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "child") == 0) {
		sleep_ms(300);
		return 6;
	}
	until_exit();
	until_exec();
	failed_exec();
	by_signal();
	own_files();
	VALUE_OF("wait for one more", wait(NULL));
	return 0;
}
