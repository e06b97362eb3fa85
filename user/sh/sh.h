/*
 * sh.h - what the files of the shell share.
 *
 * A line goes through the shell in the order of the files below:
 *
 *	input.c  gives characters: of a string, a file, a pipe or the terminal (edit.c)
 *	lex.c    makes tokens of them; the text of a word still has its quotes
 *	parse.c  makes a tree of struct node
 *	run.c    walks the tree: fork, exec, exit and wait are all in that file
 *	expand.c turns the words of a command into its arguments ($, globbing, quotes)
 *	redir.c  points descriptors at files, in a child or around a builtin
 *	jobs.c   puts children into jobs, and waits for them
 */
#ifndef SH_H
#define SH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* mem.c: memory that is let go all at once, and messages */

struct mark {
	void *chunk;
	size_t used;
};

struct str {			/* a string that grows; always ends in a 0 byte */
	char *text;
	size_t len, size;
};

void *arena_alloc(size_t len_bytes);
char *arena_copy(const char *text);
struct mark arena_mark(void);
void arena_release(struct mark mark);
void str_put(struct str *s, char c);
void str_add(struct str *s, const char *text);
char *str_text(struct str *s);
void *heap_alloc(size_t len_bytes);
char *heap_copy(const char *text);
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
int write_all(int fd, const char *text, size_t len);

/* input.c: where characters come from */

struct source {
	const char *name;	/* for messages; NULL for the terminal and stdin */
	int fd;			/* -1: the whole text is there from the start */
	bool terminal;		/* ask with a prompt, let the line be edited */
	char *text;		/* owned by the source when fd >= 0 */
	size_t len, pos;
	int line;
	bool in_command;	/* the next line continues a command: other prompt */
	bool ended;		/* there is no more: do not ask again */
	bool cancelled;		/* and it was Ctrl-C that ended it */
	struct str *record;	/* while a function is read: what was read of it */
};

enum { END_OF_INPUT = -1 };

void source_from_text(struct source *s, const char *name, char *text);
int source_peek(struct source *s);
int source_peek_second(struct source *s);
int source_get(struct source *s);
void source_drop_line(struct source *s);
char *read_whole_file(const char *path);

/* edit.c: one line from the terminal; history.c: the lines before it */

enum edit_result { EDIT_LINE, EDIT_END, EDIT_CANCELLED };

enum edit_result edit_line(const char *prompt, char **line);
void history_add(const char *line);
int history_count(void);
const char *history_get(int i);

/* lex.c */

enum token_kind {
	T_END, T_NEWLINE, T_WORD, T_IO_NUMBER,
	T_SEMI, T_AMP, T_PIPE, T_AND_IF, T_OR_IF, T_OPEN, T_CLOSE, T_CASE_END,
	T_LESS, T_GREAT, T_APPEND, T_LESS_AND, T_GREAT_AND, T_LESS_GREAT, T_HERE,
};

struct token {
	enum token_kind kind;
	char *text;
};

bool lex_token(struct source *s, struct token *token);	/* false: said what is wrong */

/* parse.c: the tree */

struct word {
	char *text;		/* as typed, quotes and dollars and all */
	struct word *next;
};

enum redirect_kind { R_READ, R_WRITE, R_APPEND, R_READ_WRITE, R_DUP, R_HERE };

struct redirect {
	enum redirect_kind kind;
	int fd;
	char *target;		/* as typed; for R_DUP a number or -, for R_HERE the text */
	bool quoted;		/* R_HERE: nothing in it is expanded */
	struct redirect *next;
};

enum node_kind {
	N_SIMPLE,		/* words, redirects */
	N_PIPE,			/* left | right */
	N_AND, N_OR, N_SEQUENCE,	/* left && right, left || right, left ; right */
	N_BACKGROUND,		/* left & */
	N_NOT,			/* ! left */
	N_SUBSHELL, N_GROUP,	/* ( left ), { left; } */
	N_IF,			/* if left; then right; else other; fi */
	N_WHILE, N_UNTIL,	/* while left; do right; done */
	N_FOR,			/* for name in words; do right; done */
	N_CASE,			/* case name in items; esac */
	N_CASE_ITEM,		/* words are patterns, left the commands, other the next */
	N_FUNCTION,		/* name() body: name, and words->text is the body as typed */
};

struct node {
	enum node_kind kind;
	struct word *words;
	struct redirect *redirects;
	struct node *left, *right, *other;
	char *name;
	bool has_in;		/* N_FOR: without `in` it runs over the arguments */
};

enum parse_result { PARSE_COMMAND, PARSE_EMPTY, PARSE_END, PARSE_ERROR };

enum parse_result parse_command(struct source *s, struct node **command);

/* expand.c, subst.c, glob.c, arith.c: words to arguments */

/*
 * Text under expansion: every character has a mark that says where it came from, because
 * only what was not quoted may be split or be a pattern.
 */
enum char_mark {
	M_PLAIN = 'p',		/* typed without quotes: may be a pattern */
	M_RESULT = 'r',		/* came out of $ without quotes: may be split, may be a pattern */
	M_QUOTED = 'q',
	M_EMPTY = 'e',		/* no character: quotes were here, so the word exists */
	M_BREAK = 'b',		/* no character: a new word starts here ("$@") */
};

