/*
 * clonedemo - one call, many degrees of sharing: from fork (no flag) to a thread (nearly all).
 *
 * Look for: the table. For each flag a child changes something; the columns say what follows in
 * the parent with the flag and without it. Then the combinations that clone(2) refuses, by clone
 * and by clone3 ("-": that call cannot say it). The calls are bare: a C library allows less.
 * To think about: which flags does pthread_create set, and which vfork? Why does THREAD need
 * SIGHAND, and SIGHAND need VM?
 * In the kernel: clone_check and the small functions behind clone_build in kernel/proc/clone.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FD = 50, TLS_BYTES = 4096 };

enum { AS_THREAD = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM };
#define CLEAR_SIGHAND (UINT64_C(1) << 32)	/* not in every sched.h */
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

static char stack[64 << 10] __attribute__((aligned(16)));
static char tls_block[TLS_BYTES] __attribute__((aligned(64)));
static volatile int variable, child_word, parent_word, parent_went_on, patience_ms;
static __thread volatile int thread_local_variable;
static long child_tid;
static int failures;

static long must(long result, const char *call)
{
	if (result < 0) {
		perror(call);
		exit(2);
	}
	return result;
}

/* Starts body on a stack of its own; exit(2) with its result. No C runs in between. */
static long start(uint64_t flags, int (*body)(void))
{
	void *top = stack + sizeof(stack), **tls = (void **)(tls_block + TLS_BYTES / 2);
	register const volatile int *r10 __asm__("r10") = &child_word;
	register void **r8 __asm__("r8") = tls;
	long result;

	*tls = tls;	/* where the thread pointer points, there is a copy of it (psABI) */
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "call *%%rbx\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov $60, %%eax\n\t"	/* exit */
			 "syscall\n"
			 "1:"
			 : "=a"(result)
			 : "a"(SYS_clone), "D"(flags), "S"(top), "d"(&parent_word), "r"(r10),
			   "r"(r8), "b"(body)
			 : "rcx", "r11", "memory");
	errno = result < 0 ? (int)-result : 0;
	return must(result < 0 ? -1 : result, "clone");
}

/* What the children do. */
static int nothing(void)	{ return 0; }
static int write_variable(void)	{ return variable = 1; }
static int open_file(void)	{ return dup2(STDOUT_FILENO, FD); }
static int go_to_proc(void)	{ return chdir("/proc"); }
static int ignore_usr1(void)	{ return signal(SIGUSR1, SIG_IGN) == SIG_ERR; }
static int set_alarm(void)	{ return (int)alarm(1000); }
static int write_tls(void)	{ return thread_local_variable = 1; }

static int be_slow(void)
{
	struct timespec ms = { .tv_nsec = 1000000 };

	for (int i = 0; i < patience_ms && !parent_went_on; i++)
		nanosleep(&ms, NULL);
	return variable = !parent_went_on;
}

/* What the parent sees of it. */
static bool sees_file(void)	{ return fcntl(FD, F_GETFD) >= 0; }
static bool sees_variable(void)	{ return variable == 1; }
static bool sees_alarm(void)	{ return alarm(0) > 0; }
static bool sees_tls(void)	{ return thread_local_variable == 1; }
static bool has_no_child(void)	{ return wait4(-1, NULL, __WALL, NULL) < 0 && errno == ECHILD; }
static bool has_tid(void)	{ return parent_word == child_tid; }
static bool child_has_tid(void)	{ return child_word == child_tid; }
static bool child_word_0(void)	{ return child_word == 0; }

static bool is_in_proc(void)
{
	char path[256];

	return getcwd(path, sizeof(path)) && strcmp(path, "/proc") == 0;
}

