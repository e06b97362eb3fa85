/*
 * Copy-on-write over generations: chains of forks where each writes before and
 * after it forks, fans of children of one parent, grandchildren that outlive
 * the middle, and a page that is written, forked and written again and again.
 *
 * From fork(2).
 */
#include "check.h"

enum { CELLS = 8, CHAIN = 12, FAN = 12 };

static char *base;
static unsigned char shadow[CELLS];

static const size_t offsets[CELLS] = {
	0, PAGE, MIB(2), MIB(2) + PAGE, 1UL << 30, (1UL << 30) + MIB(2), 3UL << 30, 1UL << 39,
};

static void put(int i, int value)
{
	base[offsets[i]] = value;
	shadow[i] = value;
}

static int wrong(void)
{
	int count = 0;

	for (int i = 0; i < CELLS; i++)
		count += (unsigned char)base[offsets[i]] != shadow[i];
	return count;
}

/* Returns the number of wrong cells seen here and below. */
static int chain(int depth)
{
	int status, count = wrong();
	pid_t pid;

	put(depth % CELLS, 10 + depth);
	put((depth * 3 + 1) % CELLS, 50 + depth);
	count += wrong();
	if (depth == CHAIN)
		return count;
	pid = MUST(fork());
	if (pid == 0)
		_exit(chain(depth + 1));
	put((depth * 5 + 2) % CELLS, 100 + depth);
	count += wrong();
	MUST(waitpid(pid, &status, 0));
	count += wrong();
	put(depth % CELLS, 200 + depth);
	count += wrong() + (WIFEXITED(status) ? WEXITSTATUS(status) : 100);
	return count > 100 ? 100 : count;
}

static int fan(void)
{
	int status, count = 0;

	for (int i = 0; i < FAN; i++) {
		put(i % CELLS, 20 + i);
		if (MUST(fork()) == 0) {
			count = wrong();
			for (int round = 0; round < 20; round++) {
				put((i + round) % CELLS, i * 20 + round);
				sched_yield();
				count += wrong();
			}
			_exit(count > 100 ? 100 : count);
		}
		count += wrong();
	}
	for (int i = 0; i < FAN; i++) {
		put((i * 3) % CELLS, 150 + i);
		MUST(wait(&status));
		count += wrong() + (WIFEXITED(status) ? WEXITSTATUS(status) : 100);
	}
	return count;
}

/* The middle writes and ends; its child must see the state of its own fork. */
static int outlive(void)
{
	int fds[2], count = 0, status;
	pid_t middle;

	MUST(pipe(fds));
	put(0, 1), put(4, 2);
	middle = MUST(fork());
	if (middle == 0) {
		put(0, 3);
		if (MUST(fork()) == 0) {
			put(7, 9);
			sleep_ms(60);
			count = wrong();
			put(4, 8);
			count += wrong();
			MUST(write(fds[1], &count, sizeof(count)));
			_exit(0);
		}
		put(0, 4), put(4, 5), put(6, 6);
		_exit(wrong());
	}
	put(4, 7);
	MUST(waitpid(middle, &status, 0));
	MUST(read(fds[0], &count, sizeof(count)));
	close(fds[0]), close(fds[1]);
	return count + WEXITSTATUS(status) + wrong();
}

/* The parent takes its pages back after each child has gone. */
static int again(void)
{
	int status, count = 0;

	for (int round = 0; round < 50; round++) {
		pid_t pid = MUST(fork());

		if (pid == 0) {
			if (round % 3 == 0)
				put(round % CELLS, 77);
			_exit(wrong());
		}
		if (round % 2)
			put(round % CELLS, round);
		MUST(waitpid(pid, &status, 0));
		put((round + 1) % CELLS, round + 100);
		count += wrong() + WEXITSTATUS(status);
	}
	return count;
}

int main(void)
{
	base = map_anon((1UL << 39) + PAGE, PROT_READ | PROT_WRITE);
	VALUE_OF("chain, wrong", chain(0));
	VALUE_OF("fan, wrong", fan());
	VALUE_OF("outlive, wrong", outlive());
	VALUE_OF("again, wrong", again());
	VALUE_OF("chain, wrong", chain(0));
	VALUE_OF("wait for one more", wait(NULL));
	MUST(munmap(base, (1UL << 39) + PAGE));
	return 0;
}
