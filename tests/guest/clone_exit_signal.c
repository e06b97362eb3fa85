/*
 * clone's exit signal: SIGCHLD, another, none; which waits see the child with
 * __WCLONE, __WALL and neither; and the signal that the parent gets.
 *
 * From clone(2), wait(2).
 */
#include "clone.h"

static volatile sig_atomic_t got_usr1, got_chld, code;

static void handler(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (number == SIGUSR1)
		got_usr1++, code = info->si_code;
	else
		got_chld++, code = info->si_code;
}

static int leave(void *status)
{
	return (int)(long)status;
}

static void look(const char *label, int exit_signal)
{
	siginfo_t info;
	int status = 0;
	long pid;

	got_usr1 = got_chld = code = 0;
	pid = MUST(raw_clone(exit_signal, leave, (void *)17));
	MUST(waitid(P_PID, pid, &info, WEXITED | WNOWAIT | __WALL));
	say("%s", label);
	VALUE_OF("wait4 without options", wait4(pid, &status, WNOHANG, NULL) == pid ? 1L : -1L);
	if (exit_signal != SIGCHLD) {
		YES_OF("wait4 __WCLONE", wait4(pid, &status, __WCLONE, NULL) == pid);
		say("%s", status_text(status));
	} else {
		VALUE_OF("wait4 __WCLONE", wait4(-1, &status, __WCLONE, NULL));
	}
	say("SIGUSR1 %d, SIGCHLD %d, CLD_EXITED %s", got_usr1, got_chld,
	    code == CLD_EXITED ? "yes" : "no");
}

/* After exec the exit signal is SIGCHLD again. */
static int exec_self(void *unused)
{
	static char *argv[] = { "clone_exit_signal", "x", NULL }, *envp[] = { NULL };

	(void)unused;
	execve("/proc/self/exe", argv, envp);
	return 1;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART };
	int status = 0;
	long pid;

	(void)argv;
	if (argc > 1)
		return 21;
	MUST(sigaction(SIGUSR1, &action, NULL));
	MUST(sigaction(SIGCHLD, &action, NULL));
	look("exit signal SIGCHLD", SIGCHLD);
	look("exit signal SIGUSR1", SIGUSR1);
	look("no exit signal", 0);
	got_usr1 = got_chld = 0;
	pid = MUST(raw_clone(SIGUSR1, exec_self, NULL));
	MUST(wait4(pid, &status, __WALL, NULL));
	say("exec with exit signal SIGUSR1: %s, SIGUSR1 %d, SIGCHLD %d", status_text(status),
	    got_usr1, got_chld);
	pid = MUST(raw_clone(0, leave, (void *)3));
	MUST(wait4(-1, &status, __WALL, NULL));
	say("wait4 -1 __WALL: %s", status_text(status));
	VALUE_OF("wait4 -1 __WALL, none left", wait4(-1, &status, __WALL, NULL));
	VALUE_OF("wait4 -1 __WCLONE, none left", wait4(-1, &status, __WCLONE, NULL));
	/* wait4(2): __WNOTHREAD is for one thread's own children. */
	pid = MUST(raw_clone(SIGCHLD, leave, (void *)4));
	YES_OF("wait4 __WNOTHREAD", wait4(pid, &status, __WNOTHREAD, NULL) == pid);
	return 0;
}
