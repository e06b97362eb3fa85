/*
 * Under tools/guest -i the clock counts instructions: a loop of a known number of them takes that
 * many nanoseconds. Then a piece of work in the kernel between two looks at the clock (forks,
 * faults, a pipe), whose time tests/profile.t compares with what tools/profile counts of it.
 *
 * guest: -i
 * tine-only: yes
 */
#include "check.h"

enum { ROUNDS = 1000000, FORKS = 16, PAGES = 64 };

static long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

/* Two instructions a round. */
__attribute__((noinline)) static void spin(void)
{
	long n = ROUNDS;

	__asm__ volatile("1: dec %0; jnz 1b" : "+r"(n));
}

__attribute__((noinline)) static void work(char *memory, int pipe_ends[2])
{
	for (int i = 0; i < FORKS; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		MUST(pid);
		MUST(waitpid(pid, NULL, 0));
		MUST(write(pipe_ends[1], "x", 1));
		MUST(read(pipe_ends[0], memory, 1));
	}
	for (int i = 0; i < PAGES; i++)
		memory[i * PAGE] = 1;
}

/* Marks the end of work() for tests/profile.t. */
__attribute__((noinline)) static long work_done(void)
{
	return now_ns();
}

int main(void)
{
	int pipe_ends[2];
	long start = now_ns(), took;

	spin();
	took = now_ns() - start;
	say("# spin: %ld ns", took);
	expect("a nanosecond is an instruction",
	       took >= 2 * ROUNDS && took < 2 * ROUNDS + ROUNDS / 100);
	MUST(pipe(pipe_ends));
	char *memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(memory == MAP_FAILED ? -1 : 0);
	start = now_ns();
	work(memory, pipe_ends);
	say("# work: %ld ns", work_done() - start);
	return failures != 0;
}
