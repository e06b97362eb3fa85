/*
 * The one place where system calls are dispatched: entry.S -> here -> the
 * handler that syscall/table.c names. Set a breakpoint on a handler (sys_fork,
 * say) or, for every call, on syscall_dispatch.
 *
 * Registers of a call: psABI A.2.1 (rax; rdi rsi rdx r10 r8 r9; result in rax).
 */
#include "arch/cpu.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "proc/task.h"
#include "syscall/table.h"

/* Names each call that we do not know once, so that porting a program is quick work. */
static void note_unknown(u64 number)
{
	static u64 seen[1024 / 64];
	enum { RSEQ = 334 }; /* every program of a new glibc asks; ENOSYS is an answer */
	if (number >= 1024 || number == RSEQ || (seen[number / 64] & (1ull << (number % 64))))
		return;
	seen[number / 64] |= 1ull << (number % 64);
	kdebugf("%s (pid %d): unknown system call %lu\n", current->name, task_tgid(current),
		number);
}

void syscall_dispatch(struct regs *regs)
{
	u64 number = regs->orig_rax;
	if (number >= SYSCALL_COUNT || !syscall_table[number].handler) {
		note_unknown(number);
		regs->rax = -ENOSYS;
		return;
	}
	s64 result = syscall_table[number].handler(regs->rdi, regs->rsi, regs->rdx, regs->r10,
						   regs->r8, regs->r9);
	if (regs->orig_rax == (u64)NO_SYSCALL)
		return; /* execve and rt_sigreturn have set all registers */
	regs->rax = result;
	if (result <= -ERESTARTSYS && result >= -ERESTART_RESTARTBLOCK)
		current->signal_wanted = true; /* deliver.c decides what the program sees */
}
