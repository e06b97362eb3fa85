/*
 * What the entry code saves on the kernel stack when a user program, or the
 * kernel itself, is interrupted: the layout of Linux's struct pt_regs
 * (arch/x86/include/asm/ptrace.h), so that each field is where debuggers and
 * the signal frame expect it. entry.S builds it; offsets are asserted there.
 */
#ifndef ARCH_REGS_H
#define ARCH_REGS_H

#include "lib/types.h"

struct regs {
	u64 r15, r14, r13, r12, rbp, rbx;	     /* saved by the callee (psABI 3.2.1) */
	u64 r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	u64 orig_rax;	     /* system call number, or NO_SYSCALL */
	u64 rip, cs, rflags, rsp, ss; /* the frame that the CPU pushes (SDM 6.14.2) */
};

_Static_assert(sizeof(struct regs) == 168, "entry.S knows the size of struct regs");

/*
 * orig_rax when no system call is under way: nothing to restart. A system call that changes
 * other registers than rax sets it too: entry.S then loads all of them (return by IRET).
 */
enum { NO_SYSCALL = -1 };

static inline bool regs_from_user(const struct regs *regs)
{
	return (regs->cs & 3) == 3;
}

#endif
