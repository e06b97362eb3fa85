/*
 * SIGSTOP stops every thread of a process, whichever takes it, and SIGCONT
 * continues every one; threads that sleep in a system call stand still, too.
 *
 * The threads count in shared memory: from the moment that waitpid reports the
 * stop, no counter moves. From signal(7), wait(2), pthreads(7).
 */
#include "check.h"
#include <pthread.h>

enum { SPINNERS = 3, PATIENCE_MS = 10000 };

static volatile long *counters; /* SPINNERS of them, then the reader's */
static int to_reader[2];
static volatile long *spinner_tid;

static void *spin(void *number)
{
	if ((long)number == SPINNERS - 1)
		*spinner_tid = syscall(SYS_gettid);
	for (;;)
		counters[(long)number]++;
	return NULL;
}

static void *reader(void *unused)
{
	char byte;

	while (read(to_reader[0], &byte, 1) == 1)
		counters[SPINNERS]++;
	return unused;
}

static void *nap(void *unused)
{
	for (;;)
		sleep_ms(3);
	return unused;
}

static pid_t threaded(void)
{
	pid_t pid = MUST(fork());

	if (pid == 0) {
		pthread_t thread;

		for (long i = 1; i < SPINNERS; i++)
			MUST(-pthread_create(&thread, NULL, spin, (void *)i));
		MUST(-pthread_create(&thread, NULL, reader, NULL));
		MUST(-pthread_create(&thread, NULL, nap, NULL));
		spin(0);
	}
	return pid;
}

static void snapshot(long *seen)
{
	for (int i = 0; i <= SPINNERS; i++)
		seen[i] = counters[i];
}

static int moved_since(const long *seen)
{
	int moved = 0;

	for (int i = 0; i < SPINNERS; i++)
		moved += counters[i] != seen[i];
	return moved;
}

/* Waits until all spinners have moved. */
static void all_move(const char *label)
{
	long seen[SPINNERS + 1], before = now_ms();

	snapshot(seen);
	while (moved_since(seen) < SPINNERS && now_ms() - before < PATIENCE_MS)
		sleep_ms(5);
	say("%s: threads that move: %d", label, moved_since(seen));
}

/* It was told to stop: nothing moves, not even a reader that is given a byte. */
static void is_stopped(const char *label, pid_t pid)
{
	long seen[SPINNERS + 1];
	int status = 0;

	MUST(waitpid(pid, &status, WUNTRACED));
	snapshot(seen);
	say("%s: %s", label, status_text(status));
	MUST(write(to_reader[1], "x", 1));
	sleep_ms(100);
	VALUE_OF("threads that moved", moved_since(seen));
	VALUE_OF("bytes that the reader took", counters[SPINNERS] - seen[SPINNERS]);
	VALUE_OF("reported once", waitpid(pid, &status, WUNTRACED | WNOHANG));
}

static void is_continued(pid_t pid)
{
	long taken = counters[SPINNERS], before = now_ms();
	int status = 0;

	MUST(kill(pid, SIGCONT));
	MUST(waitpid(pid, &status, WCONTINUED));
	say("%s", status_text(status));
	all_move("after SIGCONT");
	while (counters[SPINNERS] == taken && now_ms() - before < PATIENCE_MS)
		sleep_ms(5);
	VALUE_OF("bytes that the reader took then", counters[SPINNERS] - taken);
}

int main(void)
{
	int status;
	pid_t pid;

	MUST(pipe(to_reader));
	counters = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	MUST(counters == MAP_FAILED ? -1 : 0);
	spinner_tid = counters + SPINNERS + 1;
	pid = threaded();
	all_move("started");
	for (int round = 0; round < 3; round++) {
		MUST(kill(pid, SIGSTOP));
		is_stopped("SIGSTOP to the process", pid);
		is_continued(pid);
	}
	MUST(syscall(SYS_tgkill, pid, *spinner_tid, SIGSTOP));
	is_stopped("SIGSTOP to one thread", pid);
	is_continued(pid);
	MUST(syscall(SYS_tgkill, pid, *spinner_tid, SIGSTOP));
	is_stopped("once more", pid);
	MUST(syscall(SYS_tgkill, pid, pid, SIGCONT));
	all_move("SIGCONT to another thread continues all");
	MUST(waitpid(pid, &status, WCONTINUED));
	say("%s", status_text(status));
	MUST(kill(pid, SIGSTOP));
	is_stopped("the last time", pid);
	MUST(kill(pid, SIGTERM));
	sleep_ms(50);
	VALUE_OF("SIGTERM waits", waitpid(pid, &status, WNOHANG));
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, &status, 0));
	say("SIGKILL does not: %s", status_text(status));
	return 0;
}
