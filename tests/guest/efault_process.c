/*
 * Bad user pointers to the calls on processes, signals, time and the system:
 * unmapped, in the kernel, non-canonical, read-only for results, and across the
 * end of a mapping.
 *
 * From the EFAULT of each call's page in section 2.
 */
#include "check.h"

static char *edge, *read_only;
static unsigned long word;
static struct timespec zero_time;

static void each(const char *name, long (*call)(char *), int is_result)
{
	char *const pointers[] = { nowhere, in_kernel, kernel_text, non_canonical, (char *)-1,
				   edge - 1, read_only };
	static const char *const names[] = { "unmapped", "kernel", "kernel text",
					     "non-canonical", "-1", "into a hole", "read-only" };
	char label[64];

	for (size_t i = 0; i < COUNT(pointers) - !is_result; i++) {
		snprintf(label, sizeof(label), "%s, %s", name, names[i]);
		VALUE_OF(label, call(pointers[i]));
	}
}

#define CALL(name, ...)                                             \
	static long name(char *at) { return syscall(__VA_ARGS__); }
CALL(action_in, SYS_rt_sigaction, SIGUSR1, at, NULL, 8)
CALL(action_out, SYS_rt_sigaction, SIGUSR1, NULL, at, 8)
CALL(mask_in, SYS_rt_sigprocmask, SIG_BLOCK, at, NULL, 8)
CALL(mask_out, SYS_rt_sigprocmask, SIG_BLOCK, NULL, at, 8)
CALL(pending_out, SYS_rt_sigpending, at, 8)
CALL(suspend_in, SYS_rt_sigsuspend, at, 8)
CALL(sleep_in, SYS_nanosleep, at, NULL)
CALL(clock_out, SYS_clock_gettime, CLOCK_MONOTONIC, at)
CALL(usage_out, SYS_getrusage, RUSAGE_SELF, at)
CALL(times_out, SYS_times, at)
CALL(uname_out, SYS_uname, at)
CALL(clone3_in, SYS_clone3, at, 64)
CALL(argv_in, SYS_execve, "/proc/self/exe", at, NULL)
CALL(envp_in, SYS_execve, "/proc/self/exe", NULL, at)

/* These reap the child even when the result cannot be stored. */
static long with_child(long (*call)(char *, pid_t), char *at)
{
	pid_t pid = MUST(fork());
	siginfo_t info;
	long result;
	int error;

	if (pid == 0)
		_exit(0);
	MUST(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	result = call(at, pid);
	error = errno;
	waitpid(pid, NULL, 0);
	errno = error;
	return result;
}

static long wait_status(char *at, pid_t pid) { return syscall(SYS_wait4, pid, at, 0, NULL); }
static long wait_usage(char *at, pid_t pid) { return syscall(SYS_wait4, pid, NULL, 0, at); }
static long id_info(char *at, pid_t pid)
{
	return syscall(SYS_waitid, P_PID, pid, at, WEXITED, NULL);
}

static long wait4_status(char *at) { return with_child(wait_status, at); }
static long wait4_usage(char *at) { return with_child(wait_usage, at); }
static long waitid_info(char *at) { return with_child(id_info, at); }

/* The remainder is stored only when a signal cuts the sleep. */
static void handler(int number)
{
	(void)number;
}

static long remainder_out(char *at)
{
	struct timespec want = { 5, 0 };
	struct sigaction action = { .sa_handler = handler };
	pid_t parent = getpid(), pid;
	long result;
	int error;

	MUST(sigaction(SIGUSR1, &action, NULL));
	pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(40);
		kill(parent, SIGUSR1);
		_exit(0);
	}
	result = syscall(SYS_nanosleep, &want, at);
	error = errno;
	MUST(waitpid(pid, NULL, 0));
	errno = error;
	return result;
}

int main(void)
{
	edge = map_before_hole(PAGE) + PAGE;
	read_only = map_anon(PAGE, PROT_READ);
	each("rt_sigaction, new", action_in, 0), each("rt_sigaction, old", action_out, 1);
	each("rt_sigprocmask, new", mask_in, 0), each("rt_sigprocmask, old", mask_out, 1);
	each("rt_sigpending", pending_out, 1), each("rt_sigsuspend", suspend_in, 0);
	each("nanosleep", sleep_in, 0), each("nanosleep, remainder", remainder_out, 1);
	each("getrusage", usage_out, 1), each("times", times_out, 1), each("uname", uname_out, 1);
	each("clock_gettime", clock_out, 1), each("clone3", clone3_in, 0);
	each("execve, argv", argv_in, 0), each("execve, envp", envp_in, 0);
	each("wait4, status", wait4_status, 1), each("wait4, rusage", wait4_usage, 1);
	each("waitid, info", waitid_info, 1);
	VALUE_OF("and the calls still work",
		 syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &word, 8));
	VALUE_OF("nothing is blocked", word);
	VALUE_OF("sleep of no time", syscall(SYS_nanosleep, &zero_time, NULL));
	VALUE_OF("wait for one more", wait(NULL));
	return 0;
}