static bool ignores_usr1(void)
{
	struct sigaction action;

	return sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static const struct row {
	const char *name;
	uint64_t flag, others;	/* others: set in both columns */
	const char *what;
	int (*child)(void);
	bool (*seen)(void);
	bool seen_if_set;
} rows[] = {
	{ "VM", CLONE_VM, 0, "a variable that the child wrote", write_variable,
	  sees_variable, true },
	{ "FILES", CLONE_FILES, 0, "a descriptor that the child opened", open_file,
	  sees_file, true },
	{ "FS", CLONE_FS, 0, "a folder that the child went to", go_to_proc, is_in_proc, true },
	{ "SIGHAND", CLONE_SIGHAND, CLONE_VM, "a signal that the child ignored", ignore_usr1,
	  ignores_usr1, true },
	{ "THREAD", CLONE_THREAD, CLONE_SIGHAND | CLONE_VM, "an alarm that the child set",
	  set_alarm, sees_alarm, true },
	{ "THREAD", CLONE_THREAD, CLONE_SIGHAND | CLONE_VM, "no child to wait for", nothing,
	  has_no_child, true },
	{ "PARENT", CLONE_PARENT, 0, "no child to wait for: it is a sister", nothing,
	  has_no_child, true },
	{ "VFORK", CLONE_VFORK, CLONE_VM, "stands still until the child ends", be_slow,
	  sees_variable, true },
	{ "SETTLS", CLONE_SETTLS, CLONE_VM, "a __thread variable that the child wrote", write_tls,
	  sees_tls, false },
	{ "PARENT_SETTID", CLONE_PARENT_SETTID, 0, "a word of the parent's has the tid", nothing,
	  has_tid, true },
	{ "CHILD_SETTID", CLONE_CHILD_SETTID, CLONE_VM, "a word of the child's has the tid",
	  nothing, child_has_tid, true },
	{ "CHILD_CLEARTID", CLONE_CHILD_CLEARTID, CLONE_VM,
	  "a word of the child's is 0 after its end", nothing, child_word_0, true },
};

static void reset(void)
{
	variable = parent_word = parent_went_on = 0;
	thread_local_variable = 0;
	child_word = 1;
	close(FD);
	must(chdir("/"), "chdir");
	signal(SIGUSR1, SIG_DFL);
	alarm(0);
}

/* One column of one row. A thread cannot be waited for: its word says when it has gone. */
static bool is_seen(const struct row *row, uint64_t flags)
{
	uint64_t way_to_wait = flags & CLONE_THREAD ? CLONE_CHILD_CLEARTID : SIGCHLD;
	reset();
	patience_ms = flags & CLONE_VFORK ? 30 : 5000;
	child_tid = start(flags | way_to_wait, row->child);
	parent_went_on = 1;
	while (flags & CLONE_THREAD && child_word != 0)
		sched_yield();
	if (row->seen == has_no_child)
		return row->seen();	/* which has waited */
	if (!(flags & CLONE_THREAD))
		must(wait4((pid_t)child_tid, NULL, 0, NULL), "wait4");
	return row->seen();
}

static void show_sharing(void)
{
	printf("%-15s %-41s %-4s %s\n", "CLONE_", "in the parent:", "set", "clear");
	for (const struct row *row = rows; row < rows + sizeof(rows) / sizeof(rows[0]); row++) {
		bool set = is_seen(row, row->flag | row->others);
		bool clear = is_seen(row, row->others);

		printf("%-15s %-41s %-4s %s\n", row->name, row->what, set ? "yes" : "no",
		       clear ? "yes" : "no");
		failures += set != row->seen_if_set || clear == row->seen_if_set;
	}
}

/* As clone3(2) has it. */
struct arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	uint64_t set_tid, set_tid_size, cgroup;
};

/* Which call can say it, or refuses it. */
enum calls { CLONE = 1, CLONE3 = 2, BOTH = 3 };

