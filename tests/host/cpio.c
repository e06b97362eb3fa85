/*
 * The cpio reader (kernel/fs/cpio.c), on archives made in memory: good ones,
 * several in a row, and damaged ones, each at the end of an exact allocation so
 * that ASan sees a read beyond it.
 * sources: kernel/fs/cpio.c kernel/lib/number.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/cpio.h"

struct archive {
	char bytes[1 << 16];
	size_t size;
};

static void pad(struct archive *a)
{
	while (a->size % 4)
		a->bytes[a->size++] = 0;
}

/* One entry as cpio -H newc writes it. */
static void add(struct archive *a, const char *name, unsigned mode, const char *data, size_t size)
{
	a->size += sprintf(a->bytes + a->size,
			   "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 7u, mode,
			   1u, 2u, 1u, 1000u, (unsigned)size, 8u, 9u, 5u, 1u,
			   (unsigned)strlen(name) + 1, 0u);
	strcpy(a->bytes + a->size, name);
	a->size += strlen(name) + 1;
	pad(a);
	memcpy(a->bytes + a->size, data, size);
	a->size += size;
	pad(a);
}

static void end(struct archive *a)
{
	add(a, "TRAILER!!!", 0, "", 0);
}

struct seen {
	char log[4096];
	int archives, entries, stop_after;
};

static int on_entry(void *arg, const struct cpio_entry *e)
{
	struct seen *seen = arg;
	size_t at = strlen(seen->log);
	assert_int_equal(strlen(e->name), e->name_len);
	snprintf(seen->log + at, sizeof seen->log - at, "%s %o %.*s;", e->name, e->mode,
		 (int)e->size, (const char *)e->data);
	seen->entries++;
	return seen->entries == seen->stop_after ? -12 : 0;
}

static void on_archive(void *arg)
{
	((struct seen *)arg)->archives++;
}

/* Reads the first n bytes out of an allocation of just that size. */
static int read_bytes(const void *bytes, size_t n, struct seen *seen, const char **error,
		      size_t *error_at)
{
	struct cpio_callbacks calls = {on_entry, on_archive, seen};
	char *copy = malloc(n ? n : 1);
	memcpy(copy, bytes, n);
	int result = cpio_read(copy, n, &calls, error, error_at);
	free(copy);
	return result;
}

static struct archive *sample(void)
{
	struct archive *a = calloc(1, sizeof *a);
	add(a, "bin", 040755, "", 0);
	add(a, "bin/hello", 0100755, "hello", 5);
	add(a, "link", 0120777, "bin/hello", 9);
	end(a);
	return a;
}

static void test_entries(void **state)
{
	struct archive *a = sample();
	struct seen seen = {0};
	const char *error;
	size_t at;
	(void)state;
	assert_int_equal(read_bytes(a->bytes, a->size, &seen, &error, &at), 0);
	assert_string_equal(seen.log, "bin 40755 ;bin/hello 100755 hello;link 120777 bin/hello;");
	assert_int_equal(seen.archives, 1);
	assert_null(error);
	free(a);
}

static int check_fields(void *arg, const struct cpio_entry *e)
{
	(void)arg;
	assert_int_equal(e->ino, 7);
	assert_int_equal(e->uid, 1);
	assert_int_equal(e->gid, 2);
	assert_int_equal(e->nlink, 1);
	assert_int_equal(e->mtime, 1000);
	assert_int_equal(e->dev_major, 8);
	assert_int_equal(e->dev_minor, 9);
	assert_int_equal(e->rdev, 5 << 8 | 1);
	return 0;
}

static void test_fields(void **state)
{
	struct archive *a = sample();
	struct cpio_callbacks calls = {check_fields, NULL, NULL};
	const char *error;
	size_t at;
	(void)state;
	assert_int_equal(cpio_read(a->bytes, a->size, &calls, &error, &at), 0);
	free(a);
}

static void test_concatenated(void **state)
{
	struct archive *a = sample();
	struct seen seen = {0};
	const char *error;
	size_t at;
	(void)state;
	a->size += 512 - a->size % 512; /* zeros, as cpio pads to its block */
	add(a, "second", 0100644, "2", 1);
	end(a);
	a->size += 4;
	assert_int_equal(read_bytes(a->bytes, a->size, &seen, &error, &at), 0);
	assert_int_equal(seen.archives, 2);
	assert_int_equal(seen.entries, 4);
	free(a);
}

