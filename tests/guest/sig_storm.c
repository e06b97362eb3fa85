/*
 * A signal between check and sleep: sigsuspend, ppoll, pselect and sigtimedwait
 * open the mask and sleep in one step, so that two processes can throw a signal
 * to and fro for as long as they like; a lost wakeup stands still. Stop and
 * continue in quick succession: whoever is sent SIGCONT last goes on.
 *
 * From sigsuspend(2), ppoll(2), pselect(2), sigwaitinfo(2), signal(7).
 */
/* guest: -t 120 */
#include "check.h"
#include <sys/select.h>

enum { ROUNDS = 400 };

static volatile sig_atomic_t seen;
static sigset_t blocked, open_mask;

static void handler(int number)
{
	(void)number;
	seen++;
}

static void by_suspend(void)
{
	sigsuspend(&open_mask);
}

static void by_ppoll(void)
{
	struct timespec long_time = { 1000, 0 };

	ppoll(NULL, 0, &long_time, &open_mask);
}

static void by_pselect(void)
{
	pselect(0, NULL, NULL, NULL, NULL, &open_mask);
}

static void by_wait(void)
{
	int number;

	seen += sigwait(&blocked, &number) == 0;
}

static void by_nothing(void)
{
	sigset_t old;

	sigprocmask(SIG_SETMASK, &open_mask, &old);
	sched_yield();
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/* Two processes: each answers every signal with one. */
static void ping_pong(const char *label, void (*wait_one)(void))
{
	pid_t parent = getpid(), other;
	int status;

	seen = 0;
	other = MUST(fork());
	if (other == 0) {
		for (int i = 0; i < ROUNDS; i++) {
			while (seen <= i)
				wait_one();
			MUST(kill(parent, SIGUSR1));
		}
		_exit(0);
	}
	for (int i = 0; i < ROUNDS; i++) {
		MUST(kill(other, SIGUSR1));
		while (seen <= i)
			wait_one();
	}
	MUST(waitpid(other, &status, 0));
	say("%s: %d to and fro, %s", label, (int)seen, status_text(status));
}

/* A child that counts, stopped and continued without waiting in between. */
static void stop_storm(void)
{
	volatile unsigned long *counter = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status, alive = 0;
	pid_t pid = MUST(fork());

	if (pid == 0)
		for (;;)
			++*counter;
	for (int round = 0; round < 100; round++) {
		unsigned long before;

		MUST(kill(pid, round % 3 ? SIGSTOP : SIGTSTP));
		if (round % 2)
			sched_yield();
		MUST(kill(pid, SIGCONT));
		before = *counter;
		for (int ms = 0; ms < 3000 && *counter == before; ms++)
			sleep_ms(1);
		alive += *counter != before;
	}
	say("stop and continue at once: it went on %d times", alive);
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, &status, 0));
	say("%s", status_text(status));
	MUST(munmap((void *)counter, PAGE));
}

/* Many at once send to one that takes them in all ways. */
static void many_senders(void)
{
	enum { SENDERS = 4, EACH = 200, RT = 50 };
	siginfo_t info;
	sigset_t set;
	pid_t parent = getpid(), pid[SENDERS];
	int next[SENDERS] = { 0 }, total = 0, in_order = 1;

	sigemptyset(&set);
	for (int i = 0; i < SENDERS; i++)
		sigaddset(&set, RT + i);
	MUST(sigprocmask(SIG_BLOCK, &set, NULL));
	for (int i = 0; i < SENDERS; i++) {
		pid[i] = MUST(fork());
		if (pid[i] == 0) {
			for (int n = 0; n < EACH; n++)
				MUST(sigqueue(parent, RT + i, (union sigval){ .sival_int = n }));
			_exit(0);
		}
	}
	while (total < SENDERS * EACH && sigwaitinfo(&set, &info) > 0) {
		int sender = info.si_signo - RT;

		in_order &= info.si_value.sival_int == next[sender]++ && info.si_pid == pid[sender];
		total++;
	}
	for (int i = 0; i < SENDERS; i++)
		MUST(waitpid(pid[i], NULL, 0));
	say("%d signals of %d senders, each in order: %d", total, SENDERS, in_order);
}

int main(void)
{
	struct sigaction action = { .sa_handler = handler };

	MUST(sigaction(SIGUSR1, &action, NULL));
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	MUST(sigprocmask(SIG_BLOCK, &blocked, &open_mask));
	sigdelset(&open_mask, SIGUSR1);
	ping_pong("sigsuspend", by_suspend);
	ping_pong("ppoll", by_ppoll);
	ping_pong("pselect", by_pselect);
	ping_pong("sigtimedwait", by_wait);
	ping_pong("sigprocmask", by_nothing);
	stop_storm();
	many_senders();
	return 0;
}
