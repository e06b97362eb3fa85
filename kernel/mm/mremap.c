/*
 * mremap(2): shrinks, grows in place, or moves a mapping. Moving moves entries
 * of the tree; no page is copied.
 *
 * LINUX-DIFF: a file mapping does not grow over more of the file: what is added
 * raises SIGBUS, since the tree does not know files beyond their pages.
 */
#include "arch/cpu.h"
#include "lib/errno.h"
#include "mm/layout.h"
#include "mm/tree.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum mremap_flags { MREMAP_MAYMOVE = 1, MREMAP_FIXED = 2, MREMAP_DONTUNMAP = 4 };

/* The old range is mapped without a hole; its last entry says what is added behind it. */
static int check_mapped(struct mm *mm, va_t start, va_t end, pte_t *last_out)
{
	for (va_t va = start; va < end;) {
		u64 span;
		*last_out = tree_lookup(mm, va, &span);
		if (!*last_out)
			return -EFAULT;
		va = (va & ~(span - 1)) + span;
	}
	return 0;
}

/* More memory of the same kind as the last page of a mapping. */
static pte_t grown_entry(pte_t last)
{
	pte_t kind = reserved_entry(last & PTE_PROT) | (last & (PTE_SHARED | PTE_NOWRITE));
	if ((last & (PTE_SHARED | PTE_BUS)) ||
	    (!entry_is_reserved(last) && entry_page(last)->kind == PAGE_FILE))
		kind |= PTE_BUS;
	return kind;
}

static s64 move(struct mm *mm, va_t from, u64 old_len, va_t to, u64 new_len, pte_t last)
{
	u64 len = MIN(old_len, new_len);
	/* Split at both ends now, so that the unmap at the end needs no memory. */
	struct path edge;
	int error = tree_own_path(mm, from, &edge);
	if (!error)
		error = tree_own_path(mm, from + old_len - PAGE_SIZE, &edge);
	if (!error && new_len > old_len)
		error = tree_reserve(mm, to + old_len, to + new_len, grown_entry(last));
	if (error)
		return error;
	error = tree_move(mm, from, to, len);
	if (error) {
		tree_unmap(mm, to, to + new_len);
		return error;
	}
	tree_unmap(mm, from, from + old_len);
	return to;
}

static s64 move_fixed(struct mm *mm, va_t from, u64 old_len, va_t to, u64 new_len, pte_t last)
{
	if ((to & ~PAGE_MASK) || new_len > USER_END || to > USER_END - new_len)
		return -EINVAL;
	if (from < to + new_len && to < from + old_len)
		return -EINVAL; /* the ranges must not overlap */
	int error = tree_unmap(mm, to, to + new_len);
	return error ? error : move(mm, from, old_len, to, new_len, last);
}

static s64 resize(struct mm *mm, va_t addr, u64 old_len, u64 new_len, int flags, pte_t last)
{
	va_t used;
	if (new_len <= old_len) {
		int error = tree_unmap(mm, addr + new_len, addr + old_len);
		return error ? error : (s64)addr;
	}
	if (addr + new_len <= USER_END &&
	    !tree_last_used(mm, addr + old_len, addr + new_len, &used)) {
		int error = tree_reserve(mm, addr + old_len, addr + new_len, grown_entry(last));
		return error ? error : (s64)addr;
	}
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	va_t to = tree_find_gap(mm, new_len);
	return to ? move(mm, addr, old_len, to, new_len, last) : -ENOMEM;
}

s64 sys_mremap(va_t addr, size_t old_size, size_t new_size, int flags, va_t new_addr)
{
	struct mm *mm = current->mm;
	u64 old_len = ROUND_UP(old_size, PAGE_SIZE), new_len = ROUND_UP(new_size, PAGE_SIZE);
	if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED)) /* LINUX-DIFF: no MREMAP_DONTUNMAP */
		return -EINVAL;
	if ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((addr & ~PAGE_MASK) || new_size == 0 || new_len < new_size || old_len < old_size)
		return -EINVAL;
	if (old_len == 0)
		return -EINVAL; /* LINUX-DIFF: a shared mapping is not doubled this way */
	if (new_len > USER_END)
		return -ENOMEM;
	if (old_len > USER_END || addr > USER_END - old_len)
		return -EFAULT;

	pte_t last = 0;
	mutex_lock(&mm->lock);
	s64 result = check_mapped(mm, addr, addr + old_len, &last);
	if (result == 0 && new_len > old_len && tree_over_limit(mm, new_len - old_len))
		result = -ENOMEM;
	if (result == 0 && (flags & MREMAP_FIXED))
		result = move_fixed(mm, addr, old_len, new_addr, new_len, last);
	else if (result == 0)
		result = resize(mm, addr, old_len, new_len, flags, last);
	mutex_unlock(&mm->lock);
	return result;
}
