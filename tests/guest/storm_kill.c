/*
 * Storm: SIGSTOP, SIGCONT and SIGKILL at random to groups of processes that have
 * several threads and fork meanwhile. A process that is reported stopped stands
 * still, all its threads; one that is continued runs; all are killed at last,
 * and every one of them is reaped with a valid status, the orphans by this
 * program as their subreaper.
 *
 * args: 10
 *
 * From kill(2), wait(2), signal(7), prctl(2) (PR_SET_CHILD_SUBREAPER).
 */
#include "storm.h"
#include <sys/prctl.h>

enum { DRIVERS = 3, GROUPS = 10, THREADS = 3, EVENTS = 12, CHILDREN = 2 };

struct group {
	atomic_long count[THREADS]; /* of the leader's threads */
};

static struct group *groups;
static struct group *mine;

static void *work(void *number)
{
	for (;;) {
		atomic_fetch_add(&mine->count[(long)number], 1);
		if ((long)number == 2)
			sched_yield();
	}
	return NULL;
}

/* A child of the leader: two threads, which count on nothing. */
static void *idle(void *unused)
{
	for (;;)
		sleep_us(500);
	return unused;
}

static void lead(void)
{
	for (int i = 0; i < CHILDREN; i++)
		if (MUST(fork()) == 0) {
			start_threads(0, 1, idle);
			idle(NULL);
		}
	start_threads(1, THREADS - 1, work);
	for (;;) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(3);
		atomic_fetch_add(&mine->count[0], 1);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

static long counted(void)
{
	long sum = 0;

	for (int i = 0; i < THREADS; i++)
		sum += mine->count[i];
	return sum;
}

/* Stops the leader's group, and looks whether it stands; then lets it run on. */
static void stop_and_continue(pid_t pid, unsigned *seed)
{
	int status = -1;
	long before;

	CHECK(kill(-pid, SIGSTOP) == 0);
	if (dice(seed, 4) == 0)
		CHECK(kill(-pid, SIGSTOP) == 0);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid);
	CHECK_SAW(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, status);
	before = counted();
	spin(2000);
	sched_yield();
	CHECK_SAW(counted() == before, counted() - before);
	CHECK(kill(-pid, SIGCONT) == 0);
	status = -1;
	CHECK(waitpid(pid, &status, WCONTINUED) == pid);
	CHECK_SAW(WIFCONTINUED(status), status);
	while (counted() == before)
		sched_yield();
}

static void drive(int number)
{
	unsigned seed = (unsigned)number + 1;

	mine = &groups[number];
	for (long i = 0; i < rounds(GROUPS); i++) {
		pid_t pid = MUST(fork());
		int status = -1;

		if (pid == 0) {
			MUST(setpgid(0, 0));
			lead();
		}
		setpgid(pid, pid); /* whichever comes first */
		for (unsigned event = dice(&seed, EVENTS); event > 0; event--) {
			spin(dice(&seed, 2000));
			stop_and_continue(pid, &seed);
		}
		/* Without waiting, so that they overtake each other. */
		if (dice(&seed, 2))
			kill(-pid, SIGSTOP);
		if (dice(&seed, 2))
			kill(-pid, SIGCONT);
		spin(dice(&seed, 500));
		CHECK(kill(-pid, SIGKILL) == 0);
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK_SAW(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, status);
	}
}

int main(int argc, char **argv)
{
	pid_t drivers[DRIVERS], pid;
	int status, left = DRIVERS;

	storm_start(argc, argv);
	MUST(prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L));
	groups = share(DRIVERS * sizeof(*groups));
	for (int i = 0; i < DRIVERS; i++) {
		drivers[i] = MUST(fork());
		if (drivers[i] == 0) {
			drive(i);
			_exit(0);
		}
	}
	while ((pid = waitpid(-1, &status, 0)) > 0) {
		int is_driver = 0;

		for (int i = 0; i < DRIVERS; i++)
			is_driver |= drivers[i] == pid;
		left -= is_driver;
		CHECK_SAW(is_driver ? status == 0 : status == SIGKILL || status == 3 << 8, status);
	}
	CHECK(errno == ECHILD && left == 0);
	say("all stopped, went on, were killed and reaped");
	return storm_end();
}
