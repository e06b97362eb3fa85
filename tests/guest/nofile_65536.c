/*
 * 65,536 descriptors: the limit can be set so high, the last ones be used and
 * none after them; a table so large forks, execs (which closes what is marked),
 * is closed one by one, all at once, and by exit; and the lowest free descriptor
 * is found whatever was closed; poll and select of so many.
 *
 * guest: -m 256 -t 120
 * native: no
 *
 * Pages: getrlimit(2), open(2), dup(2), execve(2), close_range(2),
 * poll(2), select(2).
 */
#include "check.h"

enum { MANY = 65536 };

static long close_from(unsigned first)
{
	return syscall(436, first, ~0u, 0);
}

static long started;

static void clock_start(void)
{
	started = now_ms();
}

static void clock_show(const char *label)
{
	say("# %s: %ld ms", label, now_ms() - started);
}

static void limits(void)
{
	struct rlimit limit;

	MUST(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_max = 1048577;
	VALUE_OF("beyond fs.nr_open", setrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_max = RLIM_INFINITY;
	VALUE_OF("without limit", setrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_max = limit.rlim_cur = MANY;
	VALUE_OF("65,536", setrlimit(RLIMIT_NOFILE, &limit));
	VALUE(dup2(0, MANY));
	VALUE(dup2(0, MANY - 1));
	VALUE(fcntl(0, F_DUPFD, MANY - 1));
	close(MANY - 1);
}

/* Every even one is marked close-on-exec. */
static void fill(void)
{
	int fd = 0;

	clock_start();
	while (fd != MANY - 1)
		fd = MUST(fcntl(0, fd % 2 ? F_DUPFD_CLOEXEC : F_DUPFD, 3));
	VALUE(dup(0));
	clock_show("dup");
}

static int count_open(void)
{
	int n = 0;

	for (int fd = 3; fd < MANY; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void children(const char *self)
{
	int status;

	clock_start();
	pid_t pid = MUST(fork());
	if (pid == 0)
		_exit(close_from(3) != 0);
	MUST(waitpid(pid, &status, 0));
	say("a child closes all: %s", status_text(status));
	clock_show("fork, close_range");
	clock_start();
	pid = MUST(fork());
	if (pid == 0) {
		execlp(self, self, "count", NULL);
		_exit(99);
	}
	MUST(waitpid(pid, &status, 0));
	say("a child execs: %s", status_text(status));
	clock_show("fork, exec, look at all");
	VALUE_OF("still open here", count_open());
}

static void lowest(void)
{
	close(40000), close(300), close(50000);
	VALUE(dup(0));
	VALUE(dup(0));
	VALUE(dup(0));
	VALUE(dup(0));
	close(MANY - 1), close(7);
	VALUE(fcntl(0, F_DUPFD, 8));
	VALUE(dup(0));
	clock_start();
	for (int i = 0; i < 10000; i++) { /* each time all but one are in use */
		close(5 + i * 6);
		if (dup(0) != 5 + i * 6)
			say("not the lowest");
	}
	clock_show("10,000 closes and dups");
	clock_start();
	for (int fd = 3; fd < MANY; fd++)
		MUST(close(fd));
	clock_show("closed one by one");
	VALUE(close(MANY - 1));
	VALUE(dup(0));
}

/* As many descriptions, not only descriptors: and exit closes them. */
static void files(void)
{
	int status;

	clock_start();
	pid_t pid = MUST(fork());
	if (pid == 0) {
		int fd = 0;
		while ((fd = open("/dev/null", O_RDONLY)) >= 0 && fd < MANY - 1)
			;
		VALUE(open("/dev/null", O_RDONLY));
		_exit(fd != MANY - 1);
	}
	MUST(waitpid(pid, &status, 0));
	say("a child opens as many files: %s", status_text(status));
	clock_show("fork, open, exit");
}

/* All of them stand for one pipe. */
static void waiting(void)
{
	static struct pollfd entries[MANY];
	static uint64_t set[MANY / 64];
	struct timespec soon = { 0, 20000000 };
	int fds[2], fd = 0;
	char byte;

	MUST(pipe(fds));
	while (fd != MANY - 1)
		fd = MUST(dup(fds[0]));
	for (int i = 0; i < MANY; i++)
		entries[i] = (struct pollfd){ .fd = i < 5 ? -1 : i, .events = POLLIN };
	clock_start();
	VALUE_OF("poll of all", poll(entries, MANY, 20));
	memset(set, 0xff, sizeof(set));
	set[0] <<= 5;
	VALUE_OF("select of all", syscall(SYS_pselect6, MANY, set, NULL, NULL, &soon, NULL));
	MUST(write(fds[1], "x", 1));
	VALUE_OF("poll, all ready", poll(entries, MANY, -1));
	memset(set, 0xff, sizeof(set));
	set[0] <<= 5;
	VALUE_OF("select, all ready", syscall(SYS_pselect6, MANY, set, NULL, NULL, NULL, NULL));
	clock_show("poll and select");
	MUST(read(fds[0], &byte, 1));
	close_from(3);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		VALUE_OF("open after exec", count_open());
		return fcntl(MANY - 1, F_GETFD) < 0 || fcntl(MANY - 2, F_GETFD) >= 0;
	}
	close_from(3);
	limits();
	fill();
	children(argv[0]);
	lowest();
	files();
	close_from(3);
	waiting();
	return 0;
}
