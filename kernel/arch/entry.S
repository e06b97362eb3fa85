/*
 * Into the kernel and back: system calls, exceptions, interrupts.
 *
 * Each way in builds a struct regs (arch/regs.h) at the top of the current
 * task's kernel stack, calls C, and leaves through the same struct. While user
 * code runs, GS base is the user's and the kernel's waits in KERNEL_GS_BASE;
 * SWAPGS exchanges them, exactly once on each crossing.
 *
 *   syscall_entry   SYSCALL: a path of its own, because a null call costs little else;
 *                   syscall_entry_traced takes its place while calls are traced
 *   trap_stubs      one stub of 16 bytes for each vector in use
 *   return_to_user  everything that goes back to user mode, but the short way
 *                   of a system call that left its registers alone
 *
 * Call-frame information follows every push, so that gdb unwinds from here
 * into the user program (saved rip and rsp are those of the user). All are
 * signal frames ("<signal handler called>"): gdb accepts only there that the
 * caller's stack is another one.
 *
 * Sources: Intel SDM vol. 3A 5.8.8 (SYSCALL), 6.14 (64-bit interrupts),
 * vol. 2 SYSRET; psABI A.2.1 (registers of a system call).
 */
#include "arch/offsets.h"
#include "arch/smap.h"

	.cfi_sections .debug_frame
	.text
	.globl	kernel_entry_start, kernel_entry_end
kernel_entry_start:

.macro PUSH value
	pushq	\value
	.cfi_adjust_cfa_offset 8
.endm

/* Pushes a register whose old value belongs to the interrupted code. */
.macro SAVE reg
	PUSH	%\reg
	.cfi_rel_offset \reg, 0
.endm

.macro RESTORE reg
	popq	%\reg
	.cfi_adjust_cfa_offset -8
	.cfi_restore \reg
.endm

/* rsp points to a frame as the CPU pushes it: rip, cs, rflags, rsp, ss. */
.macro CFI_HARDWARE_FRAME below=0
	.cfi_startproc simple
	.cfi_signal_frame
	.cfi_def_cfa rsp, 40 + \below
	.cfi_offset rip, -40
	.cfi_offset rsp, -16
.endm

/* rsp points to a struct regs, or to so many bytes below one. */
.macro CFI_REGS_FRAME below=0
	CFI_HARDWARE_FRAME 128 + \below
	.cfi_offset r15, -168
	.cfi_offset r14, -160
	.cfi_offset r13, -152
	.cfi_offset r12, -144
	.cfi_offset rbp, -136
	.cfi_offset rbx, -128
	.cfi_offset r11, -120
	.cfi_offset r10, -112
	.cfi_offset r9, -104
	.cfi_offset r8, -96
	.cfi_offset rax, -88
	.cfi_offset rcx, -80
	.cfi_offset rdx, -72
	.cfi_offset rsi, -64
	.cfi_offset rdi, -56
.endm

/* The edge of user mode on the way of SYSCALL and SYSRET: rip is in rcx, all else is the user's. */
.macro CFI_SYSCALL_EDGE
	.cfi_startproc simple
	.cfi_signal_frame
	.cfi_def_cfa rsp, 0
	.cfi_register rip, rcx
.endm

/* struct regs below rdi, which has been pushed already. */
.macro SAVE_REGS_AFTER_RDI
	SAVE	rsi
	SAVE	rdx
	SAVE	rcx
	SAVE	rax
	SAVE	r8
	SAVE	r9
	SAVE	r10
	SAVE	r11
	SAVE	rbx
	SAVE	rbp
	SAVE	r12
	SAVE	r13
	SAVE	r14
	SAVE	r15
.endm

/* All of struct regs, up to the frame that IRETQ takes. */
.macro RESTORE_REGS
	RESTORE	r15
	RESTORE	r14
	RESTORE	r13
	RESTORE	r12
	RESTORE	rbp
	RESTORE	rbx
	RESTORE	r11
	RESTORE	r10
	RESTORE	r9
	RESTORE	r8
	RESTORE	rax
	RESTORE	rcx
	RESTORE	rdx
	RESTORE	rsi
	RESTORE	rdi
	addq	$8, %rsp		/* orig_rax */
	.cfi_adjust_cfa_offset -8
.endm

