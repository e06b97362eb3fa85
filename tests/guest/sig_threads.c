/*
 * Signals of threaded processes: which thread takes one that is sent to the
 * process; that it goes to another one when the chosen one blocks it, sleeps in
 * another call or ends; what is pending where; stop and continue of all threads
 * at once; a fatal one ends all; actions belong to the process, masks to the
 * thread.
 *
 * From signal(7), pthreads(7), pthread_sigmask(3), tgkill(2).
 */
#include "check.h"
#include <pthread.h>

enum { RT = 40 };

static pid_t main_tid, threads_tid;
static volatile pid_t taker;
static volatile int ntaken, go;

static pid_t tid(void)
{
	return syscall(SYS_gettid);
}

static const char *who(pid_t who)
{
	return !who ? "nobody" : who == main_tid ? "main" : who == threads_tid ? "the thread" : "?";
}

static void handler(int number)
{
	(void)number;
	taker = tid();
	ntaken++;
}

static void mask(int how, int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	MUST(-pthread_sigmask(how, &set, NULL));
}

static void wait_for(volatile int *what, int value)
{
	for (int ms = 0; *what != value && ms < 3000; ms++)
		sleep_ms(1);
}

static void *sleeper(void *unused)
{
	threads_tid = tid();
	go = 1;
	while (go == 1)
		sleep_ms(5);
	return unused;
}

static pthread_t start(void *(*body)(void *))
{
	pthread_t thread;

	go = 0;
	MUST(-pthread_create(&thread, NULL, body, NULL));
	wait_for(&go, 1);
	return thread;
}

static void stop(pthread_t thread)
{
	go = 2;
	MUST(-pthread_join(thread, NULL));
}

static void sent(const char *label)
{
	taker = 0, ntaken = 0;
	MUST(kill(getpid(), SIGUSR1));
	sleep_ms(30);
	say("%s: taken by %s", label, who(taker));
}

static void chosen(void)
{
	pthread_t thread = start(sleeper);
	sigset_t set;

	sent("both open");
	mask(SIG_BLOCK, SIGUSR1);
	sent("main blocks it");
	mask(SIG_UNBLOCK, SIGUSR1);
	stop(thread);
	mask(SIG_BLOCK, SIGUSR1);
	thread = start(sleeper); /* inherits the mask */
	sent("both block it");
	MUST(sigpending(&set));
	say("main sees it pending: %d", sigismember(&set, SIGUSR1));
	mask(SIG_UNBLOCK, SIGUSR1);
	say("main opens: taken by %s", who(taker));
	MUST(syscall(SYS_tgkill, getpid(), threads_tid, SIGUSR1));
	MUST(sigpending(&set));
	say("main sees the thread's: %d", sigismember(&set, SIGUSR1));
	stop(thread);
}

static void *blocks_and_sleeps(void *unused)
{
	mask(SIG_BLOCK, SIGUSR1);
	threads_tid = tid();
	go = 1;
	while (go == 1)
		sleep_ms(2);
	mask(SIG_UNBLOCK, SIGUSR1); /* main ends with it pending for the process */
	while (go == 3)
		sleep_ms(2);
	return unused;
}

static void opens_later(void)
{
	pthread_t thread;

	mask(SIG_UNBLOCK, SIGUSR1);
	thread = start(blocks_and_sleeps);
	mask(SIG_BLOCK, SIGUSR1);
	taker = 0, ntaken = 0;
	MUST(kill(getpid(), SIGUSR1));
	sleep_ms(10);
	say("all block it: taken by %s", who(taker));
	go = 3;
	wait_for(&ntaken, 1);
	say("the thread opens: taken by %s", who(taker));
	stop(thread);
	mask(SIG_UNBLOCK, SIGUSR1);
}

/* The chosen one goes on blocking signals while they come: none is lost, none left. */
static void *blinker(void *unused)
{
	threads_tid = tid();
	go = 1;
	while (go == 1) {
		mask(SIG_BLOCK, RT);
		mask(SIG_UNBLOCK, RT);
	}
	mask(SIG_BLOCK, RT);
	go = 3;
	while (go == 3)
		sleep_ms(1);
	return unused;
}

static void count(int number)
{
	(void)number;
	__atomic_add_fetch(&ntaken, 1, __ATOMIC_SEQ_CST);
}

