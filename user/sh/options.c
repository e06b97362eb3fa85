/*
 * options.c - set: the options of the shell, its arguments, its variables.
 *
 *	-e	end when a command fails that nothing (if, while, &&, ||, !) asks about
 *	-m	job control
 *	-u	a variable that is not set is an error
 *	-x	show each command before it runs
 */
#include <string.h>
#include "sh.h"

bool option_exit_on_error, option_no_unset, option_trace;

/* false: there is no such option. */
bool option_set(char letter, bool on)
{
	switch (letter) {
	case 'e':
		option_exit_on_error = on;
		return true;
	case 'u':
		option_no_unset = on;
		return true;
	case 'x':
		option_trace = on;
		return true;
	case 'm':
		job_control_set(on);
		return true;
	default:
		return false;
	}
}

/* $- */
const char *options_text(void)
{
	static char text[8];
	char *at = text;

	if (option_exit_on_error)
		*at++ = 'e';
	if (is_interactive)
		*at++ = 'i';
	if (has_job_control)
		*at++ = 'm';
	if (option_no_unset)
		*at++ = 'u';
	if (option_trace)
		*at++ = 'x';
	*at = '\0';
	return text;
}

/* -x: the command as it is about to run. */
void trace_command(char **argv)
{
	struct str line = { 0 };
	const char *prompt = var_get("PS4");

	if (!option_trace || !*argv)
		return;
	str_add(&line, prompt ? prompt : "+ ");
	for (int i = 0; argv[i]; i++) {
		if (i > 0)
			str_put(&line, ' ');
		str_add(&line, argv[i]);
	}
	str_put(&line, '\n');
	write_all(2, line.text, line.len);
}

static int list_variables(void)
{
	struct str list = { 0 };

	for (struct var *var = var_first(); var; var = var->next) {
		if (!var->value)
			continue;
		str_add(&list, var->name);
		str_add(&list, "='");
		str_add(&list, var->value);
		str_add(&list, "'\n");
	}
	return write_all(1, str_text(&list), list.len) < 0;
}

static void set_arguments(int argc, char **argv)
{
	char **args = heap_alloc((argc + 1) * sizeof(*args));	/* stay for good */

	for (int i = 0; i < argc; i++)
		args[i] = heap_copy(argv[i]);
	args[argc] = NULL;
	shell_args = args;
}

int builtin_set(int argc, char **argv)
{
	int i = 1;

	if (argc == 1)
		return list_variables();
	for (; i < argc && (argv[i][0] == '-' || argv[i][0] == '+') && argv[i][1]; i++) {
		if (strcmp(argv[i], "--") == 0) {
			set_arguments(argc - i - 1, argv + i + 1);
			return 0;
		}
		for (const char *at = argv[i] + 1; *at; at++) {
			if (!option_set(*at, argv[i][0] == '-')) {
				warn("set: %c%c: no such option (there are -e -m -u -x)", argv[i][0],
				     *at);
				if (!is_interactive)
					shell_exit(2);
				return 2;
			}
		}
	}
	if (i < argc)
		set_arguments(argc - i, argv + i);
	return 0;
}
