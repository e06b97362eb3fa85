/*
 * Waiting that blocks: until the child ends, interrupted by a handler (EINTR),
 * restarted with SA_RESTART; and SIGCHLD ignored or SA_NOCLDWAIT, which leave
 * no zombies.
 *
 * From wait(2), sigaction(2).
 */
#include "check.h"

static volatile sig_atomic_t seen;

static void handler(int number)
{
	(void)number;
	seen++;
}

static void install(int number, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	MUST(sigaction(number, &action, NULL));
}

/* A child that signals us after 50 ms, ends after 120. */
static pid_t nudger(void)
{
	pid_t pid = MUST(fork());

	if (pid == 0) {
		sleep_ms(50);
		kill(getppid(), SIGUSR1);
		sleep_ms(70);
		_exit(3);
	}
	return pid;
}

static void blocked_in_wait(void)
{
	int status;
	pid_t pid = nudger();

	install(SIGUSR1, 0);
	seen = 0;
	VALUE_OF("wait, a handler without SA_RESTART", waitpid(pid, &status, 0));
	VALUE_OF("handler ran", seen);
	YES_OF("wait again", waitpid(pid, &status, 0) == pid);
	say("%s", status_text(status));
	pid = nudger();
	install(SIGUSR1, SA_RESTART);
	seen = 0;
	YES_OF("wait, a handler with SA_RESTART", waitpid(pid, &status, 0) == pid);
	VALUE_OF("handler ran", seen);
	pid = nudger();
	signal(SIGUSR1, SIG_IGN);
	YES_OF("wait, the signal is ignored", waitpid(pid, &status, 0) == pid);
	/* The child's own SIGCHLD does not make the wait fail. */
	install(SIGCHLD, 0);
	seen = 0;
	pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(30);
		_exit(4);
	}
	YES_OF("wait, SIGCHLD caught", waitpid(pid, &status, 0) == pid);
	VALUE_OF("SIGCHLD handler ran", seen);
	signal(SIGCHLD, SIG_DFL);
}

static void no_zombies(const char *label)
{
	int status;
	long before = now_ms();
	pid_t pid = MUST(fork());

	if (pid == 0) {
		sleep_ms(40);
		_exit(5);
	}
	say("%s", label);
	VALUE_OF("  wait blocks until all have gone, then", waitpid(pid, &status, 0));
	YES_OF("  it blocked", now_ms() - before >= 35);
	VALUE_OF("  kill finds it", kill(pid, 0));
}

int main(void)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_NOCLDWAIT };

	blocked_in_wait();
	signal(SIGCHLD, SIG_IGN);
	no_zombies("SIGCHLD ignored");
	MUST(sigaction(SIGCHLD, &action, NULL));
	no_zombies("SA_NOCLDWAIT with a handler");
	signal(SIGCHLD, SIG_DFL);
	/* The default, though it ignores too, keeps them. */
	{
		int status;
		pid_t pid = MUST(fork());

		if (pid == 0)
			_exit(6);
		sleep_ms(20);
		YES_OF("default: the zombie is there", waitpid(pid, &status, WNOHANG) == pid);
	}
	return 0;
}
