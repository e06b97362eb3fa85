/*
 * expand.c - a word as typed to the arguments that a program gets.
 *
 * Three steps, in the order of POSIX, Shell Command Language 2.6:
 *
 *	1. expand_into: take the quotes off, put values in place of $..., and mark each
 *	   character with where it came from (enum char_mark)
 *	2. split: what came out of an unquoted $ falls into words at IFS
 *	3. glob: unquoted * ? [ make the word a pattern for names of files (glob.c)
 *
 * So `a='x y'; echo $a "$a"` gives three arguments, and a file named * does no harm.
 */
#include <stdlib.h>
#include <string.h>
#include "sh.h"

struct fields {
	char **list;
	int count, size;
};

void text_put(struct text *t, char c, enum char_mark mark)
{
	str_put(&t->chars, c);
	str_put(&t->marks, (char)mark);
}

void text_add(struct text *t, const char *chars, enum char_mark mark)
{
	while (*chars)
		text_put(t, *chars++, mark);
}

static void field_add(struct fields *fields, char *field)
{
	if (fields->count + 1 >= fields->size) {
		int size = fields->size ? 2 * fields->size : 16;
		char **list = arena_alloc(size * sizeof(*list));

		if (fields->count)
			memcpy(list, fields->list, fields->count * sizeof(*list));
		fields->list = list;
		fields->size = size;
	}
	fields->list[fields->count++] = field;
	fields->list[fields->count] = NULL;
}

static void expand_single_quotes(struct text *t, const char **at, const char *end)
{
	text_put(t, ' ', M_EMPTY);
	for ((*at)++; *at < end && **at != '\''; (*at)++)
		text_put(t, **at, M_QUOTED);
	if (*at < end)
		(*at)++;
}

static bool expand_double_quotes(struct text *t, const char **at, const char *end)
{
	const char *close = skip_to(*at + 1, end, '"');
	bool is_args = close - *at == 3 && (*at)[1] == '$' && (*at)[2] == '@';
	bool ok;

	if (!is_args)			/* "$@" without arguments is no word, "" is one */
		text_put(t, ' ', M_EMPTY);
	(*at)++;
	ok = expand_into(t, at, close, true);
	*at = close < end ? close + 1 : end;
	return ok;
}

static void expand_backslash(struct text *t, const char **at, const char *end, bool in_quotes)
{
	(*at)++;
	if (*at == end) {
		text_put(t, '\\', M_QUOTED);
		return;
	}
	if (in_quotes && !strchr("$`\"\\", **at))
		text_put(t, '\\', M_QUOTED);
	text_put(t, *(*at)++, M_QUOTED);
}

/* Step 1, for the characters from *at to end. false: an error was told. */
bool expand_into(struct text *t, const char **at, const char *end, bool in_quotes)
{
	while (*at < end) {
		bool ok = true;

		if (**at == '\\')
			expand_backslash(t, at, end, in_quotes);
		else if (**at == '$')
			ok = subst_dollar(t, at, end, in_quotes);
		else if (**at == '`')
			ok = subst_backquote(t, at, end, in_quotes);
		else if (**at == '\'' && !in_quotes)
			expand_single_quotes(t, at, end);
		else if (**at == '"' && !in_quotes)
			ok = expand_double_quotes(t, at, end);
		else
			text_put(t, *(*at)++, in_quotes ? M_QUOTED : M_PLAIN);
		if (!ok)
			return false;
	}
	return true;
}

/* ~ and ~/... at the start of a word: the home folder. */
static void expand_tilde(struct text *t, const char **at)
{
	const char *home = var_get("HOME");

	if (**at != '~' || ((*at)[1] && (*at)[1] != '/') || !home)
		return;
	text_add(t, home, M_QUOTED);
	(*at)++;
}

static bool expand_word(struct text *t, const char *word)
{
	const char *end = word + strlen(word);

	expand_tilde(t, &word);
	return expand_into(t, &word, end, false);
}

