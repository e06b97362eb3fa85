/*
 * forkdemo - fork is called once and returns twice.
 *
 * Look for: the two return values (0 in the child, the child's pid in the parent); who is whose
 * parent; a variable that both sides write and neither sees of the other; a signal that waits
 * for the parent (blocked, pending) and not for the child. Everything else is a copy.
 * In the kernel: kernel/proc/clone.c. With -v: the numbers of the processes.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

static bool is_pending(int signo)
{
	sigset_t set;

	must(sigpending(&set), "sigpending");
	return sigismember(&set, signo);
}

static void child(pid_t parent, volatile int *variable)
{
	if (verbose)
		printf("# child: fork returned 0, pid %d, ppid %d\n", getpid(), getppid());
	relation("child: fork returned 0", true);
	relation("child: my parent is the process that called fork", getppid() == parent);
	relation("child: my pid is another", getpid() != parent);
	relation("child: the variable has the value from before fork", *variable == 1);
	relation("child: the signal is still blocked, but not pending here", !is_pending(SIGUSR1));
	*variable = 2;
	relation("child: I wrote the variable and see it", *variable == 2);
	exit(failures ? 1 : 0);
}

int main(int argc, char **argv)
{
	volatile int variable = 1;
	pid_t parent = getpid(), pid;
	sigset_t set;
	int status;

	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	must(sigprocmask(SIG_BLOCK, &set, NULL), "sigprocmask");
	must(kill(parent, SIGUSR1), "kill");
	relation("before: a blocked signal is pending", is_pending(SIGUSR1));

	pid = (pid_t)must(fork(), "fork");
	if (pid == 0)
		child(parent, &variable);

	must(waitpid(pid, &status, 0), "waitpid");	/* first, so that lines come in order */
	if (verbose)
		printf("# parent: fork returned %d, pid %d\n", pid, getpid());
	relation("parent: fork returned the pid of the child", pid > 0 && pid != parent);
	relation("parent: I am who I was", getpid() == parent);
	relation("parent: what the child wrote is not here", variable == 1);
	relation("parent: the signal is still pending here", is_pending(SIGUSR1));
	relation("parent: the child has ended well", WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return failures ? 1 : 0;
}
