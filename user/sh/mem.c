/*
 * mem.c - memory of the shell.
 *
 * Almost everything that the shell makes lives as long as one command: tokens, the tree,
 * the arguments. Such memory comes from an arena and is let go all at once: arena_mark()
 * before a command, arena_release() after it. What lives longer (variables, history) comes
 * from the heap. A shell that is out of memory can do nothing useful, so it ends.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sh.h"

enum { CHUNK_BYTES = 16 * 1024, ALIGN_BYTES = 16 };

struct chunk {
	struct chunk *previous;
	size_t used, size;
	char data[];
};

static struct chunk *top;

void *heap_alloc(size_t len_bytes)
{
	void *memory = malloc(len_bytes);

	if (!memory) {
		warn("out of memory");
		_exit(2);
	}
	return memory;
}

char *heap_copy(const char *text)
{
	return strcpy(heap_alloc(strlen(text) + 1), text);
}

void *arena_alloc(size_t len_bytes)
{
	struct chunk *chunk = top;
	void *memory;

	if (len_bytes > SIZE_MAX / 2)
		len_bytes = SIZE_MAX / 2;	/* malloc refuses it */
	len_bytes = (len_bytes + ALIGN_BYTES - 1) & ~(size_t)(ALIGN_BYTES - 1);
	if (!chunk || chunk->size - chunk->used < len_bytes) {
		size_t size = len_bytes > CHUNK_BYTES ? len_bytes : CHUNK_BYTES;

		chunk = heap_alloc(sizeof(*chunk) + size);
		chunk->previous = top;
		chunk->used = 0;
		chunk->size = size;
		top = chunk;
	}
	memory = chunk->data + chunk->used;
	chunk->used += len_bytes;
	return memory;
}

char *arena_copy(const char *text)
{
	return strcpy(arena_alloc(strlen(text) + 1), text);
}

struct mark arena_mark(void)
{
	return (struct mark){ top, top ? top->used : 0 };
}

void arena_release(struct mark mark)
{
	while (top != mark.chunk) {
		struct chunk *previous = top->previous;

		free(top);
		top = previous;
	}
	if (top)
		top->used = mark.used;
}

void str_put(struct str *s, char c)
{
	if (s->len + 2 > s->size) {
		size_t size = s->size ? 2 * s->size : 32;
		char *text = arena_alloc(size);

		if (s->len)
			memcpy(text, s->text, s->len);
		s->text = text;
		s->size = size;
	}
	s->text[s->len++] = c;
	s->text[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	while (*text)
		str_put(s, *text++);
}

char *str_text(struct str *s)
{
	return s->len ? s->text : arena_copy("");
}

/* Says "sh: ..." on standard error, in one write so that lines of processes do not mix. */
void warn(const char *format, ...)
{
	char line[1024] = "sh: ";
	size_t room = sizeof(line) - 1;
	size_t len = strlen(line);
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line + len, room - len, format, args);
	va_end(args);
	if (n > 0)
		len += (size_t)n < room - len ? (size_t)n : room - len - 1;
	line[len++] = '\n';
	write_all(2, line, len);
}

/* 0, or -1 with errno. */
int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR && !signals_interrupted())
			continue;
		if (n < 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}
