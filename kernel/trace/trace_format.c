/*
 * A record's line, the one text format of the trace: for /proc/trace, for the stream to the host
 * and for panics.
 *
 *	SECONDS.NNNNNNNNN CPU TID EVENT key=value ... "text"
 *
 * Calls nothing that could fault or lock: a panic may be what wants it.
 */
#include "arch/time.h"
#include "lib/printf.h"
#include "trace/trace_private.h"

#define TEXT_OF_(name, category, format) #name " " format,
const char *const trace_event_texts[TRACE_NEVENTS] = {TRACE_EVENTS(TEXT_OF_)};

/* Adds to a line what fits. */
static __printf(4, 5) size_t add(char *line, size_t size, size_t len, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	len += vsnprintf(line + len, size - len, fmt, args);
	va_end(args);
	return MIN(len, size - 1);
}

/* One byte as in a C string; octal always has three digits, whatever comes next. */
static size_t add_byte(char *line, size_t size, size_t len, u8 byte)
{
	static const char letters[] = "n\nt\tr\r\"\"\\\\";
	for (const char *l = letters; *l; l += 2)
		if ((u8)l[1] == byte)
			return add(line, size, len, "\\%c", l[0]);
	return add(line, size, len, byte >= ' ' && byte < 0x7f ? "%c" : "\\%03o", byte);
}

static size_t add_text(char *line, size_t size, size_t len, const struct trace_record *r)
{
	len = add(line, size, len, " \"");
	for (u32 i = 0; i < r->text_len && i < TRACE_TEXT; i++)
		len = add_byte(line, size, len, r->text[i]);
	return add(line, size, len, r->text_form == TEXT_CUT ? "\"..." : "\"");
}

size_t trace_format(char *line, size_t size, const struct trace_record *r)
{
	if (r->event >= TRACE_NEVENTS)
		return add(line, size, 0, "torn\n"); /* only a panic can see that */
	const u64 *a = r->arg;
	size_t len = add(line, size, 0, "%llu.%09llu %u %d ", r->ns / NSEC_PER_SEC,
			 r->ns % NSEC_PER_SEC, r->cpu, r->tid);
	size_t name = len;
	len = add(line, size, len, trace_event_texts[r->event], a[0], a[1], a[2], a[3], a[4], a[5],
		  a[6], a[7]);
	for (char *c = line + name; *c && *c != '='; c++) /* tree_run is two words */
		if (*c == '_')
			*c = ' ';
	if (r->text_form != TEXT_NONE)
		len = add_text(line, size, len, r);
	return add(line, size, len, "\n");
}
