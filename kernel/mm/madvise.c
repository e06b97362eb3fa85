/*
 * madvise, mincore, msync: advice and questions about ranges. Most advice has
 * nothing to do where nothing is swapped and there are no huge pages; it is
 * checked as on Linux all the same.
 *
 * LINUX-DIFF: MADV_DONTFORK, DOFORK, WIPEONFORK and KEEPONFORK are EINVAL, since
 * fork does not look at entries; so is MADV_REMOVE. MADV_FREE throws away at once.
 *
 * Lock: mm->lock. Sources: madvise(2), mincore(2), msync(2).
 */
#include "arch/cpu.h"
#include "fs/inode.h"
#include "lib/errno.h"
#include "mm/map.h"
#include "mm/mapping.h"
#include "mm/tree.h"
#include "mm/uaccess.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum madvise_advice {
	MADV_NORMAL = 0, MADV_RANDOM = 1, MADV_SEQUENTIAL = 2, MADV_WILLNEED = 3,
	MADV_DONTNEED = 4, MADV_FREE = 8, MADV_MERGEABLE = 12, MADV_UNMERGEABLE = 13,
	MADV_HUGEPAGE = 14, MADV_NOHUGEPAGE = 15, MADV_DONTDUMP = 16,
	MADV_DODUMP = 17, MADV_COLD = 20, MADV_PAGEOUT = 21, MADV_POPULATE_READ = 22,
	MADV_POPULATE_WRITE = 23,
};

enum { ADVICE_KNOWN = 0xf3f11f /* one bit for each of the above */ };

/* MADV_FREE is for private anonymous memory alone. */
static bool all_anonymous(struct mm *mm, va_t start, va_t end)
{
	u64 span, index;
	pte_t entry;
	for (va_t va = start; tree_next_used(mm, &va, &entry, &span) && va < end; va += span)
		if ((entry & PTE_SHARED) || mapping_of_entry(entry, va, &index))
			return false;
	return true;
}

static int advise_locked(struct mm *mm, va_t start, va_t end, int advice)
{
	bool drops = advice == MADV_DONTNEED || advice == MADV_FREE;
	int error = 0;
	if ((drops || advice == MADV_COLD || advice == MADV_PAGEOUT) &&
	    mm_locked_in(mm, start, end))
		return -EINVAL;
	if (advice == MADV_FREE && !all_anonymous(mm, start, end))
		return -EINVAL;
	if (drops)
		error = tree_discard(mm, start, end);
	if (!error && mapped_bytes(mm, start, end) < end - start)
		error = -ENOMEM;
	return error;
}

s64 sys_madvise(va_t addr, size_t len, int advice)
{
	struct mm *mm = current->mm;
	u64 len_bytes = ROUND_UP(len, PAGE_SIZE);
	if (advice < 0 || advice > MADV_POPULATE_WRITE || !(ADVICE_KNOWN >> advice & 1))
		return -EINVAL;
	if ((addr & ~PAGE_MASK) || len_bytes < len || addr + len_bytes < addr)
		return -EINVAL;
	if (!range_ok(addr, len_bytes))
		return -ENOMEM;
	if (advice >= MADV_POPULATE_READ)
		return mm_populate(mm, addr, addr + len_bytes,
				   advice == MADV_POPULATE_READ ? POPULATE_READ : POPULATE_WRITE);
	mutex_lock(&mm->lock);
	int error = advise_locked(mm, addr, addr + len_bytes, advice);
	mutex_unlock(&mm->lock);
	return error;
}

/* For a file's page: is it in memory, which all pages of files are that are no holes. */
static int page_resident(struct mm *mm, va_t va)
{
	pte_t entry = tree_lookup(mm, va, NULL);
	if (!entry)
		return -ENOMEM;
	if (!entry_is_mapping(entry))
		return !entry_is_reserved(entry);
	u64 index;
	struct inode *inode = mapping_of_entry(entry, va, &index);
	struct page *page = inode ? inode_page(inode, index, false) : NULL;
	if (!page || IS_ERR(page))
		return 0;
	page_put(page);
	return 1;
}

s64 sys_mincore(va_t addr, size_t len, u8 __user *vec)
{
	struct mm *mm = current->mm;
	u64 len_bytes = ROUND_UP(len, PAGE_SIZE), npages_left = len_bytes >> PAGE_SHIFT;
	if (addr & ~PAGE_MASK)
		return -EINVAL;
	if (len_bytes < len || !range_ok(addr, len_bytes))
		return -ENOMEM;
	if (!user_range_ok(vec, npages_left))
		return -EFAULT;
	while (npages_left > 0) {
		u8 part[128];
		u64 n = 0;
		int resident = 0;
		mutex_lock(&mm->lock);
		while (resident >= 0 && n < MIN(npages_left, sizeof part)) {
			resident = page_resident(mm, addr + n * PAGE_SIZE);
			part[n++] = resident;
		}
		mutex_unlock(&mm->lock);
		if (resident < 0)
			return resident;
		if (copy_to_user(vec, part, n))
			return -EFAULT;
		addr += n * PAGE_SIZE;
		vec += n;
		npages_left -= n;
	}
	return 0;
}

enum msync_flags { MS_ASYNC = 1, MS_INVALIDATE = 2, MS_SYNC = 4 };

/* The pages are the file: nothing has to be written. */
s64 sys_msync(va_t addr, size_t len, int flags)
{
	struct mm *mm = current->mm;
	u64 len_bytes = ROUND_UP(len, PAGE_SIZE);
	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC))
		return -EINVAL;
	if ((addr & ~PAGE_MASK) || ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	if (addr + len_bytes < addr || !range_ok(addr, len_bytes))
		return -ENOMEM;
	mutex_lock(&mm->lock);
	int error = 0;
	if ((flags & MS_INVALIDATE) && mm_locked_in(mm, addr, addr + len_bytes))
		error = -EBUSY;
	else if (mapped_bytes(mm, addr, addr + len_bytes) < len_bytes)
		error = -ENOMEM;
	mutex_unlock(&mm->lock);
	return error;
}
