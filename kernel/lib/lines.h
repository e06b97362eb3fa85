/* File and line of an address: lib/lines.c. */
#ifndef LIB_LINES_H
#define LIB_LINES_H

#include "lib/types.h"

struct line {
	const char *file, *function; /* function: of programs only; NULL: none */
	u32 line;		     /* 0: not known, nor is file */
	va_t start;		     /* where the function begins */
};

/* The initramfs has this at data, in the direct map; false: it is not ours and need not stay. */
bool lines_keep(const void *data, size_t size);
bool lines_there(void);

/* What stands at addr of a program by name and size of its ELF file; of the kernel: "" and 0. */
bool lines_find(const char *program, u64 size_bytes, va_t addr, struct line *out);

/* The entry's name in the initramfs. */
#define LINES_NAME "lines"

#endif
