/*
 * A pipeline of ten processes: each adds one to every byte; 200 KB go through,
 * all ends come in order, and nobody hangs on a descriptor left open.
 *
 * From pipe(2), fork(2), dup2(2).
 */
#include "check.h"

enum { STAGES = 10, TOTAL = 200000 };

static unsigned char buffer[5000];

static void stage(void)
{
	long n;

	while ((n = MUST(read(0, buffer, sizeof(buffer)))) > 0) {
		for (long i = 0; i < n; i++)
			buffer[i]++;
		for (long done = 0; done < n;)
			done += MUST(write(1, buffer + done, n - done));
	}
}

int main(void)
{
	int in, fds[2], wrong = 0, status, exits = 0;
	long total = 0, n;
	pid_t source;

	MUST(pipe(fds));
	source = MUST(fork());
	if (source == 0) {
		close(fds[0]);
		for (long sent = 0; sent < TOTAL; sent += n) {
			for (size_t i = 0; i < sizeof(buffer); i++)
				buffer[i] = (sent + i) % 200;
			n = MUST(write(fds[1], buffer, sizeof(buffer)));
		}
		_exit(0);
	}
	close(fds[1]);
	in = fds[0];
	for (int i = 0; i < STAGES; i++) {
		MUST(pipe(fds));
		if (MUST(fork()) == 0) {
			MUST(dup2(in, 0));
			MUST(dup2(fds[1], 1));
			close(in), close(fds[0]), close(fds[1]);
			stage();
			_exit(i);
		}
		close(in), close(fds[1]);
		in = fds[0];
	}
	while ((n = MUST(read(in, buffer, sizeof(buffer)))) > 0) {
		for (long i = 0; i < n; i++)
			wrong += buffer[i] != (total + i) % 200 + STAGES;
		total += n;
	}
	VALUE_OF("bytes", total);
	VALUE_OF("wrong", wrong);
	for (int i = 0; i <= STAGES; i++) {
		MUST(wait(&status));
		exits += WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
	}
	VALUE_OF("sum of the exit statuses", exits);
	VALUE_OF("wait for one more", wait(NULL));
	close(in);
	return 0;
}
