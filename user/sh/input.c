/*
 * input.c - the characters that the shell reads, whatever they come from.
 *
 * A script file and the text of `sh -c` are in memory as a whole. A pipe or a terminal is
 * read line by line, and only when the parser asks: the rest belongs to the commands, as in
 * `(echo cat; echo text) | sh`. For that reason a pipe is read one byte at a time.
 * The end of the input and a read error both give END_OF_INPUT, now and ever after.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sh.h"

void source_from_text(struct source *s, const char *name, char *text)
{
	*s = (struct source){ .name = name, .fd = -1, .text = text, .len = strlen(text), .line = 1 };
}

/* Appends one line of fd to *line. false: nothing came before the end or an error. */
static bool read_line(int fd, struct str *line)
{
	for (;;) {
		char c;
		ssize_t n = read(fd, &c, 1);

		if (n < 0 && errno == EINTR && !signals_interrupted())
			continue;
		if (n < 0)
			warn("cannot read commands: %s", strerror(errno));
		if (n <= 0)
			return line->len > 0;
		if (c != '\0')
			str_put(line, c);
		if (c == '\n')
			return true;
	}
}

/* Gives the source its next line. false: there is none. */
static bool source_next_line(struct source *s)
{
	struct str line = { 0 };

	if (s->fd < 0 || s->ended)
		return false;
	if (s->terminal) {
		const char *prompt = var_get(s->in_command ? "PS2" : "PS1");
		char *typed;

		switch (edit_line(prompt ? prompt : "", &typed)) {
		case EDIT_CANCELLED:
			s->cancelled = true;
			/* fall through */
		case EDIT_END:
			s->ended = true;
			return false;
		case EDIT_LINE:
			str_add(&line, typed);
			str_put(&line, '\n');
			free(typed);
		}
	} else if (!read_line(s->fd, &line)) {
		s->ended = true;
		return false;
	}
	free(s->text);
	s->text = heap_copy(str_text(&line));
	s->len = line.len;
	s->pos = 0;
	return true;
}

int source_peek(struct source *s)
{
	if (s->pos == s->len && !source_next_line(s))
		return END_OF_INPUT;
	return (unsigned char)s->text[s->pos];
}

/* The character after the next one, if it is on the same line. */
int source_peek_second(struct source *s)
{
	if (source_peek(s) == END_OF_INPUT || s->pos + 1 >= s->len)
		return END_OF_INPUT;
	return (unsigned char)s->text[s->pos + 1];
}

int source_get(struct source *s)
{
	int c = source_peek(s);

	if (c == END_OF_INPUT)
		return c;
	s->pos++;
	s->in_command = true;
	if (s->record)
		str_put(s->record, (char)c);
	if (c == '\n')
		s->line++;
	return c;
}

/* After a syntax error: nothing more of this line, or of this script. */
void source_drop_line(struct source *s)
{
	s->pos = s->len;
}

/* The text of a file, on the heap; NULL with errno when it cannot be read. */
char *read_whole_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0, size = 4096;
	char *text;
	ssize_t n;

	if (fd < 0)
		return NULL;
	text = heap_alloc(size + 1);
	while ((n = read(fd, text + len, size - len)) > 0) {
		len += (size_t)n;
		if (len == size) {
			size *= 2;
			text = realloc(text, size + 1);
			if (!text)
				heap_alloc(size);	/* says so and ends */
		}
	}
	if (n < 0) {
		int error = errno;

		free(text);
		close(fd);
		errno = error;
		return NULL;
	}
	close(fd);
	text[len] = '\0';
	return text;
}
