/*
 * The instructions that touch user memory, and where each goes on when it
 * faults for good. Each entry of .uaccess_table is a pair: the address of the
 * instruction, the address of its fixup, and whether it may run under a
 * spinlock (mm/uaccess.c looks them up).
 *
 * SMAP_STAC and SMAP_CLAC (arch/smap.h) open and close user memory where the
 * CPU has SMAP (SDM vol. 3A 4.6.1).
 */
#include "arch/smap.h"

	.section .uaccess_table, "a"
	.global uaccess_table_start
uaccess_table_start:

	.macro USER_ACCESS fixup, locked=0
9:
	.pushsection .uaccess_table, "a"
	.quad 9b, \fixup, \locked
	.popsection
	.endm

	.text

/*
 * size_t uaccess_copy(void *to, const void *from, size_t n)
 *
 * in:  rdi = to, rsi = from, rdx = n; either side may be user memory
 * out: rax = how many bytes were not copied
 * uses rcx. By eight bytes, then by one; a fault among the eights goes on by
 * bytes, to find the exact place.
 */
	.global uaccess_copy
	.type uaccess_copy, @function
uaccess_copy:
	.cfi_startproc
	SMAP_STAC
	mov	%rdx, %rcx
	shr	$3, %rcx
	USER_ACCESS 3f
	rep movsq
	and	$7, %edx
	jz	4f
2:	mov	%rdx, %rcx
	USER_ACCESS 4f
	rep movsb
4:	mov	%rcx, %rax
	SMAP_CLAC
	ret
3:	and	$7, %edx
	lea	(%rdx,%rcx,8), %rdx	/* bytes left: eights not done, and the rest */
	jmp	2b
	.cfi_endproc
	.size uaccess_copy, . - uaccess_copy

/*
 * ssize_t uaccess_string(char *to, const char *from, size_t n)
 *
 * in:  rdi = to (kernel), rsi = from (user), rdx = n > 0
 * out: rax = length without the NUL, n if there was none, -14 (EFAULT)
 */
	.global uaccess_string
	.type uaccess_string, @function
uaccess_string:
	.cfi_startproc
	SMAP_STAC
	add	%rdx, %rsi
	add	%rdx, %rdi
	mov	%rdx, %rax
	neg	%rax			# from the ends: counts up to 0
2:	USER_ACCESS 4f
	movb	(%rsi,%rax), %cl
	movb	%cl, (%rdi,%rax)
	test	%cl, %cl
	jz	3f
	inc	%rax
	jnz	2b
3:	add	%rdx, %rax
	SMAP_CLAC
	ret
4:	mov	$-14, %rax
	SMAP_CLAC
	ret
	.cfi_endproc
	.size uaccess_string, . - uaccess_string

/*
 * int get_user_u32(u32 *to, const u32 *from)	int get_user_u64(u64 *to, const u64 *from)
 *
 * in:  rdi = to (kernel), rsi = from (user memory)
 * out: rax = 0, or -14 (EFAULT)
 * Of the address only the half is checked: what else is wrong with it the CPU finds.
 */
	.macro GET_USER name, value, locked
	.global \name
	.type \name, @function
\name:
	.cfi_startproc
	mov	$-14, %eax
	test	%rsi, %rsi
	js	3f
	SMAP_STAC
	USER_ACCESS 2f, \locked
	mov	(%rsi), \value
	mov	\value, (%rdi)
	xor	%eax, %eax
2:	SMAP_CLAC
3:	ret
	.cfi_endproc
	.size \name, . - \name
	.endm

	GET_USER get_user_u32, %ecx, locked=1
	GET_USER get_user_u64, %rcx, locked=0

/*
 * int put_user_u32(u32 *to, u32 value)		int put_user_u64(u64 *to, u64 value)
 *
 * in:  rdi = to (user memory), rsi = value
 * out: rax = 0, or -14 (EFAULT)
 */
	.macro PUT_USER name, value
	.global \name
	.type \name, @function
\name:
	.cfi_startproc
	mov	$-14, %eax
	test	%rdi, %rdi
	js	3f
	SMAP_STAC
	USER_ACCESS 2f
	mov	\value, (%rdi)
	xor	%eax, %eax
2:	SMAP_CLAC
3:	ret
	.cfi_endproc
	.size \name, . - \name
	.endm

	PUT_USER put_user_u32, %esi
	PUT_USER put_user_u64, %rsi

/*
 * int uaccess_cmpxchg_u32(u32 *at, u32 *old, u32 new)
 *
 * in:  rdi = at (user memory, aligned), rsi = old (kernel), edx = new
 * out: rax = 0, or -14 (EFAULT); *old = what was there
 * The CPU asks for write access whether or not the values agree (SDM vol. 2, CMPXCHG).
 */
	.global uaccess_cmpxchg_u32
	.type uaccess_cmpxchg_u32, @function
uaccess_cmpxchg_u32:
	.cfi_startproc
	SMAP_STAC
	mov	(%rsi), %eax
	USER_ACCESS 2f, locked=1
	lock cmpxchg %edx, (%rdi)
	mov	%eax, (%rsi)
	xor	%eax, %eax
	jmp	3f
2:	mov	$-14, %eax
3:	SMAP_CLAC
	ret
	.cfi_endproc
	.size uaccess_cmpxchg_u32, . - uaccess_cmpxchg_u32

/*
 * int uaccess_xsave(void *to, u32 states)	int uaccess_xrstor(const void *from, u32 states)
 * int uaccess_fxsave(void *to)			int uaccess_fxrstor(const void *from)
 *
 * The FPU's state to and from user memory, without a copy of the kernel's.
 * in:  rdi = image (user memory), esi = bits of XCR0
 * out: rax = 0, or -14 (EFAULT); also for what #GP is raised: a wrong image or alignment
 */
	.macro FPU_ACCESS name, instruction
	.global \name
	.type \name, @function
\name:
	.cfi_startproc
	mov	%esi, %eax
	xor	%edx, %edx
	SMAP_STAC
	USER_ACCESS 2f
	\instruction (%rdi)
	xor	%eax, %eax
	SMAP_CLAC
	ret
2:	SMAP_CLAC
	mov	$-14, %eax
	ret
	.cfi_endproc
	.size \name, . - \name
	.endm

	FPU_ACCESS uaccess_xsave, xsave64
	FPU_ACCESS uaccess_xrstor, xrstor64
	FPU_ACCESS uaccess_fxsave, fxsave64
	FPU_ACCESS uaccess_fxrstor, fxrstor64

	.section .uaccess_table, "a"
	.global uaccess_table_end
uaccess_table_end:
	.section .note.GNU-stack, "", @progbits
