/*
 * vars.c - the variables of the shell and its arguments ($1, $2, ...).
 *
 * Exported variables are the environment of every program: vars_environment() makes the array
 * that execve takes. Nothing else passes from the shell to a program by name.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sh.h"

const char *shell_name = "sh";
char **shell_args;

static struct var *vars;

struct var *var_first(void)
{
	return vars;
}

static struct var *find(const char *name, size_t len)
{
	for (struct var *var = vars; var; var = var->next)
		if (strncmp(var->name, name, len) == 0 && !var->name[len])
			return var;
	return NULL;
}

static struct var *find_or_make(const char *name, size_t len)
{
	struct var *var = find(name, len);

	if (!var) {
		var = heap_alloc(sizeof(*var));
		*var = (struct var){ .name = heap_alloc(len + 1), .next = vars };
		memcpy(var->name, name, len);
		var->name[len] = '\0';
		vars = var;
	}
	return var;
}

static void set(const char *name, size_t len, const char *value)
{
	struct var *var = find_or_make(name, len);
	char *copy = heap_copy(value);		/* first: it may be part of the old value */

	free(var->value);
	var->value = copy;
}

const char *var_get(const char *name)
{
	struct var *var = find(name, strlen(name));

	return var ? var->value : NULL;
}

void var_set(const char *name, const char *value)
{
	set(name, strlen(name), value);
}

void var_set_number(const char *name, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	var_set(name, text);
}

void var_export(const char *name)
{
	find_or_make(name, strlen(name))->exported = true;
}

void var_unset(const char *name)
{
	for (struct var **at = &vars; *at; at = &(*at)->next) {
		struct var *var = *at;

		if (strcmp(var->name, name) != 0)
			continue;
		*at = var->next;
		free(var->name);
		free(var->value);
		free(var);
		return;
	}
}

size_t name_length(const char *text)
{
	size_t len = 0;

	if (isdigit((unsigned char)*text))
		return 0;
	while (isalnum((unsigned char)text[len]) || text[len] == '_')
		len++;
	return len;
}

bool is_assignment(const char *word)
{
	size_t len = name_length(word);

	return len > 0 && word[len] == '=';
}

void assign(const char *word, bool exported)
{
	size_t len = name_length(word);

	set(word, len, word + len + 1);
	if (exported)
		find(word, len)->exported = true;
}

int shell_arg_count(void)
{
	int count = 0;

	while (shell_args[count])
		count++;
	return count;
}

char **vars_environment(void)
{
	char **environment;
	int count = 0;

	for (struct var *var = vars; var; var = var->next)
		count++;
	environment = arena_alloc((count + 1) * sizeof(*environment));
	count = 0;
	for (struct var *var = vars; var; var = var->next) {
		struct str line = { 0 };

		if (!var->exported || !var->value)
			continue;
		str_add(&line, var->name);
		str_put(&line, '=');
		str_add(&line, var->value);
		environment[count++] = line.text;
	}
	environment[count] = NULL;
	return environment;
}

static void set_default(const char *name, const char *value)
{
	if (!var_get(name))
		var_set(name, value);
}

void vars_init(char **environment)
{
	for (; *environment; environment++)
		if (is_assignment(*environment))
			assign(*environment, true);
	set_default("PATH", "/bin");
	set_default("PS2", "> ");
	var_set("IFS", " \t\n");
}
