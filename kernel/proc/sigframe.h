/*
 * Frames of signal handlers on the user stack, and masks.
 */
#ifndef PROC_SIGFRAME_H
#define PROC_SIGFRAME_H

#include "arch/regs.h"
#include "proc/signal.h"

/* Saves regs on the user stack and makes them enter the handler. 0, or -EFAULT. */
int sigframe_push(struct regs *regs, int sig, const struct siginfo *info,
		  const struct sigaction *action, sigset_t old_mask);

/* From entry.S, interrupts off: all that is due before user mode. */
void return_to_user_work(struct regs *regs);

/* SS_ONSTACK, SS_DISABLE or 0, for a stack pointer. */
int altstack_flags(va_t sp);

/* sigaltstack(2) of a program whose stack pointer is sp: 0, -EPERM, -EINVAL, -ENOMEM. */
int altstack_set(const struct sigaltstack *new, va_t sp);

#endif