struct text {
	struct str chars;
	struct str marks;
};

void text_put(struct text *t, char c, enum char_mark mark);
void text_add(struct text *t, const char *chars, enum char_mark mark);

char **expand_words(struct word *words, int *count);	/* NULL: an error was told */
char *expand_single(const char *word);			/* no splitting, no globbing */
char *expand_pattern(const char *word);			/* quoted characters get a backslash */
bool expand_into(struct text *t, const char **at, const char *end, bool in_quotes);
bool subst_dollar(struct text *t, const char **at, const char *end, bool in_quotes);
bool subst_backquote(struct text *t, const char **at, const char *end, bool in_quotes);
const char *skip_to(const char *at, const char *end, char close);
bool has_pattern(const char *part, size_t len);
int glob_expand(const char *pattern, char ***matches);
bool arith_evaluate(const char *expression, long *value);

/* vars.c: variables and arguments of the shell */

struct var {
	char *name;
	char *value;		/* NULL: exported before it was given a value */
	bool exported;
	struct var *next;
};

extern const char *shell_name;	/* $0 */
extern char **shell_args;	/* $1 ... ended by NULL */

void vars_init(char **environment);
struct var *var_first(void);
const char *var_get(const char *name);
void var_set(const char *name, const char *value);
void var_set_number(const char *name, long value);
void var_export(const char *name);
void var_unset(const char *name);
char **vars_environment(void);
size_t name_length(const char *text);		/* of the variable name that text starts with */
bool is_assignment(const char *word);
void assign(const char *word, bool exported);	/* NAME=VALUE, already expanded */
int shell_arg_count(void);

/* redir.c */

struct saved_fd {
	int fd;
	int copy;		/* -1: it was closed before */
	struct saved_fd *next;
};

bool redirect_apply(struct redirect *list, struct saved_fd **saved);
void redirect_undo(struct saved_fd *saved);

/* signals.c: what they do to the shell and to its children; trap.c: commands for them */

void signals_update(void);
void signals_reset_for_child(bool ignore_keys);
void signals_catch_child(void);
bool signals_interrupted(void);
void signals_set_interrupted(bool on);
const char *signal_name(int signo);		/* NULL: no such signal */
int signal_number(const char *name);		/* -1: no such signal */
bool trap_set(int signo, const char *command);
const char *trap_get(int signo);
int trap_pending(void);
void trap_taken(int signo);
void traps_run(void);
void trap_run_exit(int status);
int trap_status_before(void);			/* -1: no trap runs */

/* jobs.c: children, in groups as the terminal knows them; jobtext.c: their text */

enum job_place { FOREGROUND, BACKGROUND, WITHIN };	/* WITHIN: a part of the shell, $(...) */
struct job;

extern bool has_job_control;

struct job *job_new(enum job_place place);
pid_t job_fork(struct job *job, const char *text);
int job_foreground(struct job *job);		/* waits; its status as $? has it */
int job_background(struct job *job);
void job_free(struct job *job);
void jobs_reap(void);
void jobs_tell(void);
bool jobs_hold_exit(void);
void jobs_warning_fades(void);
void job_control_set(bool on);
int status_of(int wait_status);
const char *job_text(const struct node *node);

/* run.c */

extern int last_status;		/* $? */
extern pid_t last_background;	/* $! */
extern pid_t shell_pid;		/* $$: stays the same in a subshell */
extern bool is_interactive;
extern int loop_depth;
extern int loops_to_leave;	/* break N, continue N: how many are left yet */
extern bool loop_continues;	/* the last of them goes on with its next round */
extern int asked_depth;		/* > 0: somebody looks at the status, so set -e does not */
extern bool is_returning;	/* return: leave the function */

int run(struct node *node);
int run_asked(struct node *node);
int run_text(char *text, const char *name);
int run_source(struct source *s);
char *run_and_read(const char *text);
bool run_must_stop(void);
void exec_program(char **argv) __attribute__((noreturn));
void shell_exit(int status) __attribute__((noreturn));

/* control.c: if, while, for, case and functions */

int run_if(struct node *node);
int run_loop(struct node *node);
int run_for(struct node *node);
int run_case(struct node *node);
void function_define(const char *name, const char *body);
const char *function_find(const char *name);
int function_call(const char *body, char **argv);

/* builtins.c, options.c, trap.c, jobcmd.c, test.c, help.c */

typedef int builtin_fn(int argc, char **argv);

struct builtin {
	const char *name;
	builtin_fn *run;
	const char *usage;
	const char *help;
};

extern const struct builtin builtins[];

const struct builtin *builtin_find(const char *name);
int builtin_help(int argc, char **argv);
int builtin_test(int argc, char **argv);
int builtin_set(int argc, char **argv);
int builtin_trap(int argc, char **argv);
int builtin_jobs(int argc, char **argv);
int builtin_fg(int argc, char **argv);
int builtin_bg(int argc, char **argv);
int builtin_wait(int argc, char **argv);
int builtin_kill(int argc, char **argv);
int builtin_ulimit(int argc, char **argv);

extern bool option_exit_on_error, option_no_unset, option_trace;

bool option_set(char letter, bool on);		/* false: no such option */
const char *options_text(void);
void trace_command(char **argv);

#endif
