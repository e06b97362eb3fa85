/*
 * spawn - posix_spawn: a new program in a new process, by one call.
 *
 * What a child does to itself between fork and exec becomes data: file actions, done in order, and
 * attributes. Look for: what the new program finds; that a missing program is the caller's error
 * (with fork it is the child's); that spawn and vfork cost the same when the parent has grown.
 * fork's cost is printed with -v: it grows on Linux, which copies page tables, and not on Tine.
 *     spawn -v 1024      grows to 1,024 MiB (64 without it; the machine must have them)
 * To think about: what can a child do between fork and exec that no file action can say?
 * In the kernel: kernel/proc/clone.c (CLONE_VM | CLONE_VFORK: musl and glibc spawn with these).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FD = 20, GONE_FD = 21, RUNS = 10, TRIES = 10, NOISE_US = 5000, MISSING = 127 };

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

static bool ended_with(pid_t pid, int wanted)
{
	int status;

	must(waitpid(pid, &status, 0), "waitpid");
	return WIFEXITED(status) && WEXITSTATUS(status) == wanted;
}

/* The new program: what it finds. */
static int spawned(void)
{
	struct sigaction action;
	char folder[256] = "", text[8] = "";
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	sigaction(SIGUSR2, NULL, &action);
	relation("  its output goes where addopen said", lseek(STDOUT_FILENO, 0, SEEK_END) >= 0);
	relation("  adddup2 made a descriptor",
		 read(FD, text, sizeof(text)) == 2 && strcmp(text, "hi") == 0);
	relation("  addclose closed one", fcntl(GONE_FD, F_GETFD) < 0 && errno == EBADF);
	relation("  addchdir_np changed its folder", getcwd(folder, sizeof(folder)) &&
		 strcmp(folder, "/proc") == 0);
	relation("  SETPGROUP made it a group of its own", getpgrp() == getpid());
	relation("  SETSIGMASK blocked SIGTERM, and nothing else",
		 sigismember(&mask, SIGTERM) && !sigismember(&mask, SIGINT));
	relation("  SETSIGDEF: SIGUSR2, which the parent ignores, has its default action",
		 action.sa_handler == SIG_DFL);
	return failures ? 1 : 0;
}

static void set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t set;

	posix_spawnattr_init(attributes);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
				 POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(attributes, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	posix_spawnattr_setsigmask(attributes, &set);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	posix_spawnattr_setsigdefault(attributes, &set);
}

static char *const environment[] = { NULL };

static void show_actions(void)
{
	char *const argv[] = { (char *)"spawn", (char *)"--spawned", NULL };
	char path[64], line[256], folder[256], folder_after[256];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int words[2];
	FILE *file;
	pid_t pid;

	snprintf(path, sizeof(path), "/tmp/spawn.%d", getpid());
	must(getcwd(folder, sizeof(folder)) ? 0 : -1, "getcwd");
	must(pipe(words), "pipe");
	must(write(words[1], "hi", 2), "write");
	must(dup2(words[1], GONE_FD), "dup2");
	signal(SIGUSR2, SIG_IGN);
	set_attributes(&attributes);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, path,
					 O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_adddup2(&actions, words[0], FD);
	posix_spawn_file_actions_addclose(&actions, GONE_FD);
	posix_spawn_file_actions_addchdir_np(&actions, "/proc");

	printf("file actions and attributes\n");
	must(-posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, argv, environment),
	     "posix_spawn");
	relation("  the new program found all as it should be", ended_with(pid, 0));
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		fputs(line, stdout);
	must(unlink(path), "unlink");
	relation("  nothing has changed here: folder, group, descriptors",
		 getcwd(folder_after, sizeof(folder_after)) && strcmp(folder, folder_after) == 0 &&
		 getpgrp() != pid && fcntl(GONE_FD, F_GETFD) == 0);
}

