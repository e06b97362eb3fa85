/*
 * Ways to be ended by a signal, a child for each: faults, what the kernel sends,
 * and what others send. tests/sysrq.t runs it too, and compares the lines that
 * Tine's log says of them (kernel/proc/fatal.c); each function that faults has
 * one instruction in which it can.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAULTS __attribute__((noinline, noclone))

FAULTS static void null_write(void)
{
	*(volatile int *)0 = 1;
}

FAULTS static void null_read(void)
{
	volatile int *volatile null = NULL;

	(void)null[6];
}

FAULTS static void run_data(void)
{
	static int data[1024];

	((void (*)(void))(uintptr_t)data)();
}

FAULTS static void not_canonical(void)
{
	*(volatile int *)(uintptr_t)0x8000000000000000 = 1;
}

FAULTS static void beyond_file(void)
{
	FILE *file = tmpfile();
	volatile char *at = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fileno(file), 0);

	(void)*at;
}

FAULTS static void divide(void)
{
	volatile int one = 1, zero = 0;

	one /= zero;
}

FAULTS static void bad_opcode(void)
{
	__asm__ volatile("ud2");
}

static void broken_pipe(void)
{
	int ends[2];

	if (pipe(ends) == 0)
		close(ends[0]);
	write(ends[1], "x", 1);
}

static void alarm_clock(void)
{
	alarm(1);
	pause();
}

static void wait_for_signal(void)
{
	for (;;)
		pause();
}

static const struct way {
	const char *name;
	void (*fn)(void);
	int sent; /* by the parent */
} ways[] = {
	{"null_write", null_write, 0},	     {"null_read", null_read, 0},
	{"run_data", run_data, 0},	     {"not_canonical", not_canonical, 0},
	{"beyond_file", beyond_file, 0},     {"divide", divide, 0},
	{"bad_opcode", bad_opcode, 0},	     {"abort", abort, 0},
	{"broken_pipe", broken_pipe, 0},     {"alarm_clock", alarm_clock, 0},
	{"terminated", wait_for_signal, SIGTERM}, {"killed", wait_for_signal, SIGKILL},
	{"queued", wait_for_signal, 40},
};

int main(void)
{
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			ways[i].fn();
			_exit(99);
		}
		if (ways[i].sent == 40)
			sigqueue(child, 40, (union sigval){.sival_int = 7});
		else if (ways[i].sent)
			kill(child, ways[i].sent);
		waitpid(child, &status, 0);
		printf("%s: signal %d\n", ways[i].name, WTERMSIG(status));
		printf("# %s is %d, child of %d\n", ways[i].name, child, getpid());
	}
	return 0;
}
