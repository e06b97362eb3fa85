/*
 * How the fault handler recognises an instruction of mm/uaccess_asm.S.
 */
#ifndef MM_UACCESS_PRIVATE_H
#define MM_UACCESS_PRIVATE_H

#include "arch/regs.h"

/* The instruction is one that may touch user memory. */
bool uaccess_covers(va_t rip);

/* Makes it end early: regs go on at its fixup. False if it has none. */
bool uaccess_fixup(struct regs *regs);

/* The same, if a spinlock is held, so that no fault can be resolved, and it allows that. */
bool uaccess_fixup_locked(struct regs *regs);

/* FPU state, in uaccess_asm.S; arch/thread.c checks the range. 0 or -EFAULT. */
int uaccess_xsave(void __user *to, u32 states);
int uaccess_xrstor(const void __user *from, u32 states);
int uaccess_fxsave(void __user *to);
int uaccess_fxrstor(const void __user *from);

#endif
