/*
 * The reader of the tables of lines (kernel/lib/lines.c): rows of a table made here by hand, by the
 * format in tools/lines; and tables with bytes changed, cut short, or of noise, in which it must
 * come to an end and read nothing outside (ASan looks).
 * sources: kernel/lib/lines.c
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/lines.h"

const u32 lines_id = 0x1234;
static u8 *kept; /* the table that the reader has been given, for good */

enum { END, SKIP, LINE, FILE_, FUNCTION, OTHER, ROW };
#define STEP(bytes, lines) (ROW + (bytes) * 10 + (lines) + 3)

/* Strings: 1 "a.c", 5 "b.h", 9 "f", 11 "prog". One image of the kernel, one of prog. */
static const u8 code[] = {
	0, 0, 14, 0x80, 0x20,		/* "", 0 bytes, 14 bytes of code, from 0x1000 */
	FILE_, 1, LINE, 20, STEP(0, 0), /* 0x1000 a.c:10 */
	FILE_, 5, STEP(4, 3),		/* 0x1004 b.h:13 */
	OTHER, STEP(2, 1),		/* 0x1006 a.c:11 */
	SKIP, 100, STEP(1, -1), END,	/* 0x106b a.c:10 */
	11, 77, 10, 0x80, 0x20,		/* prog, 77 bytes long, 10 bytes of code, from 0x1000 */
	FUNCTION, 9, 8, FILE_, 1, LINE, 8, STEP(0, 0), /* 0x1008 f in a.c:4 */
	STEP(3, 2), END,		/* 0x100b a.c:6 */
};
static const char strings[] = "\0a.c\0b.h\0f\0prog";

static u8 *make(size_t *size)
{
	u32 head[] = {0, 16 + sizeof code + sizeof strings, lines_id, 16 + sizeof code};
	*size = head[1];
	u8 *table = malloc(*size); /* no more than it has: ASan sees a byte too many */
	memcpy(head, "LINE", 4);
	memcpy(table, head, sizeof head);
	memcpy(table + 16, code, sizeof code);
	memcpy(table + 16 + sizeof code, strings, sizeof strings);
	return table;
}

static void is(const char *program, u64 size, va_t addr, const char *file, u32 number)
{
	struct line line = {0};
	assert_int_equal(lines_find(program, size, addr, &line), file != NULL);
	if (!file)
		return;
	assert_string_equal(line.file, file);
	assert_int_equal(line.line, number);
}

static void rows_are_found(void **state)
{
	(void)state;
	size_t size;
	u8 *table = kept = make(&size);
	assert_false(lines_there());
	is("", 0, 0x1000, NULL, 0);
	((u32 *)table)[2]++;
	assert_false(lines_keep(table, size)); /* another kernel's */
	((u32 *)table)[2]--;
	assert_false(lines_keep(table, size - 1));
	assert_true(lines_keep(table, size));
	assert_true(lines_there());
	is("", 0, 0xfff, NULL, 0);
	is("", 0, 0x1000, "a.c", 10);
	is("", 0, 0x1003, "a.c", 10);
	is("", 0, 0x1004, "b.h", 13);
	is("", 0, 0x1006, "a.c", 11);
	is("", 0, 0x106a, "a.c", 11);
	is("", 0, 0x106b, NULL, 0); /* the last row only says where the one before it ends */
	is("prog", 77, 0x1008, "a.c", 4);
	is("prog", 77, 0x100a, "a.c", 4);
	is("prog", 78, 0x1008, NULL, 0);
	is("gorp", 77, 0x1008, NULL, 0);
	struct line line;
	assert_true(lines_find("prog", 77, 0x1009, &line));
	assert_string_equal(line.function, "f");
	assert_int_equal(line.start, 0x1008);
}

/* The table that rows_are_found has given stays, but for its bytes. */
static void damage_is_survived(void **state)
{
	(void)state;
	struct line line;
	size_t size;
	u8 *good = make(&size);
	u8 *table = kept;
	srand(1);
	for (int i = 0; i < 100000; i++) {
		memcpy(table, good, size);
		for (int n = rand() % 4; n >= 0; n--)
			table[rand() % size] = (u8)rand();
		lines_find("", 0, 0x1000 + (va_t)(rand() % 256), &line);
		if (lines_find("prog", 77, 0x1000 + (va_t)(rand() % 256), &line)) {
			assert_true(!line.file || strlen(line.file) < size);
			assert_true(!line.function || strlen(line.function) < size);
		}
	}
	free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_found),
		cmocka_unit_test(damage_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
