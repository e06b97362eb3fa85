/*
 * select and pselect6: three sets at once, sets of more than FD_SETSIZE bits,
 * bits beyond nfds and beyond the table, closed and O_PATH descriptors, files of
 * all kinds, time left, signal masks, bad pointers. And poll of as many.
 * Pages: select(2), select_tut(2), poll(2).
 */
#include "check.h"

enum { BITS = 5120, WORDS = BITS / 64, HIGH = 4500 };

struct set {
	uint64_t word[WORDS];
};

static struct set in, out, except;
static int fds[2];

static void add(struct set *set, int fd)
{
	set->word[fd / 64] |= 1ul << fd % 64;
}

static int has(const struct set *set, int fd)
{
	return set->word[fd / 64] >> fd % 64 & 1;
}

static void clear(void)
{
	memset(&in, 0, sizeof(in));
	memset(&out, 0, sizeof(out));
	memset(&except, 0, sizeof(except));
}

static int count(const struct set *set)
{
	int n = 0;

	for (int i = 0; i < WORDS; i++)
		n += __builtin_popcountl(set->word[i]);
	return n;
}

static long sel(int nfds, void *a, void *b, void *c, long ms)
{
	struct timeval timeout = { ms / 1000, ms % 1000 * 1000 };

	return syscall(SYS_select, nfds, a, b, c, ms < 0 ? NULL : &timeout);
}

static void show(const char *label, int nfds, long ms)
{
	errno = 0;
	long n = sel(nfds, &in, &out, &except, ms);

	say("%s: %ld %s; in %d out %d except %d", label, n, n < 0 ? errno_text(errno) : "",
	    count(&in), count(&out), count(&except));
}

static void kinds(void)
{
	int file = MUST(open("select.tmp", O_RDWR | O_CREAT, 0600)), null = MUST(open("/dev/null", O_RDWR));
	int dir = MUST(open(".", O_RDONLY)), path = MUST(open("select.tmp", O_PATH)), gone[2];

	clear();
	add(&in, fds[0]), add(&out, fds[1]), add(&except, fds[0]);
	show("empty pipe", fds[1] + 1, 0);
	MUST(write(fds[1], "x", 1));
	clear();
	add(&in, fds[0]), add(&out, fds[1]), add(&except, fds[0]), add(&out, fds[0]), add(&in, fds[1]);
	show("pipe with a byte", fds[1] + 1, 0);
	YES(has(&in, fds[0]) && has(&out, fds[1]));
	clear();
	add(&in, file), add(&out, file), add(&except, file);
	show("file", file + 1, 0);
	clear();
	add(&in, null), add(&out, null), add(&except, null);
	show("/dev/null", null + 1, 0);
	clear();
	add(&in, dir), add(&out, dir), add(&except, dir);
	show("directory", dir + 1, 0);
	clear();
	add(&in, path), add(&out, path), add(&except, path);
	show("O_PATH", path + 1, 0);
	MUST(pipe(gone));
	close(gone[1]);
	clear();
	add(&in, gone[0]), add(&out, gone[0]), add(&except, gone[0]);
	show("no writer", gone[0] + 1, 0);
	MUST(dup2(gone[0], gone[1]));
	close(gone[0]), close(gone[1]);
	MUST(pipe(gone));
	close(gone[0]);
	clear();
	add(&in, gone[1]), add(&out, gone[1]), add(&except, gone[1]);
	show("no reader", gone[1] + 1, 0);
	close(gone[1]), close(file), close(null), close(dir), close(path);
	MUST(unlink("select.tmp"));
}

static void edges(void)
{
	clear();
	add(&in, 50);
	show("closed", 64, 0);
	clear();
	add(&except, 50);
	show("closed, third set", 64, 0);
	clear();
	add(&in, fds[0]), add(&in, 50);
	show("beyond nfds", 50, 0);
	clear();
	for (int i = 0; i < 64; i++)
		add(&out, i);
	add(&in, fds[0]), add(&out, 100);
	show("nfds ends within a word", fds[0] + 1, 0);
	YES(has(&out, 100));
	clear();
	add(&in, 5000), add(&in, fds[0]);
	show("closed, and beyond the table", BITS, 0);
	YES_OF("not looked at", has(&in, 5000));
	clear();
	show("nothing", 0, 0);
	show("negative", -1, 0);
	show("negative", INT_MIN, 0);
	VALUE(sel(INT_MAX, NULL, NULL, NULL, 0));
	VALUE(sel(1, nowhere, NULL, NULL, 0));
	VALUE(sel(0, nowhere, nowhere, nowhere, 0));
	VALUE(syscall(SYS_select, 0, NULL, NULL, NULL, nowhere));
	struct timeval bad = { 0, 1000000 }, negative = { -1, 0 };
	VALUE(syscall(SYS_select, 0, NULL, NULL, NULL, &negative));
	bad.tv_usec = -1;
	VALUE(syscall(SYS_select, 0, NULL, NULL, NULL, &bad));
}

