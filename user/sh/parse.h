/* parse.h - what parse.c and parse_compound.c share. Each rule returns NULL once it has failed. */
#ifndef PARSE_H
#define PARSE_H

#include "sh.h"

enum { MAX_HERE = 16 };

struct parser {
	struct source *source;
	struct token token;		/* one token of look-ahead */
	bool have_token;
	size_t token_start;		/* where it starts in source->record */
	bool failed;			/* an error was told: nothing is told twice */
	struct redirect *here[MAX_HERE];	/* << whose text comes after this line */
	int here_count;
};

struct token *peek(struct parser *p);
void skip(struct parser *p);
void skip_newlines(struct parser *p);
void *syntax_error(struct parser *p);
bool at_word(struct parser *p, const char *text);
bool expect_word(struct parser *p, const char *text);
struct node *node_new(enum node_kind kind, struct node *left, struct node *right);
struct word *word_new(char *text);
struct node *parse_one_command(struct parser *p);
struct node *parse_inner_list(struct parser *p);
struct node *parse_compound(struct parser *p, bool *is_compound);
struct node *parse_function(struct parser *p, char *name);

#endif
