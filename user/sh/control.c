/*
 * control.c - if, while, until, for, case and functions: which commands run, and how often.
 *
 * break, continue and return leave a note (loops_to_leave, is_returning); run_must_stop() is
 * true from then on, so every list on the way up ends, until the loop or function that is
 * meant takes the note away. Ctrl-C works the same way, up to the prompt.
 */
#include <stdlib.h>
#include <string.h>
#include <fnmatch.h>
#include "sh.h"

enum { MAX_CALLS = 500 };	/* so that a function without an end cannot use up the stack */

struct function {
	char *name;
	char *body;
	struct function *next;
};

static struct function *functions;

int run_if(struct node *node)
{
	int condition = run_asked(node->left);

	if (run_must_stop())
		return condition;
	if (condition == 0)
		return run(node->right);
	return node->other ? run(node->other) : 0;
}

/* After each round: does the loop end here? */
static bool loop_is_over(void)
{
	if (loops_to_leave > 0) {
		if (--loops_to_leave > 0)
			return true;		/* an outer loop is meant */
		if (!loop_continues)
			return true;
		loop_continues = false;
	}
	return run_must_stop();
}

/* while and until. The status is that of the last round's body. */
int run_loop(struct node *node)
{
	int status = 0;

	loop_depth++;
	for (;;) {
		struct mark mark = arena_mark();
		bool over;

		if ((run_asked(node->left) == 0) != (node->kind == N_WHILE) && !run_must_stop())
			break;
		if (!run_must_stop())
			status = run(node->right);
		arena_release(mark);
		over = loop_is_over();
		if (over)
			break;
	}
	loop_depth--;
	return status;
}

int run_for(struct node *node)
{
	char **values = shell_args;
	int status = 0;
	int count = shell_arg_count();

	if (node->has_in) {
		values = expand_words(node->words, &count);
		if (!values)
			return 1;
	} else {
		char **copy = arena_alloc((count + 1) * sizeof(*copy));

		for (int i = 0; i <= count; i++)
			copy[i] = values[i] ? arena_copy(values[i]) : NULL;
		values = copy;
	}
	loop_depth++;
	for (int i = 0; i < count; i++) {
		struct mark mark = arena_mark();

		var_set(node->name, values[i]);
		status = run(node->right);
		arena_release(mark);
		if (loop_is_over())
			break;
	}
	loop_depth--;
	return status;
}

int run_case(struct node *node)
{
	char *value = expand_single(node->name);

	if (!value)
		return 1;
	for (struct node *item = node->other; item; item = item->other) {
		for (struct word *word = item->words; word; word = word->next) {
			char *pattern = expand_pattern(word->text);

			if (!pattern)
				return 1;
			if (fnmatch(pattern, value, 0) == 0)
				return item->left ? run(item->left) : 0;
		}
	}
	return 0;
}

void function_define(const char *name, const char *body)
{
	struct function *function;

	for (function = functions; function; function = function->next)
		if (strcmp(function->name, name) == 0)
			break;
	if (!function) {
		function = heap_alloc(sizeof(*function));
		function->name = heap_copy(name);
		function->body = NULL;
		function->next = functions;
		functions = function;
	}
	free(function->body);
	function->body = heap_copy(body);
}

/* The body as text, or NULL. */
const char *function_find(const char *name)
{
	for (struct function *function = functions; function; function = function->next)
		if (strcmp(function->name, name) == 0)
			return function->body;
	return NULL;
}

int function_call(const char *body, char **argv)
{
	static int calls;
	char **outer_args = shell_args;
	int outer_depth = loop_depth;
	int status;

	if (calls == MAX_CALLS) {
		warn("%s: calls itself too deeply", argv[0]);
		return 1;
	}
	calls++;
	loop_depth = 0;
	shell_args = argv + 1;
	status = run_text(arena_copy(body), argv[0]);
	if (is_returning)
		status = last_status;
	is_returning = false;
	shell_args = outer_args;
	loop_depth = outer_depth;
	calls--;
	return status;
}
