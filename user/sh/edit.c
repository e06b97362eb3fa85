/*
 * edit.c - a line typed at the terminal, with editing and history.
 *
 * The terminal is in raw mode while a line is typed, and as it was before while commands run.
 * Keys come as single bytes or as escape sequences (ESC [ A for the up arrow). What is shown
 * is one row: a line longer than the row scrolls sideways, so no wrapping has to be known and
 * any width works. Bytes of UTF-8 are kept together. Sources: termios(3), console_codes(4).
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include "sh.h"

enum { MAX_LINE = 4096, DEFAULT_COLUMNS = 80, ANSWER_MS = 200 };

enum key {
	K_CTRL_A = 1, K_CTRL_B = 2, K_CTRL_C = 3, K_CTRL_D = 4, K_CTRL_E = 5, K_CTRL_F = 6,
	K_BACKSPACE = 8, K_TAB = 9, K_NEWLINE = 10, K_CTRL_K = 11, K_CTRL_L = 12, K_RETURN = 13,
	K_CTRL_N = 14, K_CTRL_P = 16, K_CTRL_U = 21, K_CTRL_W = 23, K_ESCAPE = 27,
	K_DELETE_BACK = 127,
	K_UP = 1000, K_DOWN, K_LEFT, K_RIGHT, K_HOME, K_END, K_DELETE, K_NONE, K_EOF,
};

struct line {
	const char *prompt;
	char text[MAX_LINE];
	size_t len, at;		/* at: the cursor, in bytes */
	int shown;		/* index in the history; its count for the new line */
	char *draft;		/* the new line, while one of the history is shown */
};

static int columns;		/* 0: to be found out */
static bool asked;		/* the terminal has told its size, and nobody else would */
static unsigned char typed_ahead[256];	/* came while the terminal was asked for its width */
static size_t typed_count, typed_next;

static int next_byte(void)
{
	unsigned char c;
	ssize_t n;

	if (typed_next < typed_count)
		return typed_ahead[typed_next++];
	do
		n = read(0, &c, 1);
	while (n < 0 && errno == EINTR && !signals_interrupted());
	if (n < 0 && errno == EINTR)
		return K_CTRL_C;
	return n == 1 ? c : K_EOF;
}

static void show(const char *text)
{
	write_all(2, text, strlen(text));
}

/*
 * A serial line does not say how large the terminal at its other end is, but the terminal does:
 * send the cursor far down and to the right and ask where it stopped (ESC [ 6 n gives
 * ESC [ row ; col R). What is typed meanwhile is kept. Without an answer it is 80 columns; with one
 * all programs here are told.
 */
static int ask_columns(void)
{
	struct pollfd input = { .fd = 0, .events = POLLIN };
	unsigned char *in = typed_ahead;

	if (typed_next < typed_count)
		return DEFAULT_COLUMNS;
	typed_next = typed_count = 0;
	show("\0337\033[999;999H\033[6n\0338");
	while (typed_count < sizeof(typed_ahead) - 1 && poll(&input, 1, ANSWER_MS) == 1) {
		struct winsize size = { 0 };
		char *answer, *end;

		if (read(0, in + typed_count, 1) != 1)
			break;
		in[++typed_count] = '\0';
		answer = memchr(in, K_ESCAPE, typed_count);
		end = answer ? strchr(answer, 'R') : NULL;
		if (!end || sscanf(answer, "\033[%hu;%huR", &size.ws_row, &size.ws_col) != 2)
			continue;
		typed_count = (size_t)(answer - (char *)in);
		if (size.ws_col < 2)
			return DEFAULT_COLUMNS;
		asked = ioctl(0, TIOCSWINSZ, &size) == 0;
		return size.ws_col;
	}
	return DEFAULT_COLUMNS;
}

