/*
 * Futexes: a word in shared memory is one word for all who map it, at whatever
 * address; private ones are not; time limits; and the errors.
 *
 * Semaphores with pshared, and the raw call. From futex(2), sem_init(3).
 */
#include "check.h"
#include <semaphore.h>

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, PRIVATE = 128 };
enum { RW = PROT_READ | PROT_WRITE, TURNS = 200, PATIENCE_S = 10 };

static const char FILE_NAME[] = "futex_shared_file";

static long wait_on(void *word, uint32_t value, const void *limit)
{
	return syscall(SYS_futex, word, FUTEX_WAIT, value, limit, NULL, 0);
}

static long wake(void *word, int most)
{
	return syscall(SYS_futex, word, FUTEX_WAKE, most, NULL, NULL, 0);
}

static void *shared_memory(void)
{
	void *at = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	MUST(at == MAP_FAILED ? -1 : 0);
	return at;
}

/* Waits till *word is not `old`, but not for ever. */
static int wait_while(volatile uint32_t *word, uint32_t old)
{
	struct timespec limit = { PATIENCE_S, 0 };

	while (*word == old)
		if (wait_on((void *)word, old, &limit) == -1 && errno == ETIMEDOUT)
			return -1;
	return 0;
}

/* Wakes until somebody was woken: he may not yet sleep. */
static int wake_one(void *word)
{
	for (int i = 0; i < PATIENCE_S * 100; i++, sleep_ms(10))
		if (wake(word, 1) == 1)
			return 1;
	return 0;
}

static void semaphores(void)
{
	sem_t *there = shared_memory(), *back = there + 1;
	long *sum = (long *)(there + 2);
	struct timespec limit;
	int status, late = 0;
	pid_t pid;

	MUST(sem_init(there, 1, 0));
	MUST(sem_init(back, 1, 0));
	MUST(clock_gettime(CLOCK_REALTIME, &limit));
	limit.tv_sec += PATIENCE_S;
	pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(100); /* the parent sleeps the first time */
		for (int i = 1; i <= TURNS; i++) {
			*sum += i;
			sem_post(there);
			if (sem_timedwait(back, &limit))
				_exit(2);
		}
		_exit(1);
	}
	for (int i = 1; i <= TURNS && !late; i++) {
		late += sem_timedwait(there, &limit) != 0;
		late += *sum != i * (i + 1) / 2;
		sem_post(back);
	}
	MUST(waitpid(pid, &status, 0));
	VALUE_OF("semaphores in shared memory, late", late);
	say("the other side (1 = in time): %s", status_text(status));
	munmap(there, PAGE);
}

static uint32_t *map_file(int fd, void *at)
{
	void *word = mmap(at, PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);

	MUST(word == MAP_FAILED ? -1 : 0);
	return (uint32_t *)((char *)word + 64);
}

/* The same page of a file, at other addresses in parent and child. */
static void in_file(void)
{
	int fd = MUST(open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600)), status;
	char *here = (char *)0x270000000000, *there = here + MIB(2) + 3 * PAGE;
	volatile uint32_t *word, *twice;
	pid_t pid;

	MUST(ftruncate(fd, PAGE));
	pid = MUST(fork());
	if (pid == 0) {
		word = map_file(fd, there);
		_exit(wait_while(word, 0) == 0 && *word == 9 ? 3 : 4);
	}
	word = map_file(fd, here);
	sleep_ms(100);
	*word = 9;
	YES_OF("file: woken at another address", wake_one((void *)word));
	MUST(waitpid(pid, &status, 0));
	say("file: the child (3 = woken): %s", status_text(status));

	*word = 0;
	twice = map_file(fd, there);
	pid = MUST(fork());
	if (pid == 0)
		_exit(wait_while(word, 0) == 0 ? 5 : 6);
	sleep_ms(100);
	*twice = 1;
	YES_OF("file: woken at another address of the own", wake_one((void *)twice));
	MUST(waitpid(pid, &status, 0));
	say("file: the child (5 = woken): %s", status_text(status));
	MUST(munmap(here, PAGE));
	MUST(munmap(there, PAGE));
	MUST(close(fd));
	MUST(unlink(FILE_NAME));
}

