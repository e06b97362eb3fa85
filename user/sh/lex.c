/*
 * lex.c - characters to tokens.
 *
 * A token is an operator, the end of a line, or a word. The text of a word is kept as it was
 * typed, with quotes, backslashes and $(...): only expand.c takes them off, because what they
 * protect (splitting, globbing) happens there, and much later. So all that is done here about
 * them is to find the end of the word. Source: POSIX, Shell Command Language 2.3.
 */
#include <string.h>
#include "sh.h"

static bool copy_until(struct source *s, struct str *word, char close);

static bool unfinished(struct source *s, const char *what)
{
	if (!s->cancelled)
		warn("line %d: end of input inside %s", s->line, what);
	return false;
}

/* Copies up to and with the closing character; nothing in between has a meaning. */
static bool copy_raw(struct source *s, struct str *word, char close)
{
	for (;;) {
		int c = source_get(s);

		if (c == END_OF_INPUT)
			return unfinished(s, "quotes");
		str_put(word, (char)c);
		if (c == close)
			return true;
		if (c == '\\' && close == '`' && source_peek(s) != END_OF_INPUT)
			str_put(word, (char)source_get(s));
	}
}

/* After a $ was copied: ${...} and $(...) belong to the word with all they contain. */
static bool copy_dollar(struct source *s, struct str *word)
{
	int c = source_peek(s);

	if (c != '{' && c != '(')
		return true;
	str_put(word, (char)source_get(s));
	return copy_until(s, word, c == '{' ? '}' : ')');
}

/* What a backslash, a quote or a dollar begins, inside quotes or not. */
static bool copy_special(struct source *s, struct str *word, int c, bool in_double)
{
	switch (c) {
	case '\\':
		c = source_get(s);
		if (c == '\n')
			word->text[--word->len] = '\0';		/* the line goes on */
		else if (c != END_OF_INPUT)
			str_put(word, (char)c);
		return true;
	case '\'':
		return in_double ? true : copy_raw(s, word, '\'');
	case '"':
		return in_double ? true : copy_until(s, word, '"');
	case '`':
		return copy_raw(s, word, '`');
	case '$':
		return copy_dollar(s, word);
	default:
		return true;
	}
}

/* Copies up to and with close, which is one of " ) }. */
static bool copy_until(struct source *s, struct str *word, char close)
{
	for (;;) {
		int c = source_get(s);
		bool ok;

		if (c == END_OF_INPUT)
			return unfinished(s, close == '"' ? "quotes" : "$( ) or ${ }");
		str_put(word, (char)c);
		if (c == close)
			return true;
		if (c == '(' && close == ')')
			ok = copy_until(s, word, ')');
		else
			ok = copy_special(s, word, c, close == '"');
		if (!ok)
			return false;
	}
}

static bool ends_word(int c)
{
	return c == END_OF_INPUT || strchr(" \t\n;&|<>()", c);
}

static bool lex_word(struct source *s, struct token *token)
{
	struct str word = { 0 };
	bool all_digits = true;

	while (!ends_word(source_peek(s))) {
		int c = source_get(s);

		if (c < '0' || c > '9')
			all_digits = false;
		str_put(&word, (char)c);
		if (!copy_special(s, &word, c, false))
			return false;
	}
	token->kind = T_WORD;
	if (all_digits && word.len && word.len < 6 && s->pos < s->len &&
	    (source_peek(s) == '<' || source_peek(s) == '>'))
		token->kind = T_IO_NUMBER;
	token->text = str_text(&word);
	return true;
}

static void skip_blanks(struct source *s)
{
	for (;;) {
		int c = source_peek(s);

		if (c == '\\' && source_peek_second(s) == '\n') {
			source_get(s);
			source_get(s);
		} else if (c == '#') {
			while (source_peek(s) != '\n' && source_peek(s) != END_OF_INPUT)
				source_get(s);
		} else if (c == ' ' || c == '\t' || c == '\r') {
			source_get(s);
		} else {
			return;
		}
	}
}

/* Longer operators come before those that they begin with. */
static const struct {
	const char *text;
	enum token_kind kind;
} operators[] = {
	{ "&&", T_AND_IF },	{ "||", T_OR_IF },	{ ";;", T_CASE_END },
	{ ">>", T_APPEND },	{ "<&", T_LESS_AND },	{ ">&", T_GREAT_AND },
	{ "<>", T_LESS_GREAT },	{ ">|", T_GREAT },	{ "<<", T_HERE },
	{ "&", T_AMP },		{ "|", T_PIPE },	{ ";", T_SEMI },
	{ "<", T_LESS },	{ ">", T_GREAT },	{ "(", T_OPEN },
	{ ")", T_CLOSE },	{ "\n", T_NEWLINE },
};

static bool lex_operator(struct source *s, struct token *token)
{
	int first = source_peek(s);
	int second = source_peek_second(s);

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		const char *text = operators[i].text;

		if (text[0] != first || (text[1] && text[1] != second))
			continue;
		source_get(s);
		if (text[1])
			source_get(s);
		token->kind = operators[i].kind;
		token->text = (char *)(*text == '\n' ? "end of line" : text);
		return true;
	}
	return false;
}

bool lex_token(struct source *s, struct token *token)
{
	skip_blanks(s);
	if (source_peek(s) == END_OF_INPUT) {
		*token = (struct token){ T_END, (char *)"end of input" };
		return true;
	}
	if (lex_operator(s, token))
		return true;
	return lex_word(s, token);
}