static void blinking(void)
{
	enum { SENT = 500 };
	pthread_t blinking_thread, thread;
	pid_t pid, parent = getpid();

	signal(RT, count);
	ntaken = 0;
	mask(SIG_BLOCK, RT);
	blinking_thread = start(blinker);
	mask(SIG_UNBLOCK, RT);
	thread = blinking_thread;
	pid = MUST(fork());
	if (pid == 0) {
		for (int i = 0; i < SENT; i++) {
			MUST(sigqueue(parent, RT, (union sigval){ 0 }));
			if (i % 50 == 0)
				sleep_ms(1);
		}
		_exit(0);
	}
	while (waitpid(pid, NULL, 0) == -1)
		;
	go = 2;
	wait_for(&go, 3);
	wait_for(&ntaken, SENT);
	say("sent to one that blinks and one that sleeps: %d", ntaken);
	stop(thread);
}

static void *ends(void *unused)
{
	mask(SIG_UNBLOCK, RT);
	return unused;
}

/* Threads that end while signals come that they would take. */
static void ending(void)
{
	enum { SENT = 200 };

	ntaken = 0;
	mask(SIG_BLOCK, RT);
	for (int i = 0; i < SENT; i++) {
		pthread_t thread;

		MUST(-pthread_create(&thread, NULL, ends, NULL));
		MUST(sigqueue(getpid(), RT, (union sigval){ 0 }));
		MUST(-pthread_join(thread, NULL));
	}
	mask(SIG_UNBLOCK, RT);
	say("sent to threads that end: %d", ntaken);
}

static void *spinner(void *unused)
{
	volatile unsigned long *counter = unused;

	for (;;)
		++*counter;
	return NULL;
}

/* When wait says "stopped" all threads stand still, and not before. */
static void stopping(void)
{
	volatile unsigned long *counter = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status, moved = 0, stood = 0;
	pid_t pid = MUST(fork());

	if (pid == 0) {
		pthread_t thread;

		for (int i = 0; i < 3; i++)
			MUST(-pthread_create(&thread, NULL, spinner, (void *)&counter[i * 8]));
		for (;;)
			pause();
	}
	for (int round = 0; round < 20; round++) {
		unsigned long before[3];
		int same = 1;

		while (!counter[0] || !counter[8] || !counter[16])
			sleep_ms(1);
		MUST(kill(pid, SIGSTOP));
		MUST(waitpid(pid, &status, WUNTRACED));
		for (int i = 0; i < 3; i++)
			before[i] = counter[i * 8];
		sleep_ms(3);
		for (int i = 0; i < 3; i++)
			same &= before[i] == counter[i * 8];
		stood += same && WIFSTOPPED(status);
		MUST(kill(pid, SIGCONT));
		MUST(waitpid(pid, &status, WCONTINUED));
		for (int ms = 0; ms < 2000 && before[1] == counter[8]; ms++)
			sleep_ms(1);
		moved += before[1] != counter[8];
	}
	say("stopped, all threads stood still: %d of 20; went on: %d", stood, moved);
	MUST(kill(pid, SIGSTOP));
	MUST(waitpid(pid, &status, WUNTRACED));
	MUST(kill(pid, SIGTERM));
	VALUE_OF("SIGTERM while stopped", waitpid(pid, &status, WNOHANG));
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, &status, 0));
	say("SIGKILL while stopped: %s", status_text(status));
	MUST(munmap((void *)counter, PAGE));
}

static void *fatal(void *unused)
{
	MUST(syscall(SYS_tgkill, getpid(), tid(), SIGTERM));
	return unused;
}

static void fatal_to_one(void)
{
	pthread_t thread;

	MUST(-pthread_create(&thread, NULL, fatal, NULL));
	for (;;)
		pause();
}

static void stop_one(void)
{
	pthread_t thread = start(sleeper);

	MUST(syscall(SYS_tgkill, getpid(), threads_tid, SIGSTOP));
	sleep_ms(50);
	stop(thread);
	_exit(3);
}

static void tgkill_stop(void)
{
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0)
		stop_one();
	MUST(waitpid(pid, &status, WUNTRACED));
	say("SIGSTOP to one thread: %s", status_text(status));
	MUST(kill(pid, SIGCONT));
	MUST(waitpid(pid, &status, 0));
	say("continued: %s", status_text(status));
}

int main(void)
{
	main_tid = tid();
	signal(SIGUSR1, handler);
	chosen();
	opens_later();
	blinking();
	ending();
	stopping();
	in_child("SIGTERM to one thread", fatal_to_one);
	tgkill_stop();
	return 0;
}
