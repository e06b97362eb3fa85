/*
 * sigaction: what it stores and gives back, what may not be changed, errors of
 * the raw call, and SA_RESETHAND, SA_NODEFER and sa_mask at work.
 *
 * From sigaction(2), signal(7).
 */
#include "check.h"

struct kernel_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

static volatile sig_atomic_t depth, deepest, seen, usr2_in_handler, in_handler;

static void simple(int number)
{
	(void)number;
	seen++;
}

static void nested(int number)
{
	depth++;
	if (depth > deepest)
		deepest = depth;
	if (++seen < 4)
		kill(getpid(), number);
	depth--;
}

static void outer(int number)
{
	(void)number;
	in_handler = 1;
	kill(getpid(), SIGUSR2);
	in_handler = 0;
}

static void inner(int number)
{
	(void)number;
	usr2_in_handler = in_handler;
}

static void install(int number, void (*function)(int), int flags, int also_blocked)
{
	struct sigaction action = { .sa_handler = function, .sa_flags = flags };

	sigemptyset(&action.sa_mask);
	if (also_blocked)
		sigaddset(&action.sa_mask, also_blocked);
	MUST(sigaction(number, &action, NULL));
}

static void stored(void)
{
	struct sigaction old;

	MUST(sigaction(SIGUSR1, NULL, &old));
	YES_OF("default at first", old.sa_handler == SIG_DFL);
	install(SIGUSR1, simple, SA_RESTART | SA_NODEFER, SIGTERM);
	MUST(sigaction(SIGUSR1, NULL, &old));
	YES_OF("handler given back", old.sa_handler == simple);
	YES_OF("SA_RESTART given back", (old.sa_flags & SA_RESTART) != 0);
	YES_OF("SA_NODEFER given back", (old.sa_flags & SA_NODEFER) != 0);
	YES_OF("SA_SIGINFO not set", (old.sa_flags & SA_SIGINFO) == 0);
	YES_OF("mask given back", sigismember(&old.sa_mask, SIGTERM) &&
				  !sigismember(&old.sa_mask, SIGHUP));
	signal(SIGUSR1, SIG_DFL);
}

static void raw_errors(void)
{
	struct kernel_sigaction action = { .handler = SIG_IGN }, old;

#define RAW(number, new, old, size) syscall(SYS_rt_sigaction, number, new, old, size)
	VALUE(RAW(0, &action, NULL, 8));
	VALUE(RAW(65, &action, NULL, 8));
	VALUE(RAW(-1, &action, NULL, 8));
	VALUE(RAW(SIGKILL, &action, NULL, 8));
	VALUE(RAW(SIGSTOP, &action, NULL, 8));
	VALUE(RAW(SIGKILL, NULL, &old, 8));
	VALUE(RAW(SIGUSR1, &action, NULL, 4));
	VALUE(RAW(SIGUSR1, &action, NULL, 16));
	VALUE(RAW(SIGUSR1, NULL, NULL, 8));
	VALUE(RAW(SIGUSR1, nowhere, NULL, 8));
	VALUE(RAW(SIGUSR1, in_kernel, NULL, 8));
	VALUE(RAW(SIGUSR1, non_canonical, NULL, 8));
	VALUE(RAW(SIGUSR1, NULL, nowhere, 8));
	VALUE(RAW(SIGUSR1, NULL, in_kernel, 8));
	VALUE(RAW(64, &action, &old, 8));
	YES_OF("signal 64 was default", old.handler == SIG_DFL);
	action.mask = -1UL;
	VALUE(RAW(SIGUSR1, &action, NULL, 8));
	VALUE(RAW(SIGUSR1, NULL, &old, 8));
	YES_OF("SIGKILL and SIGSTOP are left out of a mask",
	       (old.mask & (1UL << (SIGKILL - 1))) == 0 &&
	       (old.mask & (1UL << (SIGSTOP - 1))) == 0);
	signal(SIGUSR1, SIG_DFL);
}

static void flags_at_work(void)
{
	struct sigaction old;

	install(SIGUSR1, simple, SA_RESETHAND, 0);
	seen = 0;
	MUST(kill(getpid(), SIGUSR1));
	MUST(sigaction(SIGUSR1, NULL, &old));
	say("SA_RESETHAND: ran %d, then default: %s", seen,
	    old.sa_handler == SIG_DFL ? "yes" : "no");
	install(SIGUSR1, nested, 0, 0);
	seen = deepest = 0;
	MUST(kill(getpid(), SIGUSR1));
	say("deferred: ran %d, depth %d", seen, deepest);
	install(SIGUSR1, nested, SA_NODEFER, 0);
	seen = deepest = 0;
	MUST(kill(getpid(), SIGUSR1));
	say("SA_NODEFER: ran %d, depth %d", seen, deepest);
	install(SIGUSR1, outer, 0, 0);
	install(SIGUSR2, inner, 0, 0);
	MUST(kill(getpid(), SIGUSR1));
	say("SIGUSR2 within the handler of SIGUSR1: %s", usr2_in_handler ? "at once" : "after");
	install(SIGUSR1, outer, 0, SIGUSR2);
	MUST(kill(getpid(), SIGUSR1));
	say("the same with SIGUSR2 in sa_mask: %s", usr2_in_handler ? "at once" : "after");
}

/* Setting SIG_IGN throws away what is pending. */
static void ignoring_discards(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	MUST(sigprocmask(SIG_BLOCK, &set, NULL));
	MUST(kill(getpid(), SIGUSR1));
	signal(SIGUSR1, SIG_IGN);
	MUST(sigpending(&set));
	YES_OF("pending after SIG_IGN", sigismember(&set, SIGUSR1));
	install(SIGUSR1, simple, 0, 0);
	seen = 0;
	sigemptyset(&set);
	MUST(sigprocmask(SIG_SETMASK, &set, NULL));
	VALUE_OF("handler ran", seen);
}

int main(void)
{
	stored();
	raw_errors();
	flags_at_work();
	ignoring_discards();
	return 0;
}
