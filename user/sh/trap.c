/*
 * trap.c - trap: commands that run when a signal comes, or when the shell ends.
 *
 * A handler may do next to nothing (signal-safety(7)), so it only notes the signal; the command
 * runs as soon as the command under way has ended: traps_run() is called from run().
 */
#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sh.h"

static int status_before = -1;	/* $? when a trap began: what a bare `exit` in it means */

int trap_status_before(void)
{
	return status_before;
}

static void run_trap(const char *command)
{
	int status = last_status, outer = status_before;

	status_before = status;
	run_text(arena_copy(command), NULL);
	status_before = outer;
	last_status = status;
}

void traps_run(void)
{
	int signo;

	while ((signo = trap_pending()) != 0) {
		trap_taken(signo);
		if (trap_get(signo))
			run_trap(trap_get(signo));
	}
}

/* The last thing that the shell does. */
void trap_run_exit(int status)
{
	char *command = trap_get(0) ? heap_copy(trap_get(0)) : NULL;

	trap_set(0, NULL);
	last_status = status;
	if (command)
		run_trap(command);
}

static int list_traps(void)
{
	struct str list = { 0 };

	for (int signo = 0; signo < NSIG; signo++) {
		const char *at = trap_get(signo);

		if (!at)
			continue;
		str_add(&list, "trap -- '");
		for (; *at; at++) {
			if (*at == '\'')
				str_add(&list, "'\"'\"'");
			else
				str_put(&list, *at);
		}
		str_add(&list, "' ");
		str_add(&list, signal_name(signo));
		str_put(&list, '\n');
	}
	return write_all(1, str_text(&list), list.len) < 0;
}

/* trap [COMMAND] SIGNAL...: without COMMAND, or with -, as it was at the start. */
int builtin_trap(int argc, char **argv)
{
	int first = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
	const char *command = NULL;
	int status = 0;

	if (first == argc)
		return list_traps();
	if (argc - first > 1 && !isdigit((unsigned char)argv[first][0]))
		command = argv[first++];
	if (command && strcmp(command, "-") == 0)
		command = NULL;
	for (int i = first; i < argc; i++) {
		int signo = signal_number(argv[i]);

		if (signo >= 0) {
			trap_set(signo, command);
			continue;
		}
		warn("trap: %s: no such signal", argv[i]);
		status = 1;
	}
	return status;
}
