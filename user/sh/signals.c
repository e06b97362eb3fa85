/*
 * signals.c - Ctrl-C and its like, for the shell and for its children.
 *
 * The terminal sends SIGINT to every process of the foreground, so to the shell too. A shell
 * that prompts catches it, and only notes it: what is being run ends and the next prompt
 * comes. Children get the default action back, which exec would do for a caught signal, but
 * not for an ignored one. A shell that runs a script changes nothing, and so dies of Ctrl-C
 * like any program.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include "sh.h"

static volatile sig_atomic_t interrupted;
static bool changed;

static void on_interrupt(int signo)
{
	(void)signo;
	interrupted = 1;
}

bool signals_interrupted(void)
{
	return interrupted;
}

void signals_set_interrupted(bool on)
{
	interrupted = on;
}

static void set_action(int signo, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	sigemptyset(&action.sa_mask);
	if (sigaction(signo, &action, NULL) < 0)
		warn("cannot set the action of signal %d", signo);
}

void signals_init(bool interactive)
{
	if (!interactive)
		return;
	changed = true;
	set_action(SIGINT, on_interrupt);	/* no SA_RESTART: read and wait return */
	set_action(SIGQUIT, SIG_IGN);
	set_action(SIGTERM, SIG_IGN);
	set_action(SIGTSTP, SIG_IGN);
}

/* SIGTSTP stays ignored: until there is job control nothing could wake a stopped child. */
void signals_default_for_child(void)
{
	if (!changed)
		return;
	changed = false;
	interrupted = 0;
	set_action(SIGINT, SIG_DFL);
	set_action(SIGQUIT, SIG_DFL);
	set_action(SIGTERM, SIG_DFL);
}

/* Without job control Ctrl-C and the input are for the foreground only. */
void signals_ignore_for_background(void)
{
	int fd = open("/dev/null", O_RDONLY);

	set_action(SIGINT, SIG_IGN);
	set_action(SIGQUIT, SIG_IGN);
	if (fd > 0) {
		dup2(fd, 0);
		close(fd);
	}
}
