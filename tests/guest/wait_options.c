/*
 * wait4: which child, WNOHANG, WUNTRACED, WCONTINUED, rusage, and the errors.
 *
 * From wait(2), wait4(2).
 */
#include "check.h"

static pid_t sleeper(void)
{
	pid_t pid = MUST(fork());

	if (pid == 0)
		for (;;)
			sleep_ms(1000);
	/* In a group of its own: SIGTSTP does not stop an orphaned group. */
	MUST(setpgid(pid, pid));
	return pid;
}

static void which(void)
{
	int status, ready[2];
	pid_t one = MUST(fork()), two;

	if (one == 0)
		_exit(1);
	two = MUST(fork());
	if (two == 0)
		_exit(2);
	YES_OF("by pid, the second first", waitpid(two, &status, 0) == two);
	say("%s", status_text(status));
	YES_OF("any", waitpid(-1, &status, 0) == one);
	say("%s", status_text(status));
	VALUE_OF("any, none left", waitpid(-1, &status, 0));
	VALUE_OF("reaped already", waitpid(one, &status, 0));
	/* Groups: a child in its own group, and one in ours. */
	MUST(pipe(ready));
	one = MUST(fork());
	if (one == 0) {
		MUST(setpgid(0, 0));
		MUST(write(ready[1], "x", 1));
		_exit(3);
	}
	MUST(read(ready[0], &status, 1));
	VALUE_OF("own group, but it left", waitpid(0, &status, 0));
	YES_OF("its group", waitpid(-one, &status, 0) == one);
	VALUE_OF("that group again", waitpid(-one, &status, 0));
	two = MUST(fork());
	if (two == 0)
		_exit(4);
	YES_OF("own group", waitpid(0, &status, 0) == two);
	close(ready[0]), close(ready[1]);
}

static void stops(void)
{
	int status = 0;
	pid_t pid = sleeper();

	VALUE_OF("WNOHANG, it runs", waitpid(pid, &status, WNOHANG));
	MUST(kill(pid, SIGSTOP));
	YES_OF("WUNTRACED", waitpid(pid, &status, WUNTRACED) == pid);
	say("%s, raw %#x", status_text(status), status);
	VALUE_OF("WUNTRACED again", waitpid(pid, &status, WUNTRACED | WNOHANG));
	VALUE_OF("no WUNTRACED", waitpid(pid, &status, WNOHANG));
	MUST(kill(pid, SIGCONT));
	VALUE_OF("no WCONTINUED", waitpid(pid, &status, WNOHANG));
	YES_OF("WCONTINUED", waitpid(pid, &status, WCONTINUED) == pid);
	say("%s, raw %#x", status_text(status), status);
	VALUE_OF("WCONTINUED again", waitpid(pid, &status, WCONTINUED | WNOHANG));
	MUST(kill(pid, SIGTSTP));
	YES_OF("WUNTRACED, SIGTSTP", waitpid(-1, &status, WUNTRACED) == pid);
	say("%s", status_text(status));
	MUST(kill(pid, SIGTERM));
	VALUE_OF("SIGTERM waits while it is stopped", waitpid(pid, &status, WNOHANG));
	MUST(kill(pid, SIGCONT));
	YES_OF("then it dies", waitpid(pid, &status, 0) == pid);
	say("%s", status_text(status));
	pid = sleeper();
	MUST(kill(pid, SIGSTOP));
	MUST(waitpid(pid, &status, WUNTRACED));
	MUST(kill(pid, SIGKILL));
	YES_OF("SIGKILL does not wait", waitpid(pid, &status, 0) == pid);
	say("%s", status_text(status));
}

static void errors(void)
{
	int status;
	pid_t pid = sleeper();

	VALUE(waitpid(1 << 30, &status, 0));
	VALUE(waitpid(getpid(), &status, 0));
	VALUE(waitpid(getppid(), &status, WNOHANG));
	VALUE(waitpid(-(1 << 30), &status, 0));
	VALUE(waitpid(INT_MIN, &status, 0));
	VALUE(waitpid(-1, &status, 0x10));
	VALUE(waitpid(-1, &status, WEXITED));
	VALUE(waitpid(-1, &status, WNOWAIT));
	VALUE(waitpid(pid, NULL, WNOHANG));
	VALUE(wait4(pid, (int *)nowhere, WNOHANG, NULL));
	MUST(kill(pid, SIGKILL));
	sleep_ms(20);
	VALUE_OF("bad status pointer", wait4(pid, (int *)nowhere, 0, NULL));
	VALUE_OF("the child is gone all the same", waitpid(pid, &status, 0));
	pid = MUST(fork());
	if (pid == 0)
		_exit(0);
	VALUE_OF("bad rusage pointer", wait4(pid, &status, 0, (struct rusage *)in_kernel));
	VALUE_OF("none left", waitpid(-1, &status, WNOHANG));
}

static void usage(void)
{
	struct rusage usage;
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0) {
		spin_cpu_ms(80);
		_exit(0);
	}
	memset(&usage, 0x55, sizeof(usage));
	MUST(wait4(pid, &status, 0, &usage));
	YES_OF("rusage has the child's time",
	       usage.ru_utime.tv_sec + usage.ru_stime.tv_sec < 10 &&
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec > 5000);
}

int main(void)
{
	which();
	stops();
	errors();
	usage();
	return 0;
}
