/*
 * SIGCHLD: what siginfo says of an exit, a kill, a stop and a continue, and
 * SA_NOCLDSTOP.
 *
 * From sigaction(2), wait(2).
 */
#include <stdbool.h>

#include "check.h"

static volatile sig_atomic_t seen, code, status_seen;
static volatile pid_t pid_seen;
static volatile uid_t uid_seen;

static void handler(int number, siginfo_t *info, void *context)
{
	(void)number, (void)context;
	seen++;
	code = info->si_code;
	status_seen = info->si_status;
	pid_seen = info->si_pid;
	uid_seen = info->si_uid;
}

static void install(int flags)
{
	struct sigaction action = { .sa_sigaction = handler,
				    .sa_flags = SA_SIGINFO | SA_RESTART | flags };

	MUST(sigaction(SIGCHLD, &action, NULL));
}

static void print(const char *label, pid_t pid)
{
	const char *name = code == CLD_EXITED ? "CLD_EXITED" : code == CLD_KILLED ? "CLD_KILLED" :
			   code == CLD_STOPPED ? "CLD_STOPPED" :
			   code == CLD_CONTINUED ? "CLD_CONTINUED" : "none";

	say("%s: %d signals, %s, status %d, pid %s, uid %s", label, seen, name, status_seen,
	    pid_seen == pid ? "yes" : "no", uid_seen == getuid() ? "yes" : "no");
	seen = code = status_seen = pid_seen = 0;
	uid_seen = -1;
}

static pid_t sleeper(void)
{
	pid_t pid = MUST(fork());

	if (pid == 0)
		for (;;)
			sleep_ms(1000);
	return pid;
}

/* The signal may come after wait's answer: Linux sends CLD_CONTINUED once the child runs. */
static void let_signal_come(bool wanted)
{
	for (int i = 0; i < 500 && wanted && !seen; i++)
		sleep_ms(10);
	sleep_ms(10);	/* no second one */
}

/* Stop and continue, each seen through wait before the count is printed. */
static void stop_and_go(pid_t pid, bool wanted)
{
	int status;

	MUST(kill(pid, SIGSTOP));
	MUST(waitpid(pid, &status, WUNTRACED));
	let_signal_come(wanted);
	print("stop", pid);
	MUST(kill(pid, SIGCONT));
	MUST(waitpid(pid, &status, WCONTINUED));
	let_signal_come(wanted);
	print("continue", pid);
}

int main(void)
{
	int status;
	pid_t pid;

	install(0);
	pid = MUST(fork());
	if (pid == 0)
		_exit(77);
	MUST(waitpid(pid, &status, 0));
	print("exit 77", pid);
	pid = sleeper();
	stop_and_go(pid, true);
	MUST(kill(pid, SIGTERM));
	MUST(waitpid(pid, &status, 0));
	print("SIGTERM", pid);
	install(SA_NOCLDSTOP);
	pid = sleeper();
	say("with SA_NOCLDSTOP");
	stop_and_go(pid, false);
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, &status, 0));
	print("SIGKILL", pid);
	return 0;
}