/* clone(2) also lists PARENT with NEWPID or NEWUSER: Linux lets those through since 3.13. */
static const struct refusal {
	const char *what;
	enum calls calls;
	struct arguments arguments;
} refusals[] = {
	{ "SIGHAND without VM", BOTH, { .flags = CLONE_SIGHAND } },
	{ "THREAD without SIGHAND", BOTH, { .flags = CLONE_THREAD | CLONE_VM } },
	{ "SIGHAND with CLEAR_SIGHAND", CLONE3,
	  { .flags = CLONE_SIGHAND | CLONE_VM | CLEAR_SIGHAND } },
	{ "FS with NEWNS", BOTH, { .flags = CLONE_FS | CLONE_NEWNS } },
	{ "FS with NEWUSER", BOTH, { .flags = CLONE_FS | CLONE_NEWUSER } },
	{ "SYSVSEM with NEWIPC", BOTH, { .flags = CLONE_SYSVSEM | CLONE_NEWIPC } },
	{ "THREAD with NEWPID", BOTH, { .flags = AS_THREAD | CLONE_NEWPID } },
	{ "THREAD with NEWUSER", BOTH, { .flags = AS_THREAD | CLONE_NEWUSER } },
	{ "THREAD with PIDFD, DETACHED", BOTH,
	  { .flags = AS_THREAD | CLONE_PIDFD | CLONE_DETACHED } },
	{ "PIDFD with DETACHED", BOTH, { .flags = CLONE_PIDFD | CLONE_DETACHED } },
	{ "PIDFD with PARENT_SETTID", CLONE, { .flags = CLONE_PIDFD | CLONE_PARENT_SETTID } },
	{ "DETACHED", CLONE3, { .flags = CLONE_DETACHED } },
	{ "an unknown flag", CLONE3, { .flags = UINT64_C(1) << 63 } },
	{ "a signal among the flags", CLONE3, { .flags = SIGCHLD } },
	{ "exit signal 65", CLONE3, { .exit_signal = 65 } },
	{ "PARENT with an exit signal", CLONE3, { .flags = CLONE_PARENT, .exit_signal = SIGCHLD } },
	{ "THREAD with an exit signal", CLONE3, { .flags = AS_THREAD, .exit_signal = SIGCHLD } },
	{ "a stack without a size", CLONE3, { .stack = 4096 } },
	{ "a size without a stack", CLONE3, { .stack_size = 4096 } },
	{ "set_tid_size without set_tid", CLONE3, { .set_tid_size = 1 } },
};

/* A call that is let through makes a process, which goes at once. */
static const char *verdict(long result)
{
	if (result == 0)
		_exit(0);
	if (result > 0)
		waitpid((pid_t)result, NULL, __WALL);
	failures += result > 0 || errno != EINVAL;
	return result > 0 ? "lets it through" : errno == EINVAL ? "EINVAL" : strerror(errno);
}

static void show_refusals(void)
{
	enum { COUNT = sizeof(refusals) / sizeof(refusals[0]) };

	printf("\n%-31s %-7s %s\n", "refused:", "clone", "clone3");
	for (const struct refusal *r = refusals; r < refusals + COUNT; r++) {
		const struct arguments *args = &r->arguments;
		const char *by_clone = "-", *by_clone3 = "-";

		if (r->calls & CLONE)
			by_clone = verdict(syscall(SYS_clone, args->flags | SIGCHLD, NULL, NULL, NULL,
						   NULL));
		if (r->calls & CLONE3)
			by_clone3 = verdict(syscall(SYS_clone3, args, sizeof(*args)));
		printf("%-31s %-7s %s\n", r->what, by_clone, by_clone3);
	}
}

/* A process between us and the tests: sisters (PARENT) of that one are children of this one. */
int main(void)
{
	int status;
	pid_t pid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	pid = (pid_t)must(fork(), "fork");
	if (pid == 0) {
		show_sharing();
		show_refusals();
		exit(failures ? 1 : 0);
	}
	must(waitpid(pid, &status, 0), "waitpid");
	while (wait4(-1, NULL, __WALL, NULL) > 0)
		;
	return status == 0 ? 0 : 1;
}
