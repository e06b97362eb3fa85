/*
 * Storm: a signal that kills, sent while a thread that is not the leader execs.
 * Whichever thread takes it, before, while or after exec ends the others, the
 * process dies by it: exec must not outlive it.
 *
 * args: 10
 *
 * From execve(2), kill(2), signal(7).
 */
#include "storm.h"

enum { ROUNDS = 1500, PATIENCE_MS = 4000 };

static char self[PATH_MAX];
static atomic_int *begun;
static unsigned seed = 1;

static void *sibling(void *unused)
{
	char *argv[] = { "storm_execkill", "second", "life", NULL }, *envp[] = { NULL };

	*begun = 1;
	spin(dice(&seed, 300));
	execve(self, argv, envp);
	return unused;
}

/* The leader gets the signal in user mode or on its way out of the kernel. */
static void live(void)
{
	pthread_t thread;

	MUST(-pthread_create(&thread, NULL, sibling, NULL));
	for (;;)
		getppid();
}

/* False if it lives on; then it is killed. */
static int dies(pid_t pid, int *status)
{
	for (long end = now_ms() + PATIENCE_MS; now_ms() < end; sleep_us(100))
		if (waitpid(pid, status, WNOHANG) == pid)
			return 1;
	kill(pid, SIGKILL);
	waitpid(pid, status, 0);
	return 0;
}

int main(int argc, char **argv)
{
	int status;

	if (argc > 2)
		for (;;)
			pause();
	MUST(readlink("/proc/self/exe", self, sizeof(self) - 1));
	storm_start(argc, argv);
	begun = share(sizeof(*begun));
	for (long i = 0; i < rounds(ROUNDS); i++) {
		int signal_number = i % 2 ? SIGKILL : SIGTERM;
		pid_t pid;

		*begun = 0;
		dice(&seed, 2);
		pid = MUST(fork());
		if (pid == 0)
			live();
		await(begun, 1);
		spin(dice(&seed, 6000));
		CHECK(kill(pid, signal_number) == 0);
		CHECK(dies(pid, &status));
		CHECK_SAW(WIFSIGNALED(status) && WTERMSIG(status) == signal_number, status);
	}
	return storm_end();
}
