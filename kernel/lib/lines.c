/*
 * File and line of an address, for panics: read from a table that tools/lines
 * makes (its header has the format) and that lies in the initramfs, in an entry
 * of no type: fs/init.c makes no file of it but hands it to lines_keep, and its
 * frames stay as the loader filled them. The table names the kernel that it is
 * for; another kernel's is not taken. Each search reads from the start: panics
 * can wait.
 *
 * No locks, no memory, and no look outside of the table, whatever it says.
 */
#include "lib/lines.h"

#include "lib/panic.h"
#include "lib/string.h"

enum code { END, SKIP, LINE, FILE, FUNCTION, OTHER, ROW };
enum { LINES = 10, LINE_MIN = -3 };

struct table {
	char magic[4]; /* "LINE" */
	u32 size_bytes, id, strings_at;
};

extern const u32 lines_id __attribute__((weak)); /* of the kernel's own table: tools/ksyms */

static const u8 *tables, *tables_end;

/* One table, or what is left of it. */
struct reader {
	const u8 *at, *end;
	const char *strings;
	u32 strings_size;
};

static u8 next_byte(struct reader *r)
{
	return r->at < r->end ? *r->at++ : END;
}

static u64 next_number(struct reader *r)
{
	u64 value = 0;
	u8 byte = 0x80;

	for (u32 shift = 0; byte >= 0x80; shift += 7) {
		byte = next_byte(r);
		value |= (u64)(byte & 0x7f) << (shift & 63);
	}
	return value;
}

static const char *next_string(struct reader *r)
{
	u64 at = next_number(r);

	return r->strings + (at < r->strings_size ? at : 0);
}

/* The first table, or the one behind `last`; NULL: no more. */
static const struct table *next_table(const struct table *last, const u8 *at, const u8 *end)
{
	if (last)
		at = (const u8 *)last + last->size_bytes;
	const struct table *t = (const struct table *)at;
	if ((size_t)(end - at) < sizeof *t || memcmp(t->magic, "LINE", sizeof t->magic) != 0 ||
	    t->strings_at < sizeof *t || t->strings_at >= t->size_bytes ||
	    t->size_bytes > (size_t)(end - at) || at[t->size_bytes - 1] != '\0')
		return NULL;
	return t;
}

bool lines_keep(const void *data, size_t size)
{
	const struct table *t = next_table(NULL, data, (const u8 *)data + size);

	if (tables || !t || !&lines_id || t->id != lines_id)
		return false;
	tables = data;
	tables_end = tables + size;
	return true;
}

bool lines_there(void)
{
	return tables != NULL;
}

/* Runs an image's code up to the row that addr is in. */
static bool run(struct reader *r, va_t at, va_t addr, struct line *out)
{
	struct line now = {0}, found = {0};
	const char *other_file = NULL, *file;
	u32 line = 0, other_line = 0, was;
	u64 n;

	for (;;) {
		u8 op = next_byte(r);
		now.line = 0;
		switch (op) {
		case END:
			return false;
		case SKIP:
			at += next_number(r);
			continue;
		case LINE:
			n = next_number(r);
			line += n & 1 ? -(n >> 1) : n >> 1;
			continue;
		case FILE:
		case OTHER:
			file = other_file, was = other_line;
			other_file = now.file, other_line = line;
			now.file = op == FILE ? next_string(r) : file;
			line = op == FILE ? line : was;
			continue;
		case FUNCTION:
			now.function = next_string(r);
			at += next_number(r);
			now.start = at;
			break;
		default:
			at += (op - ROW) / LINES;
			line += (op - ROW) % LINES + LINE_MIN;
			now.line = line;
		}
		if (at > addr)
			break;
		found = now;
	}
	*out = found;
	return found.line || found.function;
}

bool lines_find(const char *program, u64 size_bytes, va_t addr, struct line *out)
{
	const struct table *t = NULL;

	while (tables && (t = next_table(t, tables, tables_end))) {
		struct reader r = {(const u8 *)(t + 1), (const u8 *)t + t->strings_at,
				   (const char *)t + t->strings_at, t->size_bytes - t->strings_at};
		while (r.at < r.end) {
			bool same = strcmp(next_string(&r), program) == 0;
			same &= next_number(&r) == size_bytes;
			u64 len = next_number(&r);
			va_t start = next_number(&r);
			if (same)
				return addr >= start && run(&r, start, addr, out);
			r.at += MIN(len, (u64)(r.end - r.at));
		}
	}
	return false;
}
