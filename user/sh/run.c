/*
 * run.c - the shell of 1971: it forks, the child execs, the parent waits (job_fork and
 * job_foreground in jobs.c do both, and the bookkeeping).
 *
 *	shell ---- fork ----------------------- wait ---- next command
 *	               \                       /
 *	          child ---- exec program ---- exit
 *
 * run_program() is that picture; run_pipeline() is the same for several children at once,
 * with pipes between them. Whatever must differ for the program (descriptors, variables,
 * signals) is set by the child between fork and exec, where it cannot hurt the shell.
 * A builtin runs without fork, because it changes the shell itself (cd, exit, export).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sh.h"

int last_status;
pid_t last_background;
pid_t shell_pid;
bool is_interactive;
int loop_depth;
int loops_to_leave;
bool loop_continues;
bool is_returning;
int asked_depth;

static int substitution_status;	/* of the last $(...), for `x=$(false)` */

/* Is something under way that skips the commands from here on? */
bool run_must_stop(void)
{
	return loops_to_leave > 0 || is_returning || signals_interrupted();
}

/* Replaces this process by the program in the file, or returns with errno. */
static void exec_file(const char *path, char **argv)
{
	char **environment = vars_environment();
	int argc = 0;
	char **script;

	execve(path, argv, environment);
	if (errno != ENOEXEC)
		return;
	while (argv[argc])
		argc++;
	script = arena_alloc((argc + 3) * sizeof(*script));	/* neither ELF nor #! */
	script[0] = (char *)"sh";
	script[1] = (char *)path;
	memcpy(script + 2, argv + 1, (argc > 0 ? argc : 1) * sizeof(*script));
	execve("/bin/sh", script, environment);
}

/* Tries each folder of PATH; returns the errno that says most. */
static int exec_from_path(char **argv)
{
	const char *path = var_get("PATH");
	int error = ENOENT;

	if (!path)
		path = "/bin";
	for (;;) {
		size_t len = strcspn(path, ":");
		char *file = arena_alloc(len + strlen(argv[0]) + 3);

		memcpy(file, path, len);
		strcpy(file + len, len ? "/" : "./");
		strcat(file, argv[0]);
		exec_file(file, argv);
		if (errno != ENOENT && errno != ENOTDIR)
			error = errno;
		if (!path[len])
			return error;
		path += len + 1;
	}
}

/* In a child: becomes the program, or says why not and ends with 126 or 127. */
void exec_program(char **argv)
{
	int error;

	if (strchr(argv[0], '/')) {
		exec_file(argv[0], argv);
		error = errno;
	} else {
		error = exec_from_path(argv);
	}
	if (error == ENOENT && !strchr(argv[0], '/'))
		warn("%s: not found", argv[0]);
	else
		warn("%s: %s", argv[0], strerror(error));
	_exit(error == ENOENT || error == ENOTDIR ? 127 : 126);
}

static bool do_assignments(struct word *from, struct word *to, bool exported)
{
	for (; from != to; from = from->next) {
		char *expanded = expand_single(from->text);

		if (!expanded)
			return false;
		if (!to)
			trace_command((char *[]){ expanded, NULL });
		assign(expanded, exported);
	}
	return true;
}

/* In a child: variables and descriptors for the program, then the program. */
static void become_program(struct node *node, struct word *first, char **argv)
{
	if (!do_assignments(node->words, first, true) || !redirect_apply(node->redirects, NULL))
		_exit(1);
	exec_program(argv);
}

/* There was no fork, and that was said. */
static int give_up(struct job *job)
{
	job_free(job);
	return 254;
}

/* The picture at the top of this file. */
static int run_program(struct node *node, struct word *first, char **argv)
{
	struct job *job = job_new(FOREGROUND);
	pid_t pid = job_fork(job, job_text(node));

	if (pid < 0)
		return give_up(job);
	if (pid == 0)
		become_program(node, first, argv);
	return job_foreground(job);
}

