/*
 * Copies to and from user memory, and the fixups that make them safe.
 *
 * The range is checked to lie in the user half; whether anything is mapped
 * there is found out by trying. A fault that mm/fault.c cannot resolve looks
 * up the instruction here and goes on at its fixup, which reports how much was
 * left. Nothing is checked ahead: another thread could unmap it in between.
 *
 * Entry points: copy_from_user, copy_to_user and their like; get_user_u32 and
 * its like are in uaccess_asm.S. No locks: the fault takes mm->lock, so the
 * caller holds no spinlock and not mm->lock.
 */
#include "mm/uaccess.h"
#include "arch/cpu.h"
#include "arch/pte.h"
#include "lib/panic.h"
#include "mm/uaccess_private.h"

struct uaccess_fixup {
	va_t instruction, fixup;
	u64 locked; /* may run under a spinlock */
};

extern const struct uaccess_fixup uaccess_table_start[], uaccess_table_end[];

size_t uaccess_copy(void *to, const void *from, size_t n);
ssize_t uaccess_string(char *to, const char *from, size_t n);
int uaccess_cmpxchg_u32(u32 *at, u32 *old, u32 new);

static const struct uaccess_fixup *find_fixup(va_t rip)
{
	const struct uaccess_fixup *entry;
	for (entry = uaccess_table_start; entry < uaccess_table_end; entry++)
		if (entry->instruction == rip)
			return entry;
	return NULL;
}

bool uaccess_covers(va_t rip)
{
	return find_fixup(rip) != NULL;
}

bool uaccess_fixup(struct regs *regs)
{
	const struct uaccess_fixup *entry = find_fixup(regs->rip);
	if (!entry)
		return false;
	regs->rip = entry->fixup;
	return true;
}

bool uaccess_fixup_locked(struct regs *regs)
{
	if (this_cpu()->irq_off_depth == 0)
		return false;
	const struct uaccess_fixup *entry = find_fixup(regs->rip);
	return entry && entry->locked && uaccess_fixup(regs);
}

size_t copy_from_user_partial(void *to, const void __user *from, size_t n)
{
	if ((va_t)from >= USER_END)
		return n;
	size_t beyond = 0; /* what lies above the user half is certain not to be copied */
	if (n > USER_END - (va_t)from) {
		beyond = n - (USER_END - (va_t)from);
		n -= beyond;
	}
	return uaccess_copy(to, from, n) + beyond;
}

size_t copy_to_user_partial(void __user *to, const void *from, size_t n)
{
	if ((va_t)to >= USER_END)
		return n;
	size_t beyond = 0;
	if (n > USER_END - (va_t)to) {
		beyond = n - (USER_END - (va_t)to);
		n -= beyond;
	}
	return uaccess_copy(to, from, n) + beyond;
}

int copy_block_from_user(void *to, const void __user *from, size_t n)
{
	return user_range_ok(from, n) && uaccess_copy(to, from, n) == 0 ? 0 : -EFAULT;
}

int copy_block_to_user(void __user *to, const void *from, size_t n)
{
	return user_range_ok(to, n) && uaccess_copy(to, from, n) == 0 ? 0 : -EFAULT;
}

int user_cmpxchg_u32(u32 __user *at, u32 *old, u32 new)
{
	return user_range_ok(at, sizeof *at) ? uaccess_cmpxchg_u32(at, old, new) : -EFAULT;
}

ssize_t copy_string_from_user(char *to, const char __user *from, size_t size)
{
	if ((va_t)from >= USER_END)
		return -EFAULT;
	size_t limit = MIN(size, USER_END - (va_t)from);
	ssize_t len = uaccess_string(to, from, limit);
	if (len >= 0 && (size_t)len == limit)
		return limit < size ? -EFAULT : -ENAMETOOLONG;
	return len;
}
