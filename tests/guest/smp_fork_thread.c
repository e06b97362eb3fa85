/*
 * A fork while another thread writes: the child sees memory as it was at one
 * moment, also the page of the caller's stack, which Tine copies at once while
 * all others are shared (mm/tree.c). A thread counts in a word on that page,
 * and then in one elsewhere; no child may see the second one ahead.
 *
 *	smp_fork_thread [PERCENT]
 *
 * From fork(2), pthreads(7).
 */
#include "check.h"
#include <pthread.h>

struct words {
	volatile long *first, *second;
	volatile int stop;
};

static void *count(void *arg)
{
	struct words *words = arg;

	for (long i = 1; !words->stop; i++) {
		*words->first = i;
		*words->second = i;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int forks = 300 * (argc > 1 ? atoi(argv[1]) : 20) / 100, wrong = 0;
	static volatile long elsewhere;
	volatile long here = 0;
	struct words words = { &here, &elsewhere, 0 };
	pthread_t thread;

	MUST(-pthread_create(&thread, NULL, count, &words));
	for (int i = 0; i < forks; i++) {
		pid_t pid = MUST(fork());
		int status;

		if (pid == 0)
			_exit(elsewhere > here);
		MUST(waitpid(pid, &status, 0));
		wrong += status != 0;
	}
	words.stop = 1;
	MUST(-pthread_join(thread, NULL));
	VALUE(wrong);
	return 0;
}
