/*
 * Who is woken by a task that soon sleeps is run on the same CPU, if it may run there. A partner
 * that is bound to another CPU stays on it; one that was woken by a task which sleeps not, against
 * all habit, goes on without waiting for it; several that are woken in a row share the CPUs.
 *
 * guest: -c 4
 * native: no
 *
 * From sched_setaffinity(2), pipe(7).
 */
#include "check.h"

enum { ROUNDS = 1000, CROWD = 8 };

static int to_child[2], to_parent[2];
static volatile int *shared; /* how many have gone on; the CPU of the bound one */

static unsigned here(void)
{
	unsigned cpu = 99;

	MUST(syscall(SYS_getcpu, &cpu, NULL, NULL));
	return cpu;
}

/* Answers each byte; counts those rounds in which it was not on CPU 2. */
static void answer(int bound)
{
	unsigned long mask = 4;
	char byte;

	if (bound)
		MUST(syscall(SYS_sched_setaffinity, 0, sizeof(mask), &mask));
	while (read(to_child[0], &byte, 1) == 1 && byte != 'e') {
		if (bound && here() != 2)
			shared[1]++;
		__atomic_fetch_add(&shared[0], 1, __ATOMIC_SEQ_CST);
		if (byte == 'a')
			MUST(write(to_parent[1], &byte, 1));
	}
	_exit(0);
}

static void play(int rounds)
{
	char byte = 'a';

	for (int i = 0; i < rounds; i++) {
		MUST(write(to_child[1], &byte, 1));
		MUST(read(to_parent[0], &byte, 1));
	}
}

/* After many rounds a byte that wants no answer, and no sleep: does he go on meanwhile? */
static int goes_on_alone(void)
{
	int before = shared[0];
	long end = now_ms() + 10000;

	MUST(write(to_child[1], "n", 1));
	while (shared[0] == before && now_ms() < end)
		;
	return shared[0] == before + 1;
}

static void crowd(void)
{
	for (int i = 0; i < CROWD; i++)
		if (fork() == 0)
			answer(0);
	play(ROUNDS);
	int before = shared[0];
	for (int i = 0; i < CROWD; i++)
		MUST(write(to_child[1], "n", 1));
	long end = now_ms() + 10000;
	while (shared[0] < before + CROWD && now_ms() < end)
		;
	VALUE_OF("all that were woken in a row go on", shared[0] - before);
	for (int i = 0; i < CROWD; i++)
		MUST(write(to_child[1], "e", 1));
	while (wait(NULL) > 0)
		;
}

int main(void)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	MUST(pipe(to_child));
	MUST(pipe(to_parent));
	for (int bound = 0; bound < 2; bound++) {
		if (fork() == 0)
			answer(bound);
		play(ROUNDS);
		for (int i = 0; i < 3; i++) {
			YES(goes_on_alone());
			play(ROUNDS / 10);
		}
		MUST(write(to_child[1], "e", 1));
		wait(NULL);
	}
	VALUE_OF("rounds in which the bound one was elsewhere", shared[1]);
	crowd();
	return 0;
}
