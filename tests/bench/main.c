/*
 * bench: what Unix's own mechanisms cost. One static Linux program, run unchanged on every kernel
 * that is compared (`make bench`, tools/bench/run).
 *
 *     bench [-d DIVISOR] [-m MIB] [-p PROCESSES] [LINE...]     measures all, or lines so called
 *     bench -l                                                 lists the measures
 *
 * Prints "name<TAB>value<TAB>unit", one figure a line; "# TEXT" is a note, and "FAIL name: why"
 * says that a measure gave up: the others go on, and the status is 1 at the end. Names that DESIGN.md
 * has mean what they mean there.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	LIMIT_S = 600,		/* of one measure */
	STATUS_USAGE = 2,
	MAX_ARGS = 8,
};

struct measure {
	const char *lines;	/* what it prints; a name that ends in _ is followed by a size */
	void (*run)(void);
};

static const struct measure measures[] = {
	{ "null_syscall", null_syscall },
	{ "signal_delivery", signal_delivery },
	{ "pipe_round_trip", pipe_round_trip },
	{ "pipe_bandwidth", pipe_bandwidth },
	{ "context_switch_", context_switch },
	{ "futex_wake", futex_wake },
	{ "thread_ping", thread_ping },
	{ "pthread_create_join", pthread_create_join },
	{ "file_create_unlink", file_create_unlink },
	{ "file_open_close", file_open_close },
	{ "file_stat", file_stat },
	{ "file_read_4KiB", file_read_4KiB },
	{ "file_write_4KiB", file_write_4KiB },
	{ "mmap_touch_munmap", mmap_touch_munmap },
	{ "anon_fault", anon_fault },
	{ "cow_fault", cow_fault },
	{ "cow_reuse_fault", cow_reuse_fault },
	{ "vfork_exit_wait", vfork_exit_wait },
	{ "fork_exec_wait_", fork_exec_wait },
	{ "vfork_exec_wait_", vfork_exec_wait },
	{ "posix_spawn_wait_", posix_spawn_wait },
	{ "exec_1MiB", exec_1MiB },
	{ "exec_1MiB_read", exec_1MiB_read },
	{ "shell_1000_true", shell_1000_true },
	{ "fork_return_ fork_exit_wait_", fork_sizes },
	{ "sparse_", sparse },
	{ "regions_", regions },
	{ "touch_1GiB munmap_1GiB", touch_1GiB },
	{ "exit_1GiB", exit_1GiB },
	{ "processes_fork_return_", fork_processes },
	{ "prompt_", machine_at_prompt },
};

enum { MEASURES = sizeof(measures) / sizeof(measures[0]) };

struct options options = { .divisor = 1, .max_mib = 1024, .max_processes = 1000 };
char self[PATH_BYTES];

static int usage(const char *why, const char *what)
{
	fprintf(stderr, "bench: %s%s\n"
		"usage: bench [-d DIVISOR] [-m MIB] [-p PROCESSES] [LINE...]; bench -l lists them\n",
		why, what);
	return STATUS_USAGE;
}

/* Whether a measure prints a line called `wanted`, or one whose name begins so. */
static int has_line(const struct measure *m, const char *wanted)
{
	const char *name = m->lines;

	while (*name) {
		size_t len = strcspn(name, " ");
		size_t common = strlen(wanted) < len ? strlen(wanted) : len;
		int sized = name[len - 1] == '_';

		if (strncmp(name, wanted, common) == 0 && (strlen(wanted) <= len || sized))
			return 1;
		name += len + strspn(name + len, " ");
	}
	return 0;
}

static int is_wanted(const struct measure *m, char *const wanted[])
{
	for (int i = 0; wanted[i]; i++)
		if (has_line(m, wanted[i]))
			return 1;
	/* What follows the boot is no part of a whole run: by its name only. */
	return !wanted[0] && m->run != machine_at_prompt;
}

