/*
 * subst.c - what stands for something else in a word: $name, ${...}, $(...), `...`, $((...)).
 *
 * Each function is called with *at on the character that begins it and leaves *at behind what
 * it has used. Values go into the text with a mark that says whether quotes were around it.
 * Source: POSIX, Shell Command Language 2.6.2 to 2.6.4.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sh.h"

/* From inside: the closing character that fits, with all nested quotes and brackets skipped. */
const char *skip_to(const char *at, const char *end, char close)
{
	while (at < end && *at != close) {
		char c = *at++;

		if (close == '\'')
			continue;
		if (c == '\\' && at < end)
			at++;
		else if (c == '\'' && close != '"')
			at = skip_to(at, end, '\'') + 1;
		else if (c == '"')
			at = skip_to(at, end, '"') + 1;
		else if (c == '`')
			at = skip_to(at, end, '`') + 1;
		else if (c == '$' && at < end && (*at == '{' || *at == '('))
			at = skip_to(at + 1, end, *at == '{' ? '}' : ')') + 1;
		else if (c == '(' && close == ')')
			at = skip_to(at, end, ')') + 1;
	}
	return at < end ? at : end;
}

static char *copy_range(const char *from, const char *to)
{
	char *copy = arena_alloc(to - from + 1);

	memcpy(copy, from, to - from);
	copy[to - from] = '\0';
	return copy;
}

static char *number_text(long number)
{
	char *text = arena_alloc(32);

	snprintf(text, 32, "%ld", number);
	return text;
}

/* $@ and $*: the arguments, in "$@" each a word of its own. */
static void put_args(struct text *t, char which, bool in_quotes)
{
	const char *ifs = var_get("IFS");
	char join = ifs ? *ifs : ' ';

	for (int i = 0; shell_args[i]; i++) {
		if (i > 0 && in_quotes && which == '*') {
			if (join)
				text_put(t, join, M_QUOTED);
		} else if (i > 0) {
			text_put(t, ' ', M_BREAK);
		}
		if (in_quotes && which == '@')
			text_put(t, ' ', M_EMPTY);
		text_add(t, shell_args[i], in_quotes ? M_QUOTED : M_RESULT);
	}
}

static const char *argument(long number)
{
	if (number == 0)
		return shell_name;
	return number <= shell_arg_count() ? shell_args[number - 1] : NULL;
}

/* The value of a parameter by its name; NULL: it is not set. */
static const char *parameter(const char *name)
{
	if (isdigit((unsigned char)*name))
		return argument(strtol(name, NULL, 10));
	switch (*name) {
	case '?':
		return number_text(last_status);
	case '$':
		return number_text(shell_pid);
	case '!':
		return last_background ? number_text(last_background) : NULL;
	case '#':
		return number_text(shell_arg_count());
	case '-':
		return options_text();
	case '@':
	case '*': {
		struct str all = { 0 };

		for (int i = 0; shell_args[i]; i++) {
			if (i > 0)
				str_put(&all, ' ');
			str_add(&all, shell_args[i]);
		}
		return all.len ? all.text : NULL;
	}
	default:
		return var_get(name);
	}
}

static size_t parameter_length(const char *at, const char *end)
{
	size_t len = 0;

	if (at < end && isdigit((unsigned char)*at)) {
		while (at + len < end && isdigit((unsigned char)at[len]))
			len++;
		return len;
	}
	if (at < end && strchr("?$!#-@*", *at))
		return 1;
	len = name_length(at);
	return at + len <= end ? len : (size_t)(end - at);
}

/* ${x#p} ${x##p} ${x%p} ${x%%p}: the value without the part that the pattern matches. */
static char *trim(const char *value, char side, bool longest, const char *pattern)
{
	size_t len = strlen(value);
	char *copy = arena_copy(value);

	for (size_t i = 0; i <= len; i++) {
		size_t cut = (side == '#') == longest ? len - i : i;	/* where to try next */
		char kept = copy[cut];
		bool match;

		if (side == '%') {
			match = fnmatch(pattern, copy + cut, 0) == 0;
			if (match)
				copy[cut] = '\0';
		} else {
			copy[cut] = '\0';
			match = fnmatch(pattern, copy, 0) == 0;
			copy[cut] = kept;
			if (match)
				return copy + cut;
		}
		if (match)
			return copy;
	}
	return copy;
}

/*
 * The word of ${name:-word}. Quotes inside of quotes end nothing and show nothing; without
 * quotes it may be split, as the value would have been.
 */
static bool put_word(struct text *t, const char *word, bool in_quotes)
{
	struct str without = { 0 };
	size_t from = t->marks.len;

	for (const char *at = word; in_quotes && *at; at++) {
		if (*at == '\\' && at[1])
			str_put(&without, *at++);
		else if (*at == '"')
			continue;
		str_put(&without, *at);
	}
	if (in_quotes)
		word = str_text(&without);
	if (!expand_into(t, &word, word + strlen(word), in_quotes))
		return false;
	for (; from < t->marks.len; from++)
		if (t->marks.text[from] == M_PLAIN)
			t->marks.text[from] = M_RESULT;
	return true;
}

