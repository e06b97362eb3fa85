/*
 * Sessions and their controlling terminal: /dev/tty, O_NOCTTY, TIOCSCTTY, TIOCNOTTY, TIOCGSID,
 * TIOCGPGRP and TIOCSPGRP with their errors; what the leader's exit and its TIOCNOTTY do to the
 * foreground group, and to descriptors of the terminal. setsid(2), ioctl_tty(2), tty(4).
 *
 * native: no
 */
#include "terminal.h"

static volatile sig_atomic_t hups, conts;

static void on_signal(int number)
{
	if (number == SIGHUP)
		hups++;
	else
		conts++;
}

static void count_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	MUST(sigaction(SIGHUP, &action, NULL));
	MUST(sigaction(SIGCONT, &action, NULL));
}

static int opens_dev_tty(void)
{
	int fd = open("/dev/tty", O_RDWR);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

static long session_id(void)
{
	pid_t id = -1;

	return ioctl(tty, TIOCGSID, &id) < 0 ? -1 : id;
}

static void without_terminal(void)
{
	OK(opens_dev_tty());
	tty = MUST(open("/dev/tty1", O_RDWR | O_NOCTTY));
	OK_OF("after O_NOCTTY: /dev/tty", opens_dev_tty());
	OK_OF("no terminal: tcgetpgrp", tcgetpgrp(tty));
	OK_OF("no terminal: tcsetpgrp", tcsetpgrp(tty, getpgrp()));
	OK_OF("no terminal: TIOCGSID", session_id());
	OK_OF("no terminal: TIOCNOTTY", ioctl(tty, TIOCNOTTY));
}

static void not_the_leader(void)
{
	OK_OF("no leader: TIOCSCTTY", ioctl(tty, TIOCSCTTY, 0));
	OK_OF("no leader: /dev/tty", opens_dev_tty());
	OK_OF("no leader: TIOCNOTTY", ioctl(tty, TIOCNOTTY));
	OK_OF("given up: /dev/tty", opens_dev_tty());
	OK_OF("given up: tcgetpgrp", tcgetpgrp(tty));
	OK_OF("given up: TIOCNOTTY", ioctl(tty, TIOCNOTTY));
	OK_OF("given up: TIOCSCTTY", ioctl(tty, TIOCSCTTY, 0));
	int fd = MUST(open("/dev/tty1", O_RDWR));
	OK_OF("given up, opened again: /dev/tty", opens_dev_tty());
	MUST(close(fd));
}

static void errors(void)
{
	int ends[2];
	pid_t no_such = 4000000, outside = getppid();

	OK(ioctl(tty, TIOCSCTTY, 0));
	OK_OF("a second time", ioctl(tty, TIOCSCTTY, 0));
	OK(opens_dev_tty());
	YES(tcgetpgrp(tty) == getpgrp());
	YES(session_id() == getpid());
	YES(tcgetsid(tty) == getsid(0));
	OK(tcsetpgrp(tty, getpgrp()));
	OK(tcsetpgrp(tty, -1));
	OK(tcsetpgrp(tty, no_such));
	OK_OF("a group of another session", tcsetpgrp(tty, getpgid(outside)));
	OK(ioctl(tty, TIOCSPGRP, nowhere));
	OK(ioctl(tty, TIOCGPGRP, nowhere));
	MUST(pipe(ends));
	OK_OF("of a pipe: tcgetpgrp", tcgetpgrp(ends[0]));
	OK_OF("of a pipe: tcsetpgrp", tcsetpgrp(ends[0], getpgrp()));
	OK_OF("of nothing: tcgetpgrp", tcgetpgrp(77));
	in_child("not the leader", not_the_leader);
	OK_OF("the leader still has it: /dev/tty", opens_dev_tty());
}

static void other_session(void)
{
	OK_OF("controlled by another session: TIOCSCTTY", ioctl(tty, TIOCSCTTY, 0));
	OK_OF("root takes it away", ioctl(tty, TIOCSCTTY, 1));
	OK_OF("taken away: /dev/tty", opens_dev_tty());
	OK_OF("given back: TIOCNOTTY", ioctl(tty, TIOCNOTTY));
}

static void rules(void)
{
	without_terminal();
	errors();
	in_session("another session", other_session);
	OK_OF("taken away from the first: /dev/tty", opens_dev_tty());
	OK_OF("and the descriptor works: tcgetpgrp", tcgetpgrp(tty));
	VALUE_OF("and write", write(tty, "x", 1));
}

/* A job in the foreground; its body runs once the leader has been told to go on. */
static pid_t start_job(int told[2], void (*body)(int))
{
	pid_t pid;

	MUST(pipe(told));
	pid = MUST(fork());
	if (pid == 0) {
		MUST(setpgid(0, 0));
		MUST(signal(SIGTTOU, SIG_IGN) == SIG_ERR ? -1 : 0);
		MUST(tcsetpgrp(tty, getpid()));
		count_signals();
		body(told[1]);
		_exit(0);
	}
	MUST(close(told[1]));
	return pid;
}

static void wait_told(const int told[2])
{
	char c;

	MUST(read(told[0], &c, 1));
}

static void tell(int fd)
{
	MUST(write(fd, "x", 1));
}

static void show_signals(const char *label)
{
	for (int i = 0; i < 50 && !hups; i++)
		sleep_ms(20);
	sleep_ms(100);
	say("%s: SIGHUP %d, SIGCONT %d", label, hups, conts);
}

static void job_of_giver(int told)
{
	tell(told);
	show_signals("TIOCNOTTY by the leader");
	OK_OF("the job: /dev/tty", opens_dev_tty());
	OK_OF("the job: tcgetattr", tcgetattr(tty, &(struct termios){ 0 }));
	VALUE_OF("the job: write", write(tty, "x", 1));
}

static void leader_gives_up(void)
{
	int told[2];

	open_controlling();
	start_job(told, job_of_giver);
	wait_told(told);
	OK(ioctl(tty, TIOCNOTTY));
	OK_OF("the leader: /dev/tty", opens_dev_tty());
	MUST(wait(NULL));
}

/* The job outlives its session's leader: it is told when that is over, and tells its own end. */
static int go[2], done[2];

static void job_of_leaver(int told)
{
	struct pollfd p = { .fd = tty, .events = POLLIN | POLLOUT };
	ssize_t got;
	char c;

	set_modes(ICANON, 1, 0);
	tell(told);
	got = read(tty, &c, 1);
	wait_told(go);
	VALUE_OF("hung up while reading", got);
	show_signals("exit of the leader");
	VALUE_OF("hung up: read", read(tty, &c, 1));
	VALUE_OF("hung up: write", write(tty, "x", 1));
	OK_OF("hung up: tcgetattr", tcgetattr(tty, &(struct termios){ 0 }));
	OK_OF("hung up: tcgetpgrp", tcgetpgrp(tty));
	OK_OF("hung up: tcsetpgrp", tcsetpgrp(tty, getpgrp()));
	VALUE_OF("hung up: poll", poll(&p, 1, 0));
	say("hung up: events %#x", p.revents);
	OK_OF("hung up: /dev/tty", opens_dev_tty());
	int fd = MUST(open("/dev/tty1", O_RDWR));
	VALUE_OF("opened again: write", write(fd, "x", 1));
	OK_OF("opened again: /dev/tty", opens_dev_tty());
	tell(done[1]);
}

static void leader_exits(void)
{
	int told[2];

	open_controlling();
	start_job(told, job_of_leaver);
	wait_told(told);
	sleep_ms(200);	/* until it reads */
}

static void stopped_job(int told)
{
	tell(told);
	raise(SIGSTOP);
	wait_told(go);
	say("stopped, and the leader exits: SIGHUP %s, SIGCONT %d", hups ? "yes" : "no", conts);
	tell(done[1]);
}

static void leader_exits_before_stopped(void)
{
	int told[2], status;

	open_controlling();
	pid_t pid = start_job(told, stopped_job);
	wait_told(told);
	MUST(waitpid(pid, &status, WUNTRACED));
}

int main(void)
{
	in_session("rules", rules);
	in_session("leader gives up", leader_gives_up);
	MUST(pipe(done));
	MUST(pipe(go));
	in_session("leader exits", leader_exits);
	tell(go[1]);
	wait_told(done);
	in_session("leader exits before a stopped job", leader_exits_before_stopped);
	tell(go[1]);
	wait_told(done);
	return 0;
}