/* `a=1 b=2 cd x`: the variables are as before when the builtin or function has ended. */
static int run_inside(struct node *node, struct word *first, int argc, char **argv,
		      const struct builtin *builtin, const char *function)
{
	struct saved_fd *saved = NULL;
	struct { char *name, *value; } *old;
	int count = 0, n = 0;
	int status = 1;

	for (struct word *word = node->words; word != first; word = word->next)
		count++;
	old = arena_alloc((count + 1) * sizeof(*old));
	for (struct word *word = node->words; word != first; word = word->next, n++) {
		const char *value;

		old[n].name = arena_copy(word->text);
		old[n].name[name_length(word->text)] = '\0';
		value = var_get(old[n].name);
		old[n].value = value ? arena_copy(value) : NULL;
	}
	if (redirect_apply(node->redirects, &saved) && do_assignments(node->words, first, false))
		status = builtin ? builtin->run(argc, argv) : function_call(function, argv);
	if (builtin && strcmp(builtin->name, "exec") == 0)
		return status;			/* its redirects are there to stay */
	redirect_undo(saved);
	while (n-- > 0) {
		if (old[n].value)
			var_set(old[n].name, old[n].value);
		else
			var_unset(old[n].name);
	}
	return status;
}

/* No command, only variables or redirects: `a=1`, `>file`. */
static int run_assignments(struct node *node)
{
	struct saved_fd *saved = NULL;
	bool ok = redirect_apply(node->redirects, &saved) &&
		  do_assignments(node->words, NULL, false);

	redirect_undo(saved);
	return ok ? substitution_status : 1;
}

/* may_exec: this process is a child for just this command, so no fork is needed. */
static int run_simple(struct node *node, bool may_exec)
{
	struct mark mark = arena_mark();
	struct word *first = node->words;	/* the first after the assignments */
	const struct builtin *builtin;
	const char *function;
	char **argv;
	int argc, status;

	substitution_status = 0;
	while (first && is_assignment(first->text))
		first = first->next;
	argv = expand_words(first, &argc);
	if (!argv) {
		status = 1;
	} else if (argc == 0) {
		status = run_assignments(node);
	} else {
		trace_command(argv);
		builtin = builtin_find(argv[0]);
		function = function_find(argv[0]);
		if (function || builtin)
			status = run_inside(node, first, argc, argv, function ? NULL : builtin,
					    function);
		else if (may_exec)
			become_program(node, first, argv);
		else
			status = run_program(node, first, argv);
	}
	arena_release(mark);
	return status;
}

/* In a child: runs the command and ends. */
static void run_as_child(struct node *node)
{
	last_status = node->kind == N_SIMPLE ? run_simple(node, true) : run(node);
	shell_exit(last_status);
}

/* Makes fd the descriptor that a program knows as its input (0) or output (1). */
static void use_as(int fd, int target)
{
	if (fd < 0 || fd == target)
		return;
	dup2(fd, target);
	close(fd);
}

/* Of a pipe, where there is one: -1 is none. */
static void close_end(int fd)
{
	if (fd >= 0)
		close(fd);
}

/*
 * a | b | c: a child for each, all running at once. Each end of a pipe must be open in just
 * one process: a reader sees the end only when nobody is left who could write.
 */
static int run_pipeline(struct node *node, enum job_place place)
{
	int input = -1;		/* the end to read of the pipe from the command before */
	int started = 0;
	struct job *job = job_new(place);
	bool is_last = false;

	for (; !is_last; node = node->right) {
		struct node *command = node->kind == N_PIPE ? node->left : node;
		int ends[2] = { -1, -1 };
		pid_t pid;

		is_last = command == node;
		if (!is_last && pipe(ends) < 0) {
			warn("cannot make a pipe: %s", strerror(errno));
			break;
		}
		pid = job_fork(job, job_text(command));
		if (pid == 0) {
			close_end(ends[0]);
			use_as(input, 0);
			use_as(ends[1], 1);
			run_as_child(command);
		}
		close_end(input);
		close_end(ends[1]);
		input = ends[0];
		if (pid < 0)
			break;
		started++;
	}
	close_end(input);
	if (started == 0)
		return give_up(job);
	if (place == BACKGROUND)
		return job_background(job);
	return job_foreground(job);
}

static int run_background(struct node *node)
{
	struct job *job;
	pid_t pid;

	if (node->left->kind == N_PIPE && !node->left->redirects)
		return run_pipeline(node->left, BACKGROUND);
	job = job_new(BACKGROUND);
	pid = job_fork(job, job_text(node->left));
	if (pid < 0)
		return give_up(job);
	if (pid == 0)
		run_as_child(node->left);
	return job_background(job);
}

static int run_subshell(struct node *node)
{
	struct job *job = job_new(FOREGROUND);
	pid_t pid = job_fork(job, job_text(node));

	if (pid < 0)
		return give_up(job);
	if (pid == 0) {
		if (!redirect_apply(node->redirects, NULL))
			_exit(1);
		run_as_child(node->left);
	}
	return job_foreground(job);
}

