/*
 * The switch of kernel stacks, and the first steps of a new task. The rest of
 * a task switch is in thread.c.
 *
 * What lies on the stack of a task that does not run, from its saved rsp up:
 * r15 r14 r13 r12 rbx rbp rip (struct switch_frame in thread.c); the other
 * registers are the caller's to save (psABI 3.2.1).
 */
#include "arch/offsets.h"

	.cfi_sections .debug_frame
	.text

/* rdi = &prev->thread, rsi = &next->thread; interrupts off. Returns on next's stack. */
	.globl	thread_switch_stack
	.type	thread_switch_stack, @function
thread_switch_stack:
	.cfi_startproc
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbp, 0
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbx, 0
	pushq	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r12, 0
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r13, 0
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r14, 0
	pushq	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r15, 0
	movq	%rsp, THREAD_RSP(%rdi)
	movq	THREAD_RSP(%rsi), %rsp
	popq	%r15
	.cfi_adjust_cfa_offset -8
	.cfi_restore r15
	popq	%r14
	.cfi_adjust_cfa_offset -8
	.cfi_restore r14
	popq	%r13
	.cfi_adjust_cfa_offset -8
	.cfi_restore r13
	popq	%r12
	.cfi_adjust_cfa_offset -8
	.cfi_restore r12
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbx
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbp
	ret
	.cfi_endproc
	.size	thread_switch_stack, . - thread_switch_stack

/* A task's first switch returns here, rsp at its struct regs, still under the queue's lock. */
	.globl	thread_start_user
	.type	thread_start_user, @function
thread_start_user:
	.cfi_startproc
	.cfi_undefined rip
	subq	$8, %rsp
	call	sched_switched
	addq	$8, %rsp
	jmp	return_to_user
	.cfi_endproc
	.size	thread_start_user, . - thread_start_user

/* The same for a kernel task: r12 = its function, which never returns. */
	.globl	thread_start_kernel
	.type	thread_start_kernel, @function
thread_start_kernel:
	.cfi_startproc
	.cfi_undefined rip
	call	sched_switched
	sti
	call	*%r12
	ud2
	.cfi_endproc
	.size	thread_start_kernel, . - thread_start_kernel

/* rdi = the struct regs at the top of the current stack: the first way to user mode of pid 1. */
	.globl	thread_enter_user
	.type	thread_enter_user, @function
thread_enter_user:
	.cfi_startproc
	.cfi_undefined rip
	movq	%rdi, %rsp
	jmp	return_to_user
	.cfi_endproc
	.size	thread_enter_user, . - thread_enter_user

	.section .note.GNU-stack, "", @progbits
