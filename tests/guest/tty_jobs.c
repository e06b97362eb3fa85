/*
 * Background jobs and the terminal: SIGTTIN for who reads, SIGTTOU for who changes it (and writes,
 * with TOSTOP); EIO where a signal would help nobody; and that the keyboard's signals reach the
 * foreground alone. tcsetpgrp(3), termios(3), POSIX.1-2017 11.1.4.
 *
 * native: no
 */
#include "terminal.h"

static struct termios settings;
static char c;

static long do_read(void) { return read(tty, &c, 1); }
static long do_write(void) { return write(tty, "x", 1); }
static long do_tcsetattr(void) { return tcsetattr(tty, TCSANOW, &settings); }
static long do_tcgetattr(void) { return tcgetattr(tty, &(struct termios){ 0 }); }
static long do_tcsetpgrp(void) { return tcsetpgrp(tty, getpgrp()); }
static long do_tcgetpgrp(void) { return tcgetpgrp(tty) < 0 ? -1 : 0; }
static long do_tcflush(void) { return tcflush(tty, TCIFLUSH); }
static long do_tcdrain(void) { return tcdrain(tty); }
static long do_tcflow(void) { return tcflow(tty, TCOON); }

static const struct {
	const char *name;
	long (*call)(void);
	int number;
} calls[] = {
	{ "read", do_read, SIGTTIN },		{ "write", do_write, SIGTTOU },
	{ "tcsetattr", do_tcsetattr, SIGTTOU },	{ "tcgetattr", do_tcgetattr, SIGTTOU },
	{ "tcsetpgrp", do_tcsetpgrp, SIGTTOU },	{ "tcgetpgrp", do_tcgetpgrp, SIGTTOU },
	{ "tcflush", do_tcflush, SIGTTOU },	{ "tcdrain", do_tcdrain, SIGTTOU },
	{ "tcflow", do_tcflow, SIGTTOU },
};

enum how { DEFAULT, IGNORED, BLOCKED, ORPHANED, HOW_COUNT };
static const char *const how_names[HOW_COUNT] = { "default", "ignored", "blocked", "orphaned" };

static void foreground_again(void)
{
	signal(SIGTTOU, SIG_IGN);
	MUST(tcsetpgrp(tty, getpgrp()));
	signal(SIGTTOU, SIG_DFL);
}

/* In the background job: the call, and its result as exit status: 0 or an errno. */
static void do_call(size_t i, enum how how)
{
	sigset_t set;
	long result;

	sigemptyset(&set);
	sigaddset(&set, calls[i].number);
	if (how == IGNORED)
		signal(calls[i].number, SIG_IGN);
	if (how == BLOCKED)
		sigprocmask(SIG_BLOCK, &set, NULL);
	result = calls[i].call();
	_exit(result < 0 ? errno : 0);
}

/* A job whose leader's parent is in the session; for an orphan the leader goes first. */
static void in_background(size_t i, enum how how)
{
	int status, up[2], error = 0;
	pid_t pid;

	MUST(pipe(up));
	pid = MUST(fork());
	if (pid == 0) {
		MUST(setpgid(0, 0));
		if (how != ORPHANED)
			do_call(i, how);
		pid = MUST(fork());
		if (pid)
			_exit(0);
		while (kill(getpgrp(), 0) == 0 && getppid() == getpgrp())
			sleep_ms(5);
		error = calls[i].call() < 0 ? errno : 0;
		MUST(write(up[1], &error, sizeof(error)));
		_exit(0);
	}
	setpgid(pid, pid);
	MUST(close(up[1]));
	MUST(waitpid(pid, &status, WUNTRACED));
	if (how == ORPHANED)
		MUST(read(up[0], &error, sizeof(error)));
	else if (WIFEXITED(status))
		error = WEXITSTATUS(status);
	MUST(close(up[0]));
	if (WIFSTOPPED(status)) {
		say("%s, %s: %s", calls[i].name, how_names[how], status_text(status));
		MUST(kill(pid, SIGKILL));
		MUST(waitpid(pid, NULL, 0));
	} else {
		say("%s, %s: %s", calls[i].name, how_names[how], error ? errno_text(error) : "ok");
	}
	foreground_again();
}

static void all_calls(void)
{
	for (int tostop = 0; tostop < 2; tostop++) {
		set_modes(ICANON | (tostop ? TOSTOP : 0), 1, 0);
		MUST(tcgetattr(tty, &settings));
		for (size_t i = 0; i < COUNT(calls); i++) {
			if (tostop && calls[i].call != do_write)
				continue;
			if (calls[i].call == do_write)
				say("TOSTOP %d:", tostop);
			for (int how = 0; how < HOW_COUNT; how++)
				in_background(i, how);
		}
	}
}

/* A reader that is stopped in the background reads once it is in the foreground. */
static void continued_reader(void)
{
	int status;
	pid_t pid;

	set_modes(ICANON, 1, 0);
	set_special(VEOL, 'R');
	pid = MUST(fork());
	if (pid == 0) {
		char buf[64];

		MUST(setpgid(0, 0));
		_exit((int)read(tty, buf, sizeof(buf)));
	}
	MUST(waitpid(pid, &status, WUNTRACED));
	say("reader in the background: %s", status_text(status));
	MUST(kill(-pid, SIGCONT));
	MUST(waitpid(pid, &status, WUNTRACED));
	say("continued in the background: %s", status_text(status));
	MUST(tcsetpgrp(tty, pid));
	MUST(kill(-pid, SIGCONT));
	type_answer();
	MUST(waitpid(pid, &status, WUNTRACED));
	say("continued in the foreground: %s", status_text(status));
	foreground_again();
}

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

/* The keys: only the job in the foreground sees them. */
static void keys(void)
{
	static const int which[] = { VINTR, VQUIT, VSUSP };

	signal(SIGINT, on_signal);
	signal(SIGQUIT, on_signal);
	signal(SIGTSTP, on_signal);
	for (size_t i = 0; i < COUNT(which); i++) {
		int status, told[2];
		pid_t pid;

		set_modes(ICANON | ISIG, 1, 0);
		set_special(which[i], 'R');
		MUST(pipe(told));
		pid = MUST(fork());
		if (pid == 0) {
			struct rlimit none = { 0, 0 };

			setrlimit(RLIMIT_CORE, &none);
			signal(SIGINT, SIG_DFL);
			signal(SIGQUIT, SIG_DFL);
			signal(SIGTSTP, SIG_DFL);
			signal(SIGTTOU, SIG_IGN);
			MUST(setpgid(0, 0));
			MUST(tcsetpgrp(tty, getpid()));
			MUST(write(told[1], "x", 1));
			for (;;)
				pause();
		}
		MUST(read(told[0], &c, 1));
		type_answer();
		MUST(waitpid(pid, &status, WUNTRACED));
		say("key %zu: %s; the leader saw %d", i, status_text(status), caught);
		kill(pid, SIGKILL);
		if (WIFSTOPPED(status))
			MUST(waitpid(pid, NULL, 0));
		MUST(close(told[0]));
		MUST(close(told[1]));
		foreground_again();
	}
}

static void leader(void)
{
	open_controlling();
	all_calls();
	continued_reader();
	keys();
}

int main(void)
{
	in_session("session", leader);
	return 0;
}
