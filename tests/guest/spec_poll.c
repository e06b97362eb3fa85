/*
 * poll, ppoll, select, pselect6 on every kind of descriptor: what is ready, what comes back,
 * counts, time limits, masks, signals. Pages: poll(2), select(2), pipe(7), select_tut(2).
 *
 * native: no
 */
#include "spec.h"
#include <sys/select.h>

static const short bits[] = { POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLNVAL, POLLRDNORM,
			      POLLRDBAND, POLLWRNORM, POLLWRBAND, 0x2000 };
static const char *const bit_names[] = { "IN", "PRI", "OUT", "ERR", "HUP", "NVAL", "RDNORM",
					 "RDBAND", "WRNORM", "WRBAND", "RDHUP" };

static void show(const char *label, int fd)
{
	struct pollfd all = { fd, -1, 0x5555 }, none = { fd, 0, 0x5555 };
	char text[100] = "";
	fd_set r, w, x;
	struct timeval zero = { 0, 0 };
	int n = poll(&all, 1, 0), m = poll(&none, 1, 0), s;

	for (size_t i = 0; i < COUNT(bits); i++)
		if (all.revents & bits[i])
			strcat(strcat(text, " "), bit_names[i]);
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_ZERO(&x);
	FD_SET(fd, &r), FD_SET(fd, &w), FD_SET(fd, &x);
	s = select(fd + 1, &r, &w, &x, &zero);
	say("%s: %d%s; asked for nothing: %d %x; select %d%s%s%s", label, n, text, m, none.revents, s,
	    FD_ISSET(fd, &r) ? " r" : "", FD_ISSET(fd, &w) ? " w" : "", FD_ISSET(fd, &x) ? " x" : "");
}

static void objects(void)
{
	static char page[PAGE];
	int fds[2], fd;

	fd = MUST(open("f", O_CREAT | O_RDWR, 0600));
	show("file", fd);
	close(fd);
	fd = MUST(open("f", O_RDONLY));
	show("file for reading", fd);
	close(fd);
	fd = MUST(open(".", O_RDONLY));
	show("folder", fd);
	close(fd);
	fd = MUST(open("/dev/null", O_RDWR));
	show("/dev/null", fd);
	close(fd);
	fd = MUST(open("/dev/zero", O_RDWR));
	show("/dev/zero", fd);
	close(fd);
	fd = MUST(open("/proc/self/stat", O_RDONLY));
	show("/proc file", fd);
	close(fd);
	MUST(pipe2(fds, O_NONBLOCK));
	show("empty pipe, read end", fds[0]);
	show("empty pipe, write end", fds[1]);
	MUST(write(fds[1], "x", 1));
	show("pipe with a byte, read end", fds[0]);
	show("pipe with a byte, write end", fds[1]);
	MUST(read(fds[0], page, 1));
	while (write(fds[1], page, PAGE) > 0)
		;
	show("full pipe, write end", fds[1]);
	MUST(read(fds[0], page, PAGE - 1));
	show("a page less a byte free, write end", fds[1]);
	MUST(read(fds[0], page, 1));
	show("a page free, write end", fds[1]);
	close(fds[1]);
	show("no writer, some bytes", fds[0]);
	while (read(fds[0], page, PAGE) > 0)
		;
	show("no writer, no bytes", fds[0]);
	close(fds[0]);
	MUST(pipe2(fds, O_NONBLOCK));
	close(fds[0]);
	show("no reader", fds[1]);
	close(fds[1]);
	MUST(mkfifo("p", 0600));
	fd = MUST(open("p", O_RDONLY | O_NONBLOCK));
	show("fifo never written to", fd);
	fds[1] = MUST(open("p", O_WRONLY | O_NONBLOCK));
	show("fifo with a writer", fd);
	close(fds[1]);
	show("fifo, the writer gone", fd);
	close(fd);
	fd = MUST(open("p", O_RDWR | O_NONBLOCK));
	show("fifo both ways", fd);
	close(fd);
	fd = MUST(open("f", O_PATH));
	struct pollfd path = { fd, POLLIN, 0 };
	VALUE_OF("O_PATH", poll(&path, 1, 0));
	VALUE(path.revents == POLLNVAL);
	close(fd);
}

static void counts(void)
{
	struct pollfd many[8];
	int fds[2];

	MUST(pipe(fds));
	MUST(write(fds[1], "x", 1));
	for (int i = 0; i < 8; i++)
		many[i] = (struct pollfd){ i % 2 ? fds[0] : -1 - i, POLLIN, 0x1234 };
	VALUE(poll(many, 8, 0));
	for (int i = 0; i < 4; i++)
		say("entry %d: %x", i, many[i].revents);
	many[2].fd = 800;
	VALUE(poll(many, 8, -1));
	say("closed: %x", many[2].revents);
	VALUE(poll(NULL, 0, 1));
	VALUE(poll((void *)nowhere, 0, 0));
	VALUE(poll((void *)nowhere, 1, 0));
	VALUE(syscall(SYS_poll, many, ~0UL, 0));
	VALUE(syscall(SYS_poll, many, 1025, 0));
	many[1].events = POLLOUT;
	many[1].fd = fds[0];
	VALUE(poll(many + 1, 1, 0));
	VALUE(many[1].revents);
	for (int i = 0; i < 8; i++)
		many[i].fd = -1;
	long start = now_ms();
	VALUE(poll(many, 8, 40));
	YES(now_ms() - start >= 40);
	close(fds[0]), close(fds[1]);
}

