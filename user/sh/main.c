/*
 * main.c - starts the shell.
 *
 *	sh				commands from standard input: with prompt and line editing
 *					when that is a terminal (-i: in any case with prompt)
 *	sh FILE [ARG...]		commands from a file
 *	sh -c TEXT [NAME [ARG...]]	commands from the argument
 *
 * This is the shell that Tine starts with, and a program to read: run.c shows fork, exec, exit
 * and wait at work. sh.h says in what order to read the files.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "sh.h"

extern char **environ;

/*
 * A terminal without echo has no person before it: a program feeds it, as the guest runner
 * does with the text of a pipe. Then there is no prompt and no editing.
 */
static bool is_person(void)
{
	struct termios settings;

	if (tcgetattr(0, &settings) < 0 || !isatty(2))
		return false;
	return settings.c_lflag & ECHO;
}

static int run_interactive(void)
{
	struct source s = { .fd = 0, .terminal = true, .line = 1 };

	is_interactive = true;
	signals_update();
	job_control_set(true);
	if (!var_get("PS1"))
		var_set("PS1", geteuid() == 0 ? "# " : "$ ");
	run_source(&s);
	write_all(2, "\n", 1);
	return last_status;
}

static int run_standard_input(void)
{
	struct source s = { .fd = 0, .line = 1 };

	return run_source(&s);
}

static int run_file(const char *path)
{
	char *text = read_whole_file(path);

	if (!text) {
		warn("%s: %s", path, strerror(errno));
		return errno == ENOENT ? 127 : 126;
	}
	return run_text(text, path);
}

int main(int argc, char **argv)
{
	bool force = false, text = false;
	int i = 1;
	(void)argc;

	vars_init(environ);
	shell_pid = getpid();
	for (; argv[i] && (argv[i][0] == '-' || argv[i][0] == '+') && argv[i][1]; i++) {
		for (const char *at = argv[i] + 1; *at; at++) {
			if (*at == 'c') {
				text = true;
			} else if (*at == 'i') {
				force = true;
			} else if (!strchr("ls-", *at) && !option_set(*at, argv[i][0] == '-')) {
				warn("%s: no such option (there are -c -i -l -s -e -m -u -x)", argv[i]);
				return 2;
			}
		}
	}
	shell_args = argv + i;
	if (text) {
		if (!argv[i]) {
			warn("-c: which command?");
			return 2;
		}
		if (*++shell_args)
			shell_name = *shell_args++;
		shell_exit(run_text(argv[i], NULL));
	}
	if (argv[i] && !force) {
		shell_name = argv[i];
		shell_args++;
		shell_exit(run_file(argv[i]));
	}
	shell_exit(force || is_person() ? run_interactive() : run_standard_input());
}
