/*
 * Running out of descriptors: EMFILE from every call that makes one, nothing
 * leaked by those that need two, and all well after one is closed.
 *
 * guest: -m 128 -t 120
 *
 * How many there are is not printed, only that there are at least 64.
 * From open(2), dup(2), pipe(2), fcntl(2).
 */
#include "check.h"

static int last_of_dups(void)
{
	int fd, last = -1;

	while ((fd = dup(0)) >= 0)
		last = fd;
	return last;
}

int main(void)
{
	int before = MUST(open("/dev/null", O_RDONLY)), last, fds[2] = { -7, -7 }, status, fd;
	pid_t pid;

	close(before);
	last = last_of_dups();
	say("dup fails with %s", errno_text(errno));
	YES_OF("at least 64", last >= 63);
	VALUE(open("/dev/null", O_RDONLY));
	VALUE(open("limit.tmp", O_WRONLY | O_CREAT, 0644));
	unlink("limit.tmp");
	VALUE(pipe(fds));
	VALUE(fcntl(0, F_DUPFD, 0));
	VALUE(fcntl(0, F_DUPFD_CLOEXEC, 0));
	VALUE(dup2(0, last) == last);
	VALUE(dup3(0, last, O_CLOEXEC) == last);
	close(last);
	VALUE_OF("pipe with one left", pipe(fds));
	YES_OF("it stored nothing", fds[0] == -7 && fds[1] == -7);
	fd = open("/dev/null", O_RDONLY);
	YES_OF("that one is still free", fd == last);
	close(fd);
	close(last - 1);
	VALUE_OF("pipe with two left", pipe(fds));
	YES_OF("it took them", fds[0] + fds[1] == last + last - 1);
	VALUE_OF("one more", dup(0));
	pid = MUST(fork());
	if (pid == 0) {
		if (dup(0) != -1 || errno != EMFILE)
			_exit(1);
		for (int i = before; i <= last; i++)
			if (close(i) == -1)
				_exit(2);
		_exit(open("/dev/null", O_RDONLY) == before ? 0 : 3);
	}
	MUST(waitpid(pid, &status, 0));
	say("a child with as many: %s", status_text(status));
	VALUE_OF("its closes are its own", dup(0));
	for (int i = before; i <= last; i++)
		if (close(i) == -1)
			say("one was not open");
	fd = MUST(open("/dev/null", O_RDONLY));
	YES_OF("all free again", fd == before);
	close(fd);
	return 0;
}
