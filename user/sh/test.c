/*
 * test.c - `test EXPRESSION` and `[ EXPRESSION ]`, as a builtin because every loop asks it.
 *
 *	or       and { "-o" and }
 *	and      not { "-a" not }
 *	not      ["!"] primary
 *	primary  "(" or ")" | -f FILE | A = B | A -lt B | WORD
 *
 * Status 0 is true, 1 false, 2 an error. Source: POSIX, test.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sh.h"

struct test {
	char **at, **end;
	bool failed;
};

static bool test_or(struct test *t);

static bool fail(struct test *t, const char *word, const char *what)
{
	if (!t->failed)
		warn("test: %s: %s", word, what);
	t->failed = true;
	return false;
}

static bool take(struct test *t, const char *word)
{
	if (t->at == t->end || strcmp(*t->at, word) != 0)
		return false;
	t->at++;
	return true;
}

static bool test_file(char op, const char *path)
{
	struct stat st;

	switch (op) {
	case 'n':
		return *path;
	case 'z':
		return !*path;
	case 't':
		return isatty(atoi(path));
	case 'r':
		return access(path, R_OK) == 0;
	case 'w':
		return access(path, W_OK) == 0;
	case 'x':
		return access(path, X_OK) == 0;
	}
	if ((op == 'h' || op == 'L' ? lstat(path, &st) : stat(path, &st)) < 0)
		return false;
	switch (op) {
	case 'b':
		return S_ISBLK(st.st_mode);
	case 'c':
		return S_ISCHR(st.st_mode);
	case 'd':
		return S_ISDIR(st.st_mode);
	case 'f':
		return S_ISREG(st.st_mode);
	case 'h': case 'L':
		return S_ISLNK(st.st_mode);
	case 'p':
		return S_ISFIFO(st.st_mode);
	case 's':
		return st.st_size > 0;
	default:
		return true;		/* -e */
	}
}

static long number(struct test *t, const char *word)
{
	char *end;
	long value = strtol(word, &end, 10);

	while (*end == ' ')
		end++;
	if (end == word || *end)
		fail(t, word, "not a number");
	return value;
}

static bool compare(struct test *t, const char *left, const char *op, const char *right)
{
	static const char *const ops[] = { "-eq", "-ne", "-lt", "-le", "-gt", "-ge" };
	long a, b;
	size_t i = 0;

	if (strcmp(op, "=") == 0 || strcmp(op, "==") == 0)
		return strcmp(left, right) == 0;
	if (strcmp(op, "!=") == 0)
		return strcmp(left, right) != 0;
	while (i < 6 && strcmp(op, ops[i]) != 0)
		i++;
	if (i == 6)
		return fail(t, op, "no such operator");
	a = number(t, left);
	b = number(t, right);
	switch (i) {
	case 0:
		return a == b;
	case 1:
		return a != b;
	case 2:
		return a < b;
	case 3:
		return a <= b;
	case 4:
		return a > b;
	default:
		return a >= b;
	}
}

/* Three words that may be a comparison are one, so that `[ "$x" = y ]` works for any $x. */
static bool test_primary(struct test *t)
{
	long left = t->end - t->at;
	char **at = t->at;

	if (left == 0)
		return fail(t, "end", "something is missing");
	if (left >= 3 && (strcmp(at[1], "=") == 0 || strcmp(at[1], "!=") == 0 ||
			  strcmp(at[1], "==") == 0 || (at[1][0] == '-' && strlen(at[1]) == 3))) {
		t->at += 3;
		return compare(t, at[0], at[1], at[2]);
	}
	if (left >= 2 && take(t, "(")) {
		bool value = test_or(t);

		return take(t, ")") ? value : fail(t, "(", "no )");
	}
	if (left >= 2 && at[0][0] == '-' && strlen(at[0]) == 2 && strchr("bcdefhLnprstwxz", at[0][1])) {
		t->at += 2;
		return test_file(at[0][1], at[1]);
	}
	t->at++;
	return *at[0];
}

static bool test_not(struct test *t)
{
	bool is_compared = t->end - t->at >= 3 && strcmp(t->at[1], "=") == 0;

	if (t->end - t->at >= 2 && !is_compared && take(t, "!"))
		return !test_not(t);
	return test_primary(t);
}

static bool test_and(struct test *t)
{
	bool value = test_not(t);

	while (take(t, "-a"))
		value = test_not(t) && value;
	return value;
}

static bool test_or(struct test *t)
{
	bool value = test_and(t);

	while (take(t, "-o"))
		value = test_and(t) || value;
	return value;
}

int builtin_test(int argc, char **argv)
{
	struct test t = { .at = argv + 1, .end = argv + argc };
	bool value;

	if (strcmp(argv[0], "[") == 0) {
		if (strcmp(argv[argc - 1], "]") != 0) {
			warn("[: no ]");
			return 2;
		}
		t.end--;
	}
	if (t.at == t.end)
		return 1;
	value = test_or(&t);
	if (!t.failed && t.at < t.end)
		fail(&t, *t.at, "not expected");
	return t.failed ? 2 : !value;
}
