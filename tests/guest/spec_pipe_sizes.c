/*
 * Pipes as pipe(7) tells: capacity and its change, atomic writes of PIPE_BUF, the matrix of
 * O_NONBLOCK, ends, FIONREAD; locks of open file descriptions.
 * Pages: pipe(7), fcntl(2) "Changing the capacity of a pipe", "Open file description locks".
 *
 * native: no
 */
#include "spec.h"

static int fds[2];
static char buffer[1 << 20];

static void fresh(void)
{
	MUST(pipe2(fds, O_NONBLOCK));
}

static void done(void)
{
	close(fds[0]), close(fds[1]);
}

static long fill(long step)
{
	long sum = 0;

	for (long n; (n = write(fds[1], buffer, step)) > 0;)
		sum += n;
	return sum;
}

static void capacities(void)
{
	static const long sizes[] = { 0, 1, 4095, 4096, 4097, 65536, 65537, 100000, 1048576 };

	fresh();
	VALUE(fcntl(fds[0], F_GETPIPE_SZ));
	VALUE(fill(PAGE));
	for (size_t i = 0; i < COUNT(sizes); i++) {
		char label[50];
		done();
		fresh();
		snprintf(label, sizeof(label), "F_SETPIPE_SZ %ld", sizes[i]);
		VALUE_OF(label, fcntl(fds[1], F_SETPIPE_SZ, sizes[i]));
		VALUE_OF("  it is", fcntl(fds[0], F_GETPIPE_SZ));
		VALUE_OF("  it takes", fill(PAGE));
	}
	VALUE(fcntl(fds[1], F_SETPIPE_SZ, PAGE));
	VALUE(read(fds[0], buffer, sizeof(buffer)));
	VALUE(fcntl(fds[1], F_SETPIPE_SZ, PAGE));
	MUST(write(fds[1], buffer, 100));
	VALUE(fcntl(fds[1], F_SETPIPE_SZ, 65536));
	VALUE_OF("what is in it stays", read(fds[0], buffer, 1000));
	VALUE(fcntl(fds[1], F_SETPIPE_SZ, -1));
	VALUE(fcntl(0, F_SETPIPE_SZ, PAGE));
	VALUE(fcntl(0, F_GETPIPE_SZ));
	VALUE(fcntl(-1, F_GETPIPE_SZ));
	done();
	fresh();
	if (other(9, 9)) {
		VALUE_OF("at most a MiB without privilege", fcntl(fds[1], F_SETPIPE_SZ, (1 << 20) + 1));
		VALUE(fcntl(fds[1], F_SETPIPE_SZ, 1 << 20));
		_exit(0);
	}
	done();
}

/* pipe(7) PIPE_BUF: n up to 4096 all or nothing; more may be cut. */
static void atomicity(void)
{
	int bytes;

	fresh();
	MUST(fill(PAGE));
	MUST(read(fds[0], buffer, PAGE));
	VALUE(write(fds[1], buffer, PAGE + 1));
	VALUE(write(fds[1], buffer, 1));
	MUST(read(fds[0], buffer, PAGE));
	VALUE(write(fds[1], buffer, 100));
	VALUE_OF("less than that is free", write(fds[1], buffer, PAGE));
	VALUE_OF("but this goes in", write(fds[1], buffer, 1000));
	VALUE(ioctl(fds[0], FIONREAD, &bytes));
	say("%d", bytes);
	VALUE(ioctl(fds[1], FIONREAD, &bytes));
	say("%d", bytes);
	done();
	fresh();
	VALUE_OF("all at once", write(fds[1], buffer, 200000));
	VALUE_OF("more than is there", read(fds[0], buffer, 200000));
	VALUE(read(fds[0], buffer, 1));
	VALUE(read(fds[0], buffer, 0));
	VALUE(write(fds[1], buffer, 0));
	VALUE(read(fds[0], buffer, 1));
	close(fds[1]);
	VALUE_OF("no writer", read(fds[0], buffer, 1));
	VALUE(read(fds[0], nowhere, 1));
	close(fds[0]);
}

