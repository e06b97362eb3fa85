/*
 * RLIMIT_NPROC counts threads: a user at his limit gets EAGAIN for a thread and
 * for a process, and both again when a thread has gone.
 *
 * root: yes
 *
 * It becomes a user that has nothing else running, whom the limit holds. From
 * getrlimit(2) (RLIMIT_NPROC), pthread_create(3), fork(2).
 */
#include "check.h"
#include <pthread.h>

enum { NOBODY_ELSE = 54321, MOST = 6 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *wait_for_lock(void *unused)
{
	pthread_mutex_lock(&lock);
	pthread_mutex_unlock(&lock);
	return unused;
}

static const char *try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid == -1)
		return errno_text(errno);
	MUST(waitpid(pid, NULL, 0));
	return "ok";
}

static void user(void)
{
	struct rlimit limit = { MOST, MOST };
	pthread_t thread[MOST + 1];
	int n = 0, error = 0;

	MUST(setuid(NOBODY_ELSE));
	MUST(setrlimit(RLIMIT_NPROC, &limit));
	say("one thread: fork %s", try_fork());
	for (int round = 0; round < 2; round++) {
		pthread_mutex_lock(&lock);
		for (n = 0; n <= MOST && error == 0;)
			if ((error = pthread_create(&thread[n], NULL, wait_for_lock, NULL)) == 0)
				n++;
		say("threads beside the first: %d, then %s", n, errno_text(error));
		say("at the limit: fork %s", try_fork());
		pthread_mutex_unlock(&lock);
		for (; n > 0; n--)
			MUST(-pthread_join(thread[n - 1], NULL));
		error = 0;
		sleep_ms(20);
		say("when they have gone: fork %s", try_fork());
	}
}

int main(void)
{
	in_child("user", user);
	return 0;
}
