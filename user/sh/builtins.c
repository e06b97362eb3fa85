/*
 * builtins.c - commands that the shell runs itself, without fork.
 *
 * Most must be here because a child could not do them: cd in a child changes the folder of the
 * child alone. echo, test, true, false and kill are here so that they still work when there is no
 * room for one more process.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sh.h"

/* A number that an argument gives; -1, and said so, when it is none. */
static long number_argument(const char *builtin, const char *text)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (end == text || *end || errno || number < 0) {
		warn("%s: %s: not a number", builtin, text);
		return -1;
	}
	return number;
}

static int print(const struct str *text)
{
	if (text->len && write_all(1, text->text, text->len) < 0) {
		if (errno != EPIPE)
			warn("cannot write: %s", strerror(errno));
		return 1;
	}
	return 0;
}

static int print_line(const char *text)
{
	struct str line = { 0 };

	str_add(&line, text);
	str_put(&line, '\n');
	return print(&line);
}

static int builtin_true(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static int builtin_false(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 1;
}

static int builtin_echo(int argc, char **argv)
{
	struct str line = { 0 };
	bool newline = argc < 2 || strcmp(argv[1], "-n") != 0;
	int first = newline ? 1 : 2;

	for (int i = first; i < argc; i++) {
		if (i > first)
			str_put(&line, ' ');
		str_add(&line, argv[i]);
	}
	if (newline)
		str_put(&line, '\n');
	return print(&line);
}

static int builtin_cd(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : var_get("HOME");
	bool back = folder && strcmp(folder, "-") == 0;
	char *now = getcwd(NULL, 0);
	int status = 1;

	if (back)
		folder = var_get("OLDPWD");
	if (!folder) {
		warn("cd: %s is not set", back ? "OLDPWD" : "HOME");
	} else if (chdir(*folder ? folder : ".") < 0) {
		warn("cd: %s: %s", folder, strerror(errno));
	} else {
		if (now)
			var_set("OLDPWD", now);
		free(now);
		now = getcwd(NULL, 0);
		if (now)
			var_set("PWD", now);
		status = now && back ? print_line(now) : 0;
	}
	free(now);
	return status;
}

static int builtin_pwd(int argc, char **argv)
{
	char *now = getcwd(NULL, 0);
	int status = 1;

	(void)argc;
	(void)argv;
	if (now)
		status = print_line(now);
	else
		warn("pwd: %s", strerror(errno));
	free(now);
	return status;
}

static int builtin_exit(int argc, char **argv)
{
	long status = trap_status_before() < 0 ? last_status : trap_status_before();

	if (jobs_hold_exit())
		return 1;
	if (argc > 1)
		status = number_argument("exit", argv[1]);
	shell_exit(status < 0 ? 2 : (int)status);
}

/* exec COMMAND: the shell is gone, its pid lives on. Without COMMAND: only redirects. */
static int builtin_exec(int argc, char **argv)
{
	if (argc == 1)
		return 0;
	for (struct var *var = var_first(); var; var = var->next)
		if (!var->value)
			var->exported = false;
	job_control_set(false);
	signals_reset_for_child(false);
	exec_program(argv + 1);
}

static int builtin_export(int argc, char **argv)
{
	struct str list = { 0 };
	int status = 0;

	for (struct var *var = var_first(); argc == 1 && var; var = var->next) {
		if (!var->exported)
			continue;
		str_add(&list, "export ");
		str_add(&list, var->name);
		if (var->value) {
			str_add(&list, "='");
			str_add(&list, var->value);
			str_put(&list, '\'');
		}
		str_put(&list, '\n');
	}
	for (int i = 1; i < argc; i++) {
		size_t len = name_length(argv[i]);

		if (is_assignment(argv[i])) {
			assign(argv[i], true);
		} else if (len && !argv[i][len]) {
			var_export(argv[i]);
		} else {
			warn("export: %s: not a name", argv[i]);
			status = 1;
		}
	}
	return print(&list) || status;
}

static int builtin_unset(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		var_unset(argv[i]);
	return 0;
}

static int builtin_shift(int argc, char **argv)
{
	long count = argc > 1 ? number_argument("shift", argv[1]) : 1;

	if (count < 0 || count > shell_arg_count()) {
		warn("shift: there are only %d arguments", shell_arg_count());
		return 1;
	}
	shell_args += count;
	return 0;
}

static int leave_loop(int argc, char **argv, bool go_on)
{
	long count = argc > 1 ? number_argument(argv[0], argv[1]) : 1;

	if (count < 1)
		return 2;
	loops_to_leave = count < loop_depth ? (int)count : loop_depth;
	loop_continues = go_on && loops_to_leave > 0;
	return 0;
}

static int builtin_break(int argc, char **argv)
{
	return leave_loop(argc, argv, false);
}

static int builtin_continue(int argc, char **argv)
{
	return leave_loop(argc, argv, true);
}

static int builtin_return(int argc, char **argv)
{
	long status = argc > 1 ? number_argument("return", argv[1]) : last_status;

	is_returning = true;
	return status < 0 ? 2 : (int)(status & 0xff);
}

static int builtin_eval(int argc, char **argv)
{
	struct str text = { 0 };

	for (int i = 1; i < argc; i++) {
		if (i > 1)
			str_put(&text, ' ');
		str_add(&text, argv[i]);
	}
	return run_text(str_text(&text), NULL);
}

static int builtin_source(int argc, char **argv)
{
	char *text;
	int status;

	if (argc < 2) {
		warn(".: which file?");
		return 2;
	}
	text = read_whole_file(argv[1]);
	if (!text) {
		warn(".: %s: %s", argv[1], strerror(errno));
		return 1;
	}
	status = run_text(text, argv[1]);
	free(text);
	return status;
}

/* One line of input in s; false at the end. A backslash joins lines unless raw. */
static bool read_input_line(struct str *s, bool raw)
{
	char c;
	ssize_t n;

	while ((n = read(0, &c, 1)) != 0) {
		if (n < 0 && errno == EINTR && !signals_interrupted() && !trap_pending())
			continue;
		if (n < 0)
			return false;
		if (c == '\n')
			return true;
		if (c == '\\' && !raw) {
			if (read(0, &c, 1) != 1)
				return false;
			if (c == '\n')
				continue;
		}
		str_put(s, c);
	}
	return false;
}

/* read [-r] NAME...: one field for each name, the last gets the rest of the line. */
static int builtin_read(int argc, char **argv)
{
	bool raw = argc > 1 && strcmp(argv[1], "-r") == 0;
	const char *ifs = var_get("IFS") ? var_get("IFS") : " \t\n";
	struct str line = { 0 };
	bool ok = read_input_line(&line, raw);
	char *at = str_text(&line);
	int first = raw ? 2 : 1;

	at += strspn(at, ifs);
	for (int i = first; i < argc; i++) {
		size_t len = i < argc - 1 ? strcspn(at, ifs) : strlen(at);
		char *next = at + len;

		next += strspn(next, ifs);
		while (i == argc - 1 && len && strchr(ifs, at[len - 1]))
			len--;
		at[len] = '\0';
		var_set(argv[i], at);
		at = next;
	}
	return ok ? 0 : 1;
}

static int builtin_umask(int argc, char **argv)
{
	mode_t mask = umask(0);
	struct str line = { 0 };

	umask(mask);
	if (argc > 1) {
		char *end;
		long wanted = strtol(argv[1], &end, 8);

		if (end == argv[1] || *end || wanted < 0 || wanted > 0777) {
			warn("umask: %s: not an octal number", argv[1]);
			return 1;
		}
		umask((mode_t)wanted);
		return 0;
	}
	str_put(&line, '0');
	for (int shift = 6; shift >= 0; shift -= 3)
		str_put(&line, (char)('0' + ((mask >> shift) & 7)));
	str_put(&line, '\n');
	return print(&line);
}

static int builtin_history(int argc, char **argv)
{
	struct str list = { 0 };

	(void)argc;
	(void)argv;
	for (int i = 0; i < history_count(); i++) {
		str_add(&list, history_get(i));
		str_put(&list, '\n');
	}
	return print(&list);
}

const struct builtin builtins[] = {
	{ ":", builtin_true, ":", "do nothing, with success" },
	{ ".", builtin_source, ". FILE", "run the commands of FILE in this shell" },
	{ "[", builtin_test, "[ EXPRESSION ]", "the same as test" },
	{ "bg", builtin_bg, "bg [%JOB]...", "let stopped jobs run on in the background" },
	{ "break", builtin_break, "break [N]", "leave the loop, or N loops" },
	{ "cd", builtin_cd, "cd [DIR]", "change the working directory; - is the one before" },
	{ "continue", builtin_continue, "continue [N]", "go on with the loop's next round" },
	{ "echo", builtin_echo, "echo [-n] WORD...", "print the words; -n: no newline" },
	{ "eval", builtin_eval, "eval WORD...", "run the words as a command" },
	{ "exec", builtin_exec, "exec [COMMAND]", "become COMMAND instead of starting it" },
	{ "exit", builtin_exit, "exit [N]", "end the shell with status N" },
	{ "export", builtin_export, "export [NAME[=VALUE]]...", "pass variables to programs" },
	{ "false", builtin_false, "false", "do nothing, without success" },
	{ "fg", builtin_fg, "fg [%JOB]", "bring a job into the foreground" },
	{ "help", builtin_help, "help", "this list" },
	{ "history", builtin_history, "history", "the lines typed so far" },
	{ "jobs", builtin_jobs, "jobs [-l | -p] [%JOB]...", "the jobs: %1 %+ %- %NAME; -l: with pids" },
	{ "kill", builtin_kill, "kill [-SIGNAL] PID|%JOB...", "send a signal, TERM if not said; -l: list" },
	{ "pwd", builtin_pwd, "pwd", "print the working directory" },
	{ "read", builtin_read, "read [-r] NAME...", "read a line into variables" },
	{ "return", builtin_return, "return [N]", "leave the function with status N" },
	{ "set", builtin_set, "set [-emux] [--] [WORD]...", "options; $1 $2 ...; or list the variables" },
	{ "shift", builtin_shift, "shift [N]", "drop the first of $1 $2 ..., or N of them" },
	{ "test", builtin_test, "test EXPRESSION", "compare words or numbers, look at files" },
	{ "trap", builtin_trap, "trap [COMMAND SIGNAL...]", "run COMMAND on a signal, or on EXIT" },
	{ "true", builtin_true, "true", "do nothing, with success" },
	{ "ulimit", builtin_ulimit, "ulimit [-HS] [-a|-LETTER] [N]", "what programs may use; -a: all" },
	{ "umask", builtin_umask, "umask [OCTAL]", "permissions that new files do not get" },
	{ "unset", builtin_unset, "unset NAME...", "remove variables" },
	{ "wait", builtin_wait, "wait [PID|%JOB]...", "wait for children in the background" },
	{ 0 },
};

const struct builtin *builtin_find(const char *name)
{
	for (const struct builtin *builtin = builtins; builtin->name; builtin++)
		if (strcmp(builtin->name, name) == 0)
			return builtin;
	return NULL;
}
