/*
 * mremap(2): shrinks, grows in place, or moves a mapping. Moving moves entries
 * of the tree; no page is copied.
 */
#include "arch/cpu.h"
#include "fs/inode.h"
#include "lib/errno.h"
#include "mm/layout.h"
#include "mm/map.h"
#include "mm/mapping.h"
#include "mm/tree.h"
#include "proc/sched.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum mremap_flags { MREMAP_MAYMOVE = 1, MREMAP_FIXED = 2, MREMAP_DONTUNMAP = 4 };

/* The old range is one mapping: without a hole, of one kind, and of a file from one place on.
 * Its last entry says what is added behind it. */
static int check_mapped(struct mm *mm, va_t start, va_t end, pte_t *last_out)
{
	enum { SAME = PTE_PROT | PTE_KEEP };
	struct inode *first = NULL;
	u64 first_index = 0, first_kind = 0;
	for (va_t va = start; va < end;) {
		u64 span, index = 0;
		pte_t entry = *last_out = tree_lookup(mm, va, &span);
		struct inode *inode = mapping_of_entry(entry, va, &index);
		if (va == start) {
			first = inode;
			first_index = index;
			first_kind = entry & SAME;
		}
		if (!entry || inode != first || (entry & SAME) != first_kind ||
		    (inode && index - first_index != (va - start) >> PAGE_SHIFT))
			return -EFAULT;
		va = (va & ~(span - 1)) + span;
		sched_point();
	}
	return 0;
}

/* More memory of the same kind as before: `last` is the entry of the page in front of va. */
static int grow(struct mm *mm, va_t va, va_t end, pte_t last, va_t last_va)
{
	u64 prot = last & PTE_PROT, keep = last & PTE_KEEP, index = 0;
	struct inode *inode = mapping_of_entry(last, last_va, &index);
	if (!inode && !(last & PTE_SHARED))
		return tree_reserve(mm, va, end, reserved_entry(prot) | keep);
	inode = inode ? inode_of_page(entry_page(last)) : NULL;
	if (inode) {
		int error = mapping_enter(mm, va, (end - va) >> PAGE_SHIFT, prot, keep, inode,
					  index + 1);
		inode_put(inode);
		return error;
	}
	/* LINUX-DIFF: the file has gone, with all that was not mapped of it: SIGBUS. */
	struct page *nowhere = mapping_new(NULL, va, 0);
	if (!nowhere)
		return -ENOMEM;
	int error = tree_reserve(mm, va, end, mapping_reserved(nowhere, prot, keep));
	page_put(nowhere);
	return error;
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
		error = grow(mm, to + old_len, to + new_len, last, from + old_len - PAGE_SIZE);
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
	if (to < MAP_AREA_START)
		return -EPERM; /* as mmap: what a null pointer of the kernel names is nobody's */
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
		int error = grow(mm, addr + old_len, addr + new_len, last,
				 addr + old_len - PAGE_SIZE);
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

	/* What goes may be anything, as with munmap; to stay in place the first page is enough. */
	u64 kept_len = flags & MREMAP_FIXED || new_len > old_len ? MIN(old_len, new_len) : PAGE_SIZE;
	pte_t last = 0;
	mutex_lock(&mm->lock);
	s64 result = check_mapped(mm, addr, addr + kept_len, &last);
	u64 more = result == 0 && new_len > old_len ? new_len - old_len : 0, keep = 0;
	bool locked = (last & PTE_LOCKED) && mm->locks == LOCKS_OWN;
	if (more && tree_over_limit(mm, more))
		result = -ENOMEM;
	else if (more && locked)
		result = lock_new(mm, more, true, &keep);
	if (result == 0 && (flags & MREMAP_FIXED))
		result = move_fixed(mm, addr, old_len, new_addr, new_len, last);
	else if (result == 0)
		result = resize(mm, addr, old_len, new_len, flags, last);
	bool populate = result > 0 && lock_populates(mm, keep);
	mutex_unlock(&mm->lock);
	if (populate)
		mm_populate(mm, result + old_len, result + new_len, POPULATE_ANY);
	return result;
}