/* What concerns another word, or a private copy of this one, wakes nobody. */
static void others_sleep_on(void)
{
	static volatile uint32_t own;
	volatile uint32_t *words = shared_memory();
	struct timespec limit = { 0, 300000000 };
	int status;
	pid_t pid;

	pid = MUST(fork());
	if (pid == 0)
		_exit(wait_on((void *)words, 0, &limit) == -1 && errno == ETIMEDOUT ? 1 : 2);
	sleep_ms(100);
	VALUE_OF("wake the next word", wake((void *)(words + 1), INT_MAX));
	MUST(waitpid(pid, &status, 0));
	say("neighbour's word (1 = slept on): %s", status_text(status));
	own = 0;
	pid = MUST(fork());
	if (pid == 0)
		_exit(wait_on((void *)&own, 0, &limit) == -1 && errno == ETIMEDOUT ? 1 : 2);
	sleep_ms(100);
	VALUE_OF("wake a private word, same address", wake((void *)&own, INT_MAX));
	MUST(waitpid(pid, &status, 0));
	say("private word (1 = slept on): %s", status_text(status));
	munmap((void *)words, PAGE);
}

static void many(void)
{
	volatile uint32_t *words = shared_memory();
	int status, woken = 0, right = 0;

	for (int i = 0; i < 4; i++) {
		pid_t pid = MUST(fork());

		if (pid == 0) {
			struct timespec limit = { PATIENCE_S, 0 };

			_exit(wait_on((void *)words, 0, &limit) == 0 ? 1 : 2);
		}
	}
	for (int i = 0; i < 3; i++)
		woken += wake_one((void *)words);
	VALUE_OF("woken one by one", woken);
	for (int i = 0; i < PATIENCE_S * 100 && woken < 4; i++, sleep_ms(10))
		woken += wake((void *)words, INT_MAX);
	VALUE_OF("and the rest", woken);
	for (int i = 0; i < 4; i++) {
		MUST(wait(&status));
		right += status == 1 << 8;
	}
	VALUE_OF("sleepers that were woken", right);
	munmap((void *)words, PAGE);
}

static void time_limits(void)
{
	static const struct timespec zero, at_80_ms = { 0, 80000000 }, too_many = { 0, 1000000000 },
				     negative = { -1, 0 };
	uint32_t *word = shared_memory();
	long before = now_ms();

	VALUE(wait_on(word, 0, &zero));
	VALUE(wait_on(word, 0, &at_80_ms));
	YES_OF("80 ms passed", now_ms() - before >= 79 && now_ms() - before < 3000);
	VALUE(wait_on(word, 0, &too_many));
	VALUE(wait_on(word, 0, &negative));
	VALUE(wait_on(word, 0, nowhere));
	VALUE(wait_on(word, 0, in_kernel));
	VALUE_OF("a limit for a wake is not looked at",
		 syscall(SYS_futex, word, FUTEX_WAKE, 1, nowhere, NULL, 0));
	munmap(word, PAGE);
}

static void errors(void)
{
	static const struct timespec short_time = { 0, 1000000 };
	char *word = shared_memory();
	uint32_t *fixed = (uint32_t *)map_anon(PAGE, PROT_READ);

	VALUE(wait_on(word, 1, NULL));
	VALUE(wait_on(word, -1, NULL));
	VALUE(wait_on(word + 1, 0, NULL));
	VALUE(wait_on(word + 2, 1, NULL));
	VALUE(wake(word + 3, 1));
	VALUE(wait_on(NULL, 0, NULL));
	VALUE(wait_on(nowhere, 0, NULL));
	VALUE(wait_on(in_kernel, 0, NULL));
	VALUE(wait_on(kernel_text, 0, NULL));
	VALUE(wait_on(non_canonical, 0, NULL));
	VALUE(wake(in_kernel, 1));
	VALUE(wake(word, INT_MAX));
	VALUE_OF("private, another value",
		 syscall(SYS_futex, word, FUTEX_WAIT | PRIVATE, 1, NULL, NULL, 0));
	VALUE_OF("private, nowhere",
		 syscall(SYS_futex, nowhere, FUTEX_WAIT | PRIVATE, 0, NULL, NULL, 0));
	VALUE_OF("private, odd",
		 syscall(SYS_futex, word + 1, FUTEX_WAKE | PRIVATE, 1, NULL, NULL, 0));
	VALUE_OF("a word that is only readable, private",
		 syscall(SYS_futex, fixed, FUTEX_WAIT | PRIVATE, 0, &short_time, NULL, 0));
	VALUE_OF("no such operation", syscall(SYS_futex, word, 127, 0, NULL, NULL, 0));
	munmap(fixed, PAGE);
	munmap(word, PAGE);
}

static void on_signal(int number)
{
	(void)number;
}

static void interrupted(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct timespec limit = { PATIENCE_S, 0 };
	uint32_t *word = shared_memory();
	pid_t pid;

	MUST(sigaction(SIGUSR1, &action, NULL));
	pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(100);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	VALUE_OF("a handler ran", wait_on(word, 0, &limit));
	MUST(waitpid(pid, NULL, 0));
	munmap(word, PAGE);
}

int main(void)
{
	semaphores();
	in_file();
	others_sleep_on();
	many();
	time_limits();
	errors();
	interrupted();
	return 0;
}