/* ${name OP word}: at is behind the name, end is the closing bracket. */
static bool put_with_operator(struct text *t, const char *name, const char *at, const char *end,
			      bool in_quotes)
{
	enum char_mark mark = in_quotes ? M_QUOTED : M_RESULT;
	const char *value = parameter(name);
	bool colon = *at == ':';
	bool missing = !value || (colon && !*value);
	char *word;
	char op;

	if (colon)
		at++;
	op = *at++;
	word = copy_range(at, end);
	switch (op) {
	case '-':
		if (missing)
			return put_word(t, word, in_quotes);
		text_add(t, value, mark);
		return true;
	case '+':
		return missing || put_word(t, word, in_quotes);
	case '=':
		if (missing) {
			value = expand_single(word);
			if (!value)
				return false;
			var_set(name, value);
		}
		text_add(t, value, mark);
		return true;
	case '?':
		if (!missing) {
			text_add(t, value, mark);
			return true;
		}
		warn("%s: %s", name, *word ? expand_single(word) : "not set");
		if (!is_interactive)
			shell_exit(2);
		return false;
	case '#':
	case '%': {
		bool longest = *word == op;
		char *pattern = expand_pattern(longest ? word + 1 : word);

		if (!pattern)
			return false;
		text_add(t, trim(value ? value : "", op, longest, pattern), mark);
		return true;
	}
	default:
		warn("${%s%c...: no such operator", name, op);
		return false;
	}
}

/* The value itself; with set -u there must be one. */
static bool put_value(struct text *t, const char *name, bool in_quotes)
{
	const char *value = parameter(name);

	if (!value && option_no_unset) {
		warn("%s: not set", name);
		if (!is_interactive)
			shell_exit(2);
		return false;
	}
	text_add(t, value ? value : "", in_quotes ? M_QUOTED : M_RESULT);
	return true;
}

/* *at is behind the opening bracket. */
static bool subst_braces(struct text *t, const char **at, const char *end, bool in_quotes)
{
	const char *close = skip_to(*at, end, '}');
	const char *start = *at;
	bool wants_length = *start == '#' && close - start > 1;
	size_t len;
	char *name;

	*at = close < end ? close + 1 : end;
	if (wants_length)
		start++;
	len = parameter_length(start, close);
	name = copy_range(start, start + len);
	if (len == 0 || (wants_length && start + len != close)) {
		warn("${%s}: bad substitution", copy_range(start, close));
		return false;
	}
	if (wants_length) {
		const char *value = parameter(name);

		text_add(t, number_text(value ? (long)strlen(value) : 0),
			 in_quotes ? M_QUOTED : M_RESULT);
		return true;
	}
	if (start + len < close)
		return put_with_operator(t, name, start + len, close, in_quotes);
	if (*name == '@' || *name == '*')
		put_args(t, *name, in_quotes);
	else
		return put_value(t, name, in_quotes);
	return true;
}

/* $(...) or $((...)); *at is behind the first bracket. */
static bool subst_parentheses(struct text *t, const char **at, const char *end, bool in_quotes)
{
	const char *close = skip_to(*at, end, ')');
	char *inside = copy_range(*at, close);
	size_t len = strlen(inside);
	struct text expanded = { 0 };
	const char *from = inside + 1;
	char *output;
	long value;

	*at = close < end ? close + 1 : end;
	if (len < 2 || inside[0] != '(' || inside[len - 1] != ')') {
		output = run_and_read(inside);
		if (output)
			text_add(t, output, in_quotes ? M_QUOTED : M_RESULT);
		return output != NULL;
	}
	if (!expand_into(&expanded, &from, inside + len - 1, true) ||
	    !arith_evaluate(str_text(&expanded.chars), &value))
		return false;
	text_add(t, number_text(value), in_quotes ? M_QUOTED : M_RESULT);
	return true;
}

/* `...`: a backslash protects only $, ` and itself. */
bool subst_backquote(struct text *t, const char **at, const char *end, bool in_quotes)
{
	struct str command = { 0 };
	char *output;

	for ((*at)++; *at < end && **at != '`'; (*at)++) {
		if (**at == '\\' && *at + 1 < end &&
		    strchr(in_quotes ? "$`\\\"" : "$`\\", (*at)[1]))
			(*at)++;
		str_put(&command, **at);
	}
	if (*at < end)
		(*at)++;
	output = run_and_read(str_text(&command));
	if (output)
		text_add(t, output, in_quotes ? M_QUOTED : M_RESULT);
	return output != NULL;
}

bool subst_dollar(struct text *t, const char **at, const char *end, bool in_quotes)
{
	bool ok = true;
	size_t len;

	(*at)++;
	if (*at < end && **at == '{') {
		(*at)++;
		return subst_braces(t, at, end, in_quotes);
	}
	if (*at < end && **at == '(') {
		(*at)++;
		return subst_parentheses(t, at, end, in_quotes);
	}
	len = parameter_length(*at, end);
	if (len == 0) {
		text_put(t, '$', M_QUOTED);
		return true;
	}
	if (isdigit((unsigned char)**at))
		len = 1;			/* $10 is ${1}0 */
	if (**at == '@' || **at == '*')
		put_args(t, **at, in_quotes);
	else
		ok = put_value(t, copy_range(*at, *at + len), in_quotes);
	*at += len;
	return ok;
}