/*
 * System call. In: rax = number, rdi rsi rdx r10 r8 r9 = arguments, rcx = the
 * user's rip, r11 = its rflags, rsp still the user's, interrupts off (SFMASK).
 * Out: rax = result; rcx and r11 are lost, everything else is as it was.
 *
 * The arguments stay where they are, in the registers of a C call, but for the
 * fourth (SYSCALL needs rcx); the number is the seventh, so it goes by the stack.
 */
.macro ENTER_SYSCALL
	CFI_SYSCALL_EDGE
	swapgs
	movq	%rsp, %gs:CPU_USER_RSP
	movq	%gs:CPU_KSTACK_TOP, %rsp
	PUSH	$SEL_USER_DATA
	PUSH	%gs:CPU_USER_RSP
	.cfi_rel_offset rsp, 0
	PUSH	%r11
	PUSH	$SEL_USER_CODE
	PUSH	%rcx
	.cfi_rel_offset rip, 0
	PUSH	%rax			/* orig_rax: the number stays here, rax becomes the result */
	SAVE	rdi
	SAVE_REGS_AFTER_RDI
	sti
	movq	%r10, %rcx
	PUSH	%rax			/* psABI 3.2.2: this also aligns rsp to 16 at a call */
.endm

	.globl	syscall_entry
	.type	syscall_entry, @function
	.balign	16
syscall_entry:
	ENTER_SYSCALL
	call	syscall_dispatch
1:	cli
	cmpb	$0, %gs:CPU_NEED_RESCHED
	jne	syscall_leave_by_iret
	movq	%gs:CPU_TASK, %rcx
	cmpb	$0, TASK_SIGNAL_WANTED(%rcx)
	jne	syscall_leave_by_iret

	/*
	 * The short way back, by SYSRET: rip comes from rcx, rflags from r11, cs and ss
	 * are fixed. Whoever changes more of the registers than rax sets orig_rax to
	 * NO_SYSCALL (execve, rt_sigreturn) or comes by user_work (signals): those go by
	 * IRET. So all but rax is as it was at the entry: rip is canonical (otherwise
	 * SYSRET would fault here, on the user's stack: SDM vol. 2), and the registers
	 * that C preserves need no reload. With TF set SYSRET would trap too early.
	 */
	cmpq	$-1, 8 + REGS_ORIG_RAX(%rsp)
	je	syscall_leave_by_iret
	movq	8 + REGS_R11(%rsp), %r11
	testl	$RFLAGS_TF, %r11d
	jnz	syscall_leave_by_iret
	movq	8 + REGS_RCX(%rsp), %rcx
	movq	8 + REGS_R10(%rsp), %r10
	movq	8 + REGS_R9(%rsp), %r9
	movq	8 + REGS_R8(%rsp), %r8
	movq	8 + REGS_RDX(%rsp), %rdx
	movq	8 + REGS_RSI(%rsp), %rsi
	movq	8 + REGS_RDI(%rsp), %rdi
	movq	8 + REGS_RSP(%rsp), %rsp
	.cfi_endproc
	CFI_SYSCALL_EDGE
	swapgs
	sysretq
	.cfi_endproc
	.size	syscall_entry, . - syscall_entry

/* The same, while system calls are traced: LSTAR says which of the two (syscall_set_entry), so that
 * untraced calls know nothing of it. They leave by one way. */
	.globl	syscall_entry_traced
	.type	syscall_entry_traced, @function
	.balign	16
syscall_entry_traced:
	ENTER_SYSCALL
	call	syscall_dispatch_traced
	jmp	1b
	.cfi_endproc
	.size	syscall_entry_traced, . - syscall_entry_traced

/* All registers come from struct regs, whose rax is now the result: rsp + 8 points to it. */
	.type	syscall_leave_by_iret, @function
syscall_leave_by_iret:
	CFI_REGS_FRAME 8
	movq	%rax, 8 + REGS_RAX(%rsp)
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	jmp	return_to_user
	.cfi_endproc
	.size	syscall_leave_by_iret, . - syscall_leave_by_iret

/*
 * SYSCALL from 32-bit code: AMD's CPUs allow it, we do not have that interface.
 * The result is -ENOSYS; the stack is still the user's and is not touched.
 */
	.globl	syscall_entry_compat
	.type	syscall_entry_compat, @function
