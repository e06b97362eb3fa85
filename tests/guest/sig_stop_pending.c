/*
 * A stop signal takes away a pending SIGCONT and SIGCONT a pending stop signal,
 * however the two are blocked, and whether they were sent to a thread or process.
 *
 * From signal(7), sigaction(2); POSIX, "Signal Generation and Delivery".
 */
#include "check.h"

static void block(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	MUST(sigprocmask(SIG_BLOCK, &set, NULL));
}

static int is_pending(int number)
{
	sigset_t set;

	MUST(sigpending(&set));
	return sigismember(&set, number);
}

static void thread_kill(int number)
{
	MUST(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), number));
}

static void process_kill(int number)
{
	MUST(kill(getpid(), number));
}

/* Stops, though a SIGCONT was pending, which has gone then. */
static void stops(const char *label, void (*send)(int), void (*stop)(int))
{
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0) {
		setpgid(0, 0); /* SIGTSTP would not stop an orphaned group */
		block(SIGCONT);
		send(SIGCONT);
		if (!is_pending(SIGCONT))
			_exit(8);
		stop(SIGSTOP);
		_exit(is_pending(SIGCONT) ? 6 : 7);
	}
	MUST(waitpid(pid, &status, WUNTRACED));
	say("%s: %s", label, status_text(status));
	if (!WIFSTOPPED(status))
		return;
	MUST(kill(pid, SIGCONT));
	MUST(waitpid(pid, &status, 0));
	/* 6: the second SIGCONT is pending, it is blocked. */
	say("then continued: %s", status_text(status));
}

/* A blocked stop signal is pending until SIGCONT comes. */
static void cancelled(const char *label, int number, void (*send)(int), void (*go)(int))
{
	block(number);
	send(number);
	YES_OF(label, is_pending(number));
	go(SIGCONT);
	YES_OF("still pending after SIGCONT", is_pending(number));
}

static void tstp(void) { cancelled("SIGTSTP", SIGTSTP, process_kill, process_kill); }
static void ttin(void) { cancelled("SIGTTIN to a thread", SIGTTIN, thread_kill, process_kill); }
static void ttou(void)
{
	cancelled("SIGTTOU, SIGCONT to a thread", SIGTTOU, process_kill, thread_kill);
}

static void ignored_goes_on(void)
{
	signal(SIGCONT, SIG_IGN);
	tstp();
}

static void stop_cancels_only_cont(void)
{
	block(SIGCONT), block(SIGUSR1), block(SIGTSTP);
	process_kill(SIGUSR1);
	process_kill(SIGCONT);
	process_kill(SIGTSTP);
	say("pending: SIGUSR1 %d, SIGCONT %d, SIGTSTP %d", is_pending(SIGUSR1),
	    is_pending(SIGCONT), is_pending(SIGTSTP));
	process_kill(SIGCONT);
	say("then: SIGUSR1 %d, SIGCONT %d, SIGTSTP %d", is_pending(SIGUSR1), is_pending(SIGCONT),
	    is_pending(SIGTSTP));
}

int main(void)
{
	stops("SIGCONT to the process, raise(SIGSTOP)", process_kill, thread_kill);
	stops("SIGCONT to the thread, kill(SIGSTOP)", thread_kill, process_kill);
	stops("both to the process", process_kill, process_kill);
	stops("both to the thread", thread_kill, thread_kill);
	in_child("SIGTSTP taken away", tstp);
	in_child("SIGTTIN taken away", ttin);
	in_child("SIGTTOU taken away", ttou);
	in_child("by an ignored SIGCONT, too", ignored_goes_on);
	in_child("nothing else is", stop_cancels_only_cont);
	return 0;
}
