/*
 * How a process of several threads ends: exit() in any thread, the first thread
 * gone before the others, exec from a thread, a fatal signal, SIGKILL; and fork
 * from a thread, whose child has one thread.
 *
 * The processes under test count in shared memory, which must stand still when
 * they have been waited for. From pthread_exit(3), exit_group(2), execve(2),
 * fork(2), signal(7), pthreads(7).
 */
#include "check.h"
#include <pthread.h>

enum { SPINNERS = 3 };

static volatile long *counters;
static int parent_to_child[2];
static char self[PATH_MAX]; /* /proc/self/exe is gone when the first thread is */

static void *spin(void *number)
{
	for (;;)
		counters[(long)number]++;
	return NULL;
}

static void *sleep_on(void *unused)
{
	char byte;

	read(parent_to_child[0], &byte, 1);
	return unused;
}

/* Threads that count, and one that sleeps in a system call. All have started. */
static void start_spinners(void)
{
	pthread_t thread;

	for (long i = 0; i < SPINNERS; i++)
		MUST(-pthread_create(&thread, NULL, spin, (void *)i));
	MUST(-pthread_create(&thread, NULL, sleep_on, NULL));
	for (long i = 0; i < SPINNERS; i++)
		while (!counters[i])
			sched_yield();
}

static void wait_for_ever(void)
{
	for (;;)
		pause();
}

static void *call_exit(void *status)
{
	exit((int)(long)status);
}

static void *call_exit_later(void *status)
{
	sleep_ms(80);
	exit((int)(long)status);
}

static void *crash(void *unused)
{
	*(volatile char *)nowhere = 1;
	return unused;
}

static void *call_abort(void *unused)
{
	(void)unused;
	abort();
}

static void *call_exec(void *word)
{
	char *argv[] = { "threads_exit", word, NULL };

	execv(self, argv);
	exit(33);
}

static void run(void *(*body)(void *), void *argument)
{
	pthread_t thread;

	MUST(-pthread_create(&thread, NULL, body, argument));
}

static void exit_in_main(void)
{
	start_spinners();
	exit(21);
}

static void return_status(void)
{
	start_spinners();
	_exit(22);
}

static void exit_in_thread(void)
{
	start_spinners();
	run(call_exit, (void *)23);
	wait_for_ever();
}

static void segv_in_thread(void)
{
	start_spinners();
	run(crash, NULL);
	wait_for_ever();
}

static void abort_in_thread(void)
{
	start_spinners();
	run(call_abort, NULL);
	wait_for_ever();
}

static void term(void)
{
	start_spinners();
	kill(getpid(), SIGTERM);
	wait_for_ever();
}

static void kill_self(void)
{
	start_spinners();
	kill(getpid(), SIGKILL);
	wait_for_ever();
}

static void exec_in_thread(void)
{
	start_spinners();
	run(call_exec, "second life");
	wait_for_ever();
}

static void exec_in_main(void)
{
	start_spinners();
	call_exec("second life");
}

static void *return_only(void *unused)
{
	sleep_ms(50);
	return unused;
}

static void *exec_later(void *word)
{
	sleep_ms(50);
	return call_exec(word);
}

static void *signal_later(void *unused)
{
	sleep_ms(50);
	kill(getpid(), SIGUSR1);
	wait_for_ever();
	return unused;
}

/*
 * The first thread goes; the process does not. In a new program each: after
 * fork, musl 1.2.3 does not know how the first thread is to go.
 */
static void main_leaves(const char *word)
{
	if (!strcmp(word, "exit"))
		run(call_exit_later, (void *)24);
	else if (!strcmp(word, "exec"))
		run(exec_later, "second life");
	else if (!strcmp(word, "signal"))
		run(signal_later, NULL);
	else if (!strcmp(word, "all"))
		for (int i = 0; i < 3; i++)
			run(return_only, NULL);
	pthread_exit(NULL);
}

