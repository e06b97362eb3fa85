/*
 * clone and clone3: each combination of flags that is EINVAL, for both calls;
 * the flags that change nothing that shows here; CLONE_CLEAR_SIGHAND, set and
 * clear.
 *
 * CLONE_IO and CLONE_PIDFD are not asked for alone: Tine refuses them (docs/abi.md).
 * From clone(2), ERRORS and NOTES.
 */
#include "clone.h"

enum { VM = CLONE_VM, SIGHAND = CLONE_SIGHAND, THREAD = CLONE_THREAD };
#define CLEAR_SIGHAND 0x100000000ULL
#define INTO_CGROUP 0x200000000ULL

struct arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	uint64_t set_tid, set_tid_size, cgroup;
};

static const char *result_text(long pid)
{
	int status = -1;

	if (pid == -1)
		return errno_text(errno);
	MUST(wait4((pid_t)pid, &status, __WALL, NULL));
	return status_text(status);
}

static int leave(void *unused)
{
	(void)unused;
	return 6;
}

/* The same flags by both calls. A child with CLONE_VM has a stack; clone3's leaves at once. */
static void both(const char *label, uint64_t flags)
{
	struct arguments arguments = { .flags = flags };
	long pid;

	if (flags <= UINT32_MAX) {
		errno = 0;
		pid = raw_clone(flags | (flags & (THREAD | CLONE_PARENT) ? 0 : SIGCHLD), leave,
				NULL);
		say("clone: %s: %s", label, result_text(pid));
	}
	if (!(flags & (THREAD | CLONE_PARENT)))
		arguments.exit_signal = SIGCHLD;
	errno = 0;
	if (flags & VM && !(flags & CLONE_VFORK))
		return;
	pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (pid == 0)
		syscall(SYS_exit, 6);
	say("clone3: %s: %s", label, result_text(pid));
}

/* Flags that must fail, with memory shared. */
static void refused3(const char *label, uint64_t flags)
{
	struct arguments arguments = { .flags = flags, .stack = (uintptr_t)clone_stack,
				       .stack_size = sizeof(clone_stack) };
	long pid;

	errno = 0;
	pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (pid == 0)
		syscall(SYS_exit, 6);
	say("clone3: %s: %s", label, pid == -1 ? errno_text(errno) : "made a child");
}

static void combinations(void)
{
	both("THREAD alone", THREAD);
	both("THREAD and VM, no SIGHAND", THREAD | VM);
	refused3("THREAD and VM, no SIGHAND", THREAD | VM);
	both("THREAD and SIGHAND, no VM", THREAD | SIGHAND);
	both("SIGHAND alone", SIGHAND);
	both("FS and NEWNS", CLONE_FS | CLONE_NEWNS);
	both("FS and NEWUSER", CLONE_FS | CLONE_NEWUSER);
	both("THREAD, SIGHAND, VM, NEWUSER", THREAD | SIGHAND | VM | CLONE_NEWUSER);
	refused3("THREAD, SIGHAND, VM, NEWUSER", THREAD | SIGHAND | VM | CLONE_NEWUSER);
	both("THREAD, SIGHAND, VM, NEWPID", THREAD | SIGHAND | VM | CLONE_NEWPID);
	refused3("THREAD, SIGHAND, VM, NEWPID", THREAD | SIGHAND | VM | CLONE_NEWPID);
	both("NEWIPC and SYSVSEM", CLONE_NEWIPC | CLONE_SYSVSEM);
	both("PARENT and NEWPID as a thread", CLONE_PARENT | THREAD | CLONE_NEWPID);
	both("PIDFD and DETACHED", CLONE_PIDFD | CLONE_DETACHED);
	both("PIDFD and THREAD", CLONE_PIDFD | THREAD | CLONE_DETACHED | SIGHAND | VM);
	both("PIDFD and PARENT_SETTID", CLONE_PIDFD | CLONE_PARENT_SETTID | THREAD);
	refused3("SIGHAND and CLEAR_SIGHAND", SIGHAND | VM | CLEAR_SIGHAND);
	both("DETACHED (clone only)", CLONE_DETACHED);
	refused3("2^34", 1ULL << 34);
	refused3("2^63", 1ULL << 63);
	refused3("an exit signal's bits", SIGCHLD);
	refused3("INTO_CGROUP, THREAD without VM", INTO_CGROUP | THREAD | SIGHAND);
}

/* Nobody traces, there are no semaphores to undo. */
static void without_effect(void)
{
	both("UNTRACED", CLONE_UNTRACED);
	both("SYSVSEM", CLONE_SYSVSEM);
	both("UNTRACED and SYSVSEM", CLONE_UNTRACED | CLONE_SYSVSEM);
	both("VFORK", CLONE_VFORK);
	both("FILES, FS and SYSVSEM", CLONE_FILES | CLONE_FS | CLONE_SYSVSEM);
}

static void handler(int number)
{
	(void)number;
}

/* Bits of the child's exit status: 1 SIGUSR1 has the handler, 2 default; 4 SIGUSR2 is ignored. */
static void clear_sighand(const char *label, uint64_t flags)
{
	struct arguments arguments = { .flags = flags, .exit_signal = SIGCHLD };
	struct sigaction usr1, usr2;
	long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (pid == 0) {
		sigaction(SIGUSR1, NULL, &usr1);
		sigaction(SIGUSR2, NULL, &usr2);
		syscall(SYS_exit, (usr1.sa_handler == handler ? 1 : 0) |
			(usr1.sa_handler == SIG_DFL ? 2 : 0) |
			(usr2.sa_handler == SIG_IGN ? 4 : 0));
	}
	say("%s: %s", label, result_text(pid));
	MUST(sigaction(SIGUSR1, NULL, &usr1));
	YES_OF("the parent keeps its handler", usr1.sa_handler == handler);
}

int main(void)
{
	combinations();
	without_effect();
	signal(SIGUSR1, handler);
	signal(SIGUSR2, SIG_IGN);
	clear_sighand("without CLEAR_SIGHAND", 0);
	clear_sighand("with CLEAR_SIGHAND", CLEAR_SIGHAND);
	VALUE_OF("children left", waitpid(-1, NULL, __WALL | WNOHANG));
	return 0;
}
