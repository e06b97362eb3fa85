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
	and	$7, %edx
	USER_ACCESS 3f
	rep movsq
2:	mov	%edx, %ecx
	USER_ACCESS 4f
	rep movsb
	jmp	4f
3:	lea	(%rdx,%rcx,8), %rdx	/* bytes left: eights not done, and the rest */
	mov	%rdx, %rcx
	USER_ACCESS 4f
	rep movsb
4:	mov	%rcx, %rax
	SMAP_CLAC
	ret
	.cfi_endproc
	.size uaccess_copy, . - uaccess_copy

/*
 * size_t uaccess_clear(void *to, size_t n)
 *
 * in:  rdi = to (user memory), rsi = n
 * out: rax = how many bytes were not cleared
 */
	.global uaccess_clear
	.type uaccess_clear, @function
uaccess_clear:
	.cfi_startproc
	SMAP_STAC
	mov	%rsi, %rcx
	xor	%eax, %eax
	USER_ACCESS 2f
	rep stosb
2:	mov	%rcx, %rax
	SMAP_CLAC
	ret
	.cfi_endproc
	.size uaccess_clear, . - uaccess_clear

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
	xor	%eax, %eax
2:	cmp	%rdx, %rax
	je	4f
	USER_ACCESS 3f
	movb	(%rsi,%rax), %cl
	movb	%cl, (%rdi,%rax)
	test	%cl, %cl
	jz	4f
	inc	%rax
	jmp	2b
3:	mov	$-14, %rax
4:	SMAP_CLAC
	ret
	.cfi_endproc
	.size uaccess_string, . - uaccess_string

/*
 * int uaccess_read_u32(u32 *to, const u32 *from)
 *
 * in:  rdi = to (kernel), rsi = from (user memory, aligned)
 * out: rax = 0, or -14 (EFAULT)
 */
	.global uaccess_read_u32
	.type uaccess_read_u32, @function
uaccess_read_u32:
	.cfi_startproc
	SMAP_STAC
	mov	$-14, %eax
	USER_ACCESS 2f, locked=1
	mov	(%rsi), %ecx
	mov	%ecx, (%rdi)
	xor	%eax, %eax
2:	SMAP_CLAC
	ret
	.cfi_endproc
	.size uaccess_read_u32, . - uaccess_read_u32

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

	.section .uaccess_table, "a"
	.global uaccess_table_end
uaccess_table_end:
	.section .note.GNU-stack, "", @progbits