static void find_columns(void)
{
	struct winsize size;
	const char *variable = var_get("COLUMNS");

	if (asked && columns == 0)
		columns = ask_columns();
	else if (ioctl(0, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		columns = size.ws_col;
	else if (variable && atoi(variable) > 1)
		columns = atoi(variable);
	else if (columns == 0)
		columns = ask_columns();
}

static bool continues_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static int width(const char *text, size_t len)
{
	int count = 0;

	for (size_t i = 0; i < len; i++)
		count += !continues_character(text[i]);
	return count;
}

/* Draws the row again: prompt, the part of the line around the cursor, the cursor. */
static void draw(struct line *l)
{
	int prompt_width = width(l->prompt, strlen(l->prompt));
	int room = columns - prompt_width - 1;
	size_t from = 0, to = l->len;
	struct mark mark = arena_mark();
	struct str row = { 0 };
	char move[32];

	if (room < 1)
		room = 1;
	while (width(l->text + from, l->at - from) > room)
		from++;
	while (from < l->at && continues_character(l->text[from]))
		from++;
	while (width(l->text + from, to - from) > room)
		to--;
	str_put(&row, '\r');
	if (prompt_width < columns - 1)
		str_add(&row, l->prompt);
	for (size_t i = from; i < to; i++)
		str_put(&row, l->text[i]);
	str_add(&row, "\033[K\r");
	prompt_width = prompt_width < columns - 1 ? prompt_width : 0;
	snprintf(move, sizeof(move), "\033[%dC",
		 prompt_width + width(l->text + from, l->at - from));
	if (prompt_width + width(l->text + from, l->at - from) > 0)
		str_add(&row, move);
	write_all(2, row.text, row.len);
	arena_release(mark);
}

/* The end of an escape sequence: ESC [ letter, ESC O letter or ESC [ number ~. */
static int read_escape(void)
{
	int kind = next_byte();
	int number = 0, c;

	if (kind != '[' && kind != 'O')
		return kind == K_EOF ? K_EOF : K_NONE;
	while ((c = next_byte()) >= '0' && c <= ';')
		number = c == ';' ? number : (number * 10 + c - '0') % 1000;
	switch (c) {
	case 'A':
		return K_UP;
	case 'B':
		return K_DOWN;
	case 'C':
		return K_RIGHT;
	case 'D':
		return K_LEFT;
	case 'H':
		return K_HOME;
	case 'F':
		return K_END;
	case '~':
		if (number == 1 || number == 7)
			return K_HOME;
		if (number == 4 || number == 8)
			return K_END;
		return number == 3 ? K_DELETE : K_NONE;
	default:
		return c == K_EOF ? K_EOF : K_NONE;
	}
}

static void insert(struct line *l, int c)
{
	char byte = (char)c;

	if (l->len == MAX_LINE - 1)
		return;
	memmove(l->text + l->at + 1, l->text + l->at, l->len - l->at);
	l->text[l->at++] = byte;
	l->text[++l->len] = '\0';
	if (l->at == l->len && width(l->prompt, strlen(l->prompt)) + width(l->text, l->len) < columns - 1)
		write_all(2, &byte, 1);		/* the common case: no need to draw it all */
	else
		draw(l);
}

static void erase(struct line *l, size_t from, size_t to)
{
	memmove(l->text + from, l->text + to, l->len - to + 1);
	l->len -= to - from;
	l->at = from;
}

static size_t before(struct line *l, size_t at)
{
	if (at > 0)
		at--;
	while (at > 0 && continues_character(l->text[at]))
		at--;
	return at;
}

static size_t after(struct line *l, size_t at)
{
	if (at < l->len)
		at++;
	while (at < l->len && continues_character(l->text[at]))
		at++;
	return at;
}

static size_t word_start(struct line *l)
{
	size_t at = l->at;

	while (at > 0 && l->text[at - 1] == ' ')
		at--;
	while (at > 0 && l->text[at - 1] != ' ')
		at--;
	return at;
}

/* Puts another line of the history in place; the new line comes back at the end of it. */
static void show_history(struct line *l, int step)
{
	int wanted = l->shown + step;
	const char *text;

	if (wanted < 0 || wanted > history_count())
		return;
	if (l->shown == history_count()) {
		free(l->draft);
		l->draft = heap_copy(l->text);
	}
	l->shown = wanted;
	text = wanted == history_count() ? l->draft : history_get(wanted);
	l->len = strlen(text) < MAX_LINE ? strlen(text) : MAX_LINE - 1;
	memcpy(l->text, text, l->len);
	l->text[l->len] = '\0';
	l->at = l->len;
}

/* A key that changes the line or the cursor. */
static void edit_key(struct line *l, int key)
{
	switch (key) {
	case K_CTRL_A: case K_HOME:
		l->at = 0;
		break;
	case K_CTRL_E: case K_END:
		l->at = l->len;
		break;
	case K_CTRL_B: case K_LEFT:
		l->at = before(l, l->at);
		break;
	case K_CTRL_F: case K_RIGHT:
		l->at = after(l, l->at);
		break;
	case K_CTRL_P: case K_UP:
		show_history(l, -1);
		break;
	case K_CTRL_N: case K_DOWN:
		show_history(l, 1);
		break;
	case K_BACKSPACE: case K_DELETE_BACK:
		erase(l, before(l, l->at), l->at);
		break;
	case K_CTRL_D: case K_DELETE:
		erase(l, l->at, after(l, l->at));
		break;
	case K_CTRL_U:
		erase(l, 0, l->at);
		break;
	case K_CTRL_K:
		erase(l, l->at, l->len);
		break;
	case K_CTRL_W:
		erase(l, word_start(l), l->at);
		break;
	case K_CTRL_L:
		columns = 0;			/* the width may have changed too */
		find_columns();
		show("\033[H\033[2J");
		break;
	default:
		return;
	}
	draw(l);
}

static enum edit_result read_keys(struct line *l)
{
	for (;;) {
		int key = next_byte();

		if (key == K_ESCAPE)
			key = read_escape();
		if (key == K_EOF || (key == K_CTRL_D && l->len == 0))
			return EDIT_END;
		if (key == K_CTRL_C) {
			show("^C\r\n");
			signals_set_interrupted(false);
			return EDIT_CANCELLED;
		}
		if (key == K_RETURN || key == K_NEWLINE) {
			if (l->at < l->len) {
				l->at = l->len;
				draw(l);
			}
			show("\r\n");
			return EDIT_LINE;
		}
		if (key == K_TAB)
			key = ' ';
		if (key >= ' ' && key < 256 && key != K_DELETE_BACK)
			insert(l, key);
		else
			edit_key(l, key);
	}
}

/* Without a terminal that can be put in raw mode: the line as it comes. */
static enum edit_result read_plain(struct line *l)
{
	int c;

	while ((c = next_byte()) != '\n') {
		if (c == K_CTRL_C) {
			show("\n");
			signals_set_interrupted(false);
			return EDIT_CANCELLED;
		}
		if (c == K_EOF)
			return l->len ? EDIT_LINE : EDIT_END;
		if (l->len < MAX_LINE - 1 && c)
			l->text[l->len++] = (char)c;
	}
	l->text[l->len] = '\0';
	return EDIT_LINE;
}

/* Gives one line without its newline, on the heap, and remembers it in the history. */
enum edit_result edit_line(const char *prompt, char **line)
{
	static struct line l;
	struct termios cooked, raw;
	const char *term = var_get("TERM");
	enum edit_result result;
	bool can_edit = tcgetattr(0, &cooked) == 0 && !(term && strcmp(term, "dumb") == 0);

	l = (struct line){ .prompt = prompt, .shown = history_count() };
	if (can_edit) {
		raw = cooked;
		raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IXON | ISTRIP);
		raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG | IEXTEN);
		raw.c_cc[VMIN] = 1;
		raw.c_cc[VTIME] = 0;
		can_edit = tcsetattr(0, TCSADRAIN, &raw) == 0;
	}
	if (can_edit) {
		find_columns();
		draw(&l);
		result = read_keys(&l);
		tcsetattr(0, TCSADRAIN, &cooked);
	} else {
		show(prompt);
		result = read_plain(&l);
	}
	free(l.draft);
	if (result == EDIT_LINE) {
		*line = heap_copy(l.text);
		history_add(l.text);
	}
	return result;
}