static void high(void)
{
	static struct pollfd entries[HIGH + 10];

	MUST(dup2(fds[0], HIGH));
	MUST(dup2(fds[1], HIGH + 1));
	clear();
	add(&in, HIGH), add(&in, HIGH + 1), add(&out, HIGH), add(&out, HIGH + 1), add(&in, fds[0]);
	show("high descriptors", BITS, 0);
	YES(has(&in, HIGH) && has(&out, HIGH + 1) && has(&in, fds[0]));
	clear();
	add(&in, HIGH), add(&in, HIGH + 2);
	show("one of them closed", BITS, 0);
	for (int i = 0; i < HIGH + 10; i++)
		entries[i] = (struct pollfd){ .fd = i, .events = POLLIN };
	VALUE(poll(entries, HIGH + 10, 0) > HIGH);
	VALUE(entries[HIGH].revents);
	VALUE(entries[HIGH + 1].revents);
	VALUE(entries[HIGH + 2].revents);
	for (int i = 0; i < HIGH; i++)
		entries[i].fd = -1;
	VALUE(poll(entries, HIGH, 10));
	for (int i = 0; i < HIGH; i++)
		entries[i] = (struct pollfd){ .fd = fds[0], .events = POLLOUT };
	VALUE_OF("one descriptor many times", poll(entries, HIGH, 10));
	close(HIGH), close(HIGH + 1);
}

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

static void masks(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t block, old;
	struct timespec second = { 1, 0 }, soon = { 0, 20000000 };
	struct pollfd entry = { .fd = fds[1], .events = POLLIN };

	MUST(sigaction(SIGUSR1, &action, NULL));
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	MUST(sigprocmask(SIG_BLOCK, &block, &old));
	MUST(raise(SIGUSR1));
	VALUE(sel(0, NULL, NULL, NULL, 20));
	YES_OF("blocked", caught == 0);
	VALUE(pselect(0, NULL, NULL, NULL, &soon, NULL));
	VALUE_OF("pselect lets it in", pselect(0, NULL, NULL, NULL, &second, &old));
	YES_OF("handled", caught == SIGUSR1);
	caught = 0;
	MUST(raise(SIGUSR1));
	VALUE_OF("ppoll lets it in", ppoll(&entry, 1, &second, &old));
	YES_OF("handled", caught == SIGUSR1);
	caught = 0;
	MUST(raise(SIGUSR1));
	clear();
	add(&out, fds[1]);
	VALUE_OF("what is ready counts first",
		 pselect(fds[1] + 1, NULL, (fd_set *)&out, NULL, &second, &old));
	YES_OF("still blocked and pending", caught == 0);
	MUST(sigprocmask(SIG_SETMASK, &old, NULL));
	YES_OF("after the call", caught == SIGUSR1);
	long mask[2] = { (long)&block, 4 };
	VALUE(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &soon, mask));
	mask[0] = (long)nowhere, mask[1] = 8;
	VALUE(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &soon, mask));
	VALUE(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &soon, nowhere));
	VALUE(syscall(SYS_ppoll, NULL, 0, &soon, &block, 4));
	VALUE(syscall(SYS_ppoll, NULL, 0, &soon, nowhere, 8));
}

static void time_left(void)
{
	struct timeval timeout = { 5, 0 };
	char byte;

	clear();
	add(&in, fds[0]);
	VALUE(syscall(SYS_select, fds[0] + 1, &in, NULL, NULL, &timeout));
	YES_OF("nearly all is left", timeout.tv_sec == 4 && timeout.tv_usec > 0);
	MUST(read(fds[0], &byte, 1));
	timeout = (struct timeval){ 0, 30000 };
	VALUE(syscall(SYS_select, fds[0] + 1, &in, NULL, NULL, &timeout));
	YES_OF("none is left", timeout.tv_sec == 0 && timeout.tv_usec == 0);
	VALUE_OF("and none ready", has(&in, fds[0]));
}

int main(void)
{
	struct rlimit limit;

	MUST(getrlimit(RLIMIT_NOFILE, &limit));
	if (limit.rlim_cur < BITS) {
		limit.rlim_cur = BITS;
		limit.rlim_max = limit.rlim_max < BITS ? BITS : limit.rlim_max;
		MUST(setrlimit(RLIMIT_NOFILE, &limit));
	}
	for (int fd = 3; fd < 100; fd++)
		close(fd);
	MUST(pipe(fds));
	kinds();
	edges();
	high();
	masks();
	time_left();
	return 0;
}
