/*
 * sigtimedwait, sigwaitinfo and sigwait: signals taken without a handler, in
 * order and with their siginfo; timeouts; what interrupts the wait; signals that
 * are not blocked, ignored ones, SIGKILL in the set; threads that wait for the
 * same signal; and the errors.
 *
 * From sigwaitinfo(2), sigwait(3), signal(7).
 */
#include "check.h"
#include <pthread.h>

enum { RT = 40 };

static volatile sig_atomic_t handled;

static void handler(int number)
{
	handled = number;
}

static sigset_t set_of(int a, int b)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, a);
	if (b)
		sigaddset(&set, b);
	return set;
}

static int take(int a, int b, long ms)
{
	sigset_t set = set_of(a, b);
	siginfo_t info;
	struct timespec timeout = { ms / 1000, ms % 1000 * 1000000 };
	int number;

	memset(&info, 0x55, sizeof(info));
	/* musl's sigtimedwait goes on after EINTR. */
	number = syscall(SYS_rt_sigtimedwait, &set, &info, ms < 0 ? NULL : &timeout, 8);
	if (number > 0)
		say("  took %s: code %d, errno %d, value %d", signal_text(number), info.si_code,
		    info.si_errno, info.si_code == SI_QUEUE ? info.si_value.sival_int : 0);
	return number;
}

static void later(int number, long ms)
{
	if (MUST(fork()) == 0) {
		sleep_ms(ms);
		kill(getppid(), number);
		_exit(0);
	}
}

static void reap(void)
{
	while (wait(NULL) > 0 || errno == EINTR)
		;
}

static void pending_ones(void)
{
	union sigval value = { .sival_int = 7 };

	VALUE_OF("nothing pending, no time", take(RT, SIGUSR1, 0));
	MUST(sigqueue(getpid(), RT, value));
	value.sival_int++;
	MUST(sigqueue(getpid(), RT, value));
	MUST(kill(getpid(), SIGUSR1));
	VALUE_OF("pending", take(RT, SIGUSR1, 0));
	VALUE_OF("pending", take(RT, SIGUSR1, -1));
	VALUE_OF("pending", take(RT, SIGUSR1, 1000));
	VALUE_OF("none is left", take(RT, SIGUSR1, 0));
	MUST(kill(getpid(), SIGUSR2));
	VALUE_OF("another one is pending", take(RT, SIGUSR1, 20));
	VALUE_OF("which stays", take(SIGUSR2, 0, 0));
	MUST(kill(getpid(), SIGUSR1));
	MUST(syscall(SYS_tkill, getpid(), SIGUSR2));
	VALUE_OF("the thread's is first", take(SIGUSR1, SIGUSR2, 0));
	VALUE_OF("the process's", take(SIGUSR1, SIGUSR2, 0));
}

static void sleeping(void)
{
	long before = now_ms();
	int number;
	sigset_t set = set_of(SIGUSR1, 0);

	VALUE_OF("time runs out", take(SIGUSR1, 0, 60));
	YES_OF("after the time", now_ms() - before >= 60);
	later(SIGUSR1, 40);
	VALUE_OF("comes while asleep", take(SIGUSR1, 0, -1));
	reap();
	later(SIGUSR1, 40);
	VALUE_OF("sigwait", sigwait(&set, &number));
	VALUE_OF("its number", number);
	reap();
	later(SIGALRM, 40); /* caught, not blocked */
	VALUE_OF("a handler runs", take(SIGUSR1, 0, 2000));
	say("  handled %s", signal_text(handled));
	reap();
	later(SIGWINCH, 30); /* ignored */
	VALUE_OF("an ignored one", take(SIGUSR1, 0, 150));
	reap();
}

static void stopped(void)
{
	pid_t parent = getpid(), pid = MUST(fork());

	if (pid == 0) {
		sleep_ms(40);
		kill(parent, SIGSTOP);
		sleep_ms(40);
		kill(parent, SIGCONT);
		_exit(0);
	}
	VALUE_OF("stopped and continued", take(SIGUSR1, 0, 1000));
	reap();
}