syscall_entry_compat:
	movl	$-38, %eax
	sysretl
	.size	syscall_entry_compat, . - syscall_entry_compat

/*
 * To user mode with the struct regs that rsp points to. First what waits for
 * this moment: another task that should run, and signals.
 */
	.globl	return_to_user, iret_to_user
	.type	return_to_user, @function
return_to_user:
	CFI_REGS_FRAME
	cli
	cmpb	$0, %gs:CPU_NEED_RESCHED
	jne	user_work
	movq	%gs:CPU_TASK, %rax
	cmpb	$0, TASK_SIGNAL_WANTED(%rax)
	jne	user_work
	.cfi_remember_state
	RESTORE_REGS
	swapgs
iret_to_user:				/* a fault here is the user's: traps.c, fault_of_iret */
	iretq
	.cfi_restore_state
user_work:
	movq	%rsp, %rdi
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	call	return_to_user_work
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	jmp	return_to_user
	.cfi_endproc
	.size	return_to_user, . - return_to_user

/*
 * One stub for each vector. In: the CPU's frame, and for some exceptions an
 * error code above it. Out, to trap_common: edi = vector, on the stack rdi and
 * the error code (0 where the CPU pushes none) in the place of orig_rax.
 */
	.globl	trap_stubs
	.type	trap_stubs, @function
	.balign	16
trap_stubs:
	.set	vector, 0
	.rept	VECTOR_COUNT
	.balign	16
	.if	vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || \
		vector == 29 || vector == 30
	CFI_HARDWARE_FRAME 8
	.else
	CFI_HARDWARE_FRAME
	PUSH	$0
	.endif
	SAVE	rdi
	movl	$vector, %edi
	.if	vector == 2 || vector == 8 || vector == 18
	jmp	paranoid_common
	.else
	jmp	trap_common
	.endif
	.cfi_endproc
	.set	vector, vector + 1
	.endr
	.size	trap_stubs, . - trap_stubs

	.type	trap_common, @function
trap_common:
	CFI_HARDWARE_FRAME 16
	.cfi_rel_offset rdi, 0
	SAVE_REGS_AFTER_RDI
	cld
	SMAP_CLAC			/* a user may set AC, and it would switch SMAP off */
	movl	%edi, %esi
	movq	REGS_ORIG_RAX(%rsp), %rdx
	movq	$-1, REGS_ORIG_RAX(%rsp)	/* NO_SYSCALL: nothing to restart */
	movq	%rsp, %rdi
	testb	$3, REGS_CS(%rsp)
	jz	2f
1:	swapgs
	jmp	3f
2:	leaq	iret_to_user(%rip), %rax	/* that IRET faults after SWAPGS */
	cmpq	%rax, REGS_RIP(%rsp)
	je	1b
3:	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	call	trap_dispatch		/* (regs, vector, error code) */
	movq	%rax, %rsp		/* the registers to go on with: mostly the same */
	.cfi_adjust_cfa_offset -8
	testb	$3, REGS_CS(%rsp)
	jnz	return_to_user
	RESTORE_REGS
	iretq
	.cfi_endproc
	.size	trap_common, . - trap_common

/*
 * NMI, double fault and machine check come at any instruction, also between a
 * crossing and its SWAPGS, so what cs says is not enough: the kernel's GS base
 * is the negative one. They run on a stack of their own (IST) and return to
 * exactly where they came from; no task switch, no signal.
 */
	.type	paranoid_common, @function
paranoid_common:
	CFI_HARDWARE_FRAME 16
	.cfi_rel_offset rdi, 0
	SAVE_REGS_AFTER_RDI
	cld
	SMAP_CLAC
	movl	$MSR_GS_BASE, %ecx
	rdmsr
	movl	%edx, %ebx		/* kept by the callee */
	testl	%ebx, %ebx
	js	1f
	swapgs
1:	movl	%edi, %esi
	movq	REGS_ORIG_RAX(%rsp), %rdx
	movq	$-1, REGS_ORIG_RAX(%rsp)
	movq	%rsp, %rdi
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	call	trap_paranoid		/* (regs, vector, error code) */
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	testl	%ebx, %ebx
	js	2f
	swapgs
2:	RESTORE_REGS
	iretq
	.cfi_endproc
	.size	paranoid_common, . - paranoid_common

kernel_entry_end:

	.section .note.GNU-stack, "", @progbits