static void leave_to_exit(void) { call_exec("exit"); }
static void leave_to_exec(void) { call_exec("exec"); }
static void leave_to_signal(void) { call_exec("signal"); }
static void leave_all(void) { call_exec("all"); }
static void leave_alone(void) { call_exec("nobody"); }

static void *raw_exit_later(void *status)
{
	sleep_ms(50);
	syscall(SYS_exit, status);
	return NULL;
}

/* Without exit_group: all with one status, as kernels differ in whose counts. */
static void raw_exits(void)
{
	run(raw_exit_later, (void *)31);
	run(raw_exit_later, (void *)31);
	syscall(SYS_exit, 31);
}

/* The process ends by `body`, and nothing of it goes on. */
static void ends(const char *label, void (*body)(void))
{
	long seen[SPINNERS], moved = 0;

	memset((void *)counters, 0, PAGE);
	in_child(label, body);
	for (int i = 0; i < SPINNERS; i++)
		seen[i] = counters[i];
	sleep_ms(20);
	for (int i = 0; i < SPINNERS; i++)
		moved += seen[i] != counters[i];
	if (moved)
		say("%s: %ld threads go on", label, moved);
}

static void *fork_here(void *unused)
{
	int status;
	pid_t pid = MUST(fork());

	(void)unused;
	if (pid == 0) {
		long seen[SPINNERS], moved = 0;

		/* The counters are the parent's threads': ours, made private, stand still. */
		MUST((long)mmap((void *)counters, PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
		memcpy(seen, (void *)counters, sizeof(seen));
		sleep_ms(50);
		for (int i = 0; i < SPINNERS; i++)
			moved += seen[i] != counters[i];
		_exit(syscall(SYS_gettid) == getpid() && !moved ? 25 : 26);
	}
	MUST(waitpid(pid, &status, 0));
	say("fork in a thread: %s", status_text(status));
	exit(27);
}

static void fork_in_thread(void)
{
	start_spinners();
	run(fork_here, NULL);
	wait_for_ever();
}

/* A process whose first thread has gone can still be signalled, not yet reaped. */
static void zombie_leader(void)
{
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0)
		run(sleep_on, NULL), syscall(SYS_exit, 0);
	sleep_ms(50);
	VALUE_OF("first thread gone: not yet to be reaped", waitpid(pid, &status, WNOHANG));
	VALUE_OF("kill(pid, 0)", kill(pid, 0));
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, &status, 0));
	say("then killed: %s", status_text(status));
}

/* Status 28 if the exec'd program is the one thread of the same process. */
static int second_life(void)
{
	sleep_ms(20);
	return syscall(SYS_gettid) == getpid() ? 28 : 29;
}

int main(int argc, char **argv)
{
	MUST(readlink("/proc/self/exe", self, sizeof(self) - 1));
	if (argc == 2 && !strcmp(argv[1], "second life"))
		return second_life();
	if (argc == 2)
		main_leaves(argv[1]);
	MUST(pipe(parent_to_child));
	counters = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	MUST(counters == MAP_FAILED ? -1 : 0);
	ends("exit in the first thread", exit_in_main);
	ends("_exit in the first thread", return_status);
	ends("exit in another", exit_in_thread);
	ends("a fault in a thread", segv_in_thread);
	ends("abort in a thread", abort_in_thread);
	ends("SIGTERM", term);
	ends("SIGKILL", kill_self);
	ends("exec in a thread", exec_in_thread);
	ends("exec in the first thread", exec_in_main);
	ends("the first thread leaves, another calls exit", leave_to_exit);
	ends("the first thread leaves, another calls exec", leave_to_exec);
	ends("the first thread leaves, a signal", leave_to_signal);
	ends("all leave", leave_all);
	ends("the only one leaves", leave_alone);
	ends("bare exits of threads", raw_exits);
	ends("with a fork", fork_in_thread);
	zombie_leader();
	return 0;
}
