/*
 * clone3: who may have an exit signal. A thread and a sibling (CLONE_PARENT) send
 * none of their own, so naming one is EINVAL; a child may name any real signal.
 *
 * From clone(2), "clone3() ... exit_signal".
 */
#include "check.h"

enum { ARGUMENTS_SIZE = 64 };
enum { THREAD = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM };

struct arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

static char stack[64 << 10] __attribute__((aligned(16)));

/* Only for flags that must fail, or children without CLONE_VM: they exit at once. */
static long start(uint64_t flags, uint64_t exit_signal)
{
	struct arguments arguments = { .flags = flags, .exit_signal = exit_signal };
	long pid;

	if (flags & CLONE_VM) {
		arguments.stack = (uint64_t)(uintptr_t)stack;
		arguments.stack_size = sizeof(stack);
	}
	pid = syscall(SYS_clone3, &arguments, ARGUMENTS_SIZE);
	if (pid == 0)
		_exit(5);
	return pid;
}

static void child(const char *label, uint64_t exit_signal)
{
	long pid = start(0, exit_signal);
	int status = 0;

	if (pid == -1) {
		say("%s: %s", label, errno_text(errno));
		return;
	}
	MUST(wait4(pid, &status, __WALL, NULL));
	say("%s: %s", label, status_text(status));
}

int main(void)
{
	signal(SIGUSR1, SIG_IGN);
	signal(64, SIG_IGN);
	child("no signal", 0);
	child("SIGCHLD", SIGCHLD);
	child("SIGUSR1", SIGUSR1);
	child("signal 64", 64);
	child("signal 65", 65);
	child("signal -1", -1);
	VALUE(start(THREAD, SIGCHLD));
	VALUE(start(THREAD, SIGUSR1));
	VALUE(start(THREAD, 64));
	VALUE(start(CLONE_PARENT, SIGCHLD));
	VALUE(start(CLONE_PARENT, SIGUSR1));
	VALUE(start(CLONE_PARENT | THREAD, SIGCHLD));
	VALUE_OF("no children are left", waitpid(-1, NULL, __WALL | WNOHANG));
	return 0;
}
