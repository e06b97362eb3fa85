/*
 * Threaded processes that end while something else happens to them: SIGKILL during
 * an exec from one thread of several, and children whose parent ignores SIGCHLD,
 * so that nobody waits, with the first thread the first or the last to go.
 *
 * The delays differ from round to round, to meet every moment. From execve(2),
 * wait(2) (SIGCHLD ignored), exit_group(2), clone(2).
 */
#include "clone.h"
#include <pthread.h>

enum { KILLS = 40, CHILDREN = 100, PATIENCE_MS = 5000 };
enum { THREAD_FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		      CLONE_SYSVSEM };

static void sleep_us(long us)
{
	nanosleep(&(struct timespec){ 0, us * 1000 }, NULL);
}

static void *spin(void *unused)
{
	for (;;)
		;
	return unused;
}

static void exec_among_threads(long us)
{
	char *argv[] = { "threads_races", "wait", NULL };
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		MUST(-pthread_create(&thread, NULL, spin, NULL));
	sleep_us(us);
	execv("/proc/self/exe", argv);
	_exit(9);
}

static void killed_in_exec(void)
{
	int status, killed = 0, lost = 0;

	for (int i = 0; i < KILLS; i++) {
		pid_t pid = MUST(fork()), done;
		long before;

		if (pid == 0)
			exec_among_threads(i * 300);
		sleep_us(i * 700);
		MUST(kill(pid, SIGKILL));
		before = now_ms();
		while ((done = waitpid(pid, &status, WNOHANG)) == 0 &&
		       now_ms() - before < PATIENCE_MS)
			sleep_us(500);
		killed += done == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
		if (done == 0) {
			lost++;
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
		}
	}
	say("SIGKILL during exec: killed %d, lost %d", killed, lost);
}

static int thread_body(void *us)
{
	/* No C library here: the thread has no memory of its own. */
	struct timespec delay = { 0, (long)us * 1000 };
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_nanosleep), "D"(&delay), "S"(0)
			 : "rcx", "r11", "memory");
	return 0;
}

/* Two threads end at about the same time, each by a bare exit. */
static void two_threads_end(int i)
{
	raw_clone(THREAD_FLAGS, thread_body, (void *)(long)(i % 10 * 200));
	sleep_us(i / 10 * 200);
	syscall(SYS_exit, 0);
}

static void nobody_waits(void)
{
	int ended[2], status;
	char byte;

	MUST(pipe(ended));
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < CHILDREN; i++) {
		if (MUST(fork()) == 0)
			two_threads_end(i);
		if (i % 8 == 7)
			sleep_us(3000);
	}
	VALUE_OF("wait, all have gone by themselves", waitpid(-1, &status, 0));
	close(ended[1]);
	VALUE_OF("nobody holds their descriptors", read(ended[0], &byte, 1));
	close(ended[0]);
	signal(SIGCHLD, SIG_DFL);
}

static void waited_for(void)
{
	int status, right = 0;

	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = MUST(fork());

		if (pid == 0)
			two_threads_end(i);
		right += waitpid(pid, &status, 0) == pid && status == 0;
	}
	VALUE_OF("waited for", right);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "wait"))
		for (;;)
			pause();
	killed_in_exec();
	nobody_waits();
	waited_for();
	return 0;
}
