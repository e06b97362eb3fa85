/*
 * Storm: a signal between the check and the sleep. Pairs of threads and of
 * processes hand each other signals; each waits for its turn by sigsuspend,
 * ppoll, pselect, sigtimedwait or sigwaitinfo, with the signal blocked except
 * in the wait, so that none can be lost, whenever it comes.
 *
 * args: 10
 *
 * From sigsuspend(2), ppoll(2), select(2) ("the race"), sigtimedwait(2).
 */
#include "storm.h"
#include <sys/select.h>

enum { PAIRS = 4, ROUNDS = 700, KINDS = 5 };

static __thread volatile sig_atomic_t got;
static atomic_int tids[2 * PAIRS], *pids;

static void handler(int number)
{
	(void)number;
	got++;
}

/* Returns when SIGUSR1, which is blocked, has come once. */
static void wait_for_signal(int kind)
{
	struct timespec long_time = { PATIENCE_S, 0 };
	sigset_t none, usr1;

	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	got = 0;
	if (kind == 0)
		CHECK(sigsuspend(&none) == -1 && errno == EINTR);
	else if (kind == 1)
		CHECK(ppoll(NULL, 0, NULL, &none) == -1 && errno == EINTR);
	else if (kind == 2)
		CHECK(pselect(0, NULL, NULL, NULL, NULL, &none) == -1 && errno == EINTR);
	else if (kind == 3)
		CHECK(sigtimedwait(&usr1, NULL, &long_time) == SIGUSR1);
	else
		CHECK(sigwaitinfo(&usr1, NULL) == SIGUSR1);
	CHECK_SAW(got == (kind < 3), got);
}

/* The even one of a pair begins. `other` is the tid, or the pid, of its partner. */
static void play(int number, int other, int of_thread)
{
	unsigned seed = number + 1;

	for (long i = 0; i < rounds(ROUNDS); i++) {
		if (number % 2 == 1 || i > 0)
			wait_for_signal(dice(&seed, KINDS));
		spin(dice(&seed, 200));
		if (of_thread)
			CHECK(syscall(SYS_tgkill, getpid(), other, SIGUSR1) == 0);
		else
			CHECK(kill(other, SIGUSR1) == 0);
		spin(dice(&seed, 200));
	}
	if (number % 2 == 0)
		wait_for_signal(0);
}

static void *thread(void *number)
{
	int me = (int)(long)number;

	tids[me] = (int)syscall(SYS_gettid);
	await(&tids[me ^ 1], 1);
	play(me, tids[me ^ 1], 1);
	return NULL;
}

static void process(int me)
{
	pids[me] = getpid();
	await(&pids[me ^ 1], 1);
	play(me, pids[me ^ 1], 0);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
	sigset_t usr1;

	storm_start(argc, argv);
	pids = share(2 * PAIRS * sizeof(*pids));
	MUST(sigaction(SIGUSR1, &action, NULL));
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	MUST(sigprocmask(SIG_BLOCK, &usr1, NULL));
	run_threads(2 * PAIRS, thread);
	say("between threads");
	run_processes(2 * PAIRS, process);
	say("between processes");
	return storm_end();
}
