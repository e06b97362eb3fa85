/*
 * The system call table, and the one place where calls are dispatched.
 */
#ifndef SYSCALL_TABLE_H
#define SYSCALL_TABLE_H

#include "arch/regs.h"
#include "lib/types.h"

typedef s64 syscall_fn(u64, u64, u64, u64, u64, u64);

/* Packed: there are many. The name is the handler's, without sys_ (ksym_find). */
struct __packed syscall {
	syscall_fn *handler; /* NULL: ENOSYS */
	u8 nargs;
};

enum { SYSCALL_COUNT = 451 }; /* after the last one of Linux 6.1 */

extern const struct syscall syscall_table[SYSCALL_COUNT];

/* From entry.S, interrupts on: runs the call of this number, and answers its result. The
 * registers at the entry are in task_regs(current). */
s64 syscall_dispatch(u64 arg1, u64 arg2, u64 arg3, u64 arg4, u64 arg5, u64 arg6, u64 number);

/* The same with events around it: trace/trace_syscall.c. */
s64 syscall_dispatch_traced(u64 arg1, u64 arg2, u64 arg3, u64 arg4, u64 arg5, u64 arg6,
			    u64 number);

#endif
