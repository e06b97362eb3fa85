/*
 * The one place where system calls are dispatched: entry.S -> here -> the
 * handler that syscall/table.c names. Set a breakpoint on a handler (sys_fork,
 * say) or, for every call, on syscall_dispatch.
 *
 * A result of -ERESTARTSYS and its like never reaches the program: who answers it has
 * found signal_wanted set (signal_pending), so deliver.c decides what is seen instead.
 *
 * Registers of a call: psABI A.2.1 (rax; rdi rsi rdx r10 r8 r9; result in rax).
 */
#include "arch/cpu.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "proc/task.h"
#include "syscall/table.h"

/* Names each call that we do not know once, so that porting a program is quick work. */
__attribute__((noinline)) static s64 unknown_call(void)
{
	static u64 seen[1024 / 64];
	enum { RSEQ = 334 }; /* every program of a new glibc asks; ENOSYS is an answer */
	u64 number = task_regs(current)->orig_rax;
	if (number < 1024 && number != RSEQ && !(seen[number / 64] & (1ull << (number % 64)))) {
		seen[number / 64] |= 1ull << (number % 64);
		kdebugf("%s (pid %d): unknown system call %lu\n", current->name,
			task_tgid(current), number);
	}
	return -ENOSYS;
}

s64 syscall_dispatch(u64 arg1, u64 arg2, u64 arg3, u64 arg4, u64 arg5, u64 arg6, u64 number)
{
	if (number >= SYSCALL_COUNT || !syscall_table[number].handler)
		return unknown_call();
	return syscall_table[number].handler(arg1, arg2, arg3, arg4, arg5, arg6);
}
