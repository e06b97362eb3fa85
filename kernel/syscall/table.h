/*
 * The system call table, and the one place where calls are dispatched.
 */
#ifndef SYSCALL_TABLE_H
#define SYSCALL_TABLE_H

#include "arch/regs.h"
#include "lib/types.h"

typedef s64 syscall_fn(u64, u64, u64, u64, u64, u64);

struct syscall {
	const char *name;
	syscall_fn *handler; /* NULL: ENOSYS */
	u8 nargs;
};

enum { SYSCALL_COUNT = 451 }; /* after the last one of Linux 6.1 */

extern const struct syscall syscall_table[SYSCALL_COUNT];

/* From entry.S, interrupts on: runs the call that regs->rax numbers; the
 * result goes to regs->rax. Signals are delivered by return_to_user after. */
void syscall_dispatch(struct regs *regs);

#endif
