/*
 * jobtext.c - a tree back to text, as `jobs` shows it. The insides of case are left out.
 */
#include "sh.h"

static void put_node(struct str *s, const struct node *node);

static void put_words(struct str *s, const struct word *word)
{
	for (; word; word = word->next) {
		str_add(s, word->text);
		if (word->next)
			str_put(s, ' ');
	}
}

static void put_redirects(struct str *s, const struct redirect *redirect)
{
	static const char *const signs[] = {
		[R_READ] = "<", [R_WRITE] = ">", [R_APPEND] = ">>", [R_READ_WRITE] = "<>",
		[R_DUP] = ">&", [R_HERE] = "<<",
	};

	for (; redirect; redirect = redirect->next) {
		if (s->len)
			str_put(s, ' ');
		if (redirect->fd > 1)
			str_put(s, (char)('0' + redirect->fd % 10));
		str_add(s, redirect->kind == R_DUP && redirect->fd == 0 ? "<&" : signs[redirect->kind]);
		str_add(s, redirect->kind == R_HERE ? "..." : redirect->target);
	}
}

static void put_parts(struct str *s, const char *before, const struct node *first,
		      const char *between, const struct node *second, const char *after)
{
	str_add(s, before);
	put_node(s, first);
	str_add(s, between);
	put_node(s, second);
	str_add(s, after);
}

static void put_node(struct str *s, const struct node *node)
{
	if (!node)
		return;
	switch (node->kind) {
	case N_SIMPLE:
		put_words(s, node->words);
		break;
	case N_PIPE:
		put_parts(s, "", node->left, " | ", node->right, "");
		break;
	case N_AND:
		put_parts(s, "", node->left, " && ", node->right, "");
		break;
	case N_OR:
		put_parts(s, "", node->left, " || ", node->right, "");
		break;
	case N_SEQUENCE:
		put_parts(s, "", node->left, "; ", node->right, "");
		break;
	case N_BACKGROUND:
		put_parts(s, "", node->left, " &", NULL, "");
		break;
	case N_NOT:
		put_parts(s, "! ", node->left, "", NULL, "");
		break;
	case N_SUBSHELL:
		put_parts(s, "(", node->left, "", NULL, ")");
		break;
	case N_GROUP:
		put_parts(s, "{ ", node->left, "", NULL, "; }");
		break;
	case N_IF:
		put_parts(s, "if ", node->left, "; then ", node->right, "");
		if (node->other)
			put_parts(s, "; else ", node->other, "", NULL, "");
		str_add(s, "; fi");
		break;
	case N_WHILE:
	case N_UNTIL:
		put_parts(s, node->kind == N_WHILE ? "while " : "until ", node->left, "; do ",
			  node->right, "; done");
		break;
	case N_FOR:
		str_add(s, "for ");
		str_add(s, node->name);
		str_add(s, node->has_in ? " in " : "");
		put_words(s, node->words);
		put_parts(s, "; do ", node->right, "", NULL, "; done");
		break;
	case N_CASE:
		str_add(s, "case ");
		str_add(s, node->name);
		str_add(s, " in ... esac");
		break;
	default:
		str_add(s, node->name ? node->name : "");
	}
	put_redirects(s, node->redirects);
}

const char *job_text(const struct node *node)
{
	struct str s = { 0 };

	put_node(&s, node);
	return str_text(&s);
}
