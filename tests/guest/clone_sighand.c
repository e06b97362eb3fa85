/*
 * clone with and without CLONE_SIGHAND (with CLONE_VM): one table of handlers
 * or two; masks and pending signals are never shared.
 *
 * From clone(2), sigaction(2).
 */
#include "clone.h"

static volatile int seen;

static void handler(int number)
{
	(void)number;
	seen++;
}

static int install(void *unused)
{
	struct sigaction action = { .sa_handler = handler };
	sigset_t set;

	(void)unused;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGUSR2);
	return sigaction(SIGUSR1, &action, NULL) == 0 ? 0 : 1;
}

static void look(const char *label, unsigned long flags)
{
	struct sigaction now;
	sigset_t set;

	signal(SIGUSR1, SIG_IGN);
	say("%s", label);
	reap("child", raw_clone(flags | SIGCHLD, install, NULL));
	MUST(sigaction(SIGUSR1, NULL, &now));
	YES_OF("the parent ignores SIGUSR1", now.sa_handler == SIG_IGN);
	YES_OF("the parent has the child's handler", now.sa_handler == handler);
	MUST(sigprocmask(SIG_BLOCK, NULL, &set));
	YES_OF("the parent blocks SIGUSR2", sigismember(&set, SIGUSR2));
	MUST(sigpending(&set));
	YES_OF("SIGUSR2 is pending in the parent", sigismember(&set, SIGUSR2));
}

static int signal_self(void *unused)
{
	(void)unused;
	kill(getpid(), SIGUSR1);
	return 0;
}

static int exec_self(void *unused)
{
	static char *argv[] = { "clone_sighand", "after-exec", NULL }, *envp[] = { NULL };

	(void)unused;
	execve("/proc/self/exe", argv, envp);
	return 1;
}

int main(int argc, char **argv)
{
	struct sigaction now;

	if (argc > 1 && strcmp(argv[1], "after-exec") == 0) {
		MUST(sigaction(SIGUSR1, NULL, &now));
		return now.sa_handler == SIG_DFL ? 8 : 1;
	}
	look("neither", 0);
	look("VM", CLONE_VM);
	look("VM and SIGHAND", CLONE_VM | CLONE_SIGHAND);
	signal(SIGUSR1, handler);
	seen = 0;
	reap("a signal to a child with SIGHAND",
	     raw_clone(CLONE_VM | CLONE_SIGHAND | SIGCHLD, signal_self, NULL));
	VALUE_OF("the handler ran in the child only, once", seen);
	reap("exec in a child with SIGHAND",
	     raw_clone(CLONE_VM | CLONE_SIGHAND | SIGCHLD, exec_self, NULL));
	MUST(sigaction(SIGUSR1, NULL, &now));
	YES_OF("the parent keeps its handler", now.sa_handler == handler);
	return 0;
}