/* Signals of the set need not be blocked: then they are taken all the same while we sleep. */
static void not_blocked(void)
{
	sigset_t set = set_of(SIGUSR1, 0);

	MUST(sigprocmask(SIG_UNBLOCK, &set, NULL));
	handled = 0;
	later(SIGUSR1, 40);
	VALUE_OF("not blocked, caught", take(SIGUSR1, 0, 2000));
	VALUE_OF("the handler ran", handled);
	reap();
	signal(SIGUSR1, SIG_IGN);
	later(SIGUSR1, 30);
	VALUE_OF("not blocked, ignored", take(SIGUSR1, 0, 150));
	reap();
	MUST(sigprocmask(SIG_BLOCK, &set, NULL));
	later(SIGUSR1, 30);
	VALUE_OF("blocked, ignored", take(SIGUSR1, 0, 2000));
	reap();
	signal(SIGUSR1, handler);
}

static void errors(void)
{
	sigset_t set = set_of(SIGUSR1, 0);
	struct timespec bad = { 0, 1000000000 }, negative = { -1, 0 }, none = { 0, 0 };
	unsigned long kill_stop = 1UL << (SIGKILL - 1) | 1UL << (SIGSTOP - 1);

	VALUE(syscall(SYS_rt_sigtimedwait, &set, NULL, &none, 4));
	VALUE(syscall(SYS_rt_sigtimedwait, nowhere, NULL, &none, 8));
	VALUE(syscall(SYS_rt_sigtimedwait, &set, NULL, nowhere, 8));
	VALUE(syscall(SYS_rt_sigtimedwait, &set, NULL, &bad, 8));
	VALUE(syscall(SYS_rt_sigtimedwait, &set, NULL, &negative, 8));
	VALUE(syscall(SYS_rt_sigtimedwait, &kill_stop, NULL, &none, 8));
	MUST(kill(getpid(), SIGUSR1));
	VALUE(syscall(SYS_rt_sigtimedwait, &set, nowhere, &none, 8));
	VALUE_OF("it is gone all the same", take(SIGUSR1, 0, 0));
	MUST(kill(getpid(), SIGUSR1));
	VALUE(syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, 8));
}

enum { WAITERS = 3, EACH = 50 };
static volatile int taken;

static void *waiter(void *unused)
{
	sigset_t set = set_of(RT, RT + 1);
	siginfo_t info;

	while (sigwaitinfo(&set, &info) == RT)
		__atomic_add_fetch(&taken, 1, __ATOMIC_SEQ_CST);
	return unused;
}

/* Each signal is taken once, and none is left lying while a thread waits for it. */
static void threads(void)
{
	pthread_t thread[WAITERS];
	int sent = 0;

	for (int i = 0; i < WAITERS; i++)
		MUST(-pthread_create(&thread[i], NULL, waiter, NULL));
	for (int i = 0; i < EACH; i++) {
		for (int n = 0; n < WAITERS; n++, sent++)
			MUST(sigqueue(getpid(), RT, (union sigval){ .sival_int = sent }));
		for (int ms = 0; taken != sent && ms < 4000; ms++)
			sleep_ms(1);
		if (taken != sent)
			break;
	}
	say("signals taken by %d threads: %d of %d", WAITERS, taken, sent);
	for (int i = 0; i < WAITERS; i++)
		MUST(kill(getpid(), RT + 1));
	for (int i = 0; i < WAITERS; i++)
		MUST(-pthread_join(thread[i], NULL));
	say("joined");
}

int main(void)
{
	sigset_t set = set_of(SIGUSR1, SIGUSR2);

	sigaddset(&set, RT), sigaddset(&set, RT + 1);
	MUST(sigprocmask(SIG_BLOCK, &set, NULL));
	signal(SIGALRM, handler);
	signal(SIGUSR1, handler);
	pending_ones();
	sleeping();
	stopped();
	not_blocked();
	errors();
	threads();
	return 0;
}
