/*
 * parse.c - tokens to a tree, by recursive descent: one function per rule of the grammar.
 *
 *	list      and_or { (";" | "&" | newline) and_or }
 *	and_or    pipeline { ("&&" | "||") pipeline }
 *	pipeline  ["!"] command { "|" command }
 *	command   simple | compound { redirect }	compounds are in parse_compound.c
 *
 * One call of parse_command() reads one line, or more lines when the first leaves something
 * open. A rule that fails has said why, and returns NULL; callers pass it on.
 * Source: POSIX, Shell Command Language 2.10.
 */
#include <stdlib.h>
#include <string.h>
#include "parse.h"

struct node *node_new(enum node_kind kind, struct node *left, struct node *right)
{
	struct node *node = arena_alloc(sizeof(*node));

	*node = (struct node){ .kind = kind, .left = left, .right = right };
	return node;
}

struct token *peek(struct parser *p)
{
	if (!p->have_token) {
		if (p->source->record)
			p->token_start = p->source->record->len;
		if (!lex_token(p->source, &p->token)) {
			p->failed = true;
			p->token = (struct token){ T_END, (char *)"" };
		}
		p->have_token = true;
	}
	return &p->token;
}

/* The lines after a line with << are the text of it. */
static void read_here_text(struct parser *p, struct redirect *redirect)
{
	char *end = redirect->quoted ? expand_single(redirect->target) : redirect->target;
	struct str text = { 0 };

	for (;;) {
		struct str line = { 0 };
		int c;

		while ((c = source_get(p->source)) != END_OF_INPUT && c != '\n')
			str_put(&line, (char)c);
		if (strcmp(str_text(&line), end) == 0)
			break;
		str_add(&text, str_text(&line));
		if (c == END_OF_INPUT)
			break;
		str_put(&text, '\n');
	}
	redirect->target = str_text(&text);
}

void skip(struct parser *p)
{
	p->have_token = false;
	if (p->token.kind != T_NEWLINE)
		return;
	for (int i = 0; i < p->here_count; i++)
		read_here_text(p, p->here[i]);
	p->here_count = 0;
}

void *syntax_error(struct parser *p)
{
	if (!p->failed && !p->source->cancelled)
		warn("%s%sline %d: syntax error at %s", p->source->name ? p->source->name : "",
		     p->source->name ? ": " : "", p->source->line, peek(p)->text);
	p->failed = true;
	return NULL;
}

bool at_word(struct parser *p, const char *text)
{
	return peek(p)->kind == T_WORD && strcmp(peek(p)->text, text) == 0;
}

bool expect_word(struct parser *p, const char *text)
{
	if (!at_word(p, text)) {
		syntax_error(p);
		return false;
	}
	skip(p);
	return true;
}

void skip_newlines(struct parser *p)
{
	while (peek(p)->kind == T_NEWLINE)
		skip(p);
}

struct word *word_new(char *text)
{
	struct word *word = arena_alloc(sizeof(*word));

	*word = (struct word){ .text = text };
	return word;
}

/* true: a redirect was read, or the parser has failed. */
static bool parse_redirect(struct parser *p, struct redirect **list)
{
	static const struct {
		enum token_kind token;
		enum redirect_kind kind;
		int fd;
	} kinds[] = {
		{ T_LESS, R_READ, 0 },		{ T_GREAT, R_WRITE, 1 },
		{ T_APPEND, R_APPEND, 1 },	{ T_LESS_GREAT, R_READ_WRITE, 0 },
		{ T_LESS_AND, R_DUP, 0 },	{ T_GREAT_AND, R_DUP, 1 },
		{ T_HERE, R_HERE, 0 },
	};
	struct redirect *redirect;
	int fd = -1;

	if (peek(p)->kind == T_IO_NUMBER) {
		fd = atoi(peek(p)->text);
		skip(p);
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].token != peek(p)->kind)
			continue;
		skip(p);
		if (peek(p)->kind != T_WORD && peek(p)->kind != T_IO_NUMBER)
			return syntax_error(p), true;
		redirect = arena_alloc(sizeof(*redirect));
		*redirect = (struct redirect){ .kind = kinds[i].kind, .target = peek(p)->text };
		redirect->fd = fd >= 0 ? fd : kinds[i].fd;
		redirect->quoted = strpbrk(redirect->target, "'\"\\") != NULL;
		if (redirect->kind == R_HERE && p->here_count < MAX_HERE)
			p->here[p->here_count++] = redirect;
		skip(p);
		while (*list)
			list = &(*list)->next;
		*list = redirect;
		return true;
	}
	return fd >= 0 ? (syntax_error(p), true) : false;
}