/* $(text): runs it in a child, gives what it wrote without the newlines at its end. */
char *run_and_read(const char *text)
{
	struct str output = { 0 };
	char buffer[4096];
	int ends[2];
	struct job *job;
	ssize_t n;
	pid_t pid;

	if (pipe(ends) < 0) {
		warn("cannot make a pipe: %s", strerror(errno));
		return NULL;
	}
	job = job_new(WITHIN);
	pid = job_fork(job, "");
	if (pid == 0) {
		close(ends[0]);
		use_as(ends[1], 1);
		shell_exit(run_text(arena_copy(text), NULL));
	}
	close(ends[1]);
	while (pid > 0 && ((n = read(ends[0], buffer, sizeof(buffer))) > 0 ||
			   (n < 0 && errno == EINTR)))
		for (ssize_t i = 0; i < n; i++)
			if (buffer[i])
				str_put(&output, buffer[i]);
	close(ends[0]);
	if (pid < 0) {
		give_up(job);
		return NULL;
	}
	substitution_status = job_foreground(job);
	if (signals_interrupted())
		return NULL;			/* Ctrl-C is for the whole command */
	while (output.len && output.text[output.len - 1] == '\n')
		output.text[--output.len] = '\0';
	return str_text(&output);
}

/* Where somebody asks how it went: set -e lets it fail. */
int run_asked(struct node *node)
{
	int status;

	asked_depth++;
	status = run(node);
	asked_depth--;
	return status;
}

static int run_kind(struct node *node)
{
	switch (node->kind) {
	case N_PIPE:
		return run_pipeline(node, FOREGROUND);
	case N_SEQUENCE:
		run(node->left);
		return run_must_stop() ? last_status : run(node->right);
	case N_AND:
		return run_asked(node->left) || run_must_stop() ? last_status : run(node->right);
	case N_OR:
		return !run_asked(node->left) || run_must_stop() ? last_status : run(node->right);
	case N_NOT:
		return !run_asked(node->left);
	case N_BACKGROUND:
		return run_background(node);
	case N_GROUP:
		return run(node->left);
	case N_IF:
		return run_if(node);
	case N_WHILE:
	case N_UNTIL:
		return run_loop(node);
	case N_FOR:
		return run_for(node);
	case N_CASE:
		return run_case(node);
	case N_FUNCTION:
		function_define(node->name, node->words->text);
		return 0;
	default:
		return 0;
	}
}

/* Runs one tree; its status is also left in last_status. */
int run(struct node *node)
{
	struct saved_fd *saved = NULL;

	if (node->kind == N_SIMPLE) {
		last_status = run_simple(node, false);
	} else if (node->kind == N_SUBSHELL) {
		last_status = run_subshell(node);
	} else if (redirect_apply(node->redirects, &saved)) {
		last_status = run_kind(node);
		redirect_undo(saved);
	} else {
		redirect_undo(saved);
		last_status = 1;
	}
	traps_run();
	if (option_exit_on_error && last_status && asked_depth == 0 && !run_must_stop() &&
	    (node->kind == N_SIMPLE || node->kind == N_PIPE || node->kind == N_SUBSHELL))
		shell_exit(last_status);
	return last_status;
}

/* Runs what the source gives, command by command, to its end. */
int run_source(struct source *s)
{
	int status = 0;

	for (;;) {
		struct mark mark = arena_mark();
		struct node *node;
		enum parse_result result = parse_command(s, &node);

		if (result == PARSE_COMMAND)
			status = run(node);
		else if (result == PARSE_ERROR)
			status = last_status = s->cancelled ? 130 : 2;
		arena_release(mark);
		if (s->terminal) {
			if (signals_interrupted()) {
				last_status = 130;
				write_all(2, "\n", 1);
			}
			signals_set_interrupted(false);
			is_returning = false;
			traps_run();
			jobs_tell();
			if (result == PARSE_END && jobs_hold_exit())
				result = PARSE_EMPTY;
			jobs_warning_fades();
		}
		if (result == PARSE_END || (result == PARSE_ERROR && !s->terminal) ||
		    run_must_stop())
			return status;
	}
}

/* The text must live as long as this runs. */
int run_text(char *text, const char *name)
{
	struct source s;

	source_from_text(&s, name, text);
	return run_source(&s);
}

/* Ends the shell, or the child that runs a part of it. */
void shell_exit(int status)
{
	trap_run_exit(status);
	job_control_set(false);
	_exit(status & 0xff);
}
