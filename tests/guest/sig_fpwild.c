/*
 * A handler that leaves a wild pointer to the FPU's state in its frame: its return is SIGSEGV,
 * whatever the pointer (a DEBUG kernel ended by it: arithmetic on the pointer overflowed).
 *
 * From sigreturn(2): a frame that is not whole.
 */
#include "check.h"

#include <stdint.h>
#include <ucontext.h>

static uintptr_t wild;

static void handler(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)number, (void)info;
	user->uc_mcontext.fpregs = (void *)wild;
}

int main(void)
{
	static const uintptr_t pointers[] = { UINTPTR_MAX, UINTPTR_MAX - 63, INTPTR_MAX,
					      (uintptr_t)1 << 63, ((uintptr_t)1 << 47) - 64, 64 };
	int status;

	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
		pid_t pid;

		wild = pointers[i];
		MUST(sigaction(SIGUSR1, &action, NULL));
		pid = MUST(fork());
		if (pid == 0) {
			raise(SIGUSR1);
			_exit(0);
		}
		MUST(waitpid(pid, &status, 0));
		say("%#lx: signal %d", (unsigned long)wild, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	}
	return 0;
}
