/*
 * A futex wait and signals: without a limit it goes on after a handler with
 * SA_RESTART; with a limit it ends with EINTR, whatever SA_RESTART says; a stop
 * and a continue interrupt neither, and do not lengthen the limit. From
 * signal(7), "Interruption of system calls"; futex(2), EINTR.
 */
#include "futex.h"

static uint32_t word;
static volatile int handled;

static void handler(int number)
{
	(void)number;
	handled++;
}

static void handle(int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	MUST(sigaction(SIGUSR1, &action, NULL));
	handled = 0;
}

static void interrupted(const char *label, int op, int flags, const struct timespec *limit)
{
	struct sleeper s;

	handle(flags);
	start(&s, &word, op, 0, ANY, limit);
	MUST(-pthread_kill(s.thread, SIGUSR1));
	settle(&s, 1, 0);
	say("%s: handler ran %s, %s", label, handled == 1 ? "once" : "not once",
	    !s.done ? "sleeps on" : errno_text(s.error));
	if (!s.done)
		VALUE_OF("and is woken", futex(&word, FUTEX_WAKE | (op & PRIVATE), 1, NULL, NULL, 0));
	finish(&s, 1, &word, NULL);
}

/* The word has changed when the call runs again. */
static void changed(void)
{
	struct sleeper s;

	handle(SA_RESTART);
	start(&s, &word, FUTEX_WAIT | PRIVATE, 0, 0, NULL);
	word = 1;
	MUST(-pthread_kill(s.thread, SIGUSR1));
	settle(&s, 1, 1);
	say("the word has changed meanwhile: %s", s.done ? errno_text(s.error) : "sleeps on");
	word = 0;
	finish(&s, 1, &word, NULL);
}

/* A child that sleeps `ms` is stopped for 150 ms and continued. */
static void stopped(const char *label, int op, long ms, int wake)
{
	uint32_t *shared = shared_memory(PAGE);
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0) {
		struct timespec limit = { ms / 1000, ms % 1000 * 1000000 };
		long begin = now_ms(), took;

		if (op == FUTEX_WAIT_BITSET) {
			MUST(clock_gettime(CLOCK_MONOTONIC, &limit));
			limit.tv_nsec += ms * 1000000;
			limit.tv_sec += limit.tv_nsec / 1000000000;
			limit.tv_nsec %= 1000000000;
		}
		errno = 0;
		status = futex(shared, op, 0, ms ? &limit : NULL, NULL, ANY);
		took = now_ms() - begin;
		_exit(status == 0 ? 1 : errno == ETIMEDOUT && took >= ms - 2 && took < ms + 2000 ? 2
			     : errno == ETIMEDOUT ? 3 : 4);
	}
	till_asleep(pid, pid);
	MUST(kill(pid, SIGSTOP));
	MUST(waitpid(pid, &status, WUNTRACED));
	sleep_ms(150);
	MUST(kill(pid, SIGCONT));
	sleep_ms(60);
	if (wake)
		VALUE_OF("woken", futex(shared, FUTEX_WAKE, 1, NULL, NULL, 0));
	MUST(waitpid(pid, &status, 0));
	say("%s (1 = woken, 2 = in time): %s", label, status_text(status));
	munmap(shared, PAGE);
}

int main(void)
{
	static const struct timespec long_limit = { 20, 0 };
	struct timespec at;

	MUST(clock_gettime(CLOCK_MONOTONIC, &at));
	at.tv_sec += 20;
	interrupted("no limit", FUTEX_WAIT | PRIVATE, 0, NULL);
	interrupted("no limit, SA_RESTART", FUTEX_WAIT | PRIVATE, SA_RESTART, NULL);
	interrupted("no limit, shared, SA_RESTART", FUTEX_WAIT, SA_RESTART, NULL);
	interrupted("limit", FUTEX_WAIT | PRIVATE, 0, &long_limit);
	interrupted("limit, SA_RESTART", FUTEX_WAIT | PRIVATE, SA_RESTART, &long_limit);
	interrupted("bitset, SA_RESTART", FUTEX_WAIT_BITSET | PRIVATE, SA_RESTART, NULL);
	interrupted("bitset, limit, SA_RESTART", FUTEX_WAIT_BITSET | PRIVATE, SA_RESTART, &at);
	changed();
	stopped("no limit, stopped", FUTEX_WAIT, 0, 1);
	stopped("limit, stopped", FUTEX_WAIT, 500, 0);
	stopped("limit, stopped, woken", FUTEX_WAIT, 15000, 1);
	stopped("bitset, stopped", FUTEX_WAIT_BITSET, 500, 0);
	return 0;
}