static void test_empty(void **state)
{
	struct seen seen = {0};
	const char *error, zeros[8] = {0};
	size_t at;
	(void)state;
	assert_int_equal(read_bytes("", 0, &seen, &error, &at), 0);
	assert_int_equal(read_bytes(zeros, sizeof zeros, &seen, &error, &at), 0);
	assert_int_equal(seen.entries, 0);
}

/* Cut anywhere, the reader says so and has read nothing beyond the cut. */
static void test_cut(void **state)
{
	struct archive *a = sample();
	(void)state;
	for (size_t n = 1; n < a->size - 3; n++) {
		struct seen seen = {0};
		const char *error = NULL;
		size_t at = 0;
		assert_int_equal(read_bytes(a->bytes, n, &seen, &error, &at), -1);
		assert_non_null(error);
		assert_true(at <= n);
	}
	free(a);
}

/* Each byte of the first header replaced by some others: an error or another entry, no more. */
static void test_flipped(void **state)
{
	static const char other[] = {0, '0', 'f', 'F', 'g', (char)0xff};
	struct archive *a = sample();
	(void)state;
	for (size_t i = 0; i < a->size; i++) {
		for (size_t j = 0; j < sizeof other; j++) {
			struct seen seen = {0};
			const char *error;
			size_t at;
			char old = a->bytes[i];
			a->bytes[i] = other[j];
			read_bytes(a->bytes, a->size, &seen, &error, &at);
			a->bytes[i] = old;
		}
	}
	free(a);
}

/* A header field, by its place after the magic number, gets this text. */
static const char *error_with_field(int field, const char *text)
{
	struct archive *a = sample();
	struct seen seen = {0};
	const char *error;
	size_t at;
	memcpy(a->bytes + 6 + 8 * field, text, 8);
	assert_int_equal(read_bytes(a->bytes, a->size, &seen, &error, &at), -1);
	assert_int_equal(at, 0);
	free(a);
	return error;
}

static void test_damage(void **state)
{
	enum { SIZE = 6, NAME_SIZE = 11 };
	(void)state;
	assert_string_equal(error_with_field(SIZE, "FFFFFFFF"), "archive ends inside a file");
	assert_string_equal(error_with_field(SIZE, "7FFFFFFF"), "archive ends inside a file");
	assert_string_equal(error_with_field(NAME_SIZE, "FFFFFFFF"), "name length out of range");
	assert_string_equal(error_with_field(NAME_SIZE, "00000000"), "name length out of range");
	assert_string_equal(error_with_field(NAME_SIZE, "00000FFF"), "archive ends inside a name");
	assert_string_equal(error_with_field(NAME_SIZE, "00000003"),
			    "name is not as long as its header says");
	assert_string_equal(error_with_field(0, "0000000x"), "a header field is not hexadecimal");
}

static void test_garbage_after_archive(void **state)
{
	struct archive *a = sample();
	struct seen seen = {0};
	const char *error;
	size_t at, good = a->size;
	(void)state;
	memset(a->bytes + a->size, 'x', 200);
	a->size += 200;
	assert_int_equal(read_bytes(a->bytes, a->size, &seen, &error, &at), -1);
	assert_string_equal(error, "no newc header (070701) here");
	assert_int_equal(at, good);
	assert_int_equal(seen.entries, 3);
	free(a);
}

static void test_callback_stops(void **state)
{
	struct archive *a = sample();
	struct seen seen = {.stop_after = 2};
	const char *error;
	size_t at;
	(void)state;
	assert_int_equal(read_bytes(a->bytes, a->size, &seen, &error, &at), -12);
	assert_int_equal(seen.entries, 2);
	assert_null(error);
	free(a);
}

/* An archive of the real program, if it is installed. */
static void test_real_cpio(void **state)
{
	static char bytes[1 << 20];
	struct seen seen = {0};
	const char *error;
	size_t at;
	(void)state;
	FILE *p = popen("d=$(mktemp -d) && cd $d && mkdir dir && echo content >dir/file && "
			"ln -s dir/file link && printf 'dir\\ndir/file\\nlink\\n' | "
			"{ cpio --quiet -o -H newc 2>/dev/null || "
			"busybox cpio -o -H newc 2>/dev/null; }; rm -rf $d",
			"r");
	assert_non_null(p);
	size_t n = fread(bytes, 1, sizeof bytes, p);
	pclose(p);
	if (n == 0)
		skip();
	assert_int_equal(read_bytes(bytes, n, &seen, &error, &at), 0);
	assert_int_equal(seen.entries, 3);
	assert_non_null(strstr(seen.log, "content\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_concatenated),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_garbage_after_archive),
		cmocka_unit_test(test_callback_stops),
		cmocka_unit_test(test_real_cpio),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
