/*
 * sigprocmask, sigpending, sigsuspend: blocking and unblocking, one instance
 * of a standard signal kept, order of delivery, the raw calls' errors.
 *
 * From sigprocmask(2), sigpending(2), sigsuspend(2), signal(7).
 */
#include "check.h"

static char order[64];
static volatile int order_length;
static sigset_t mask_in_handler;

static void handler(int number)
{
	if (order_length < 60)
		order[order_length++] = number == SIGUSR1 ? '1' : number == SIGUSR2 ? '2' : 't';
	sigprocmask(SIG_BLOCK, NULL, &mask_in_handler);
}

static sigset_t set_of(int one, int two)
{
	sigset_t set;

	sigemptyset(&set);
	if (one)
		sigaddset(&set, one);
	if (two)
		sigaddset(&set, two);
	return set;
}

static void clear(void)
{
	memset(order, 0, sizeof(order));
	order_length = 0;
}

static void blocking(void)
{
	sigset_t both = set_of(SIGUSR1, SIGUSR2), one = set_of(SIGUSR1, 0), old, pending;

	clear();
	MUST(sigprocmask(SIG_BLOCK, &both, &old));
	YES_OF("nothing was blocked", !sigismember(&old, SIGUSR1) && !sigismember(&old, SIGUSR2));
	for (int i = 0; i < 3; i++) {
		MUST(kill(getpid(), SIGUSR2));
		MUST(kill(getpid(), SIGUSR1));
	}
	say("while blocked: \"%s\"", order);
	MUST(sigpending(&pending));
	YES_OF("both pending", sigismember(&pending, SIGUSR1) && sigismember(&pending, SIGUSR2));
	MUST(sigprocmask(SIG_UNBLOCK, &one, &old));
	say("SIGUSR1 unblocked: \"%s\"", order);
	YES_OF("both were blocked", sigismember(&old, SIGUSR1) && sigismember(&old, SIGUSR2));
	MUST(sigpending(&pending));
	YES_OF("only SIGUSR2 pending",
	       !sigismember(&pending, SIGUSR1) && sigismember(&pending, SIGUSR2));
	sigemptyset(&both);
	MUST(sigprocmask(SIG_SETMASK, &both, NULL));
	say("all unblocked: \"%s\"", order);
	MUST(kill(getpid(), SIGUSR1));
	YES_OF("SIGUSR1 is blocked in its handler", sigismember(&mask_in_handler, SIGUSR1));
	MUST(sigprocmask(SIG_BLOCK, NULL, &old));
	YES_OF("and not after it", !sigismember(&old, SIGUSR1));
}

static void suspending(void)
{
	sigset_t both = set_of(SIGUSR1, SIGUSR2), only_two = set_of(SIGUSR2, 0), now;
	int status;
	pid_t pid;

	clear();
	MUST(sigprocmask(SIG_BLOCK, &both, NULL));
	MUST(kill(getpid(), SIGUSR1));
	VALUE_OF("sigsuspend, pending already", sigsuspend(&only_two));
	say("ran: \"%s\"", order);
	MUST(sigprocmask(SIG_BLOCK, NULL, &now));
	YES_OF("the mask is as before", sigismember(&now, SIGUSR1) && sigismember(&now, SIGUSR2));
	pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(30);
		kill(getppid(), SIGUSR2);	/* blocked: does not end it */
		sleep_ms(30);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	clear();
	VALUE_OF("sigsuspend, waits", sigsuspend(&only_two));
	say("ran: \"%s\"", order);
	MUST(waitpid(pid, &status, 0));
	sigemptyset(&now);
	MUST(sigprocmask(SIG_SETMASK, &now, NULL));
	say("then: \"%s\"", order);
}

static void raw(void)
{
	unsigned long set = 0, old = 0;

#define PROCMASK(how, new, old, size) syscall(SYS_rt_sigprocmask, how, new, old, size)
	VALUE(PROCMASK(3, &set, NULL, 8));
	VALUE(PROCMASK(-1, &set, NULL, 8));
	VALUE(PROCMASK(3, NULL, &old, 8));
	VALUE(PROCMASK(SIG_BLOCK, &set, NULL, 4));
	VALUE(PROCMASK(SIG_BLOCK, &set, NULL, 16));
	VALUE(PROCMASK(SIG_BLOCK, nowhere, NULL, 8));
	VALUE(PROCMASK(SIG_BLOCK, in_kernel, NULL, 8));
	VALUE(PROCMASK(SIG_BLOCK, NULL, nowhere, 8));
	VALUE(PROCMASK(SIG_BLOCK, NULL, in_kernel, 8));
	VALUE(syscall(SYS_rt_sigpending, nowhere, 8));
	VALUE(syscall(SYS_rt_sigpending, in_kernel, 8));
	VALUE(syscall(SYS_rt_sigpending, &set, 16));
	VALUE(syscall(SYS_rt_sigsuspend, nowhere, 8));
	VALUE(syscall(SYS_rt_sigsuspend, non_canonical, 8));
	VALUE(syscall(SYS_rt_sigsuspend, &set, 4));
	set = -1UL;
	VALUE(PROCMASK(SIG_SETMASK, &set, NULL, 8));
	VALUE(PROCMASK(SIG_SETMASK, NULL, &old, 8));
	YES_OF("SIGKILL and SIGSTOP cannot be blocked",
	       old == (-1UL & ~(1UL << (SIGKILL - 1)) & ~(1UL << (SIGSTOP - 1))));
	set = 0;
	VALUE(PROCMASK(SIG_SETMASK, &set, NULL, 8));
}

int main(void)
{
	struct sigaction action = { .sa_handler = handler };

	MUST(sigaction(SIGUSR1, &action, NULL));
	MUST(sigaction(SIGUSR2, &action, NULL));
	blocking();
	suspending();
	raw();
	return 0;
}
