/*
 * The end of the kernel, and what leads to it: only bugs of the kernel itself,
 * never anything that a user program can do (STYLE.md rule 8).
 */
#ifndef LIB_PANIC_H
#define LIB_PANIC_H

#include "lib/types.h"

struct regs;
struct task;

/* Prints "panic: ..." and a report (lib/panic.c); then resets. */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn;

/* The same with the registers of a trap: the report is of where it came. */
void panic_regs(const struct regs *regs, const char *fmt, ...) __printf(2, 3) __noreturn;

#ifdef HOST_TEST
#define panic_assert(condition, line) \
	panic("%s:%d: assertion failed: %s", __FILE__, line, condition)
#else
void panic_assert(const char *condition, u32 line) __noreturn;
#endif

#define kassert(condition)                                                              \
	do {                                                                            \
		if (__builtin_expect(!(condition), 0))                                  \
			panic_assert(#condition, __LINE__);                             \
	} while (0)

/* The function that an address of the kernel's text lies in; false if in none. */
enum { KSYM_NAME = 64 }; /* with the NUL */
bool ksym_find(va_t addr, char name[KSYM_NAME], u64 *offset_out);

/*
 * Prints who called whom, one line each (lib/backtrace.c): the kernel's functions, then those of
 * the task's program, which is not NULL unless there is none. Of the running code, from the frame
 * at rbp on; or of a task that was interrupted with these registers, on any CPU that stands still.
 * Safe from an NMI as far as kprintf is.
 */
void backtrace(va_t rbp);
void backtrace_of(const struct task *task, const struct regs *regs);

#endif
