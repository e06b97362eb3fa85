/*
 * The paths that docs/performance.md takes apart, each a function and a few times over, so that
 * tools/profile can show one of them: a null system call, a pipe round trip, mmap, faults, fork,
 * exec. Under tools/guest -i the clock counts instructions: a loop of a known number of them takes
 * that many nanoseconds. tests/profile.t compares the time of work() with what tools/profile counts.
 *
 * guest: -i
 * tine-only: yes
 */
#include "check.h"

enum { SPIN = 1000000, ROUNDS = 8 };

#define PATH __attribute__((noinline)) static

static long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

/* Two instructions a round. */
static void spin(void)
{
	long n = SPIN;

	__asm__ volatile("1: dec %0; jnz 1b" : "+r"(n));
}

/* Where tools/profile --to ends a path. */
PATH void path_end(void)
{
	__asm__ volatile("" : : : "memory");
}

PATH void path_null(void)
{
	syscall(SYS_getppid);
	path_end();
}

/* A byte there and back; the other end is echo(). */
PATH void path_pipe(int out, int in)
{
	char byte = 0;

	MUST(write(out, &byte, 1));
	MUST(read(in, &byte, 1));
	path_end();
}

PATH void path_mmap(void)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*(volatile char *)page = 1;
	munmap(page, PAGE);
	path_end();
}

/* The first instruction must not be the one that faults: it would count as two calls. */
PATH void path_touch(char *page)
{
	__asm__ volatile("nop");
	*(volatile char *)page = 1;
	path_end();
}

PATH void path_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	MUST(pid);
	MUST(waitpid(pid, NULL, 0));
	path_end();
}

PATH void path_exec(char *self)
{
	char *argv[] = { self, "--nothing", NULL };
	pid_t pid = fork();

	if (pid == 0) {
		execve(self, argv, environ);
		_exit(99);
	}
	MUST(pid);
	MUST(waitpid(pid, NULL, 0));
	path_end();
}

static void echo(int in, int out)
{
	char byte;

	while (read(in, &byte, 1) == 1)
		MUST(write(out, &byte, 1));
	_exit(0);
}

static void pipes(void)
{
	int there[2], back[2];

	MUST(pipe(there));
	MUST(pipe(back));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		close(there[1]);
		echo(there[0], back[1]);
	}
	for (int i = 0; i < ROUNDS; i++)
		path_pipe(there[1], back[0]);
	close(there[0]), close(there[1]), close(back[0]), close(back[1]);
	MUST(waitpid(pid, NULL, 0));
}

/* ROUNDS pages touched first, then again by a child: copied. */
static void faults(void)
{
	char *memory = mmap(NULL, ROUNDS * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < ROUNDS; i++)
		path_touch(memory + i * PAGE);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		for (int i = 0; i < ROUNDS; i++)
			path_touch(memory + i * PAGE);
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	munmap(memory, ROUNDS * PAGE);
}

PATH void work(char *self)
{
	for (int i = 0; i < ROUNDS; i++)
		path_null();
	pipes();
	for (int i = 0; i < ROUNDS; i++)
		path_mmap();
	faults();
	for (int i = 0; i < ROUNDS; i++)
		path_fork();
	for (int i = 0; i < ROUNDS; i++)
		path_exec(self);
}

PATH long work_done(void)
{
	return now_ns();
}

int main(int argc, char **argv)
{
	long start = now_ns(), took;
	char self[100] = "";

	if (argc > 1)
		return strcmp(argv[1], "--nothing") != 0;
	spin();
	took = now_ns() - start;
	say("# spin: %ld ns", took);
	expect("a nanosecond is an instruction", took >= 2 * SPIN && took < 2 * SPIN + SPIN / 100);
	MUST(readlink("/proc/self/exe", self, sizeof(self) - 1));
	start = now_ns();
	work(self);
	say("# work: %ld ns", work_done() - start);
	return failures != 0;
}
