/*
 * Numbers out of text. Apart from string.c, so that host tests can compile it
 * beside the host's own <string.h>.
 *
 * Entry point: parse_u64 (lib/string.h). Like ISO C's strtoull without sign,
 * prefix and leading space.
 */
#include "lib/string.h"

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

u64 parse_u64(const char *s, const char **end, int base)
{
	u64 value = 0;

	for (; digit_value(*s) < base; s++) {
		u64 next;
		if (__builtin_mul_overflow(value, (u64)base, &next) ||
		    __builtin_add_overflow(next, (u64)digit_value(*s), &next))
			next = UINT64_MAX;
		value = next;
	}
	if (end)
		*end = s;
	return value;
}
