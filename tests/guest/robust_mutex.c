/*
 * Robust mutexes of the C library: an owner that exits, is killed or ends its
 * thread leaves EOWNERDEAD to the next, also to one that sleeps already; made
 * consistent or not. From pthread_mutexattr_setrobust(3),
 * pthread_mutex_consistent(3).
 */
#include "futex.h"

static pthread_mutex_t *mutex;

static const char *error_text(int error)
{
	return error == 0 ? "ok" : error == EOWNERDEAD ? "EOWNERDEAD"
	       : error == ENOTRECOVERABLE ? "ENOTRECOVERABLE" : errno_text(error);
}

static void show(const char *label, int error)
{
	say("%s: %s", label, error_text(error));
}

static void make(int shared)
{
	pthread_mutexattr_t attr;

	MUST(-pthread_mutexattr_init(&attr));
	MUST(-pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST));
	MUST(-pthread_mutexattr_setpshared(&attr, shared));
	MUST(-pthread_mutex_init(mutex, &attr));
}

/* A child takes the mutex and ends in one of several ways, after a while. */
static pid_t owner(int how, int ms)
{
	int ends[2];
	char byte;

	MUST(pipe(ends));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		pthread_mutex_lock(mutex);
		write(ends[1], "x", 1);
		sleep_ms(ms);
		if (how == 1)
			kill(getpid(), SIGKILL);
		if (how == 2)
			abort();
		_exit(0);
	}
	MUST(read(ends[0], &byte, 1));
	close(ends[0]);
	close(ends[1]);
	return pid;
}

static void processes(void)
{
	static const char *const ways[] = { "exited", "killed", "aborted" };

	for (int how = 0; how < 3; how++) {
		struct timespec limit;

		make(PTHREAD_PROCESS_SHARED);
		pid_t pid = owner(how, 0);
		MUST(waitpid(pid, NULL, 0));
		show(ways[how], pthread_mutex_lock(mutex));
		show("consistent", pthread_mutex_consistent(mutex));
		show("unlock", pthread_mutex_unlock(mutex));
		show("lock again", pthread_mutex_lock(mutex));
		pthread_mutex_unlock(mutex);

		pid = owner(how, 150);
		show("trylock while it is held", pthread_mutex_trylock(mutex));
		MUST(clock_gettime(CLOCK_REALTIME, &limit));
		limit.tv_nsec += 20000000;
		limit.tv_sec += limit.tv_nsec / 1000000000;
		limit.tv_nsec %= 1000000000;
		show("with a limit", pthread_mutex_timedlock(mutex, &limit));
		show("asleep on it", pthread_mutex_lock(mutex));
		MUST(waitpid(pid, NULL, 0));
		show("unlock, not consistent", pthread_mutex_unlock(mutex));
		show("for ever", pthread_mutex_lock(mutex));
		show("trylock", pthread_mutex_trylock(mutex));
		pthread_mutex_destroy(mutex);
	}
}

static void *take(void *unused)
{
	pthread_mutex_lock(mutex);
	sleep_ms(100);
	return unused;
}

/* The same among threads: memory of one process. */
static void threads(int shared)
{
	pthread_t thread;

	make(shared);
	MUST(-pthread_create(&thread, NULL, take, NULL));
	MUST(-pthread_join(thread, NULL));
	show("a thread has ended", pthread_mutex_lock(mutex));
	pthread_mutex_consistent(mutex);
	pthread_mutex_unlock(mutex);
	MUST(-pthread_create(&thread, NULL, take, NULL));
	while (pthread_mutex_trylock(mutex) == 0)
		pthread_mutex_unlock(mutex);
	show("a thread ends while we sleep", pthread_mutex_lock(mutex));
	MUST(-pthread_join(thread, NULL));
	pthread_mutex_consistent(mutex);
	pthread_mutex_unlock(mutex);
	pthread_mutex_destroy(mutex);
}

/* Many die with it in turn; each next one takes over. */
static void chain(void)
{
	volatile int *count = shared_memory(PAGE);
	int wrong = 0, status;

	make(PTHREAD_PROCESS_SHARED);
	for (int i = 0; i < 12; i++) {
		if (MUST(fork()) == 0) {
			int error = pthread_mutex_lock(mutex);

			if (error == EOWNERDEAD)
				pthread_mutex_consistent(mutex);
			++*count;
			if (error && error != EOWNERDEAD)
				_exit(1);
			kill(getpid(), SIGKILL);
		}
	}
	for (int i = 0; i < 12; i++) {
		MUST(wait(&status));
		wrong += status != SIGKILL;
	}
	VALUE_OF("owners that died in turn", *count);
	VALUE_OF("wrong", wrong);
	show("the last", pthread_mutex_lock(mutex));
	munmap((void *)count, PAGE);
}

int main(void)
{
	mutex = shared_memory(PAGE);
	processes();
	threads(PTHREAD_PROCESS_SHARED);
	threads(PTHREAD_PROCESS_PRIVATE);
	chain();
	return 0;
}