/* Two blocking writers of PIPE_BUF: their blocks never mix. */
static void writers(void)
{
	int mixed = 0, blocks = 0;

	MUST(pipe(fds));
	for (int w = 0; w < 2; w++) {
		if (MUST(fork()) == 0) {
			memset(buffer, 'a' + w, PAGE);
			for (int i = 0; i < 100; i++)
				if (write(fds[1], buffer, PAGE) != PAGE)
					_exit(1);
			_exit(0);
		}
	}
	close(fds[1]);
	for (;;) {
		long have = 0, n;
		while (have < PAGE && (n = MUST(read(fds[0], buffer + have, PAGE - have))) > 0)
			have += n;
		if (have == 0)
			break;
		blocks++;
		for (int i = 1; i < have; i++)
			mixed += buffer[i] != buffer[0];
	}
	say("blocks %d mixed %d", blocks, mixed);
	for (int status, w = 0; w < 2; w++)
		MUST(wait(&status));
	close(fds[0]);
}

static long ofd(int fd, int command, int type, long start, long len)
{
	struct flock l = { .l_type = type, .l_start = start, .l_len = len };

	return fcntl(fd, command, &l);
}

/* F_OFD_GETLK is 36, SETLK 37, SETLKW 38. */
static void description_locks(void)
{
	int a, b, copy, status;

	make_file("f", 0644, "", 0);
	a = MUST(open("f", O_RDWR)), b = MUST(open("f", O_RDWR));
	VALUE(ofd(a, 37, F_WRLCK, 0, 10));
	VALUE_OF("another open in one process", ofd(b, 37, F_RDLCK, 5, 1));
	VALUE(ofd(b, 37, F_RDLCK, 10, 1));
	copy = MUST(dup(a));
	VALUE_OF("a copy is the same owner", ofd(copy, 37, F_RDLCK, 0, 10));
	VALUE_OF("shared now", ofd(b, 37, F_RDLCK, 5, 1));
	VALUE(ofd(b, 37, F_UNLCK, 0, 0));
	VALUE(ofd(a, 37, F_WRLCK, 0, 0));
	close(copy);
	VALUE_OF("closing a copy keeps it", ofd(b, 37, F_RDLCK, 5, 1));
	close(MUST(open("f", O_RDWR)));
	VALUE_OF("closing another open keeps it", ofd(b, 37, F_RDLCK, 5, 1));
	VALUE_OF("against a process's lock", ofd(b, F_SETLK, F_RDLCK, 5, 1));
	struct flock l = { .l_type = F_WRLCK };
	VALUE(fcntl(b, F_GETLK, &l));
	say("type %d start %ld len %ld pid %d", l.l_type == F_WRLCK, (long)l.l_start, (long)l.l_len, l.l_pid);
	l = (struct flock){ .l_type = F_WRLCK };
	VALUE(fcntl(b, 36, &l));
	say("type %d start %ld len %ld pid %d", l.l_type == F_WRLCK, (long)l.l_start, (long)l.l_len, l.l_pid);
	l = (struct flock){ .l_type = F_WRLCK, .l_pid = 7 };
	VALUE_OF("l_pid must be 0", fcntl(b, 37, &l));
	pid_t pid = MUST(fork());
	if (pid == 0)
		_exit(ofd(a, 37, F_WRLCK, 0, 5) == 0 ? 0 : 1);
	MUST(waitpid(pid, &status, 0));
	say("a child owns it, too: %s", status_text(status));
	close(a);
	VALUE_OF("gone with the last close", ofd(b, 37, F_WRLCK, 0, 0));
	close(b);
}

int main(void)
{
	spec_enter();
	capacities();
	atomicity();
	writers();
	description_locks();
	spec_leave();
	return 0;
}
