/*
 * Which waiting calls a handler with SA_RESTART lets go on, and which end by EINTR; stop and
 * continue without a handler interrupts none. Pages: signal(7) "Interruption of system calls
 * and library functions by signal handlers", "...by stop signals".
 *
 * native: no
 */
#include "spec.h"
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

static int empty[2], full[2], pair[2], timed[2], listener, timed_listener, file;
static char buffer[1 << 16];

static long do_read(void) { return read(empty[0], buffer, 1); }
static long do_readv(void) { return readv(empty[0], &(struct iovec){ buffer, 1 }, 1); }
static long do_write(void) { return write(full[1], buffer, PAGE); }
static long do_recv(void) { return recv(pair[0], buffer, 1, 0); }
static long do_recvmsg(void)
{
	struct iovec part = { buffer, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	return syscall(SYS_recvmsg, pair[0], &message, 0);
}
static long do_recv_timed(void) { return recv(timed[0], buffer, 1, 0); }
static long do_accept(void) { return accept(listener, NULL, NULL); }
static long do_accept_timed(void) { return accept(timed_listener, NULL, NULL); }
static long do_flock(void) { return flock(file, LOCK_EX); }
static long do_setlkw(void) { return fcntl(file, F_SETLKW, &(struct flock){ .l_type = F_WRLCK }); }
static long do_open_fifo(void) { return open("fifo", O_RDONLY); }
static long do_open_fifo_write(void) { return open("fifo", O_WRONLY); }
static long do_poll(void) { return poll(&(struct pollfd){ empty[0], POLLIN, 0 }, 1, -1); }
static long do_poll_timed(void) { return poll(NULL, 0, 20000); }
static long do_ppoll(void) { return syscall(SYS_ppoll, NULL, 0, NULL, NULL, 8); }
static long do_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(empty[0], &set);
	return syscall(SYS_select, empty[0] + 1, &set, NULL, NULL, NULL);
}
static long do_pselect(void)
{
	struct timespec limit = { 20, 0 };

	return syscall(SYS_pselect6, 0, NULL, NULL, NULL, &limit, NULL);
}
static long do_pause(void) { return pause(); }
static long do_sigsuspend(void) { sigset_t none; sigemptyset(&none); return sigsuspend(&none); }
static long do_nanosleep(void) { return syscall(SYS_nanosleep, &(struct timespec){ 20, 0 }, NULL); }
static long do_clock_nanosleep(void)
{
	return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &(struct timespec){ 20, 0 }, NULL);
}
static long do_futex(void)
{
	static int word;

	return syscall(SYS_futex, &word, 0 /* FUTEX_WAIT */, 0, NULL, NULL, 0);
}
static long do_sendfile(void) { return syscall(SYS_sendfile, full[1], file, &(off_t){ 0 }, 100); }
static long do_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "queue" };

	return connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&address, sizeof(address));
}

static const struct { const char *name; long (*call)(void); } calls[] = {
	{ "read of a pipe", do_read }, { "readv", do_readv }, { "write to a pipe", do_write },
	{ "recv", do_recv }, { "recvmsg", do_recvmsg }, { "recv with SO_RCVTIMEO", do_recv_timed },
	{ "accept", do_accept }, { "accept with SO_RCVTIMEO", do_accept_timed },
	{ "connect to a full queue", do_connect }, { "flock", do_flock }, { "F_SETLKW", do_setlkw },
	{ "open of a fifo", do_open_fifo }, { "open of a fifo to write", do_open_fifo_write },
	{ "poll", do_poll }, { "poll with a limit", do_poll_timed }, { "ppoll", do_ppoll },
	{ "select", do_select }, { "pselect6", do_pselect }, { "pause", do_pause },
	{ "sigsuspend", do_sigsuspend }, { "nanosleep", do_nanosleep },
	{ "clock_nanosleep", do_clock_nanosleep }, { "futex wait", do_futex },
	{ "sendfile to a pipe", do_sendfile },
};

static void on_signal(int number)
{
	(void)number;
}

