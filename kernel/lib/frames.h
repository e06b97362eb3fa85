/*
 * Who has called whom, read off a kernel stack: psABI 3.2.2, rbp leads from
 * frame to frame. Nothing is read but words of a stack that is known, so it is
 * safe whatever rbp holds, also in an NMI. Takes no locks.
 */
#ifndef LIB_FRAMES_H
#define LIB_FRAMES_H

#include "lib/panic.h"
#include "lib/types.h"

struct regs;
struct task;

/*
 * Addresses of code, the innermost first: where each call stands (not where it returns to). How
 * many there are, up to max.
 */

/* What a trap on this CPU interrupted, and what that had interrupted, down to user mode. */
u32 frames_of_regs(const struct regs *regs, va_t *calls, u32 max);

/* Where a task sleeps: 0 if it does not. The caller holds proc_lock, so that its stack stays; if
 * it wakes meanwhile the names are of another moment. */
u32 frames_of_task(const struct task *task, va_t *calls, u32 max);

/* The name of the function in which a task sleeps, as in /proc/PID/wchan; false: not known. Moves
 * calls and n on to it, past what all sleeps have in common. */
bool frames_wchan(const va_t **calls, u32 *n, char name[KSYM_NAME]);

/*
 * The same step by step: each true is a frame, pc its place. Begins with {.rbp, .kstack} and
 * frames_next, or with a trap's registers, on the CPU where it came.
 */
struct frames {
	va_t pc, rbp;
	va_t kstack;		  /* an address on the task's stack; others are those of CPUs */
	const struct regs *trap;  /* it was interrupted at pc */
	const struct regs *entry; /* what the code at pc, in entry.S, has saved */
	const struct regs *user;  /* behind the last frame: the program's */
};
bool frames_begin(struct frames *u, const struct regs *regs);
bool frames_next(struct frames *u);

enum { CALL_BYTES = 7 }; /* of the longest instruction CALL */

/* Do the bytes before a return address end in a CALL? Its target; 0: none, 1: not said there. */
va_t frames_call_target(const u8 code[CALL_BYTES], va_t return_address);

#endif
