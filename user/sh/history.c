/*
 * history.c - the lines typed so far, the oldest first; the oldest is dropped when full.
 */
#include <stdlib.h>
#include <string.h>
#include "sh.h"

enum { MAX_LINES = 500 };

static char *lines[MAX_LINES];
static int count;

int history_count(void)
{
	return count;
}

const char *history_get(int i)
{
	return lines[i];
}

/* Empty lines and repetitions of the last line are not kept. */
void history_add(const char *line)
{
	if (!line[strspn(line, " \t")] || (count && strcmp(lines[count - 1], line) == 0))
		return;
	if (count == MAX_LINES) {
		free(lines[0]);
		memmove(lines, lines + 1, (MAX_LINES - 1) * sizeof(lines[0]));
		count--;
	}
	lines[count++] = heap_copy(line);
}
