/*
 * The table of signal(7), "Interruption of system calls and library functions
 * by signal handlers": which calls go on after a handler with SA_RESTART and
 * which end with EINTR; without SA_RESTART all do. And what a stop and continue
 * without any handler does to them.
 *
 * From signal(7), restart_syscall(2).
 */
/* guest: -t 120 */
#include "check.h"
#include <sys/file.h>
#include <sys/select.h>

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1 };

static volatile sig_atomic_t seen;
static int fds[2], file;
static int *futex_word; /* shared with the helper */
static pid_t child;

static void handler(int number)
{
	(void)number;
	seen++;
}

static long read_pipe(void)
{
	char byte;

	return read(fds[0], &byte, 1);
}

static long readv_pipe(void)
{
	char byte;
	struct iovec iov = { &byte, 1 };

	return readv(fds[0], &iov, 1);
}

static long open_fifo(void)
{
	int fd = open("fifo", O_RDONLY);

	return fd < 0 ? fd : close(fd);
}

static long wait_child(void)
{
	return waitpid(child, NULL, 0) == child ? 0 : -1;
}

static long waitid_child(void)
{
	siginfo_t info;

	return waitid(P_PID, child, &info, WEXITED);
}

static long futex_wait(void)
{
	return syscall(SYS_futex, futex_word, FUTEX_WAIT, 0, NULL);
}

static long futex_timed(void)
{
	struct timespec time = { 0, 150000000 };

	return syscall(SYS_futex, futex_word, FUTEX_WAIT, 0, &time);
}

static long lock_whole(void)
{
	return flock(file, LOCK_EX);
}

static long lock_record(void)
{
	struct flock lock = { .l_type = F_WRLCK };

	return fcntl(file, F_SETLKW, &lock);
}

static long poll_pipe(void)
{
	struct pollfd entry = { .fd = fds[0], .events = POLLIN };

	return poll(&entry, 1, 150);
}

static long ppoll_pipe(void)
{
	struct pollfd entry = { .fd = fds[0], .events = POLLIN };
	struct timespec time = { 0, 150000000 };

	return ppoll(&entry, 1, &time, NULL);
}

static long select_pipe(void)
{
	struct timeval time = { 0, 150000 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	return select(fds[0] + 1, &set, NULL, NULL, &time);
}

static long pselect_pipe(void)
{
	struct timespec time = { 0, 150000000 };
	sigset_t none;

	sigemptyset(&none);
	return pselect(0, NULL, NULL, NULL, &time, &none);
}

static long sleep_relative(void)
{
	struct timespec time = { 0, 150000000 };

	return nanosleep(&time, NULL);
}

static long sleep_absolute(void)
{
	struct timespec time;

	MUST(clock_gettime(CLOCK_MONOTONIC, &time));
	time.tv_nsec += 150000000;
	time.tv_sec += time.tv_nsec / 1000000000;
	time.tv_nsec %= 1000000000;
	errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
	return errno ? -1 : 0;
}

static long pause_call(void)
{
	return syscall(SYS_pause);
}

static long suspend(void)
{
	sigset_t none;

	sigemptyset(&none);
	return sigsuspend(&none);
}

static long timed_wait(void)
{
	struct timespec time = { 0, 150000000 };
	unsigned long set = 1UL << (SIGUSR2 - 1);

	return syscall(SYS_rt_sigtimedwait, &set, NULL, &time, 8);
}

/* What ends the call in the end, at 75 ms; others have a timeout of 150 ms. */
enum ending { TIME, BYTE, FIFO, CHILD, FUTEX, UNLOCK, HUP };

static const struct row {
	const char *name;
	long (*call)(void);
	enum ending ending;
} rows[] = {
	{ "read", read_pipe, BYTE },		{ "readv", readv_pipe, BYTE },
	{ "open of a FIFO", open_fifo, FIFO },	{ "wait4", wait_child, CHILD },
	{ "waitid", waitid_child, CHILD },	{ "futex without timeout", futex_wait, FUTEX },
	{ "futex with timeout", futex_timed, TIME }, { "flock", lock_whole, UNLOCK },
	{ "F_SETLKW", lock_record, UNLOCK },	{ "poll", poll_pipe, TIME },
	{ "ppoll", ppoll_pipe, TIME },		{ "select", select_pipe, TIME },
	{ "pselect", pselect_pipe, TIME },	{ "nanosleep", sleep_relative, TIME },
	{ "clock_nanosleep, absolute", sleep_absolute, TIME },
	{ "pause", pause_call, HUP },		{ "sigsuspend", suspend, HUP },
	{ "sigtimedwait", timed_wait, TIME },
};

/* A process that holds locks, signals us at 25 ms, and ends the call at 75 ms. */
static void helper(const struct row *row, int number)
{
	pid_t pid, parent = getpid();
	struct flock lock = { .l_type = F_WRLCK };
	char byte;
	int ready[2];

	MUST(pipe(ready));
	pid = MUST(fork());
	if (pid == 0) {
		int fd = MUST(open("file", O_RDWR));

		if (row->call == lock_whole)
			MUST(flock(fd, LOCK_EX));
		if (row->call == lock_record)
			MUST(fcntl(fd, F_SETLK, &lock));
		MUST(write(ready[1], "r", 1));
		sleep_ms(25);
		kill(parent, number);
		if (number == SIGSTOP) {
			sleep_ms(15);
			kill(parent, SIGCONT);
		}
		sleep_ms(50);
		if (row->ending == BYTE)
			MUST(write(fds[1], "b", 1));
		if (row->ending == FIFO) {
			fd = open("fifo", O_WRONLY | O_NONBLOCK);
			close(fd);
		}
		if (row->ending == FUTEX)
			syscall(SYS_futex, futex_word, FUTEX_WAKE, 1);
		if (row->ending == HUP)
			kill(parent, SIGHUP);
		_exit(0);
	}
	MUST(read(ready[0], &byte, 1));
	close(ready[0]), close(ready[1]);
}

static void run(const struct row *row, int flags, int number)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	char byte;
	long result;

	MUST(sigaction(SIGUSR1, &action, NULL));
	seen = 0;
	helper(row, number);
	child = -1;
	if (row->ending == CHILD && (child = MUST(fork())) == 0) {
		sleep_ms(75);
		_exit(0);
	}
	errno = 0;
	result = row->call();
	say("%s, %s: %s, handler ran: %d", row->name, number == SIGSTOP ? "stopped and continued" :
	    flags ? "SA_RESTART" : "no SA_RESTART", result < 0 ? errno_text(errno) : "went on", (int)seen);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	while (read(fds[0], &byte, 1) == 1)
		;
	fcntl(fds[0], F_SETFL, 0);
	flock(file, LOCK_UN);
	fcntl(file, F_SETLK, &(struct flock){ .l_type = F_UNLCK });
}

static void on_hangup(int number)
{
	(void)number;
}

int main(void)
{
	futex_word = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	MUST(pipe(fds));
	unlink("fifo");
	MUST(mkfifo("fifo", 0600));
	make_file("file", 0600, "x", 1);
	file = MUST(open("file", O_RDWR));
	signal(SIGHUP, on_hangup);
	for (size_t i = 0; i < COUNT(rows); i++) {
		run(&rows[i], 0, SIGUSR1);
		run(&rows[i], SA_RESTART, SIGUSR1);
		run(&rows[i], 0, SIGSTOP);
	}
	unlink("fifo"), unlink("file");
	return 0;
}
