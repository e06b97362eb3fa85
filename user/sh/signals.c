/*
 * signals.c - what each signal does to the shell, and to its children.
 *
 * The answer follows from three things, and is worked out in one place (wanted_action):
 *	trap		the person asked for a command, or for ignoring it
 *	interactive	Ctrl-C must not end the shell, only what is being run; nor SIGTERM, SIGQUIT
 *	job control	the shell itself is not to be stopped by the terminal
 * A child begins anew: only what is ignored stays ignored. A shell that was started with a signal
 * ignored (nohup) leaves it so, unless it is interactive.
 *
 * Handlers only make a note. Commands of traps run between two commands (trap.c).
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <string.h>
#include "sh.h"

enum state { UNKNOWN, DEFAULT, CAUGHT, IGNORED, IGNORED_AT_START };

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t pending[NSIG];
static volatile sig_atomic_t any_pending;
static enum state states[NSIG];
static char *traps[NSIG];	/* NULL: none, "": ignored; [0] is for EXIT */
static bool child_matters;	/* SIGCHLD must wake a sigsuspend */

static const char *const names[] = {
	"EXIT", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
	"USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU",
	"URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
};
enum { NAME_COUNT = sizeof(names) / sizeof(names[0]) };

const char *signal_name(int signo)
{
	static char other[32];

	if (signo >= 0 && signo < NAME_COUNT)
		return names[signo];
	if (signo < SIGRTMIN || signo > SIGRTMAX)
		return NULL;
	snprintf(other, sizeof(other), signo == SIGRTMIN ? "RTMIN" : "RTMIN+%d", signo - SIGRTMIN);
	return other;
}

/* Of a name with or without SIG, or a number as text; -1: there is none. 0 is EXIT. */
int signal_number(const char *name)
{
	char *end;
	long number = strtol(name, &end, 10);

	if (isdigit((unsigned char)*name))
		return *end || number >= NSIG ? -1 : (int)number;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (int signo = 0; signo < NSIG; signo++)
		if (signal_name(signo) && strcasecmp(signal_name(signo), name) == 0)
			return signo;
	return -1;
}

static void on_signal(int signo)
{
	if (signo == SIGINT && !traps[SIGINT])
		interrupted = 1;
	if (traps[signo]) {
		pending[signo] = 1;
		any_pending = 1;
	}
}

bool signals_interrupted(void)
{
	return interrupted;
}

void signals_set_interrupted(bool on)
{
	interrupted = on;
}

static enum state wanted_action(int signo)
{
	if (traps[signo])
		return *traps[signo] ? CAUGHT : IGNORED;
	switch (signo) {
	case SIGINT:
		return is_interactive ? CAUGHT : DEFAULT;
	case SIGQUIT:
	case SIGTERM:
		return is_interactive ? IGNORED : DEFAULT;
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return has_job_control ? IGNORED : DEFAULT;
	case SIGCHLD:
		return child_matters ? CAUGHT : DEFAULT;
	default:
		return DEFAULT;
	}
}

static void update(int signo)
{
	enum state wanted = wanted_action(signo);
	struct sigaction action = { .sa_flags = signo == SIGCHLD ? SA_RESTART : 0 };

	if (states[signo] == UNKNOWN) {
		sigaction(signo, NULL, &action);
		states[signo] = action.sa_handler != SIG_IGN ? DEFAULT
				: is_interactive	      ? IGNORED
							      : IGNORED_AT_START;
		action.sa_flags = signo == SIGCHLD ? SA_RESTART : 0;
	}
	if (states[signo] == wanted || states[signo] == IGNORED_AT_START)
		return;
	action.sa_handler = wanted == CAUGHT	? on_signal
			    : wanted == IGNORED ? SIG_IGN
						: SIG_DFL;
	sigemptyset(&action.sa_mask);	/* no SA_RESTART: read and wait are to return */
	if (sigaction(signo, &action, NULL) == 0)
		states[signo] = wanted;
}

/* is_interactive or has_job_control has changed. */
void signals_update(void)
{
	static const int concerned[] = { SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU };

	for (size_t i = 0; i < sizeof(concerned) / sizeof(concerned[0]); i++)
		if (states[concerned[i]] != UNKNOWN || is_interactive || has_job_control)
			update(concerned[i]);
}

void signals_catch_child(void)
{
	child_matters = true;
	update(SIGCHLD);
}

/* false: it stays as it is. */
bool trap_set(int signo, const char *command)
{
	char *old = traps[signo];

	if (signo == SIGKILL || signo == SIGSTOP)
		return false;
	traps[signo] = command ? heap_copy(command) : NULL;
	if (signo)
		update(signo);
	free(old);
	return true;
}

const char *trap_get(int signo)
{
	return traps[signo];
}

/* A signal that came and whose trap has not run yet, or 0. */
int trap_pending(void)
{
	for (int signo = 1; any_pending && signo < NSIG; signo++)
		if (pending[signo])
			return signo;
	return 0;
}

void trap_taken(int signo)
{
	pending[signo] = 0;
	any_pending = trap_pending() != 0;
}

/* What the shell catches is default in a child; what is ignored by trap '' stays ignored. */
void signals_reset_for_child(bool ignore_keys)
{
	is_interactive = false;
	interrupted = 0;
	for (int signo = 0; signo < NSIG; signo++) {
		pending[signo] = 0;
		if (traps[signo] && *traps[signo]) {
			free(traps[signo]);
			traps[signo] = NULL;
		}
		if (states[signo] == CAUGHT || states[signo] == IGNORED)
			update(signo);
	}
	for (int signo = SIGTSTP; has_job_control && signo <= SIGTTOU; signo++)
		states[signo] = IGNORED_AT_START;	/* a part of the shell itself: $(...) */
	if (!ignore_keys)
		return;
	signal(SIGINT, SIG_IGN);	/* Ctrl-C and Ctrl-\ are for the foreground */
	signal(SIGQUIT, SIG_IGN);
	states[SIGINT] = states[SIGQUIT] = IGNORED_AT_START;
}
