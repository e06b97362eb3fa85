/*
 * Names for addresses of kernel code. The table is made by tools/ksyms (its
 * header has the format) from the first link and added in the second; in the
 * first it is not there, hence weak.
 */
#include "lib/panic.h"

extern const u64 ksym_start __attribute__((weak));
extern const u8 ksym_list[] __attribute__((weak));
extern const u8 ksym_pairs[256][2] __attribute__((weak));

/* What a letter stands for; how long the name is with it. */
static size_t spell(char name[KSYM_NAME], size_t len, u8 letter)
{
	const u8 *pair = ksym_pairs[letter];

	if (pair[1])
		return spell(name, spell(name, len, pair[0]), pair[1]);
	if (len < KSYM_NAME - 1)
		name[len++] = (char)pair[0];
	return len;
}

bool ksym_find(va_t addr, char name[KSYM_NAME], u64 *offset_out)
{
	if (!&ksym_start || addr < ksym_start)
		return false;
	va_t start = ksym_start;
	const u8 *record = ksym_list;
	for (;;) {
		u32 size = *record++;
		if (size & 0x80)
			size = (size & 0x7f) << 8 | *record++;
		if (*record == 0)
			return false;
		if (addr - start < size)
			break;
		start += size;
		while (*record++)
			;
	}
	size_t len = 0;
	while (*record)
		len = spell(name, len, *record++);
	name[len] = '\0';
	*offset_out = addr - start;
	return true;
}
