/*
 * Storm: trees of processes, forked by threads on all CPUs. Every process that
 * lives has a pid of its own; the inner ones end before their children, which
 * then belong to this program, the nearest subreaper; it reaps all of them.
 *
 * args: 10
 *
 * From fork(2), getppid(2), prctl(2) (PR_SET_CHILD_SUBREAPER), wait(2).
 */
#include "storm.h"
#include <sys/prctl.h>

enum { THREADS = 4, DEPTH = 4, WIDTH = 2, ROUNDS = 5, MOST = THREADS * 64 };

static struct {
	atomic_int slots, registered, release, orphans;
	int pids[MOST];
} *tree;

static pid_t root;
static int own_depth;

static void grow(int depth);

static void *grow_in_thread(void *unused)
{
	grow(own_depth);
	return unused;
}

/* One process: makes its children, partly from a second thread, and waits to be let go. */
static void live(int depth, pid_t parent)
{
	int slot = atomic_fetch_add(&tree->slots, 1);

	CHECK_SAW(slot < MOST, slot);
	CHECK(getppid() == parent);
	tree->pids[slot] = getpid();
	atomic_fetch_add(&tree->registered, 1);
	own_depth = depth;
	if (depth % 2) {
		start_threads(0, 1, grow_in_thread);
		join_threads(0, 1);
	}
	if (depth > 0 && depth % 2 == 0)
		grow(depth);
	while (!tree->release)
		sleep_us(1000);
	if (depth > 0)
		_exit(10 + depth);
	/* A leaf outlives its parent. */
	while (getppid() != root)
		sleep_us(300);
	atomic_fetch_add(&tree->orphans, 1);
	_exit(10);
}

static void grow(int depth)
{
	for (int i = 0; i < WIDTH; i++) {
		pid_t parent = getpid();

		if (MUST(fork()) == 0)
			live(depth - 1, parent);
	}
}

static void *plant(void *number)
{
	pin_to(nth_cpu((int)(long)number));
	grow(DEPTH);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void one_round(void)
{
	int each = 0, total, reaped = 0, status, leaves = THREADS;

	for (int depth = 0, level = WIDTH; depth < DEPTH; depth++, level *= WIDTH) {
		each += level;
		leaves = THREADS * level;
	}
	total = each * THREADS;
	memset(tree, 0, sizeof(*tree));
	run_threads(THREADS, plant);
	await(&tree->registered, total);
	qsort(tree->pids, (size_t)total, sizeof(int), compare);
	for (int i = 1; i < total; i++)
		CHECK_SAW(tree->pids[i] > tree->pids[i - 1], tree->pids[i]);
	CHECK(tree->pids[0] > 1);
	tree->release = 1;
	while (waitpid(-1, &status, 0) > 0) {
		CHECK_SAW(WIFEXITED(status) && WEXITSTATUS(status) / 10 == 1, status);
		reaped++;
	}
	CHECK_SAW(errno == ECHILD && reaped == total, reaped);
	CHECK_SAW(tree->orphans == leaves, tree->orphans);
}

int main(int argc, char **argv)
{
	storm_start(argc, argv);
	MUST(prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L));
	root = getpid();
	tree = share(sizeof(*tree));
	for (long i = 0; i < rounds(ROUNDS); i++)
		one_round();
	say("all had pids of their own, and came home");
	return storm_end();
}
