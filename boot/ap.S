/*
 * The start of every CPU but the first. A startup interrupt (kernel/arch/smp.c)
 * lets it begin in real mode, at the page below 1 MiB that ap_trampoline was
 * copied to; from there on it goes the boot CPU's way into long mode, with the
 * same early tables, which still map memory where it is.
 *
 * Then ap_main runs in the upper half with the kernel's own tables, on the
 * stack of this CPU's idle task, GS base at its struct cpu. No more than one
 * CPU is on this way: ap_awaited holds its APIC id. One that comes when nobody
 * waits for it any more halts for ever.
 *
 * Sources: Intel SDM vol. 3A 8.4.4 (start by INIT and SIPI), 9.8.5 (IA-32e mode).
 */
#include "arch/offsets.h"

#define KERNEL_BASE	0xffffffff80000000
#define PA(symbol)	((symbol) - KERNEL_BASE)

#define CR0_PE_ET	0x11		/* CD and NW, which INIT may have left set, go too */
#define CR0_PE_ET_WP_PG	0x80010011
#define CR4_PAE		(1 << 5)
#define MSR_EFER	0xc0000080
#define EFER_LME_NXE	(1 << 8 | 1 << 11) /* the kernel's tables have NX bits */

	.cfi_sections .debug_frame

/* 16-bit code, copied to the start of any page below 1 MiB; cs is that page. ------------------- */
	.section .rodata
	.code16
	.globl	ap_trampoline, ap_trampoline_end
ap_trampoline:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	ap_gdt_pointer - ap_trampoline
	movl	$CR0_PE_ET, %eax
	movl	%eax, %cr0
	ljmpl	$0x08, $ap_start32
ap_gdt_pointer:
	.word	boot_gdt_limit
	.long	boot_gdt
ap_trampoline_end:

/* 32-bit code at its physical address, as in boot/entry.S -------------------------------------- */
	.section .boot.text, "ax"
	.code32
ap_start32:
	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$PA(early_root), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME_NXE, %eax
	wrmsr
	movl	$CR0_PE_ET_WP_PG, %eax
	movl	%eax, %cr0
	ljmp	$0x10, $ap_start64_low
	.code64
ap_start64_low:
	movabsq	$ap_start64_high, %rax
	jmp	*%rax

/* 64-bit code in the upper half --------------------------------------------------------------- */
	.text
	.type	ap_start64_high, @function
ap_start64_high:
	.cfi_startproc
	.cfi_undefined rip		/* the end of every backtrace */
	movl	$SEL_KERNEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs

	/* Is it this CPU that is waited for? Then it says, in the same step, that it is there. */
	movl	$1, %eax
	cpuid
	shrl	$24, %ebx		/* the initial APIC id */
	movl	%ebx, %eax
	movl	$AP_ARRIVED, %ecx
	lock cmpxchgl %ecx, ap_awaited
	jne	2f

	movq	kernel_root, %rax	/* from here on nothing is mapped in the user's half */
	movq	%rax, %cr3
	movl	$MSR_GS_BASE, %ecx
	movq	ap_cpu, %rax
	movq	%rax, %rdx
	shrq	$32, %rdx
	wrmsr
	movq	%gs:CPU_KSTACK_TOP, %rsp
	xorl	%ebp, %ebp
	call	ap_main
	ud2
2:	hlt
	jmp	2b
	.cfi_endproc
	.size	ap_start64_high, . - ap_start64_high

	.section .note.GNU-stack, "", @progbits