/* The characters alone: an assignment, the target of a redirect. NULL: an error was told. */
char *expand_single(const char *word)
{
	struct text t = { 0 };
	struct str result = { 0 };
	size_t name_len = is_assignment(word) ? name_length(word) + 1 : 0;

	for (size_t i = 0; i < name_len; i++)
		text_put(&t, *word++, M_PLAIN);
	if (!expand_word(&t, word))
		return NULL;
	for (size_t i = 0; i < t.chars.len; i++) {
		if (t.marks.text[i] == M_BREAK)
			str_put(&result, ' ');
		else if (t.marks.text[i] != M_EMPTY)
			str_put(&result, t.chars.text[i]);
	}
	return str_text(&result);
}

/* A backslash before each quoted character that means something in a pattern. */
static void put_pattern(struct str *pattern, char c, enum char_mark mark)
{
	if (mark == M_QUOTED && strchr("*?[]\\!-", c))
		str_put(pattern, '\\');
	str_put(pattern, c);
}

char *expand_pattern(const char *word)
{
	struct text t = { 0 };
	struct str pattern = { 0 };

	if (!expand_word(&t, word))
		return NULL;
	for (size_t i = 0; i < t.chars.len; i++)
		if (t.marks.text[i] != M_EMPTY && t.marks.text[i] != M_BREAK)
			put_pattern(&pattern, t.chars.text[i], t.marks.text[i]);
	return str_text(&pattern);
}

/* Step 3, for characters from..to of the text, which are one word. */
static void finish_field(struct fields *fields, struct text *t, size_t from, size_t to)
{
	struct str plain = { 0 }, pattern = { 0 };
	char **matches;
	int count = 0;

	for (size_t i = from; i < to; i++) {
		char c = t->chars.text[i], mark = t->marks.text[i];

		if (mark == M_EMPTY)
			continue;
		str_put(&plain, c);
		put_pattern(&pattern, c, mark);
	}
	if (has_pattern(pattern.text, pattern.len))
		count = glob_expand(str_text(&pattern), &matches);
	for (int i = 0; i < count; i++)
		field_add(fields, matches[i]);
	if (count == 0)				/* a pattern without a match stays */
		field_add(fields, str_text(&plain));
}

/* Step 2. Blanks of IFS in a row are one separator, any other character of it is one each. */
static void split(struct fields *fields, struct text *t)
{
	const char *ifs = var_get("IFS");
	size_t from = 0, i;
	bool has_word = false;

	if (!ifs)
		ifs = " \t\n";
	for (i = 0; i < t->chars.len; i++) {
		char c = t->chars.text[i], mark = t->marks.text[i];
		bool separates = mark == M_RESULT && strchr(ifs, c);

		if (mark != M_BREAK && !separates) {
			has_word = true;
			continue;
		}
		if (has_word || mark == M_BREAK)
			finish_field(fields, t, from, i);
		else if (!strchr(" \t\n", c) &&
			 (from == 0 || !strchr(" \t\n", t->chars.text[from - 1]) || i > from))
			finish_field(fields, t, i, i);
		/* "a :b": the blanks around another separator belong to it */
		if (separates && strchr(" \t\n", c) && has_word) {
			size_t next = i;

			while (next + 1 < t->chars.len && t->marks.text[next + 1] == M_RESULT &&
			       strchr(" \t\n", t->chars.text[next + 1]))
				next++;
			if (next + 1 < t->chars.len && t->marks.text[next + 1] == M_RESULT &&
			    strchr(ifs, t->chars.text[next + 1]))
				next++;
			i = next;
		}
		from = i + 1;
		has_word = mark == M_BREAK && from == t->chars.len;
	}
	if (has_word)
		finish_field(fields, t, from, i);
}

/* The arguments of a command, ended by NULL. NULL: an error was told. */
char **expand_words(struct word *words, int *count)
{
	struct fields fields = { 0 };

	field_add(&fields, NULL);		/* so that there is a list even without words */
	fields.count = 0;
	for (; words; words = words->next) {
		struct text t = { 0 };

		if (!expand_word(&t, words->text))
			return NULL;
		split(&fields, &t);
	}
	*count = fields.count;
	return fields.list;
}
