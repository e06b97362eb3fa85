/*
 * Storm: the exit of threads against those who wait for it. A waiter in another
 * process sleeps on the word that CLONE_CHILD_CLEARTID clears in shared memory;
 * threads are made and joined on all CPUs; holders of robust mutexes die by
 * exit, SIGKILL and exec: each death is told once, by EOWNERDEAD, also that of
 * the last thread of a process.
 *
 * args: 10
 *
 * From clone(2), set_tid_address(2), get_robust_list(2), pthread_join(3),
 * pthread_mutexattr_setrobust(3).
 */
#include "clone.h"
#include "storm.h"

enum { PAIRS = 4, ROUNDS = 80, JOINERS = 4, JOINS = 100, CONTENDERS = 4, LOCKINGS = 40 };
enum { THREAD_FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		      CLONE_SYSVSEM };

struct table {
	atomic_int tid[PAIRS], turn[PAIRS], left[PAIRS];
	pthread_mutex_t lock;
	atomic_int deaths, told, inside;
};

static struct table *table;
static char self[PATH_MAX];
/* One wake is sent: of two waiters the other looks again by itself. */
static const struct timespec soon = { 0, 2000000 };

/* No C library in here: the thread has no memory of its own. */
static int short_life(void *turns)
{
	spin((unsigned)(long)turns);
	return 0;
}

/* One round of a process that makes a thread, hears that it is gone, and ends itself. */
static void parent_of_thread(int pair, unsigned *seed)
{
	int *word = (int *)&table->tid[pair];
	int tid;

	*(volatile int *)word = -1;
	tid = (int)MUST(raw_clone_on(clone_stack + sizeof(clone_stack),
				     THREAD_FLAGS | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID |
				     CLONE_PARENT_SETTID, short_life,
				     (void *)(long)dice(seed, 500), word, word, NULL));
	atomic_fetch_add(&table->turn[pair], 1);
	while (*(volatile int *)word == tid)
		futex(word, FUTEX_WAIT, tid, &soon);
	CHECK(*(volatile int *)word == 0);
}

/* The even one of a pair makes threads; the odd one waits for their words to be cleared. */
static void cleartid(int number)
{
	int pair = number / 2, *word = (int *)&table->tid[pair], seen;
	unsigned seed = (unsigned)number + 1;

	for (int i = 0; i < rounds(ROUNDS); i++) {
		if (number % 2 == 0) {
			parent_of_thread(pair, &seed);
			await(&table->left[pair], i + 1);
			continue;
		}
		await(&table->turn[pair], i + 1);
		spin(dice(&seed, 500));
		while ((seen = *(volatile int *)word) != 0) {
			CHECK_SAW(seen > 0, seen);
			futex(word, FUTEX_WAIT, seen, &soon);
		}
		atomic_fetch_add(&table->left[pair], 1);
	}
}

/* The only waiter, without a time limit, in another process: it must be woken. */
static void cleartid_alone(int number)
{
	int pair = number / 2, *word = (int *)&table->tid[pair], seen;
	unsigned seed = (unsigned)number + 1;

	for (int i = 0; i < rounds(ROUNDS); i++) {
		if (number % 2 == 0) {
			*(volatile int *)word = -1;
			MUST(raw_clone_on(clone_stack + sizeof(clone_stack),
					  THREAD_FLAGS | CLONE_CHILD_CLEARTID |
					  CLONE_PARENT_SETTID, short_life,
					  (void *)(long)dice(&seed, 500), word, word, NULL));
			atomic_fetch_add(&table->turn[pair], 1);
			await(&table->left[pair], i + 1);
			continue;
		}
		await(&table->turn[pair], i + 1);
		spin(dice(&seed, 500));
		while ((seen = *(volatile int *)word) != 0)
			futex(word, FUTEX_WAIT, seen, NULL);
		atomic_fetch_add(&table->left[pair], 1);
	}
}

static void *add_one(void *number)
{
	return (char *)number + 1;
}

static void *joiner(void *number)
{
	for (long i = 0; i < rounds(JOINS); i++) {
		pthread_t thread[2];
		void *result;

		for (int k = 0; k < 2; k++)
			MUST(-pthread_create(&thread[k], NULL, add_one, (void *)(i + k)));
		for (int k = 0; k < 2; k++)
			CHECK(!pthread_join(thread[k], &result) && result == (void *)(i + k + 1));
	}
	return number;
}

static void *die_with_lock(void *how)
{
	char *argv[] = { "storm_lastthread", "second", "life", NULL }, *envp[] = { NULL };

	if (how == (void *)0)
		kill(getpid(), SIGKILL);
	if (how == (void *)1)
		execve(self, argv, envp);
	_exit(0);
}

/* Takes the lock, and says whether its last holder had died. Maybe dies with it. */
static void lock_once(unsigned *seed)
{
	int error = pthread_mutex_lock(&table->lock);

	CHECK_SAW(error == 0 || error == EOWNERDEAD, error);
	if (error == EOWNERDEAD) {
		atomic_fetch_add(&table->told, 1);
		table->inside = 0;
		CHECK(pthread_mutex_consistent(&table->lock) == 0);
	}
	CHECK_SAW(atomic_fetch_add(&table->inside, 1) == 0, table->inside);
	spin(dice(seed, 300));
	if (dice(seed, 3) == 0) {
		pthread_t thread;
		long how = dice(seed, 4);

		atomic_fetch_add(&table->deaths, 1);
		if (how == 3 && !pthread_create(&thread, NULL, die_with_lock, (void *)0))
			sleep_ms(1000);
		die_with_lock((void *)how);
	}
	CHECK(atomic_fetch_sub(&table->inside, 1) == 1);
	CHECK(pthread_mutex_unlock(&table->lock) == 0);
}

static void contender(int number)
{
	unsigned seed = (unsigned)number + 1;

	for (long i = 0; i < rounds(LOCKINGS); i++) {
		unsigned child_seed = dice(&seed, 1 << 20) + 1;
		pid_t pid = MUST(fork());
		int status = -1;

		if (pid == 0) {
			lock_once(&child_seed);
			lock_once(&child_seed);
			_exit(0);
		}
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK_SAW(status == 0 || status == SIGKILL, status);
	}
}

static void robust(void)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	if (pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST))
		say("no robust mutexes");
	pthread_mutex_init(&table->lock, &attributes);
	run_processes(CONTENDERS, contender);
	if (pthread_mutex_lock(&table->lock) == EOWNERDEAD)
		table->told++;
	CHECK_SAW(table->deaths == table->told, table->told - table->deaths);
	say("holders that died, each told once");
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return 0;
	storm_start(argc, argv);
	MUST(readlink("/proc/self/exe", self, sizeof(self) - 1));
	table = share(sizeof(*table));
	run_processes(2 * PAIRS, cleartid);
	say("two waiters for one word");
	memset(table, 0, sizeof(*table));
	run_processes(2 * PAIRS, cleartid_alone);
	say("one waiter in another process");
	run_threads(JOINERS, joiner);
	say("joined");
	robust();
	return storm_end();
}
