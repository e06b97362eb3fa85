/*
 * kill: a process, the own group (0), another group (-pgid), signal 0, ESRCH
 * and EINVAL. kill(-1) is left alone: natively it would reach everyone.
 *
 * From kill(2).
 */
#include "check.h"

static volatile sig_atomic_t seen, sender, code;

static void handler(int number, siginfo_t *info, void *context)
{
	(void)number, (void)context;
	seen++;
	sender = info->si_pid;
	code = info->si_code;
}

static pid_t sleeper(pid_t group)
{
	int ready[2];
	char byte;
	pid_t pid;

	MUST(pipe(ready));
	pid = MUST(fork());
	if (pid == 0) {
		MUST(setpgid(0, group));
		MUST(write(ready[1], "r", 1));
		for (;;)
			sleep_ms(1000);
	}
	MUST(read(ready[0], &byte, 1));
	close(ready[0]), close(ready[1]);
	return pid;
}

static void reap(const char *label, pid_t pid)
{
	int status;

	MUST(waitpid(pid, &status, 0));
	say("%s: %s", label, status_text(status));
}

static void groups(void)
{
	pid_t leader = sleeper(0), member = sleeper(leader), other = sleeper(0);

	VALUE_OF("signal 0 to a group", kill(-leader, 0));
	VALUE_OF("SIGTERM to the group", kill(-leader, SIGTERM));
	reap("leader", leader);
	reap("member", member);
	VALUE_OF("other still runs", waitpid(other, NULL, WNOHANG));
	VALUE_OF("the group has gone", kill(-leader, 0));
	VALUE_OF("kill the other", kill(other, SIGKILL));
	reap("other", other);
}

/* In a child: kill(0) reaches the group, the caller with it. */
static void own_group(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	pid_t member;

	MUST(setpgid(0, 0));
	signal(SIGUSR1, SIG_DFL);
	seen = 0;
	member = sleeper(getpgrp());
	MUST(sigaction(SIGUSR1, &action, NULL));
	VALUE_OF("SIGUSR1 to the own group", kill(0, SIGUSR1));
	VALUE_OF("the caller caught it", seen);
	reap("the other member", member);
}

static void to_self(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	MUST(sigaction(SIGUSR1, &action, NULL));
	for (int i = 0; i < 3; i++)
		MUST(kill(getpid(), SIGUSR1));
	VALUE_OF("caught before kill returned", seen);
	YES_OF("from ourselves", sender == getpid());
	YES_OF("SI_USER", code == SI_USER);
}

int main(void)
{
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0)
		_exit(0);
	MUST(waitpid(pid, &status, 0));
	VALUE_OF("a process that has gone", kill(pid, 0));
	VALUE_OF("its group", kill(-pid, 0));
	VALUE(kill(getpid(), 0));
	VALUE(kill(getpid(), 65));
	VALUE(kill(getpid(), -1));
	VALUE(kill(getpid(), 1000));
	VALUE(kill(1 << 30, SIGTERM));
	VALUE(kill(1 << 30, 65));
	VALUE(kill(-(1 << 30), SIGTERM));
	VALUE(kill(INT_MIN, SIGTERM));
	to_self();
	groups();
	in_child("kill the own group", own_group);
	return 0;
}
