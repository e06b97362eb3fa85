/*
 * Names for addresses of kernel code. The table is made by tools/ksyms from the
 * first link and added in the second; in the first it is not there, hence weak.
 */
#include "lib/panic.h"

extern const u64 ksym_count __attribute__((weak));
extern const u64 ksym_addrs[] __attribute__((weak)); /* ascending */
extern const u32 ksym_name_offsets[] __attribute__((weak));
extern const char ksym_strings[] __attribute__((weak));

extern const u8 kernel_text_end[]; /* linker.ld */

const char *ksym_find(va_t addr, u64 *offset_out)
{
	if (!&ksym_count || ksym_count == 0 || addr < ksym_addrs[0] || addr >= (va_t)kernel_text_end)
		return NULL;

	/* The last entry that is not above addr lies in [low, high). */
	u64 low = 0, high = ksym_count;
	while (high - low > 1) {
		u64 middle = low + (high - low) / 2;
		if (ksym_addrs[middle] <= addr)
			low = middle;
		else
			high = middle;
	}
	*offset_out = addr - ksym_addrs[low];
	return ksym_strings + ksym_name_offsets[low];
}
