/*
 * FUTEX_REQUEUE and FUTEX_CMP_REQUEUE: some wake, the next wait for the other
 * word from then on, the rest stay; what is counted; the value that is compared;
 * words in shared memory and in another process. From futex(2).
 */
#include "futex.h"

static uint32_t words[64];
static uint32_t *from = &words[0], *to = &words[40];

static void start_all(struct sleeper *s, int n, void *word, int flag)
{
	for (int i = 0; i < n; i++)
		start(&s[i], word, FUTEX_WAIT | flag, 0, 0, NULL);
}

static void moves(int flag)
{
	struct sleeper s[6];

	say("%s:", flag ? "private" : "shared");
	start_all(s, 6, from, flag);
	VALUE_OF("requeue 1 and 3", futex(from, FUTEX_REQUEUE | flag, 1, val2(3), to, 0));
	VALUE_OF("returned", settle(s, 6, 1));
	YES_OF("the first", s[0].done);
	VALUE_OF("wake 9 there", futex(to, FUTEX_WAKE | flag, 9, NULL, NULL, 0));
	VALUE_OF("returned", settle(s, 6, 4));
	YES_OF("the three after it", s[1].done && s[2].done && s[3].done);
	VALUE_OF("requeue 0 and 1", futex(from, FUTEX_REQUEUE | flag, 0, val2(1), to, 0));
	VALUE_OF("requeue 0 and 0", futex(from, FUTEX_REQUEUE | flag, 0, val2(0), to, 0));
	VALUE_OF("requeue back", futex(to, FUTEX_REQUEUE | flag, 0, val2(9), from, 0));
	VALUE_OF("returned", settle(s, 6, 4));
	VALUE_OF("wake here", futex(from, FUTEX_WAKE | flag, 9, NULL, NULL, 0));
	VALUE_OF("returned", settle(s, 6, 6));
	VALUE_OF("requeue nobody", futex(from, FUTEX_REQUEUE | flag, 1, val2(1), to, 0));
	finish(s, 6, from, to);
}

static void compares(void)
{
	struct sleeper s[4];

	start_all(s, 4, from, PRIVATE);
	VALUE_OF("another value", futex(from, FUTEX_CMP_REQUEUE | PRIVATE, 1, val2(9), to, 1));
	VALUE_OF("returned", settle(s, 4, 0));
	VALUE_OF("1 and 2", futex(from, FUTEX_CMP_REQUEUE | PRIVATE, 1, val2(2), to, 0));
	VALUE_OF("returned", settle(s, 4, 1));
	VALUE_OF("all wake", futex(from, FUTEX_CMP_REQUEUE | PRIVATE, INT_MAX, val2(INT_MAX), to, 0));
	VALUE_OF("returned", settle(s, 4, 2));
	VALUE_OF("wake 1 there", futex(to, FUTEX_WAKE | PRIVATE, 1, NULL, NULL, 0));
	VALUE_OF("wake 9 there", futex(to, FUTEX_WAKE | PRIVATE, 9, NULL, NULL, 0));
	VALUE_OF("returned", settle(s, 4, 4));
	finish(s, 4, from, to);
}

static void same_word(void)
{
	struct sleeper s[3];

	start_all(s, 3, from, PRIVATE);
	VALUE_OF("onto the same word, 1 and 9", futex(from, FUTEX_REQUEUE | PRIVATE, 1, val2(9), from, 0));
	VALUE_OF("returned", settle(s, 3, 1));
	VALUE_OF("wake", futex(from, FUTEX_WAKE | PRIVATE, 9, NULL, NULL, 0));
	VALUE_OF("returned", settle(s, 3, 3));
	finish(s, 3, from, NULL);
}

/* Whoever was moved still has its limit, and its signal mask. */
static void moved_ends(void)
{
	static const struct timespec limit = { 0, 400000000 };
	struct sleeper s;

	start(&s, from, FUTEX_WAIT | PRIVATE, 0, 0, &limit);
	VALUE_OF("one with a limit", futex(from, FUTEX_REQUEUE | PRIVATE, 0, val2(1), to, 0));
	settle(&s, 1, 1);
	say("its end: %s", s.error == ETIMEDOUT ? "ETIMEDOUT" : "another");
	VALUE_OF("nobody there then", futex(to, FUTEX_WAKE | PRIVATE, 1, NULL, NULL, 0));
	finish(&s, 1, from, to);
}

/* A child sleeps on a shared word and is moved to another page. */
static void between_processes(void)
{
	char *pages = shared_memory(2 * PAGE);
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0) {
		struct timespec limit = { 10, 0 };

		_exit(futex(pages, FUTEX_WAIT, 0, &limit, NULL, 0) == 0 ? 1 : 2);
	}
	till_asleep(pid, pid);
	VALUE_OF("a child's, to another page",
		 futex(pages, FUTEX_CMP_REQUEUE, 0, val2(1), pages + PAGE + 8, 0));
	VALUE_OF("wake at the old", futex(pages, FUTEX_WAKE, 1, NULL, NULL, 0));
	VALUE_OF("wake at the new", futex(pages + PAGE + 8, FUTEX_WAKE, 1, NULL, NULL, 0));
	MUST(waitpid(pid, &status, 0));
	say("the child (1 = woken): %s", status_text(status));
	munmap(pages, 2 * PAGE);
}

int main(void)
{
	moves(PRIVATE);
	moves(0);
	compares();
	same_word();
	moved_ends();
	between_processes();
	return 0;
}
