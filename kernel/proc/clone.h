/*
 * clone: one function behind fork, vfork, clone and clone3.
 */
#ifndef PROC_CLONE_H
#define PROC_CLONE_H

#include "lib/types.h"

enum clone_flags { /* sched.h of Linux; the lowest byte of clone's flags is the exit signal */
	CSIGNAL = 0xff,
	CLONE_VM = 0x100, CLONE_FS = 0x200, CLONE_FILES = 0x400, CLONE_SIGHAND = 0x800,
	CLONE_PIDFD = 0x1000, CLONE_PTRACE = 0x2000, CLONE_VFORK = 0x4000,
	CLONE_PARENT = 0x8000, CLONE_THREAD = 0x10000, CLONE_NEWNS = 0x20000,
	CLONE_SYSVSEM = 0x40000, CLONE_SETTLS = 0x80000, CLONE_PARENT_SETTID = 0x100000,
	CLONE_CHILD_CLEARTID = 0x200000, CLONE_DETACHED = 0x400000, CLONE_UNTRACED = 0x800000,
	CLONE_CHILD_SETTID = 0x1000000,
};
#define CLONE_CLEAR_SIGHAND 0x100000000ull /* clone3 only */

struct clone_args {
	u64 flags;	   /* without CSIGNAL */
	int exit_signal;   /* 0: none */
	va_t stack_top;	   /* the child's first rsp; 0: the parent's */
	u32 __user *parent_tid, *child_tid;
	va_t tls;	   /* FS base, with CLONE_SETTLS */
};

/* The child's tid, or -errno. The child returns 0 from the same system call. */
s64 clone_task(const struct clone_args *args);

#endif
