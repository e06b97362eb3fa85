/*
 * The table of signal(7), "Interruption of system calls and library functions
 * by signal handlers": which calls go on after a handler with SA_RESTART and
 * which end with EINTR; without SA_RESTART all do. And what a stop and continue
 * without any handler does to them.
 *
 * A second process signals us when we sleep in the call, and ends the call when
 * we have taken the signal and sleep again. A call with a time limit that ran out
 * before that is made again with a longer one: the host may be busy.
 *
 * From signal(7), restart_syscall(2).
 */
/* guest: -t 120 */
#include "check.h"
#include <sys/file.h>
#include <sys/select.h>

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1 };

static int fds[2], file;
static pid_t child;
static long timeout_ms;

/* With the helper and the child. signalled_at: when the handler ran, or we had stopped. */
static volatile struct {
	int futex_word, seen, over;
	long signalled_at;
} *shared;

static void handler(int number)
{
	(void)number;
	shared->signalled_at = now_ms();
	shared->seen++;
}

static struct timespec timeout(void)
{
	return (struct timespec){ timeout_ms / 1000, timeout_ms % 1000 * 1000000 };
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
	return syscall(SYS_futex, &shared->futex_word, FUTEX_WAIT, 0, NULL);
}

static long futex_timed(void)
{
	struct timespec time = timeout();

	return syscall(SYS_futex, &shared->futex_word, FUTEX_WAIT, 0, &time);
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

	return poll(&entry, 1, timeout_ms);
}

static long ppoll_pipe(void)
{
	struct pollfd entry = { .fd = fds[0], .events = POLLIN };
	struct timespec time = timeout();

	return ppoll(&entry, 1, &time, NULL);
}

static long select_pipe(void)
{
	struct timeval time = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	return select(fds[0] + 1, &set, NULL, NULL, &time);
}

static long pselect_pipe(void)
{
	struct timespec time = timeout();
	sigset_t none;

	sigemptyset(&none);
	return pselect(0, NULL, NULL, NULL, &time, &none);
}

static long sleep_relative(void)
{
	struct timespec time = timeout();

	return nanosleep(&time, NULL);
}

static long sleep_absolute(void)
{
	struct timespec time;

	MUST(clock_gettime(CLOCK_MONOTONIC, &time));
	time.tv_nsec += timeout().tv_nsec;
	time.tv_sec += timeout().tv_sec + time.tv_nsec / 1000000000;
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
	struct timespec time = timeout();
	unsigned long set = 1UL << (SIGUSR2 - 1);

	return syscall(SYS_rt_sigtimedwait, &set, NULL, &time, 8);
}

/* What ends the call in the end. */
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

/* A process that holds locks, signals us in the call, and ends the call. */
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
		till_asleep(parent, parent);
		kill(parent, number);
		if (number == SIGSTOP) {
			UNTIL(task_state(parent, parent) == 'T');
			shared->signalled_at = now_ms();
			kill(parent, SIGCONT);
		} else {
			UNTIL(shared->seen);
		}
		till_asleep(parent, parent);
		shared->over = 1;
		if (row->ending == BYTE)
			MUST(write(fds[1], "b", 1));
		if (row->ending == FIFO) {
			fd = open("fifo", O_WRONLY | O_NONBLOCK);
			close(fd);
		}
		if (row->ending == FUTEX)
			syscall(SYS_futex, &shared->futex_word, FUTEX_WAKE, 1);
		if (row->ending == HUP)
			kill(parent, SIGHUP);
		_exit(0);
	}
	MUST(read(ready[0], &byte, 1));
	close(ready[0]), close(ready[1]);
}

/* Returns whether the signal came while the call lasted. */
static int try(const struct row *row, int flags, int number)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	long result, start, error;
	char byte;

	MUST(sigaction(SIGUSR1, &action, NULL));
	shared->seen = shared->over = 0;
	helper(row, number);
	child = -1;
	if (row->ending == CHILD && (child = MUST(fork())) == 0) {
		UNTIL(shared->over);
		_exit(0);
	}
	start = now_ms();
	errno = 0;
	result = row->call();
	error = errno;
	while (wait(NULL) > 0 || errno == EINTR)
		;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	while (read(fds[0], &byte, 1) == 1)
		;
	fcntl(fds[0], F_SETFL, 0);
	flock(file, LOCK_UN);
	fcntl(file, F_SETLK, &(struct flock){ .l_type = F_UNLCK });
	if (row->ending == TIME && shared->signalled_at - start > timeout_ms - 10)
		return 0;
	say("%s, %s: %s, handler ran: %d", row->name, number == SIGSTOP ? "stopped and continued" :
	    flags ? "SA_RESTART" : "no SA_RESTART", result < 0 ? errno_text(error) : "went on",
	    shared->seen);
	return 1;
}

static void run(const struct row *row, int flags, int number)
{
	timeout_ms = 150;
	while (!try(row, flags, number) && timeout_ms < 10000)
		timeout_ms *= 2;
}

static void on_hangup(int number)
{
	(void)number;
}

int main(void)
{
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
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
