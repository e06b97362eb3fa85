/*
 * Storm: wait against exit. Threads of one process fork and wait, each in its
 * way: for a pid, for any, by WNOHANG, by waitid with a look first (WNOWAIT),
 * while the children end by themselves or are killed. Each child is reaped
 * exactly once, with its own status; and with __WNOTHREAD by its maker only.
 *
 * args: 10
 *
 * From wait(2), waitid(2).
 */
#include "storm.h"

enum { FORKERS = 3, WAITERS = 3, CHILDREN = 120, MOST = FORKERS * CHILDREN };

struct ended {
	pid_t pid;
	int status;
};

static struct ended made[MOST], reaped[MOST + 1];
static atomic_int nmade, nreaped, forkers_done;

static void note(struct ended *list, atomic_int *n, pid_t pid, int status)
{
	int at = atomic_fetch_add(n, 1);

	CHECK_SAW(at < MOST, at);
	if (at < MOST)
		list[at] = (struct ended){ pid, status };
}

/* A child that ends after a short while; the status is what wait will say. */
static pid_t make_child(unsigned *seed, int *status)
{
	unsigned how = dice(seed, 4), code = dice(seed, 100), delay = dice(seed, 400);
	pid_t pid = MUST(fork());

	if (pid == 0) {
		spin(delay);
		if (how == 0)
			kill(getpid(), SIGKILL);
		if (how == 1)
			pause();
		_exit((int)code);
	}
	*status = how == 0 ? SIGKILL : how == 1 ? SIGTERM : (int)code << 8;
	if (how == 1)
		CHECK(kill(pid, SIGTERM) == 0);
	return pid;
}

static void *forker(void *number)
{
	unsigned seed = (unsigned)(long)number + 1;

	for (long i = 0; i < rounds(CHILDREN); i++) {
		int status, got;
		pid_t pid = make_child(&seed, &status), done;

		note(made, &nmade, pid, status);
		if (dice(&seed, 2))
			continue;
		/* For this one; another may have been quicker. */
		done = waitpid(pid, &got, 0);
		CHECK_SAW(done == pid || (done == -1 && errno == ECHILD), done);
		if (done == pid)
			note(reaped, &nreaped, pid, got);
	}
	atomic_fetch_add(&forkers_done, 1);
	return NULL;
}

/* Looks with waitid at any child that has ended, then takes that one. */
static void look_then_wait(void)
{
	siginfo_t info = { .si_pid = 0 }, again = { .si_pid = 0 };
	int result = waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | WNOHANG), status;

	CHECK(result == 0 || errno == ECHILD);
	if (result || info.si_pid == 0)
		return;
	result = waitid(P_PID, (id_t)info.si_pid, &again, WEXITED);
	CHECK(result == 0 || errno == ECHILD);
	if (result)
		return;
	CHECK(again.si_pid == info.si_pid && again.si_status == info.si_status);
	status = again.si_code == CLD_EXITED ? again.si_status << 8 : again.si_status;
	note(reaped, &nreaped, again.si_pid, status);
}

static void *waiter(void *number)
{
	unsigned seed = (unsigned)(long)number * 77;

	while (forkers_done < FORKERS || nreaped < nmade) {
		unsigned how = dice(&seed, 3);
		int status;
		pid_t pid;

		if (how == 0) {
			look_then_wait();
			continue;
		}
		pid = waitpid(-1, &status, how == 1 ? WNOHANG : 0);
		CHECK_SAW(pid >= 0 || errno == ECHILD, errno);
		if (pid > 0)
			note(reaped, &nreaped, pid, status);
		else
			sched_yield();
	}
	return NULL;
}

static int by_pid(const void *a, const void *b)
{
	return ((const struct ended *)a)->pid - ((const struct ended *)b)->pid;
}

/* Each its own, by __WNOTHREAD: nobody takes another's. */
static void *own_children(void *number)
{
	unsigned seed = (unsigned)(long)number + 11;

	for (long i = 0; i < rounds(CHILDREN); i++) {
		int wanted, status;
		pid_t pid = make_child(&seed, &wanted);

		CHECK(waitpid(-1, &status, __WNOTHREAD) == pid && status == wanted);
		CHECK(waitpid(-1, &status, __WNOTHREAD) == -1 && errno == ECHILD);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int n;

	storm_start(argc, argv);
	start_threads(0, FORKERS, forker);
	start_threads(FORKERS, WAITERS, waiter);
	join_threads(0, FORKERS + WAITERS);
	n = nmade;
	CHECK_SAW(n == FORKERS * rounds(CHILDREN) && nreaped == n, nreaped);
	qsort(made, n, sizeof(*made), by_pid);
	qsort(reaped, n, sizeof(*reaped), by_pid);
	for (int i = 0; i < n; i++) {
		CHECK_SAW(made[i].pid == reaped[i].pid, reaped[i].pid);
		CHECK_SAW(made[i].status == reaped[i].status, reaped[i].status);
	}
	say("each reaped once");
	run_threads(FORKERS, own_children);
	say("each by its own thread");
	return storm_end();
}
