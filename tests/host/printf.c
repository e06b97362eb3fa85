/*
 * The kernel's formatter against the host's: the same text and length for
 * every conversion, flag, width and precision that it knows, over chosen cases
 * and random ones; and what it must do when the buffer is short.
 *
 * sources: kernel/lib/printf.c kernel/lib/number.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#pragma GCC diagnostic ignored "-Wformat" /* odd formats are the point */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

int tine_snprintf(char *buf, size_t size, const char *fmt, ...);

#define SAME(...)                                                       \
	do {                                                            \
		char ours[256], theirs[256];                            \
		int n = tine_snprintf(ours, sizeof ours, __VA_ARGS__);  \
		int m = snprintf(theirs, sizeof theirs, __VA_ARGS__);   \
		assert_string_equal(ours, theirs);                      \
		assert_int_equal(n, m);                                 \
	} while (0)

static void chosen(void **state)
{
	(void)state;
	SAME("%d %i %u", -5, 7, 9u);
	SAME("%5d|%-5d|%05d|%+d|% d", 42, 42, 42, 42, 42);
	SAME("%x %X %#x %#X %#o %o", 255, 255, 255, 255, 8, 8);
	SAME("%#x %#o|%.0d|%.0x|%5.0d|%#.0o", 0, 0, 0, 0, 0, 0);
	SAME("%.5d %8.5d %-8.5d|%08.3d", -42, -42, -42, 5);
	SAME("%s|%10s|%-10s|%.2s|%5s|", "abc", "abc", "abc", "abc", "");
	SAME("%c|%3c|%-3c|%%", 'a', 'b', 'c');
	SAME("%ld %lu %lx %lld %zu %zd", -1l, ~0ul, ~0ul, -1ll, (size_t)5, (ssize_t)-5);
	SAME("%hhd %hhu %hd %hu", 300, 300, 70000, 70000);
	SAME("%*d|%-*d|%*d|%.*d", 5, 1, 5, 2, -5, 3, -1, 5);
	SAME("%.*s|%.*d", 2, "xyz", 4, 7);
	SAME("%ld %lo", INT64_MIN, UINT64_MAX);
	SAME("%p", (void *)0x1234);
	SAME("%200d", 5);
}

static void random_numbers(void **state)
{
	(void)state;
	srand(1);
	for (int i = 0; i < 200000; i++) {
		char fmt[24] = "%";
		int n = 1;
		for (const char *flag = "-0+ #"; *flag; flag++)
			if (rand() % 3 == 0)
				fmt[n++] = *flag;
		if (rand() % 2)
			n += sprintf(fmt + n, "%d", 1 + rand() % 20);
		if (rand() % 2)
			n += sprintf(fmt + n, ".%d", rand() % 20);
		fmt[n++] = 'l';
		fmt[n++] = "duxXo"[rand() % 5];
		fmt[n] = '\0';
		long value = rand() % 3 ? rand() % 100 : (long)rand() * rand();
		if (rand() % 2)
			value = -value;
		SAME(fmt, value);
	}
}

static void short_buffer(void **state)
{
	char buf[8];

	(void)state;
	memset(buf, 'x', sizeof buf);
	assert_int_equal(tine_snprintf(buf, 4, "abcdef"), 6);
	assert_memory_equal(buf, "abc\0xxxx", sizeof buf);
	assert_int_equal(tine_snprintf(buf, 1, "%d", 12), 2);
	assert_int_equal(buf[0], '\0');
	assert_int_equal(tine_snprintf(NULL, 0, "%s", "abc"), 3);
}

static void odd(void **state)
{
	char buf[32];

	(void)state;
	tine_snprintf(buf, sizeof buf, "%s", (char *)NULL);
	assert_string_equal(buf, "(null)");
	tine_snprintf(buf, sizeof buf, "%q 100%");
	assert_string_equal(buf, "%q 100%");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chosen),
		cmocka_unit_test(random_numbers),
		cmocka_unit_test(short_buffer),
		cmocka_unit_test(odd),
	};
	return cmocka_run_group_tests_name("printf", tests, NULL, NULL);
}
