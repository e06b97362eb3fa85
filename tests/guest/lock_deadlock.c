/*
 * Circles of record locks: the one that would close it gets EDEADLK, whatever
 * the number of processes up to twelve (Linux looks no further); a chain that is
 * no circle waits; readers too; who was refused keeps what it has.
 * Page: fcntl(2), EDEADLK.
 */
#include "check.h"

static int fd;

static int op(int command, int type, long start, long len)
{
	struct flock lock = { .l_type = type, .l_start = start, .l_len = len };

	return fcntl(fd, command, &lock) == 0 ? 0 : errno;
}

static void on_alarm(int number)
{
	(void)number;
}

/*
 * Process i has byte i and waits for byte i + 1; the last, which is this one,
 * wants the first one's if `closed`, else a free byte behind. All are asleep
 * before it asks.
 */
static void circle(const char *label, int n, int closed, int type)
{
	struct itimerval soon = { .it_value = { .tv_usec = 300000 } };
	int ready[2], status, ended = 0;
	char byte;
	pid_t pids[32];

	MUST(pipe(ready));
	MUST(-op(F_SETLK, F_WRLCK, n - 1, 1));
	for (int i = n - 2; i >= 0; i--) {
		pids[i] = MUST(fork());
		if (pids[i] != 0) {
			MUST(read(ready[0], &byte, 1));
			till_asleep(pids[i], pids[i]);
			continue;
		}
		MUST(-op(F_SETLK, F_WRLCK, i, 1));
		MUST(write(ready[1], "x", 1));
		_exit(op(F_SETLKW, type, i + 1, 1));
	}
	MUST(setitimer(ITIMER_REAL, &soon, NULL));
	int result = op(F_SETLKW, type, closed ? 0 : n, 1);
	soon.it_value.tv_usec = 0;
	MUST(setitimer(ITIMER_REAL, &soon, NULL));
	int own = op(F_SETLK, F_WRLCK, n - 1, 1);
	MUST(-op(F_SETLK, F_UNLCK, 0, 0));
	for (int i = 0; i < n - 1; i++) {
		MUST(waitpid(pids[i], &status, 0));
		ended += status == 0;
	}
	say("%s: %s; own lock: %s; %d others then had theirs", label,
	    result ? errno_text(result) : "ok", own ? errno_text(own) : "kept", ended);
	close(ready[0]), close(ready[1]);
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_alarm };

	MUST(sigaction(SIGALRM, &action, NULL));
	fd = MUST(open("circle.tmp", O_RDWR | O_CREAT, 0600));
	circle("two", 2, 1, F_WRLCK);
	circle("three", 3, 1, F_WRLCK);
	circle("three who read", 3, 1, F_RDLCK);
	circle("a chain of three", 3, 0, F_WRLCK);
	circle("twelve", 12, 1, F_WRLCK);
	circle("thirteen", 13, 1, F_WRLCK);
	MUST(unlink("circle.tmp"));
	return 0;
}
