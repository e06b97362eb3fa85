/*
 * Default actions of every signal, and what stop and continue do: SIGSTOP and
 * SIGKILL cannot be caught, blocked or ignored; SIGCONT continues even when
 * blocked; stop signals and SIGCONT cancel each other;
 * SIGTSTP, SIGTTIN and SIGTTOU do not stop an orphaned process group.
 *
 * The core-dump bit is left out: it depends on limits. From signal(7).
 */
#include "check.h"

/* Below the C library, which keeps some numbers for itself. */
static void set_default(int number)
{
	struct { void *handler; unsigned long flags; void *restorer; unsigned long mask; } none = { 0 };
	unsigned long open = 0;

	syscall(SYS_rt_sigaction, number, &none, NULL, 8);
	MUST(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &open, NULL, 8));
}

/*
 * What signal `number` does to a child that does nothing about it. The child is
 * in a group of its own, or leads a session: then its group is orphaned.
 */
static void default_action(int number, int orphaned)
{
	int status, fds[2];
	const char *name = signal_text(number);
	char byte, text[32];
	pid_t pid;

	snprintf(text, sizeof(text), "%s", name);
	MUST(pipe(fds));
	pid = MUST(fork());
	if (pid == 0) {
		set_default(number);
		MUST(orphaned ? setsid() : setpgid(0, 0));
		MUST(write(fds[1], "r", 1));
		for (;;)
			sleep_ms(1000);
	}
	MUST(read(fds[0], &byte, 1));
	close(fds[0]), close(fds[1]);
	MUST(kill(pid, number));
	if (number == SIGCHLD || number == SIGURG || number == SIGWINCH || number == SIGCONT ||
	    (orphaned && number != SIGSTOP)) {
		sleep_ms(20);
		if (waitpid(pid, &status, WNOHANG | WUNTRACED) == 0)
			say("%s: nothing", text);
		else
			say("%s: %s", text, status_text(status));
	} else {
		MUST(waitpid(pid, &status, WUNTRACED));
		status &= ~0x80 | (WIFSTOPPED(status) ? 0xff : 0);
		say("%s: %s", text, WIFSTOPPED(status) ? "stopped" : WIFSIGNALED(status) ?
		    "killed" : "exited");
	}
	if (kill(pid, SIGKILL) == 0)
		waitpid(pid, NULL, 0);
}

static volatile sig_atomic_t continued;

static void on_continue(int number)
{
	(void)number;
	continued++;
}

static void block_all(void)
{
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
}

/* Runs a child through STOP and CONT, and then asks for its exit status. */
static void stop_and_go(const char *label, void (*prepare)(void))
{
	int status, fds[2], go[2];
	char byte;
	pid_t pid;

	MUST(pipe(fds));
	MUST(pipe(go));
	pid = MUST(fork());
	if (pid == 0) {
		prepare();
		MUST(write(fds[1], "r", 1));
		while (read(go[0], &byte, 1) == -1)
			;
		_exit(continued);
	}
	MUST(read(fds[0], &byte, 1));
	say("%s", label);
	MUST(kill(pid, SIGSTOP));
	MUST(waitpid(pid, &status, WUNTRACED));
	say("  %s", status_text(status));
	MUST(kill(pid, SIGCONT));
	MUST(waitpid(pid, &status, WCONTINUED));
	say("  %s", status_text(status));
	MUST(write(go[1], "g", 1));
	MUST(waitpid(pid, &status, 0));
	say("  %s", status_text(status));
	close(fds[0]), close(fds[1]), close(go[0]), close(go[1]);
}

static void prepare_nothing(void)
{
}

static void prepare_handler(void)
{
	signal(SIGCONT, on_continue);
}

static void prepare_ignore(void)
{
	signal(SIGCONT, SIG_IGN);
}

/* A pending stop signal goes when SIGCONT comes, and the other way round. */
static void cancel(void)
{
	sigset_t set;

	block_all();
	MUST(kill(getpid(), SIGTSTP));
	MUST(kill(getpid(), SIGCONT));
	MUST(sigpending(&set));
	say("SIGTSTP pending after SIGCONT: %d", sigismember(&set, SIGTSTP));
	signal(SIGCONT, on_continue);
	MUST(kill(getpid(), SIGCONT));
	MUST(kill(getpid(), SIGTSTP));
	MUST(sigpending(&set));
	say("SIGCONT pending after SIGTSTP: %d", sigismember(&set, SIGCONT));
	MUST(kill(getpid(), SIGCONT));
	sigemptyset(&set);
	MUST(sigprocmask(SIG_SETMASK, &set, NULL));
	say("and nothing stops it");
}

static void kill_blocked(void)
{
	block_all();
	MUST(kill(getpid(), SIGKILL));
	say("alive after SIGKILL");
}

/* SIGPIPE: default, ignored. */
static void broken_pipe(void)
{
	int fds[2];

	MUST(pipe(fds));
	close(fds[0]);
	MUST(write(fds[1], "x", 1));
	say("alive after SIGPIPE");
}

static void broken_pipe_ignored(void)
{
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	MUST(pipe(fds));
	close(fds[0]);
	VALUE_OF("write to a broken pipe, SIGPIPE ignored", write(fds[1], "x", 1));
	VALUE_OF("of no bytes", write(fds[1], "x", 0));
}

int main(void)
{
	for (int number = 1; number <= 64; number++)
		default_action(number, 0);
	say("in an orphaned process group");
	default_action(SIGTSTP, 1);
	default_action(SIGTTIN, 1);
	default_action(SIGTTOU, 1);
	default_action(SIGSTOP, 1);
	stop_and_go("default", prepare_nothing);
	stop_and_go("everything blocked", block_all);
	stop_and_go("SIGCONT caught", prepare_handler);
	stop_and_go("SIGCONT ignored", prepare_ignore);
	in_child("stop and continue cancel each other", cancel);
	in_child("SIGKILL with all blocked", kill_blocked);
	in_child("SIGPIPE", broken_pipe);
	in_child("SIGPIPE ignored", broken_pipe_ignored);
	return 0;
}