/* A wanted name that no measure has is a mistake of the caller's. Returns it, or NULL. */
static const char *unknown_line(char *const wanted[])
{
	for (int i = 0; wanted[i]; i++) {
		int known = 0;

		for (int m = 0; m < MEASURES; m++)
			known |= has_line(&measures[m], wanted[i]);
		if (!known)
			return wanted[i];
	}
	return NULL;
}

static void on_alarm(int signo)
{
	(void)signo; /* that waitpid ends is enough */
}

/* Waits for the process of a measure. Returns whether it ended well, and says why if not. */
static int ended_well(const struct measure *m, pid_t pid)
{
	int status = 0;

	alarm(LIMIT_S);
	if (waitpid(pid, &status, 0) < 0) {
		int error = errno;

		kill(-pid, SIGKILL);
		waitpid(pid, NULL, 0);
		if (error == EINTR)
			printf("FAIL %s: no end within %d s\n", m->lines, LIMIT_S);
		else
			printf("FAIL %s: waitpid: %s\n", m->lines, strerror(error));
		return 0;
	}
	alarm(0);
	kill(-pid, SIGKILL); /* what a measure that failed left behind */
	if (WIFSIGNALED(status))
		printf("FAIL %s: killed by signal %d\n", m->lines, WTERMSIG(status));
	else if (WEXITSTATUS(status) == STATUS_USAGE)
		printf("FAIL %s: could not be started\n", m->lines);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0; /* status 1: fail() has said it */
}

/* Measures in a new image of this program, in a process group of its own. */
static int run_alone(int index)
{
	char number[16], divisor[16], mib[24], processes[16];
	char *argv[MAX_ARGS] = { self, "--measure", number, divisor, mib, processes, NULL };

	snprintf(number, sizeof(number), "%d", index);
	snprintf(divisor, sizeof(divisor), "%u", options.divisor);
	snprintf(mib, sizeof(mib), "%zu", options.max_mib);
	snprintf(processes, sizeof(processes), "%d", options.max_processes);
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		execv(self, argv);
		_exit(STATUS_USAGE);
	}
	if (pid < 0) {
		printf("FAIL %s: fork: %s\n", measures[index].lines, strerror(errno));
		return 0;
	}
	return ended_well(&measures[index], pid);
}

/* The other side of run_alone(). */
static int measure_here(char **argv)
{
	options.divisor = (unsigned)atoi(argv[1]);
	options.max_mib = strtoul(argv[2], NULL, 10);
	options.max_processes = atoi(argv[3]);
	measures[atoi(argv[0])].run();
	return 0;
}

/* A whole number above 0, or 0. */
static unsigned long number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	return *text >= '0' && *text <= '9' && *end == '\0' && n <= INT_MAX ? n : 0;
}

static int parse(int argc, char **argv)
{
	int option;

	opterr = 0;
	while ((option = getopt(argc, argv, "+d:m:p:l")) != -1) {
		if (option == 'l') {
			for (int m = 0; m < MEASURES; m++)
				puts(measures[m].lines);
			exit(0);
		}
		if (option == '?')
			return usage("no such option, or its number is missing: ", argv[optind - 1]);
		unsigned long n = number(optarg);
		if (n == 0)
			return usage("not a number above 0: ", optarg);
		if (option == 'd')
			options.divisor = (unsigned)n;
		else if (option == 'm')
			options.max_mib = n;
		else
			options.max_processes = (int)n;
	}
	const char *unknown = unknown_line(argv + optind);
	return unknown ? usage("no such line: ", unknown) : 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc > 1 && strcmp(argv[1], "--nothing") == 0)
		return 0; /* the program that the measures of exec.c start */
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) <= 0) {
		perror("bench: /proc/self/exe");
		return 1;
	}
	if (argc == 6 && strcmp(argv[1], "--measure") == 0)
		return measure_here(argv + 2);
	if (parse(argc, argv) != 0)
		return STATUS_USAGE;

	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL);
	for (int m = 0; m < MEASURES; m++)
		if (is_wanted(&measures[m], argv + optind))
			failed += !run_alone(m);
	printf(failed ? "FAIL bench: %d of the measures\n" : "# bench: done\n", failed);
	return failed != 0;
}
