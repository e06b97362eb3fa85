/*
 * From the boot loader to C: two entries, one way into long mode.
 *
 * Both loaders enter at a physical address in 32-bit protected mode, paging
 * off, interrupts off, flat segments. The code before start64_high is linked
 * at its physical address (.boot in linker.ld).
 *
 *   entry_multiboot2   eax = 0x36d76289, ebx = the boot information
 *   entry_pvh          ebx = struct hvm_start_info
 *
 * Then kmain(magic, address of the information) runs in the upper half, on
 * boot_stack, with the early tables: physical memory at 0 and at DIRECT_MAP (the
 * first 512 GiB, or 4 GiB where the CPU has no 1 GiB pages), its first 1 GiB at
 * KERNEL_BASE, all writable.
 *
 * Sources: Multiboot2 specification 2.0, 3.1 and 3.3; Xen docs/misc/pvh.pandoc;
 * Intel SDM vol. 3A 9.8.5 (entering IA-32e mode).
 */

#define KERNEL_BASE	0xffffffff80000000
#define PA(symbol)	((symbol) - KERNEL_BASE)

#define MB2_HEADER_MAGIC	0xe85250d6
#define MB2_HEADER_LENGTH	(mb2_header_end - mb2_header)
#define PVH_MAGIC		0x336ec578
#define XEN_ELFNOTE_PHYS32_ENTRY 18

#define CR0_PE_WP_PG	0x80010001
#define CR4_PAE		(1 << 5)
#define MSR_EFER	0xc0000080
#define EFER_LME	(1 << 8)
#define MSR_GS_BASE	0xc0000101

#define PTE_P_W		0x003
#define PTE_P_W_LARGE	0x083

	.cfi_sections .debug_frame

/* Multiboot2 header -------------------------------------------------------------------------- */
	.section .boot.header, "a"
	.balign 8
mb2_header:
	.long	MB2_HEADER_MAGIC, 0, MB2_HEADER_LENGTH
	.long	0x100000000 - (MB2_HEADER_MAGIC + 0 + MB2_HEADER_LENGTH)
	/* Information request: command line, modules, memory map; the loader may lack others. */
	.word	1, 0
	.long	8 + 3 * 4
	.long	1, 3, 6
	.balign 8
	/* Entry address. */
	.word	3, 0
	.long	12
	.long	entry_multiboot2
	.balign 8
	/* Modules begin on page boundaries. */
	.word	6, 0
	.long	8
	.balign 8
	.word	0, 0
	.long	8
mb2_header_end:

/* PVH note: QEMU reads eight bytes of it in an ELF64 file. ------------------------------------ */
	.section .note.Xen, "a", @note
	.balign 4
	.long	4, 8, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.quad	entry_pvh

/* 32-bit code at its physical address --------------------------------------------------------- */
	.section .boot.text, "ax"
	.code32
	.globl	entry_multiboot2, entry_pvh
	.type	entry_multiboot2, @function
	.type	entry_pvh, @function
entry_pvh:
	movl	$PVH_MAGIC, %eax
entry_multiboot2:
	cli
	cld
	movl	%eax, %edi		/* kmain's arguments, kept here from now on */
	movl	%ebx, %esi
	lgdt	boot_gdt_pointer

	/* Long mode there? (CPUID is on every CPU since the 486.) */
	movl	$0x80000000, %eax
	cpuid
	cmpl	$0x80000001, %eax
	jb	no_long_mode
	movl	$0x80000001, %eax
	cpuid
	btl	$29, %edx
	jnc	no_long_mode

	/*
	 * Early tables, in .bss, which the loader has zeroed. edx still holds the
	 * features: with bit 26 the table of 1 GiB entries needs none below it.
	 */
	movl	%edx, %ebp
	movl	$PA(early_pd), %ebx
	movl	$PTE_P_W_LARGE, %eax
	movl	$(4 * 512), %ecx
