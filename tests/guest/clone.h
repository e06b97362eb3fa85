/*
 * clone.h: the bare clone(2) and clone3(2) calls for the guest tests.
 *
 * musl's clone() refuses some of the flags under test, so the system call is
 * made here. A child with a stack of its own starts in `body` and leaves with
 * exit(2) (the call, status = what body returned); its frame is laid down on
 * the new stack before the call, as no C runs between the call and `body`.
 * With CLONE_VM and without CLONE_SETTLS the child shares the parent's errno:
 * such bodies use raw system calls, or the parent waits meanwhile.
 *
 * Source: clone(2), "C library/kernel differences".
 */
#ifndef CLONE_H
#define CLONE_H

#include "check.h"

static char clone_stack[64 << 10] __attribute__((aligned(16)));

/* Returns the child's tid, or -1 with errno. */
static inline long raw_clone_on(void *stack_top, unsigned long flags, int (*body)(void *),
				void *argument, int *parent_tid, int *child_tid, void *tls)
{
	void **frame = (void **)stack_top - 2;
	register int *r10 __asm__("r10") = child_tid;
	register void *r8 __asm__("r8") = tls;
	long result;

	frame[0] = (void *)(uintptr_t)body;
	frame[1] = argument;
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "pop %%rax\n\t"
			 "pop %%rdi\n\t"
			 "call *%%rax\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov $60, %%eax\n\t"
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(result)
			 : "a"(SYS_clone), "D"(flags), "S"(frame), "d"(parent_tid), "r"(r10),
			   "r"(r8)
			 : "rcx", "r11", "memory");
	if (result < 0) {
		errno = -result;
		return -1;
	}
	return result;
}

static inline long raw_clone(unsigned long flags, int (*body)(void *), void *argument)
{
	return raw_clone_on(clone_stack + sizeof(clone_stack), flags, body, argument, NULL, NULL,
			    NULL);
}

/* Waits for a child of any exit signal, and prints how it ended. */
static inline void reap(const char *label, long pid)
{
	int status = -1;

	MUST(wait4(pid, &status, __WALL, NULL));
	say("%s: %s", label, status_text(status));
}

#endif
