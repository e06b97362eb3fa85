/*
 * mlock and its relatives: nothing is ever swapped out here, so locking means
 * to bring pages in now, and to count them against RLIMIT_MEMLOCK.
 *
 * A locked page or promise has PTE_LOCKED in its entry, which moves, splits and
 * goes with it. A child inherits no locks, but fork does not look at entries:
 * the bits in its tree are stale (mm->locks) until it locks something itself.
 * The count (VmLck) is made by a walk when it is asked for.
 *
 * Entry points: the calls; mm_populate, lock_new (mmap, brk), mm_locked_pages.
 * Lock: mm->lock. Source: mlock(2).
 */
#include "mm/map.h"
#include "arch/cpu.h"
#include "lib/errno.h"
#include "mm/fault.h"
#include "mm/tree.h"
#include "proc/sched.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum { MLOCK_ONFAULT = 1, MCL_CURRENT = 1, MCL_FUTURE = 2, MCL_ONFAULT = 4 };

/* Like the first touch by the program: what it may write is written, unless it is shared. */
static int populate_page(struct mm *mm, va_t va, pte_t entry, enum populate how)
{
	u64 prot = how == POPULATE_WRITE ? PTE_WRITE : PTE_READ | PTE_EXEC;
	bool private_write = (entry & (PTE_WRITE | PTE_SHARED)) == PTE_WRITE;
	if (!entry)
		return -ENOMEM;
	if (how != POPULATE_ANY && !(entry & prot))
		return -EINVAL;
	bool write = how == POPULATE_WRITE || (how == POPULATE_ANY && private_write);
	return fault_touch(mm, va, write);
}

int mm_populate(struct mm *mm, va_t start, va_t end, enum populate how)
{
	int error = 0;
	for (va_t va = start; va < end && !error; va += PAGE_SIZE) {
		mutex_lock(&mm->lock);
		error = populate_page(mm, va, tree_lookup(mm, va, NULL), how);
		mutex_unlock(&mm->lock);
		sched_point();
		if (signal_kill_pending(current))
			return -EINTR;
	}
	return error;
}

/* Locked pages in [start, end). */
static u64 count_locked(struct mm *mm, va_t start, va_t end)
{
	u64 count = 0, span;
	pte_t entry;
	if (mm->locks != LOCKS_OWN)
		return 0;
	for (va_t va = start; tree_next_used(mm, &va, &entry, &span) && va < end; va += span)
		if (entry & PTE_LOCKED)
			count += (MIN(va + span, end) - MAX(va, start)) >> PAGE_SHIFT;
	return count;
}

bool mm_locked_in(struct mm *mm, va_t start, va_t end)
{
	return count_locked(mm, start, end) > 0;
}

/* Everybody may lock a little: mlock(2), "Limits and permissions". */
static int may_lock(void)
{
	return creds_root(&current->creds) || task_rlimit(current, RLIMIT_MEMLOCK) ? 0 : -EPERM;
}

static bool over_limit(struct mm *mm, u64 more_pages)
{
	u64 limit = task_rlimit(current, RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	return !creds_root(&current->creds) &&
	       (more_pages > limit || count_locked(mm, 0, USER_END) > limit - more_pages);
}

/* The bits that the parent left go before there are any of our own. */
static int own_locks(struct mm *mm)
{
	int error = mm->locks == LOCKS_STALE ? tree_mark_all(mm, 0, PTE_LOCKED) : 0;
	if (!error)
		mm->locks = LOCKS_OWN;
	return error;
}

int lock_new(struct mm *mm, u64 len_bytes, bool asked, u64 *keep)
{
	if (asked && may_lock())
		return -EPERM;
	if (!asked && !mm->lock_future)
		return 0;
	if (over_limit(mm, len_bytes >> PAGE_SHIFT))
		return -EAGAIN;
	*keep |= PTE_LOCKED;
	return own_locks(mm);
}

bool lock_populates(const struct mm *mm, u64 keep)
{
	return (keep & PTE_LOCKED) && !(mm->lock_future & MCL_ONFAULT);
}

/* mlock(2) takes whole pages around what is named. */
static int lock_range(va_t addr, size_t len, va_t *start, va_t *end)
{
	*start = addr & PAGE_MASK;
	*end = ROUND_UP(addr + len, PAGE_SIZE);
	if (addr + len < addr || *end < *start)
		return -EINVAL;
	return *end > USER_END ? -ENOMEM : 0;
}

s64 sys_mlock2(va_t addr, size_t len, int flags)
{
	struct mm *mm = current->mm;
	va_t start, end;
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	int error = may_lock();
	if (!error)
		error = lock_range(addr, len, &start, &end);
	if (error || start == end)
		return error;
	u64 more = (end - start) >> PAGE_SHIFT;
	mutex_lock(&mm->lock);
	if (over_limit(mm, more) && over_limit(mm, more - count_locked(mm, start, end)))
		error = -ENOMEM;
	if (!error)
		error = own_locks(mm);
	if (!error)
		error = tree_mark(mm, start, end, PTE_LOCKED, 0);
	mutex_unlock(&mm->lock);
	if (error || (flags & MLOCK_ONFAULT))
		return error;
	error = mm_populate(mm, start, end, POPULATE_ANY);
	return error == -ENOMEM ? -EAGAIN : error == -EFAULT ? -ENOMEM : error;
}

s64 sys_mlock(va_t addr, size_t len)
{
	return sys_mlock2(addr, len, 0);
}

s64 sys_munlock(va_t addr, size_t len)
{
	struct mm *mm = current->mm;
	va_t start, end;
	int error = lock_range(addr, len, &start, &end);
	if (error || start == end)
		return error;
	mutex_lock(&mm->lock);
	error = tree_mark(mm, start, end, 0, PTE_LOCKED);
	mutex_unlock(&mm->lock);
	return error;
}

/* Whatever is mapped; what cannot be brought in is left, as on Linux. */
static void populate_all(struct mm *mm)
{
	va_t va = 0, end = 0;
	while (end < USER_END && !signal_kill_pending(current)) {
		u64 span;
		pte_t entry;
		mutex_lock(&mm->lock);
		bool found = tree_next_used(mm, &va, &entry, &span);
		mutex_unlock(&mm->lock);
		if (!found)
			return;
		end = MIN(va + span, USER_END);
		mm_populate(mm, va, end, POPULATE_ANY);
		va = end;
	}
}

s64 sys_mlockall(int flags)
{
	struct mm *mm = current->mm;
	if (!(flags & (MCL_CURRENT | MCL_FUTURE)) ||
	    (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)))
		return -EINVAL;
	int error = may_lock();
	if (error)
		return error;
	mutex_lock(&mm->lock);
	bool now = flags & MCL_CURRENT;
	u64 already = count_locked(mm, 0, USER_END);
	if (now && over_limit(mm, pa_page(mm->root)->mapped - already))
		error = -ENOMEM;
	if (!error)
		error = own_locks(mm);
	if (!error && now)
		error = tree_mark_all(mm, PTE_LOCKED, 0);
	if (!error)
		mm->lock_future = flags & MCL_FUTURE ? flags : 0;
	mutex_unlock(&mm->lock);
	if (!error && now && !(flags & MCL_ONFAULT))
		populate_all(mm);
	return error;
}

s64 sys_munlockall(void)
{
	struct mm *mm = current->mm;
	mutex_lock(&mm->lock);
	mm->lock_future = 0;
	int error = mm->locks == LOCKS_OWN ? tree_mark_all(mm, 0, PTE_LOCKED) : 0;
	mutex_unlock(&mm->lock);
	return error;
}