1:	movl	%eax, (%ebx)
	addl	$0x200000, %eax
	addl	$8, %ebx
	loop	1b
	movl	$PA(early_pdpt_low), %ebx
	btl	$26, %ebp
	jc	3f
	movl	$(PA(early_pd) + PTE_P_W), %eax
	movl	$4, %ecx
2:	movl	%eax, (%ebx)
	addl	$4096, %eax
	addl	$8, %ebx
	loop	2b
	jmp	5f
3:	movl	$PTE_P_W_LARGE, %eax	/* edx:eax is the entry */
	xorl	%edx, %edx
	movl	$512, %ecx
4:	movl	%eax, (%ebx)
	movl	%edx, 4(%ebx)
	addl	$0x40000000, %eax
	adcl	$0, %edx
	addl	$8, %ebx
	loop	4b
5:
	movl	$(PA(early_pd) + PTE_P_W), PA(early_pdpt_high) + 510 * 8
	movl	$(PA(early_pdpt_low) + PTE_P_W), PA(early_root)
	movl	$(PA(early_pdpt_low) + PTE_P_W), PA(early_root) + 256 * 8
	movl	$(PA(early_pdpt_high) + PTE_P_W), PA(early_root) + 511 * 8

	movl	%cr4, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$PA(early_root), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$CR0_PE_WP_PG, %eax
	movl	%eax, %cr0
	ljmp	$0x10, $start64_low

/* Nothing of the kernel can run: say so on COM1 and the screen, and stop. */
no_long_mode:
	movl	$no_long_mode_text, %esi
	movl	$0xb8000, %edi
	movb	$0x0f, %ah
1:	lodsb
	testb	%al, %al
	jz	2f
	stosw
	movw	$0x3f8, %dx
	outb	%al, %dx
	jmp	1b
2:	hlt
	jmp	2b

no_long_mode_text:
	.asciz	"Tine needs a 64-bit CPU (x86-64).\n"

	.balign 8
	.globl	boot_gdt, boot_gdt_limit
boot_gdt:
	.quad	0
	.quad	0x00cf9a000000ffff	/* 0x08: 32-bit code (boot/ap.S) */
	.quad	0x00af9a000000ffff	/* 0x10: 64-bit code, as in the final GDT */
	.quad	0x00cf92000000ffff	/* 0x18: data */
	.set	boot_gdt_limit, . - boot_gdt - 1
boot_gdt_pointer:
	.word	boot_gdt_limit
	.long	boot_gdt

	.code64
start64_low:
	movabsq	$start64_high, %rax
	jmp	*%rax

/* 64-bit code in the upper half --------------------------------------------------------------- */
	.text
	.type	start64_high, @function
start64_high:
	.cfi_startproc
	.cfi_undefined rip		/* the end of every backtrace */
	movl	$0x18, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	/* this_cpu() works from the first line of C on. */
	movl	$MSR_GS_BASE, %ecx
	movq	$cpus, %rax
	movq	%rax, (%rax)		/* cpus[0].self */
	movq	%rax, %rdx
	shrq	$32, %rdx
	wrmsr
	movq	$boot_stack_top, %rsp
	xorl	%ebp, %ebp
	movl	%edi, %edi		/* the upper halves are undefined after 32-bit code */
	movl	%esi, %esi
	call	kmain
	ud2
	.cfi_endproc
	.size	start64_high, . - start64_high

	.bss
	.balign 4096
	.globl	early_root
early_root:	.skip 4096
early_pdpt_low:	.skip 4096
early_pdpt_high:	.skip 4096
early_pd:	.skip 4 * 4096

	/* The boot CPU's first stack, later its idle task's; below it a page that
	 * mmu_init_kernel leaves unmapped. */
	.globl	boot_stack_guard, boot_stack_bottom, boot_stack_top
boot_stack_guard:	.skip 4096
boot_stack_bottom:	.skip 16384
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
