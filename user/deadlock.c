/*
 * deadlock - a mutex held by a thread that is not there.
 *
 * fork copies the memory, locked mutexes too, but only one thread: what another thread held stays
 * locked in the child for ever. Look for: the child's lock, which does not come (it gives up after
 * a while: a timed lock); the cure for libraries, pthread_atfork: take all locks before fork, in
 * reverse order of registration, give them back on both sides; the cure between processes, a
 * robust mutex: the kernel marks it when its holder ends, and the next one is told (EOWNERDEAD).
 * To think about: why does prepare go in reverse order? Why does a program that execs at once
 * after fork not need any of this, and malloc in the child does?
 * In the kernel: kernel/proc/clone.c copies what there is; the robust list: kernel/proc/robust.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 100, HOLD_MS = 50 };

static int failures;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int held[2], release[2];	/* pipes: the holder says that it has the lock; is told to let go */

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
	printf("  %s: %s\n", what, holds ? "yes" : "no");
	failures += !holds;
}

static int lock_for_a_while(pthread_mutex_t *mutex)
{
	struct timespec end;

	must(clock_gettime(CLOCK_REALTIME, &end), "clock_gettime");
	end.tv_nsec += PATIENCE_MS * 1000000L;
	end.tv_sec += end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	return pthread_mutex_timedlock(mutex, &end);
}

static void *hold_until_told(void *unused)
{
	char byte;

	pthread_mutex_lock(&lock);
	must(write(held[1], "h", 1), "write");
	must(read(release[0], &byte, 1), "read");
	pthread_mutex_unlock(&lock);
	return unused;
}

static void *hold_for_a_while(void *unused)
{
	struct timespec t = { .tv_nsec = HOLD_MS * 1000000L };

	pthread_mutex_lock(&lock);
	must(write(held[1], "h", 1), "write");
	nanosleep(&t, NULL);
	pthread_mutex_unlock(&lock);
	return unused;
}

static void end_child(void)
{
	fflush(stdout);
	_exit(failures ? 1 : 0);
}

static void wait_for_child(pid_t pid)
{
	int status = -1;

	must(waitpid(pid, &status, 0), "waitpid");
	relation("the child has ended well", status == 0);
}

/* Forks while another thread holds the lock; the child tries to get it. */
static void fork_while_held(void *(*hold)(void *), int expected, const char *what)
{
	pthread_t holder;
	char byte;
	pid_t pid;

	must(-pthread_create(&holder, NULL, hold, NULL), "pthread_create");
	must(read(held[0], &byte, 1), "read");
	fflush(stdout);
	pid = (pid_t)must(fork(), "fork");
	if (pid == 0) {
		relation(what, lock_for_a_while(&lock) == expected);
		end_child();
	}
	wait_for_child(pid);
	if (hold == hold_until_told)
		must(write(release[1], "r", 1), "write");
	pthread_join(holder, NULL);
	relation("parent: the thread has let go, the lock can be taken",
		 pthread_mutex_lock(&lock) == 0);
	pthread_mutex_unlock(&lock);
}

/* Two libraries register; the first one's handlers guard our lock. A letter for each call. */
static char calls[16];
static size_t ncalls;

static void note(char letter)
{
	if (ncalls < sizeof(calls) - 1)
		calls[ncalls++] = letter;
}

static void first_prepare(void)
{
	note('p');
	pthread_mutex_lock(&lock);	/* waits for the holder */
}

static void first_parent(void)
{
	pthread_mutex_unlock(&lock);
	note('a');
}

static void first_child(void)
{
	pthread_mutex_unlock(&lock);
	note('c');
}

static void second_prepare(void)	{ note('P'); }
static void second_parent(void)		{ note('A'); }
static void second_child(void)		{ note('C'); }

static void show_order(void)
{
	pid_t pid;

	ncalls = 0;
	fflush(stdout);
	pid = (pid_t)must(fork(), "fork");
	if (pid == 0) {
		relation("child: prepare of second and first; child of first and second",
			 strcmp(calls, "PpcC") == 0);
		end_child();
	}
	wait_for_child(pid);
	relation("parent: prepare of second and first; parent of first and second",
		 strcmp(calls, "PpaA") == 0);
}

static void show_robust(void)
{
	pthread_mutex_t *mutex = mmap(NULL, sizeof(*mutex), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attributes;
	pid_t pid;

	must(mutex == MAP_FAILED ? -1 : 0, "mmap");
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(mutex, &attributes);
	fflush(stdout);
	pid = (pid_t)must(fork(), "fork");
	if (pid == 0) {
		relation("child: takes it, and ends with it", pthread_mutex_lock(mutex) == 0);
		end_child();
	}
	wait_for_child(pid);
	relation("parent: is told that the owner is dead", lock_for_a_while(mutex) == EOWNERDEAD);
	relation("parent: has the lock, and repairs what it guards",
		 pthread_mutex_consistent(mutex) == 0);
	relation("parent: unlocks it", pthread_mutex_unlock(mutex) == 0);
	relation("parent: the next lock is as ever", lock_for_a_while(mutex) == 0);
	pthread_mutex_unlock(mutex);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	must(pipe(held), "pipe");
	must(pipe(release), "pipe");
	printf("fork while another thread holds a lock\n");
	fork_while_held(hold_until_told, ETIMEDOUT, "child: waits for it in vain");
	printf("the same with pthread_atfork\n");
	must(-pthread_atfork(first_prepare, first_parent, first_child), "pthread_atfork");
	must(-pthread_atfork(second_prepare, second_parent, second_child), "pthread_atfork");
	fork_while_held(hold_for_a_while, 0, "child: gets it, and goes on");
	printf("the order of the handlers\n");
	show_order();
	printf("a robust mutex, shared by two processes\n");
	show_robust();
	return failures ? 1 : 0;
}
