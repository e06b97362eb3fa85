/*
 * Storm: a signal to the process while a thread of it changes its mask. Either
 * the thread still takes the signal, or another one does that has it open: the
 * sender and the thread look at each other, and one of them must see the other.
 *
 * args: 10
 *
 * From signal(7) (process-directed signals), sigprocmask(2), pthread_sigmask(3).
 */
#include "storm.h"

enum { ROUNDS = 800 };

static atomic_int round_now, handled, stop;

static void handler(int number)
{
	(void)number;
	atomic_fetch_add(&handled, 1);
}

static void change(int how, int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	MUST(-pthread_sigmask(how, &set, NULL));
}

/* Is about to block SIGUSR1 when it comes, and to open SIGUSR2. */
static void *changer(void *number)
{
	unsigned seed = 1;

	(void)number;
	for (int i = 1; i <= rounds(ROUNDS); i++) {
		int which = i % 2 ? SIGUSR1 : SIGUSR2;
		if (which == SIGUSR1)
			change(SIG_UNBLOCK, which);
		await(&round_now, i);
		spin(dice(&seed, 300));
		change(which == SIGUSR1 ? SIG_BLOCK : SIG_UNBLOCK, which);
		while (atomic_load(&handled) < i) /* no system call that could find it */
			spin(10);
		change(SIG_BLOCK, which);
	}
	return NULL;
}

/* Has SIGUSR1 open, and takes what the other thread has blocked meanwhile. */
static void *sleeper(void *number)
{
	(void)number;
	change(SIG_UNBLOCK, SIGUSR1);
	while (!atomic_load(&stop))
		sleep_us(1000000);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = handler };
	unsigned seed = 2;

	storm_start(argc, argv);
	MUST(sigaction(SIGUSR1, &action, NULL));
	MUST(sigaction(SIGUSR2, &action, NULL));
	change(SIG_BLOCK, SIGUSR1);
	change(SIG_BLOCK, SIGUSR2);
	start_threads(0, 1, changer);
	start_threads(1, 1, sleeper);
	for (int i = 1; i <= rounds(ROUNDS); i++) {
		atomic_store(&round_now, i);
		spin(dice(&seed, 300));
		MUST(kill(getpid(), i % 2 ? SIGUSR1 : SIGUSR2));
		await(&handled, i);
		CHECK_SAW(atomic_load(&handled) == i, i);
	}
	join_threads(0, 1);
	atomic_store(&stop, 1);
	MUST(-pthread_kill(storm_thread[1], SIGUSR1));
	join_threads(1, 1);
	return storm_end();
}
