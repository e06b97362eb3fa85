/*
 * How processes of several threads end, many times over: all threads leave at
 * once, exits and execs and fatal signals meet, the first thread leaves while
 * another execs, joins of threads that just end. Meant for several CPUs. Only
 * what every order allows is printed. From exit_group(2), execve(2).
 */
#include "check.h"
#include <pthread.h>

enum { TIMES = 40, THREADS = 5, JOINS = 300 };

static char self[PATH_MAX];
static volatile int *go;

static void *leave(void *status)
{
	while (!*go)
		;
	syscall(SYS_exit, status);
	return NULL;
}

static void *leave_all(void *status)
{
	while (!*go)
		;
	syscall(SYS_exit_group, status);
	return NULL;
}

static void *exec_self(void *status)
{
	while (!*go)
		;
	execl(self, "thread_storm", "again", (char *)NULL);
	return status;
}

static void *kill_all(void *unused)
{
	while (!*go)
		;
	kill(getpid(), SIGKILL);
	return unused;
}

static void *crash(void *unused)
{
	while (!*go)
		;
	*(volatile char *)nowhere = 1;
	return unused;
}

static void *fork_on(void *unused)
{
	while (!*go)
		;
	for (int i = 0; i < 3; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	syscall(SYS_exit, 7);
	return unused;
}

static void *thread_on(void *unused)
{
	pthread_t thread;

	while (!*go)
		;
	for (int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, leave, (void *)7);
	syscall(SYS_exit, 7);
	return unused;
}

typedef void *body(void *);

/* Children whose threads run these bodies at once; how many ended in none of the ways. */
static void storm(const char *label, body *const bodies[THREADS], const int *allowed, int nallowed)
{
	int wrong = 0, status;

	for (int i = 0; i < TIMES; i++) {
		*go = 0;
		pid_t pid = MUST(fork());
		if (pid == 0) {
			pthread_t thread;

			if (i & 1)
				setsid();
			for (int k = 1; k < THREADS; k++)
				MUST(-pthread_create(&thread, NULL, bodies[k], (void *)7));
			*go = 1;
			bodies[0]((void *)7);
			for (;;)
				pause();
		}
		MUST(waitpid(pid, &status, 0));
		int right = 0;
		for (int k = 0; k < nallowed; k++)
			right |= status == allowed[k];
		if (!right)
			say("%s: %s", label, status_text(status));
		wrong += !right;
	}
	VALUE_OF(label, wrong);
}

static void *nothing(void *argument)
{
	return argument;
}

static void joins(void)
{
	pthread_t thread[4];
	long wrong = 0;
	void *result;

	for (long i = 0; i < JOINS; i++) {
		for (long k = 0; k < 4; k++)
			MUST(-pthread_create(&thread[k], NULL, nothing, (void *)(i + k)));
		for (long k = 0; k < 4; k++)
			wrong += pthread_join(thread[k], &result) || result != (void *)(i + k);
	}
	VALUE_OF("joined, wrong", wrong);
}

int main(int argc, char **argv)
{
	enum { SEVEN = 7 << 8, AGAIN = 9 << 8 };
	static const int seven[] = { SEVEN }, either[] = { SEVEN, AGAIN }, again[] = { AGAIN },
			 killed[] = { SEVEN, AGAIN, SIGKILL },
			 faulted[] = { SIGSEGV, SIGSEGV | 0x80, SEVEN, AGAIN };
	static body *const all_leave[THREADS] = { leave, leave, leave, leave, leave };
	static body *const all_groups[THREADS] = { leave_all, leave_all, leave_all, leave, leave };
	static body *const execs[THREADS] = { leave, exec_self, leave, leave, leave };
	static body *const execs_two[THREADS] = { leave, exec_self, exec_self, leave, exec_self };
	static body *const exec_or_exit[THREADS] = { exec_self, leave_all, exec_self, leave, leave_all };
	static body *const any[THREADS] = { exec_self, kill_all, leave_all, leave, exec_self };
	static body *const faults[THREADS] = { crash, leave, crash, exec_self, leave_all };
	static body *const makers[THREADS] = { leave, fork_on, thread_on, fork_on, thread_on };
	static body *const cut_off[THREADS] = { fork_on, thread_on, leave_all, fork_on, thread_on };

	(void)argv;
	if (argc > 1)
		return syscall(SYS_gettid) == getpid() ? 9 : 10;
	MUST(readlink("/proc/self/exe", self, sizeof(self) - 1));
	go = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	MUST(go == MAP_FAILED ? -1 : 0);
	storm("all leave", all_leave, seven, 1);
	storm("exit_group, three times", all_groups, seven, 1);
	storm("one execs, all others leave", execs, again, 1);
	storm("three exec", execs_two, again, 1);
	storm("exec or exit_group", exec_or_exit, either, 2);
	storm("exec, SIGKILL or exit_group", any, killed, 3);
	storm("faults", faults, faulted, 4);
	storm("forks and new threads", makers, seven, 1);
	storm("forks and new threads, cut off", cut_off, seven, 1);
	joins();
	return 0;
}
