/*
 * A tree of processes three deep and four wide: every one runs, each parent
 * reaps exactly its own children, and counts come up through exit statuses.
 *
 * From fork(2), wait(2).
 */
#include "check.h"

enum { WIDE = 4, DEEP = 3 };

/* Returns how many processes are at or below this one. */
static int grow(int depth)
{
	int total = 1, status;

	if (depth == DEEP)
		return total;
	for (int i = 0; i < WIDE; i++)
		if (MUST(fork()) == 0)
			_exit(grow(depth + 1));
	for (int i = 0; i < WIDE; i++) {
		MUST(wait(&status));
		total += WEXITSTATUS(status);
	}
	if (wait(NULL) != -1 || errno != ECHILD)
		_exit(255);
	return total;
}

int main(void)
{
	for (int round = 0; round < 3; round++)
		VALUE_OF("processes in the tree", grow(0));
	return 0;
}