static volatile sig_atomic_t seen;

static void on_signal(int number)
{
	(void)number;
	seen++;
}

static long raw_ppoll(void *fds, long n, void *limit, void *mask, long size)
{
	return syscall(SYS_ppoll, fds, n, limit, mask, size);
}

static void masks_and_limits(void)
{
	struct timespec limit = { 0, 20000000 }, zero = { 0, 0 }, bad = { 0, 1000000000 }, early = { -1, 0 };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t usr1, empty;

	MUST(sigaction(SIGUSR1, &action, NULL));
	sigemptyset(&usr1), sigemptyset(&empty), sigaddset(&usr1, SIGUSR1);
	MUST(sigprocmask(SIG_BLOCK, &usr1, NULL));
	MUST(raise(SIGUSR1));
	VALUE(raw_ppoll(NULL, 0, &limit, NULL, 8));
	YES_OF("the rest of the time is written back", limit.tv_sec == 0 && limit.tv_nsec == 0);
	limit = (struct timespec){ 10, 0 };
	VALUE(raw_ppoll(NULL, 0, &limit, &empty, 8));
	YES(seen == 1 && limit.tv_sec >= 8);
	VALUE(raw_ppoll(NULL, 0, &zero, &empty, 4));
	VALUE(raw_ppoll(NULL, 0, &zero, nowhere, 8));
	VALUE(raw_ppoll(NULL, 0, &bad, NULL, 8));
	VALUE(raw_ppoll(NULL, 0, &early, NULL, 8));
	VALUE(raw_ppoll(NULL, 0, nowhere, NULL, 8));
	MUST(raise(SIGUSR1));
	VALUE_OF("zero time, a signal that the mask lets in", raw_ppoll(NULL, 0, &zero, &empty, 8));
	say("seen %d", (int)seen);
	struct { const sigset_t *set; size_t size; } arg = { &empty, 8 };
	MUST(raise(SIGUSR1));
	limit = (struct timespec){ 10, 0 };
	VALUE(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &limit, &arg));
	say("seen %d", (int)seen);
	arg.size = 4;
	VALUE(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &zero, &arg));
	VALUE(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &zero, NULL));
	VALUE(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &bad, NULL));
	VALUE(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &zero, nowhere));
	MUST(sigprocmask(SIG_UNBLOCK, &usr1, NULL));
}

static void selecting(void)
{
	struct timeval zero = { 0, 0 }, bad = { 0, -1 }, odd = { 0, 1500000 }, short_time = { 0, 20000 };
	fd_set set, other_set;
	int fds[2];

	MUST(pipe(fds));
	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	FD_SET(40, &set);
	VALUE(syscall(SYS_select, fds[0] + 1, &set, NULL, NULL, &zero));
	FD_SET(40, &set);
	VALUE_OF("a closed one", syscall(SYS_select, 41, &set, NULL, NULL, &zero));
	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	VALUE(syscall(SYS_select, -1, &set, NULL, NULL, &zero));
	VALUE(syscall(SYS_select, 1024, &set, NULL, NULL, &bad));
	VALUE(syscall(SYS_select, 0, NULL, NULL, NULL, &short_time));
	YES(short_time.tv_sec == 0 && short_time.tv_usec == 0);
	VALUE(syscall(SYS_select, 1, nowhere, NULL, NULL, &zero));
	VALUE(syscall(SYS_select, 0, nowhere, NULL, NULL, &zero));
	VALUE(syscall(SYS_select, 0, NULL, NULL, NULL, nowhere));
	MUST(write(fds[1], "x", 1));
	FD_ZERO(&set);
	FD_ZERO(&other_set);
	FD_SET(fds[0], &set), FD_SET(fds[1], &other_set);
	VALUE_OF("two sets, two bits", syscall(SYS_select, 1024, &set, &other_set, NULL, &odd));
	YES(odd.tv_sec == 1 && odd.tv_usec <= 500000);
	FD_SET(fds[1], &set);
	FD_SET(fds[0], &other_set);
	VALUE(syscall(SYS_select, 1024, &set, &other_set, NULL, NULL));
	YES(FD_ISSET(fds[0], &set) && !FD_ISSET(fds[1], &set) && FD_ISSET(fds[1], &other_set) &&
	    !FD_ISSET(fds[0], &other_set));
	close(fds[0]), close(fds[1]);
}

int main(void)
{
	spec_enter();
	objects();
	counts();
	masks_and_limits();
	selecting();
	spec_leave();
	return 0;
}