static void show_errors(void)
{
	char *const argv[] = { (char *)"none", NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;

	printf("a program that is not there\n");
	relation("  posix_spawn itself says ENOENT",
		 posix_spawn(&pid, "/nowhere/none", NULL, NULL, argv, environment) == ENOENT);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, 1000, FD);
	relation("  and EBADF for a file action that fails",
		 posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environment) == EBADF);
	relation("  and leaves no child", wait(NULL) < 0 && errno == ECHILD);
	pid = (pid_t)must(fork(), "fork");
	if (pid == 0) {
		execve("/nowhere/none", argv, environment);
		_exit(MISSING);
	}
	relation("  after fork only the child learns it: status 127", ended_with(pid, MISSING));
}

/* The three ways; each starts a program that ends at once. */
static char *const quick[] = { (char *)"spawn", (char *)"--quick", NULL };

static pid_t by_fork(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execve("/proc/self/exe", quick, environment);
		_exit(MISSING);
	}
	return pid;
}

static pid_t by_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve("/proc/self/exe", quick, environment);
		_exit(MISSING);
	}
	return pid;
}

static pid_t by_spawn(void)
{
	pid_t pid;

	must(-posix_spawn(&pid, "/proc/self/exe", NULL, NULL, quick, environment), "posix_spawn");
	return pid;
}

static const struct way {
	const char *name;
	pid_t (*start)(void);
} ways[] = { { "fork", by_fork }, { "vfork", by_vfork }, { "posix_spawn", by_spawn } };

enum { WAYS = 3 };

/* Processor time, ours and of the children that have ended: others may be busy, too. */
static long used_us(void)
{
	struct rusage own, children;

	must(getrusage(RUSAGE_SELF, &own), "getrusage");
	must(getrusage(RUSAGE_CHILDREN, &children), "getrusage");
	timeradd(&own.ru_utime, &own.ru_stime, &own.ru_utime);
	timeradd(&children.ru_utime, &children.ru_stime, &children.ru_utime);
	timeradd(&own.ru_utime, &children.ru_utime, &own.ru_utime);
	return own.ru_utime.tv_sec * 1000000 + own.ru_utime.tv_usec;
}

/* From the call to the program's end; the cheapest of some runs. */
static void measure(int mib, long cost_us[WAYS])
{
	for (int i = 0; i < WAYS; i++) {
		long least = -1;

		for (int run = 0; run < RUNS; run++) {
			long start = used_us(), took;

			failures += !ended_with((pid_t)must(ways[i].start(), ways[i].name), 0);
			took = used_us() - start;
			least = least < 0 || took < least ? took : least;
		}
		cost_us[i] = least;
		if (verbose)
			printf("# %4d MiB, %-11s and wait: %6ld us\n", mib, ways[i].name, least);
	}
}

/* Some tries: what others take from an emulated processor counts as used. */
static void show_costs(int mib)
{
	long small[WAYS], large[WAYS];
	bool as_before[WAYS] = { false };
	size_t size = (size_t)mib << 20;
	char *memory;

	printf("what it costs when the parent has grown\n");
	measure(0, small);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(memory == MAP_FAILED ? -1 : 0, "mmap");
	madvise(memory, size, MADV_NOHUGEPAGE);	/* where there are such */
	memset(memory, 1, size);
	for (int i = 0; i < TRIES && !(as_before[1] && as_before[2]); i++) {
		measure(mib, large);
		for (int way = 0; way < WAYS; way++)
			as_before[way] |= large[way] < 3 * small[way] + NOISE_US;
	}
	relation("  vfork: as before", as_before[1]);
	relation("  posix_spawn: as before", as_before[2]);
}

int main(int argc, char **argv)
{
	int mib = 64;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && strcmp(argv[1], "--quick") == 0)
		return 0;
	if (argc > 1 && strcmp(argv[1], "--spawned") == 0)
		return spawned();
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-v") == 0)
			verbose = true;
		else
			mib = atoi(argv[i]);
	}
	show_actions();
	show_errors();
	show_costs(mib > 0 ? mib : 1);
	return failures ? 1 : 0;
}
