/*
 * setup - what a child does to itself between fork and exec, so that exec needs no options.
 *
 * This is why fork and exec are two calls: in between, the child runs the parent's program and
 * uses the same calls as ever (nice, dup2, chdir). Look for: what the new program finds; that the
 * parent has stayed as it was; then two children that work on one processor, one of them with
 * nice 5: they share it as their weights, 1024 to 335, so about 3 to 1.
 * To think about: what of all this could a call do that makes the process and starts the program
 * in one go, and what would its arguments look like? (`spawn`)
 * In the kernel: kernel/proc/exec.c keeps all this; nice: kernel/proc/sched.c. -v: the times.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NICE = 5, FD = 20, RUN_MS = 1500, TRIES = 12 };
enum { WEIGHT_0 = 1024, WEIGHT_5 = 335, PERCENT = 10 };	/* Linux: sched_prio_to_weight */

static bool verbose;
static int failures;

static long must(long result, const char *call)
{
	if (result < 0) {
		perror(call);
		exit(2);
	}
	return result;
}

static void relation(const char *what, bool holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "no");
	failures += !holds;
}

static int nice_value(void)
{
	return getpriority(PRIO_PROCESS, 0);
}

/* The new program. It was told nothing. */
static int after_exec(int parents_nice)
{
	char folder[256] = "", text[8] = "";

	relation("  its nice value is 5 more", nice_value() == parents_nice + NICE);
	relation("  its folder is another",
		 getcwd(folder, sizeof(folder)) && strcmp(folder, "/proc") == 0);
	relation("  its input is a pipe with a word", read(STDIN_FILENO, text, 4) == 4 &&
		 strcmp(text, "word") == 0);
	relation("  a descriptor that it need not know is closed", fcntl(FD, F_GETFD) < 0);
	return failures ? 1 : 0;
}

static void show_setup(void)
{
	char before[256] = "", after[256] = "", nice_text[16];
	int words[2], nice_before = nice_value(), status;
	pid_t pid;

	printf("between fork and exec\n");
	must(pipe(words), "pipe");
	must(write(words[1], "word", 4), "write");
	must(dup2(words[1], FD), "dup2");
	must(getcwd(before, sizeof(before)) ? 0 : -1, "getcwd");
	snprintf(nice_text, sizeof(nice_text), "%d", nice_before);
	fflush(stdout);
	pid = (pid_t)must(fork(), "fork");
	if (pid == 0) {
		must(setpriority(PRIO_PROCESS, 0, nice_before + NICE), "setpriority");
		must(chdir("/proc"), "chdir");
		must(dup2(words[0], STDIN_FILENO), "dup2");
		close(FD);
		execl("/proc/self/exe", "setup", "--after", nice_text, (char *)NULL);
		_exit(127);
	}
	must(waitpid(pid, &status, 0), "waitpid");
	relation("  the new program found all as it should be", status == 0);
	must(getcwd(after, sizeof(after)) ? 0 : -1, "getcwd");
	relation("  the parent has its nice value, its folder and its descriptor",
		 nice_value() == nice_before && strcmp(before, after) == 0 &&
		 fcntl(FD, F_GETFD) == 0);
	close(FD);
	close(words[0]);
	close(words[1]);
}

/* Works from the end of the pipe on, until it is killed. */
static pid_t start_worker(int more_nice, const int ready[2], const int go[2], pid_t group)
{
	pid_t pid = (pid_t)must(fork(), "fork");
	char byte;

	if (pid == 0) {
		must(setpgid(0, group), "setpgid");
		must(setpriority(PRIO_PROCESS, 0, nice_value() + more_nice), "setpriority");
		close(go[1]);
		must(write(ready[1], "r", 1), "write");
		must(read(go[0], &byte, 1), "read");
		for (volatile long i = 0;; i++)
			;
	}
	must(read(ready[0], &byte, 1), "read");
	return pid;
}

static double seconds_of(pid_t pid)
{
	struct rusage usage;

	must(wait4(pid, NULL, 0, &usage), "wait4");
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void use_one_processor(void)
{
	cpu_set_t allowed, one;
	int cpu = 0;

	must(sched_getaffinity(0, sizeof(allowed), &allowed), "sched_getaffinity");
	while (!CPU_ISSET(cpu, &allowed))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	must(sched_setaffinity(0, sizeof(one), &one), "sched_setaffinity");
}

/* Both begin when the pipe closes and end by one kill: the rest is the scheduler's work. */
static double ratio_of_two(void)
{
	struct timespec t = { .tv_sec = RUN_MS / 1000, .tv_nsec = RUN_MS % 1000 * 1000000L };
	double seconds[2];
	int ready[2], go[2];
	pid_t pid[2];

	must(pipe(ready), "pipe");
	must(pipe(go), "pipe");
	pid[0] = start_worker(0, ready, go, 0);
	pid[1] = start_worker(NICE, ready, go, pid[0]);
	close(go[1]);
	nanosleep(&t, NULL);
	must(kill(-pid[0], SIGKILL), "kill");
	for (int i = 0; i < 2; i++)
		seconds[i] = seconds_of(pid[i]);
	close(go[0]);
	close(ready[0]);
	close(ready[1]);
	if (verbose)
		printf("# %.3f s and %.3f s: %.2f to 1\n", seconds[0], seconds[1],
		       seconds[0] / seconds[1]);
	return seconds[0] / seconds[1];
}

/* Some tries: others can take an emulator's processor away for much of one. */
static void show_shares(void)
{
	double wanted = (double)WEIGHT_0 / WEIGHT_5;
	bool holds = false;

	printf("two children on one processor, with nice 0 and nice 5\n");
	use_one_processor();
	for (int i = 0; i < TRIES && !holds; i++) {
		double ratio = ratio_of_two();

		holds = ratio > wanted * (100 - PERCENT) / 100 &&
			ratio < wanted * (100 + PERCENT) / 100;
	}
	relation("  they had processor time as 1024 to 335, within 10 %", holds);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 2 && strcmp(argv[1], "--after") == 0)
		return after_exec(atoi(argv[2]));
	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	show_setup();
	show_shares();
	return failures ? 1 : 0;
}
