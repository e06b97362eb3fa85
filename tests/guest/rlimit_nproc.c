/*
 * RLIMIT_NPROC: processes, threads and zombies of the real user id count; root
 * is exempt; a user who is beyond it by setuid cannot exec.
 *
 * native: no
 *
 * From getrlimit(2), fork(2), execve(2), setuid(2).
 */
#include "check.h"
#include <pthread.h>

static void limit(unsigned n)
{
	MUST(setrlimit(RLIMIT_NPROC, &(struct rlimit){ n, RLIM_INFINITY }));
}

/* Children that wait for a signal, until fork is refused. */
static int fill(pid_t *pid, int most)
{
	int n = 0;

	while (n < most && (pid[n] = fork()) > 0)
		n++;
	if (n < most && pid[n] == 0)
		for (;;)
			pause();
	return n;
}

static void empty(pid_t *pid, int n)
{
	for (int i = 0; i < n; i++)
		MUST(kill(pid[i], SIGKILL));
	for (int i = 0; i < n; i++)
		MUST(waitpid(pid[i], NULL, 0));
}

static void processes(void)
{
	pid_t pid[20];
	int n;

	limit(8);
	MUST(setuid(1001));
	VALUE_OF("children, limit 8", n = fill(pid, 20));
	VALUE_OF("one more", fork());
	MUST(kill(pid[0], SIGKILL));
	MUST(waitid(P_PID, pid[0], &(siginfo_t){ 0 }, WEXITED | WNOWAIT));
	VALUE_OF("a zombie counts", fork());
	MUST(waitpid(pid[0], NULL, 0));
	pid[0] = fork();
	if (pid[0] == 0)
		for (;;)
			pause();
	OK_OF("once it is reaped", pid[0]);
	empty(pid, n);
	VALUE_OF("again", n = fill(pid, 20));
	empty(pid, n);
	limit(0);
	VALUE_OF("limit 0", fork());
	limit(20);
	VALUE_OF("vfork and the like are no other: limit 20", n = fill(pid, 20));
	empty(pid, n);
}

static void *sleeper(void *arg)
{
	pause();
	return arg;
}

static void threads(void)
{
	pthread_t thread;
	int n = 0, error;

	limit(8);
	MUST(setuid(1002));
	while ((error = pthread_create(&thread, NULL, sleeper, NULL)) == 0)
		n++;
	VALUE_OF("threads, limit 8", n);
	say("then: %s", errno_text(error));
	VALUE_OF("and fork", fork());
}

static void root(void)
{
	pid_t pid[5];
	int n;

	limit(0);
	VALUE_OF("root", n = fill(pid, 5));
	empty(pid, n);
	MUST(setresuid(1003, 0, 0));
	VALUE_OF("effective uid 0", n = fill(pid, 5));
	empty(pid, n);
	MUST(setresuid(0, 1003, 0));
	VALUE_OF("real uid 0", n = fill(pid, 5));
	empty(pid, n);
}

static void exec(void)
{
	char *argv[] = { "rlimit_nproc", "child", NULL };

	for (int i = 0; i < 2; i++) {
		if (MUST(fork()) == 0) {
			MUST(setuid(1004));
			for (;;)
				pause();
		}
	}
	sleep_ms(100);
	limit(1);
	VALUE_OF("setuid beyond the limit", setuid(1004));
	VALUE_OF("exec", execv("/proc/self/exe", argv));
	VALUE_OF("again", execv("/proc/self/exe", argv));
	limit(3);
	VALUE_OF("with a higher limit", execv("/proc/self/exe", argv));
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		say("runs");
		return kill(-1, SIGKILL);
	}
	in_child("processes", processes);
	in_child("threads", threads);
	in_child("root", root);
	in_child("exec", exec);
	return 0;
}
