/*
 * arith.c - the value of $((...)): signed whole numbers with the operators of C.
 *
 * Recursive descent where each level of precedence is a row of one table: binary(level) reads
 * operands of the level above and joins them from the left. && and || evaluate both sides,
 * which is visible only when the right one assigns or divides by 0. Source: POSIX 2.6.4.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "sh.h"

struct expression {
	const char *at;
	const char *error;
	int depth;
};

enum { LOWEST = 0, HIGHEST = 9, MAX_DEPTH = 200 };

/* Rows of one level are tried in order, so longer operators come first. */
static const struct {
	const char *text;
	int level;
} operators[] = {
	{ "||", 0 },	{ "&&", 1 },	{ "|", 2 },	{ "^", 3 },	{ "&", 4 },
	{ "==", 5 },	{ "!=", 5 },	{ "<=", 6 },	{ ">=", 6 },	{ "<", 6 },
	{ ">", 6 },	{ "<<", 7 },	{ ">>", 7 },	{ "+", 8 },	{ "-", 8 },
	{ "*", 9 },	{ "/", 9 },	{ "%", 9 },
};

static long assignment(struct expression *e);

static void skip_space(struct expression *e)
{
	while (isspace((unsigned char)*e->at))
		e->at++;
}

static long fail(struct expression *e, const char *error)
{
	if (!e->error)
		e->error = error;
	return 0;
}

static bool take(struct expression *e, const char *text)
{
	skip_space(e);
	if (strncmp(e->at, text, strlen(text)) != 0)
		return false;
	e->at += strlen(text);
	return true;
}

static long variable(const char *name)
{
	const char *value = var_get(name);

	return value ? strtol(value, NULL, 0) : 0;
}

static char *take_name(struct expression *e)
{
	size_t len = name_length(e->at);
	char *name = arena_alloc(len + 1);

	memcpy(name, e->at, len);
	name[len] = '\0';
	e->at += len;
	return name;
}

static long primary(struct expression *e)
{
	char *end;
	long value;

	skip_space(e);
	if (name_length(e->at))
		return variable(take_name(e));
	if (take(e, "(")) {
		value = assignment(e);
		return take(e, ")") ? value : fail(e, "no )");
	}
	if (!isdigit((unsigned char)*e->at))
		return fail(e, "a number or a name is missing");
	value = strtol(e->at, &end, 0);
	e->at = end;
	return value;
}

/* Wraps around as the processor does: the cast keeps overflow out of C's undefined cases. */
static long unary(struct expression *e)
{
	long value;

	if (++e->depth > MAX_DEPTH)
		return fail(e, "too deep");
	if (take(e, "-"))
		value = (long)(0 - (unsigned long)unary(e));
	else if (take(e, "+"))
		value = unary(e);
	else if (take(e, "!"))
		value = !unary(e);
	else if (take(e, "~"))
		value = ~unary(e);
	else
		value = primary(e);
	e->depth--;
	return value;
}

static long divide(struct expression *e, char op, long a, long b)
{
	if (b == 0)
		return fail(e, "division by 0");
	if (a == LONG_MIN && b == -1)
		return op == '/' ? a : 0;
	return op == '/' ? a / b : a % b;
}

static long apply(struct expression *e, const char *op, long a, long b)
{
	unsigned long ua = (unsigned long)a, ub = (unsigned long)b;
	bool doubled = op[1] != '\0';

	switch (op[0]) {
	case '|':
		return doubled ? a || b : a | b;
	case '&':
		return doubled ? a && b : a & b;
	case '^':
		return a ^ b;
	case '=':
		return a == b;
	case '!':
		return a != b;
	case '<':
		if (op[1] == '<')
			return (long)(ua << (ub & 63));
		return doubled ? a <= b : a < b;
	case '>':
		if (op[1] == '>')
			return a >> (ub & 63);
		return doubled ? a >= b : a > b;
	case '+':
		return (long)(ua + ub);
	case '-':
		return (long)(ua - ub);
	case '*':
		return (long)(ua * ub);
	default:
		return divide(e, op[0], a, b);
	}
}

/* The operator of this level that comes next, or NULL. `<` is none when `<<` is there. */
static const char *take_operator(struct expression *e, int level)
{
	skip_space(e);
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		const char *text = operators[i].text;
		size_t len;

		if (operators[i].level != level || text[0] != e->at[0])
			continue;
		len = strlen(text);
		if (strncmp(e->at, text, len) != 0)
			continue;
		if (len == 1 && e->at[1] == e->at[0] && strchr("|&<>", text[0]))
			continue;
		e->at += len;
		return text;
	}
	return NULL;
}

static long binary(struct expression *e, int level)
{
	long value = level == HIGHEST ? unary(e) : binary(e, level + 1);
	const char *op;

	while (!e->error && (op = take_operator(e, level)))
		value = apply(e, op, value, level == HIGHEST ? unary(e) : binary(e, level + 1));
	return value;
}

static long conditional(struct expression *e)
{
	long condition = binary(e, LOWEST);
	long yes, no;

	if (e->error || !take(e, "?"))
		return condition;
	yes = assignment(e);
	if (!take(e, ":"))
		return fail(e, "? without :");
	no = conditional(e);
	return condition ? yes : no;
}

/* name = value, name += value and so on; anything else is an expression without one. */
static long assignment(struct expression *e)
{
	static const char *const ops[] = { "+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>" };
	const char *start;
	char *name;

	if (++e->depth > MAX_DEPTH)
		return fail(e, "too deep");
	skip_space(e);
	start = e->at;
	if (name_length(e->at)) {
		name = take_name(e);
		skip_space(e);
		if (e->at[0] == '=' && e->at[1] != '=') {
			e->at++;
			var_set_number(name, assignment(e));
			return variable(name);
		}
		for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
			size_t len = strlen(ops[i]);

			if (strncmp(e->at, ops[i], len) != 0 || e->at[len] != '=')
				continue;
			e->at += len + 1;
			var_set_number(name, apply(e, ops[i], variable(name), assignment(e)));
			return variable(name);
		}
		e->at = start;
	}
	e->depth--;
	return conditional(e);
}

bool arith_evaluate(const char *expression, long *value)
{
	struct expression e = { .at = expression };

	skip_space(&e);
	*value = *e.at ? assignment(&e) : 0;
	skip_space(&e);
	if (!e.error && *e.at)
		e.error = "something is left over";
	if (e.error)
		warn("$((%s)): %s", expression, e.error);
	if (e.error && !is_interactive)
		shell_exit(2);
	return !e.error;
}
