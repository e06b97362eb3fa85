/*
 * Names for addresses of kernel code. The table is made by tools/ksyms from the
 * first link and added in the second; in the first it is not there, hence weak.
 */
#include "lib/panic.h"
#include "lib/string.h"

extern const u64 ksym_start __attribute__((weak));
extern const u8 ksym_list[] __attribute__((weak)); /* u16 length, name with NUL; 0 at the end */

const char *ksym_find(va_t addr, u64 *offset_out)
{
	if (!&ksym_start || addr < ksym_start)
		return NULL;
	va_t start = ksym_start;
	const u8 *record = ksym_list;
	u16 len;
	for (;;) {
		memcpy(&len, record, sizeof len);
		const char *name = (const char *)record + sizeof len;
		if (len == 0)
			return NULL;
		if (addr - start < len) {
			*offset_out = addr - start;
			return name;
		}
		start += len;
		record += sizeof len + strlen(name) + 1;
	}
}