static struct node *parse_simple(struct parser *p)
{
	struct node *node = node_new(N_SIMPLE, NULL, NULL);
	struct word **last = &node->words;

	for (;;) {
		if (peek(p)->kind == T_WORD) {
			*last = word_new(peek(p)->text);
			last = &(*last)->next;
			skip(p);
			if (peek(p)->kind == T_OPEN && node->words && !node->words->next)
				return parse_function(p, node->words->text);
		} else if (!parse_redirect(p, &node->redirects)) {
			break;
		}
		if (p->failed)
			return NULL;
	}
	if (!node->words && !node->redirects)
		return syntax_error(p);
	return node;
}

/* The words and tokens before which a list ends; what ends it is for the caller to check. */
static bool at_list_end(struct parser *p)
{
	static const char *const ends[] = { "then", "elif", "else", "fi", "do", "done", "esac", "}" };

	if (peek(p)->kind != T_WORD)
		return peek(p)->kind == T_END || peek(p)->kind == T_CLOSE ||
		       peek(p)->kind == T_CASE_END;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (at_word(p, ends[i]))
			return true;
	return false;
}

struct node *parse_one_command(struct parser *p)
{
	struct node *node;
	bool is_compound;

	node = parse_compound(p, &is_compound);
	if (!is_compound)
		return p->failed || at_list_end(p) ? syntax_error(p) : parse_simple(p);
	while (node && !p->failed && parse_redirect(p, &node->redirects))
		;
	return p->failed ? NULL : node;
}

static struct node *parse_pipeline(struct parser *p)
{
	struct node *left;

	if (at_word(p, "!")) {
		skip(p);
		left = parse_pipeline(p);
		return left ? node_new(N_NOT, left, NULL) : NULL;
	}
	left = parse_one_command(p);
	if (left && peek(p)->kind == T_PIPE) {
		struct node *right;

		skip(p);
		skip_newlines(p);
		if (at_word(p, "!"))
			return syntax_error(p);
		right = parse_pipeline(p);
		return right ? node_new(N_PIPE, left, right) : NULL;
	}
	return left;
}

static struct node *parse_and_or(struct parser *p)
{
	struct node *left = parse_pipeline(p);

	while (left && (peek(p)->kind == T_AND_IF || peek(p)->kind == T_OR_IF)) {
		enum node_kind kind = peek(p)->kind == T_AND_IF ? N_AND : N_OR;
		struct node *right;

		skip(p);
		skip_newlines(p);
		right = parse_pipeline(p);
		left = right ? node_new(kind, left, right) : NULL;
	}
	return left;
}

/*
 * A list of commands. Inside a compound command newlines separate commands and the list must
 * not be empty; at the top a newline ends it.
 */
static struct node *parse_list(struct parser *p, bool is_inner)
{
	struct node *list = NULL;

	for (;;) {
		struct node *command;

		if (is_inner)
			skip_newlines(p);
		if (list && (at_list_end(p) || peek(p)->kind == T_NEWLINE))
			return list;
		command = parse_and_or(p);
		if (!command)
			return NULL;
		if (peek(p)->kind == T_AMP)
			command = node_new(N_BACKGROUND, command, NULL);
		list = list ? node_new(N_SEQUENCE, list, command) : command;
		if (peek(p)->kind != T_SEMI && peek(p)->kind != T_AMP &&
		    !(is_inner && peek(p)->kind == T_NEWLINE))
			return list;
		skip(p);
	}
}

struct node *parse_inner_list(struct parser *p)
{
	return parse_list(p, true);
}

enum parse_result parse_command(struct source *s, struct node **command)
{
	struct parser p = { .source = s };

	s->in_command = false;
	s->cancelled = false;
	if (s->terminal)
		s->ended = false;	/* after Ctrl-C, and after an end inside a command */
	s->record = NULL;
	if (peek(&p)->kind == T_NEWLINE) {
		skip(&p);
		return PARSE_EMPTY;
	}
	if (p.token.kind == T_END && !p.failed)
		return s->cancelled ? PARSE_ERROR : PARSE_END;
	*command = parse_list(&p, false);
	if (*command && !p.failed && peek(&p)->kind != T_NEWLINE && peek(&p)->kind != T_END)
		syntax_error(&p);
	if (*command && !p.failed) {
		skip(&p);
		return PARSE_COMMAND;
	}
	source_drop_line(s);
	s->record = NULL;
	return PARSE_ERROR;
}