/* A child that waits in the call: signals are sent until it ends or has slept on after three. */
static void interrupted(size_t which, int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };
	int status;
	pid_t done = 0, pid = MUST(fork());

	if (pid == 0) {
		MUST(sigaction(SIGUSR1, &action, NULL));
		_exit(calls[which].call() == -1 ? errno : 0);
	}
	till_asleep(pid, pid);
	for (int i = 0; i < 3 && done == 0; i++) {
		MUST(kill(pid, SIGUSR1));
		for (int wait = 0; wait < 40 && done == 0; wait++) {
			sleep_ms(1);
			done = MUST(waitpid(pid, &status, WNOHANG));
			if (wait > 5 && done == 0 && task_state(pid, pid) == 'S')
				break;
		}
	}
	if (done == 0) {
		MUST(kill(pid, SIGKILL));
		MUST(waitpid(pid, &status, 0));
		say("%s%s: goes on", calls[which].name, flags ? ", SA_RESTART" : "");
	} else {
		say("%s%s: %s", calls[which].name, flags ? ", SA_RESTART" : "",
		    errno_text(WEXITSTATUS(status)));
	}
}

/* Stopped and continued: it must still sleep. */
static void stopped(size_t which)
{
	int status;
	pid_t done, pid = MUST(fork());

	if (pid == 0)
		_exit(calls[which].call() == -1 ? errno : 0);
	till_asleep(pid, pid);
	MUST(kill(pid, SIGSTOP));
	MUST(waitpid(pid, &status, WUNTRACED));
	MUST(kill(pid, SIGCONT));
	sleep_ms(5);
	UNTIL(task_state(pid, pid) == 'S' || task_state(pid, pid) == 'Z');
	done = MUST(waitpid(pid, &status, WNOHANG));
	if (done == 0) {
		MUST(kill(pid, SIGKILL));
		MUST(waitpid(pid, &status, 0));
	}
	say("%s, stopped and continued: %s", calls[which].name,
	    done == 0 ? "goes on" : errno_text(WEXITSTATUS(status)));
}

static void prepare(void)
{
	struct timeval limit = { 20, 0 };
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "queue" };

	MUST(pipe(empty)), MUST(pipe(full));
	MUST(fcntl(full[1], F_SETFL, O_NONBLOCK));
	while (write(full[1], buffer, PAGE) > 0)
		;
	MUST(fcntl(full[1], F_SETFL, 0));
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, timed));
	MUST(setsockopt(timed[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	listener = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(bind(listener, (void *)&address, sizeof(address)));
	MUST(listen(listener, 5));
	strcpy(address.sun_path, "timed");
	timed_listener = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(bind(timed_listener, (void *)&address, sizeof(address)));
	MUST(listen(timed_listener, 5));
	MUST(setsockopt(timed_listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	make_file("f", 0644, buffer, 100);
	MUST(mkfifo("fifo", 0644));
	file = MUST(open("f", O_RDWR));
}

/* Another process holds the locks, and queues so many connections that no more fit. */
static pid_t hold(int queue)
{
	int ready[2];
	char byte;
	pid_t pid;

	MUST(pipe(ready));
	pid = MUST(fork());
	if (pid == 0) {
		int own = MUST(open("f", O_RDWR));
		struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "queue" };
		MUST(flock(own, LOCK_EX));
		MUST(fcntl(own, F_SETLK, &(struct flock){ .l_type = F_WRLCK }));
		while (queue && connect(MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)),
					(void *)&address, sizeof(address)) == 0)
			;
		MUST(write(ready[1], "x", 1));
		for (;;)
			pause();
	}
	MUST(read(ready[0], &byte, 1));
	close(ready[0]), close(ready[1]);
	return pid;
}

int main(void)
{
	pid_t holder;

	spec_enter();
	prepare();
	for (size_t i = 0; i < COUNT(calls); i++) {
		holder = hold(calls[i].call == do_connect);
		interrupted(i, 0);
		interrupted(i, SA_RESTART);
		stopped(i);
		MUST(kill(holder, SIGKILL));
		MUST(waitpid(holder, NULL, 0));
		if (calls[i].call == do_connect) {
			MUST(fcntl(listener, F_SETFL, O_NONBLOCK));
			for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;)
				close(fd);
			MUST(fcntl(listener, F_SETFL, 0));
		}
	}
	spec_leave();
	return 0;
}
