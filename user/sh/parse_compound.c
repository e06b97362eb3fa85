/*
 * parse_compound.c - the rules for commands made of commands: ( ), { }, if, while, until,
 * for, case and functions. Words such as `if` are words for the lexer; they mean something
 * only where a command may begin, which is here. See parse.c for the rest of the grammar.
 */
#include <string.h>
#include "parse.h"

static struct node *parse_subshell(struct parser *p)
{
	struct node *list;

	skip(p);
	list = parse_inner_list(p);
	if (!list)
		return NULL;
	if (peek(p)->kind != T_CLOSE)
		return syntax_error(p);
	skip(p);
	return node_new(N_SUBSHELL, list, NULL);
}

static struct node *parse_group(struct parser *p)
{
	struct node *list;

	skip(p);
	list = parse_inner_list(p);
	if (!list || !expect_word(p, "}"))
		return NULL;
	return node_new(N_GROUP, list, NULL);
}

/* After `if` and after `elif`. */
static struct node *parse_if(struct parser *p)
{
	struct node *node = node_new(N_IF, NULL, NULL);

	skip(p);
	node->left = parse_inner_list(p);
	if (!node->left || !expect_word(p, "then"))
		return NULL;
	node->right = parse_inner_list(p);
	if (!node->right)
		return NULL;
	if (at_word(p, "elif")) {
		node->other = parse_if(p);
		return node->other ? node : NULL;
	}
	if (at_word(p, "else")) {
		skip(p);
		node->other = parse_inner_list(p);
		if (!node->other)
			return NULL;
	}
	return expect_word(p, "fi") ? node : NULL;
}

static struct node *parse_body(struct parser *p)
{
	struct node *body;

	if (!expect_word(p, "do"))
		return NULL;
	body = parse_inner_list(p);
	return body && expect_word(p, "done") ? body : NULL;
}

static struct node *parse_while(struct parser *p, enum node_kind kind)
{
	struct node *node = node_new(kind, NULL, NULL);

	skip(p);
	node->left = parse_inner_list(p);
	if (!node->left)
		return NULL;
	node->right = parse_body(p);
	return node->right ? node : NULL;
}

static struct node *parse_for(struct parser *p)
{
	struct node *node = node_new(N_FOR, NULL, NULL);
	struct word **last = &node->words;

	skip(p);
	if (peek(p)->kind != T_WORD || name_length(peek(p)->text) != strlen(peek(p)->text))
		return syntax_error(p);
	node->name = peek(p)->text;
	skip(p);
	skip_newlines(p);
	if (at_word(p, "in")) {
		node->has_in = true;
		skip(p);
		while (peek(p)->kind == T_WORD) {
			*last = word_new(peek(p)->text);
			last = &(*last)->next;
			skip(p);
		}
		if (peek(p)->kind != T_SEMI && peek(p)->kind != T_NEWLINE)
			return syntax_error(p);
	}
	if (peek(p)->kind == T_SEMI)
		skip(p);
	skip_newlines(p);
	node->right = parse_body(p);
	return node->right ? node : NULL;
}

/* [(] pattern { "|" pattern } ")" [list] (";;" or esac) */
static struct node *parse_case_item(struct parser *p)
{
	struct node *item = node_new(N_CASE_ITEM, NULL, NULL);
	struct word **last = &item->words;

	if (peek(p)->kind == T_OPEN)
		skip(p);
	for (;;) {
		if (peek(p)->kind != T_WORD)
			return syntax_error(p);
		*last = word_new(peek(p)->text);
		last = &(*last)->next;
		skip(p);
		if (peek(p)->kind != T_PIPE)
			break;
		skip(p);
	}
	if (peek(p)->kind != T_CLOSE)
		return syntax_error(p);
	skip(p);
	skip_newlines(p);
	if (peek(p)->kind != T_CASE_END && !at_word(p, "esac")) {
		item->left = parse_inner_list(p);
		if (!item->left)
			return NULL;
	}
	if (peek(p)->kind == T_CASE_END)
		skip(p);
	else if (!at_word(p, "esac"))
		return syntax_error(p);
	return item;
}

static struct node *parse_case(struct parser *p)
{
	struct node *node = node_new(N_CASE, NULL, NULL);
	struct node **last = &node->other;

	skip(p);
	if (peek(p)->kind != T_WORD)
		return syntax_error(p);
	node->name = peek(p)->text;
	skip(p);
	skip_newlines(p);
	if (!expect_word(p, "in"))
		return NULL;
	skip_newlines(p);
	while (!at_word(p, "esac")) {
		*last = parse_case_item(p);
		if (!*last)
			return NULL;
		last = &(*last)->other;
		skip_newlines(p);
	}
	skip(p);
	return node;
}

/*
 * name() body: the tree of the body would be gone with this command, so what is kept is its
 * text, which is read again at each call.
 */
struct node *parse_function(struct parser *p, char *name)
{
	struct node *node = node_new(N_FUNCTION, NULL, NULL);
	struct str *outer = p->source->record;
	struct str text = { 0 };

	skip(p);
	if (peek(p)->kind != T_CLOSE || name_length(name) != strlen(name))
		return syntax_error(p);
	skip(p);
	p->source->record = &text;
	skip_newlines(p);
	if (!parse_one_command(p))
		return NULL;
	p->source->record = outer;
	if (outer) {
		size_t start = outer->len;

		str_add(outer, str_text(&text));
		if (p->have_token) {
			text.len = p->token_start;
			p->token_start += start;
		}
	} else if (p->have_token) {	/* one token too many was read */
		text.len = p->token_start;
	}
	if (text.text)
		text.text[text.len] = '\0';
	node->name = name;
	node->words = word_new(str_text(&text));
	return node;
}

/* Sets *is_compound, and then returns NULL when it failed. */
struct node *parse_compound(struct parser *p, bool *is_compound)
{
	*is_compound = true;
	if (peek(p)->kind == T_OPEN)
		return parse_subshell(p);
	if (at_word(p, "{"))
		return parse_group(p);
	if (at_word(p, "if"))
		return parse_if(p);
	if (at_word(p, "while"))
		return parse_while(p, N_WHILE);
	if (at_word(p, "until"))
		return parse_while(p, N_UNTIL);
	if (at_word(p, "for"))
		return parse_for(p);
	if (at_word(p, "case"))
		return parse_case(p);
	*is_compound = false;
	return NULL;
}
