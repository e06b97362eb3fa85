/*
 * Copies between the kernel and user programs. Any address may be given: the
 * range is checked against the user half and faults are caught by a table of
 * fixups (mm/uaccess_asm.S). A fault on mapped memory is resolved as for the
 * program itself (copy-on-write included: CR0.WP is set), so these may sleep:
 * never call them under a spinlock, or under mm.lock (but see get_user_u32).
 */
#ifndef MM_UACCESS_H
#define MM_UACCESS_H

#include "arch/pte.h"
#include "lib/errno.h"
#include "lib/types.h"

/* Number of bytes NOT copied: 0 is success. What could be copied has been. */
size_t copy_from_user_partial(void *to, const void __user *from, size_t n);
size_t copy_to_user_partial(void __user *to, const void *from, size_t n);

/* 0 or -EFAULT. */
int copy_block_from_user(void *to, const void __user *from, size_t n);
int copy_block_to_user(void __user *to, const void *from, size_t n);

/* Copies a string with its NUL, at most size bytes: its length without NUL,
 * -EFAULT, or -ENAMETOOLONG when no NUL is within size. */
ssize_t copy_string_from_user(char *to, const char __user *from, size_t size);

/*
 * One word: 0 or -EFAULT. An aligned one is read or written whole. user_cmpxchg_u32 compares with
 * *old and exchanges; *old is then what was there. It and get_user_u32 may also be called under a
 * spinlock: there a fault is not resolved, and -EFAULT may only say "not now". The same call
 * without the lock decides.
 */
int get_user_u32(u32 *to, const void __user *from);
int get_user_u64(u64 *to, const void __user *from);
int put_user_u32(void __user *to, u32 value);
int put_user_u64(void __user *to, u64 value);
int user_cmpxchg_u32(u32 __user *at, u32 *old, u32 new);

/* The whole range lies in the user half (says nothing about what is mapped). */
static inline bool user_range_ok(const void __user *start, size_t n)
{
	return (va_t)start <= USER_END && n <= USER_END - (va_t)start;
}

/* The same as copy_block_*, but what has the size of a word is copied as one. */
static inline int copy_from_user(void *to, const void __user *from, size_t n)
{
	if (__builtin_constant_p(n) && n == sizeof(u32))
		return get_user_u32(to, from);
	if (__builtin_constant_p(n) && n == sizeof(u64))
		return get_user_u64(to, from);
	return copy_block_from_user(to, from, n);
}

static inline int copy_to_user(void __user *to, const void *from, size_t n)
{
	if (__builtin_constant_p(n) && n == sizeof(u32))
		return put_user_u32(to, *(const u32 *)from);
	if (__builtin_constant_p(n) && n == sizeof(u64))
		return put_user_u64(to, *(const u64 *)from);
	return copy_block_to_user(to, from, n);
}

#endif
