/*
 * SIGKILL to a process just before one of its threads execs, and before the
 * thread that is to look at the signal has run: execve does not come back with
 * EINTR, and the process ends by the signal.
 *
 * From kill(2), execve(2).
 */
#include <pthread.h>
#include <sys/mman.h>

#include "exec.h"

enum { ROUNDS = 30, BROKEN = 71 };

static volatile int *ready, *killed;

static void *execs(void *self)
{
	char *argv[] = { self, "again", NULL }, *envp[] = { NULL };

	*ready = 1;
	while (!*killed)
		sched_yield();
	execve(self, argv, envp);
	_exit(BROKEN);
}

static void live(char *self)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, execs, self) != 0 || setpriority(PRIO_PROCESS, 0, 19) < 0)
		_exit(BROKEN + 1);
	for (;;)
		;
}

int main(int argc, char **argv)
{
	int by_signal = 0, status = -1;

	if (argc > 1 && argv[1])
		return 1; /* exec'd after all */
	ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	MUST(ready == MAP_FAILED ? -1 : 0);
	killed = ready + 1;
	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid;

		*ready = *killed = 0;
		pid = MUST(fork());
		if (pid == 0)
			live("/proc/self/exe");
		while (!*ready)
			sched_yield();
		MUST(kill(pid, SIGKILL));
		*killed = 1;
		MUST(waitpid(pid, &status, 0));
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			by_signal++;
		else
			say("round %d: status %#x", i, status);
	}
	say("%d of %d ended by SIGKILL", by_signal, ROUNDS);
	return 0;
}
