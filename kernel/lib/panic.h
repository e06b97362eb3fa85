/*
 * The end of the kernel, and what leads to it: only bugs of the kernel itself,
 * never anything that a user program can do (STYLE.md rule 8).
 */
#ifndef LIB_PANIC_H
#define LIB_PANIC_H

#include "lib/types.h"

struct regs;

/* Prints "panic: ...", where, the current task, a symbolised backtrace; then resets. */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn;

/* The same with the registers of a trap: shows them and the backtrace from there. */
void panic_regs(const struct regs *regs, const char *fmt, ...) __printf(2, 3) __noreturn;

#define kassert(condition)                                                              \
	do {                                                                            \
		if (__builtin_expect(!(condition), 0))                                  \
			panic("%s:%d: %s: assertion failed: %s", __FILE__, __LINE__,    \
			      __func__, #condition);                                    \
	} while (0)

/* The function that an address of the kernel's text lies in; NULL if none. */
const char *ksym_find(va_t addr, u64 *offset_out);

/* Prints the frames from rbp on, one line each: "  address function+offset". */
void backtrace(va_t rbp);

#endif
