/*
 * Orphans: a child whose parent has gone gets another parent, is not waited
 * for by its grandparent, and still runs to its end. (orphans_reaped has the rest.)
 *
 * From fork(2), exit(3p), "Consequences of Process Termination".
 */
#include "check.h"

static void one_orphan(void)
{
	int fds[2], go[2], answer[3] = { 0 }, status;
	pid_t self = getpid(), middle;

	MUST(pipe(fds));
	MUST(pipe(go));
	middle = MUST(fork());
	if (middle == 0) {
		pid_t parent = getpid();
		char byte;

		if (MUST(fork()) == 0) {
			answer[0] = getppid() == parent;
			MUST(write(fds[1], answer, sizeof(answer)));
			close(go[1]);
			MUST(read(go[0], &byte, 1));	/* until the parent has been reaped */
			answer[1] = getppid() != parent && getppid() != self;
			answer[2] = getpid();
			MUST(write(fds[1], answer, sizeof(answer)));
			_exit(0);
		}
		MUST(read(fds[0], answer, sizeof(answer)));
		_exit(answer[0] ? 8 : 9);
	}
	close(go[0]);
	MUST(waitpid(middle, &status, 0));
	say("the middle one was its parent (8): %s", status_text(status));
	MUST(write(go[1], "g", 1));
	MUST(read(fds[0], answer, sizeof(answer)));
	YES_OF("its parent is another, not the grandparent", answer[1]);
	VALUE_OF("the grandparent cannot wait for it", waitpid(answer[2], &status, 0));
	close(fds[0]), close(fds[1]), close(go[1]);
}

/* Many at once, each ending after its parent. */
static void many(void)
{
	int fds[2], status, count = 0;
	char byte;
	pid_t middle;

	MUST(pipe(fds));
	middle = MUST(fork());
	if (middle == 0) {
		for (int i = 0; i < 50; i++)
			if (MUST(fork()) == 0) {
				sleep_ms(20 + i % 7);
				MUST(write(fds[1], "o", 1));
				_exit(0);
			}
		_exit(0);
	}
	MUST(waitpid(middle, &status, 0));
	close(fds[1]);
	while (MUST(read(fds[0], &byte, 1)) == 1)
		count++;
	VALUE_OF("orphans that ran to their end", count);
	close(fds[0]);
}

int main(void)
{
	one_orphan();
	many();
	VALUE_OF("wait for one more", wait(NULL));
	return 0;
}
