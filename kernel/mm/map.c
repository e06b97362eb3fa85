/*
 * mmap, munmap, mprotect, brk: the arguments checked as mmap(2) and
 * its relatives say, then one change of the tree.
 *
 * Anonymous private memory is a reserved entry; nothing is allocated. A file's
 * pages are entered at once, the file's own frames (the ramfs is the page
 * cache): read-only for private mappings, whose first write copies. Where the
 * file has none yet they are promised (mm/mapping.h). Shared anonymous memory is
 * a nameless file.
 *
 * Lock: mm->lock. Flow: -> mm/tree_range.c, mm/mapping.c.
 */
#include "mm/map.h"
#include "arch/cpu.h"
#include "fs/dev.h"
#include "fs/files.h"
#include "fs/inode.h"
#include "fs/memfd.h"
#include "fs/ramfs.h"
#include "lib/errno.h"
#include "mm/layout.h"
#include "mm/mapping.h"
#include "mm/tree.h"
#include "mm/walk.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

u64 prot_bits(int prot)
{
	u64 bits = 0;
	if (prot & PROT_READ)
		bits |= PTE_READ;
	if (prot & PROT_WRITE)
		bits |= PTE_WRITE | PTE_READ; /* x86 cannot do one without the other */
	if (prot & PROT_EXEC)
		bits |= PTE_EXEC;
	return bits;
}

/* Where the mapping goes; an error as a negative number. */
static s64 choose_place(struct mm *mm, va_t addr, u64 len_bytes, int flags)
{
	va_t used;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (addr & ~PAGE_MASK)
			return -EINVAL;
		if (len_bytes > USER_END || addr > USER_END - len_bytes)
			return -ENOMEM;
		if (addr < MAP_AREA_START)
			return -EPERM;
		if ((flags & MAP_FIXED_NOREPLACE) && tree_last_used(mm, addr, addr + len_bytes, &used))
			return -EEXIST;
		return addr;
	}
	addr &= PAGE_MASK;
	if (addr >= MAP_AREA_START && len_bytes <= USER_END && addr <= USER_END - len_bytes &&
	    !tree_last_used(mm, addr, addr + len_bytes, &used))
		return addr; /* the hint is free */
	if (len_bytes > MAP_AREA_END)
		return -ENOMEM;
	addr = tree_find_gap(mm, len_bytes);
	if (!addr)
		return -ENOMEM;
	mm->map_hint = addr;
	return addr;
}

static int check_file(const struct file *file, int prot, int flags)
{
	if (file->flags & O_PATH)
		return -EBADF;
	if (!file_readable(file))
		return -EACCES;
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
	if (shared && (prot & PROT_WRITE) && !file_writable(file))
		return -EACCES;
	if ((prot & PROT_EXEC) && (file->inode->super->flags & MS_NOEXEC))
		return -EPERM;
	if (file->inode->ops != &ramfs_file_ops && file->ops != &zero_ops)
		return -ENODEV;
	return 0;
}

u64 mapped_bytes(struct mm *mm, va_t start, va_t end)
{
	u64 sum = 0, span;
	while (start < end) {
		pte_t entry = tree_lookup(mm, start, &span);
		va_t next = MIN((start & ~(span - 1)) + span, end);
		sum += entry ? next - start : 0;
		start = next;
	}
	return sum;
}

/* What is to be mapped: inode is NULL for private anonymous memory. */
struct source {
	struct inode *inode;
	u64 index;	/* its first page */
	u64 keep;	/* bits of PTE_KEEP */
};

/* memfd_create(2): a sealed file is not mapped to be written, now or later. mm->lock is held:
 * fs/memfd.c. */
static int check_seals(struct source *source, int prot)
{
	if (!source->inode || (source->keep & (PTE_SHARED | PTE_NOWRITE)) != PTE_SHARED)
		return 0;
	if (!(source->inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
		return 0;
	source->keep |= PTE_NOWRITE;
	return prot & PROT_WRITE ? -EPERM : 0;
}

static s64 mmap_source(struct mm *mm, va_t addr, u64 len_bytes, int prot, int flags,
		       struct source *source)
{
	mutex_lock(&mm->lock);
	s64 place = choose_place(mm, addr, len_bytes, flags);
	if (place >= 0 && tree_over_limit(mm, len_bytes) && /* what is replaced does not count: */
	    tree_over_limit(mm, len_bytes - mapped_bytes(mm, place, place + len_bytes)))
		place = -ENOMEM;
	if (place >= 0 && check_seals(source, prot))
		place = -EPERM;
	int error = place < 0 ? place : lock_new(mm, len_bytes, flags & MAP_LOCKED, &source->keep);
	if (!error && (flags & MAP_FIXED))
		error = tree_unmap(mm, place, place + len_bytes);
	if (!error && source->inode)
		error = mapping_enter(mm, place, len_bytes >> PAGE_SHIFT, prot_bits(prot),
				      source->keep, source->inode, source->index);
	else if (!error)
		error = tree_reserve(mm, place, place + len_bytes,
				     reserved_entry(prot_bits(prot)) | source->keep);
	bool populate = lock_populates(mm, source->keep) ||
			(flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
	mutex_unlock(&mm->lock);
	if (!error && populate)
		mm_populate(mm, place, place + len_bytes, POPULATE_ANY); /* as far as it goes */
	return error ? error : place;
}

static s64 mmap_shared_anonymous(struct mm *mm, va_t addr, u64 len_bytes, int prot, int flags)
{
	struct inode *inode = inode_new_anonymous(len_bytes);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	struct source source = {inode, 0, PTE_SHARED};
	s64 place = mmap_source(mm, addr, len_bytes, prot, flags, &source);
	inode_put(inode);
	return place;
}

static s64 mmap_of_file(struct mm *mm, va_t addr, u64 len_bytes, int prot, int flags,
			struct file *file, off_t offset)
{
	int error = check_file(file, prot, flags);
	if (error)
		return error;
	if (file->ops == &zero_ops) /* zero(4): private or shared, anonymous memory */
		return (flags & MAP_TYPE) == MAP_PRIVATE
			       ? mmap_source(mm, addr, len_bytes, prot, flags, &(struct source){0})
			       : mmap_shared_anonymous(mm, addr, len_bytes, prot, flags);
	struct source source = {file->inode, (u64)offset >> PAGE_SHIFT, 0};
	if ((flags & MAP_TYPE) != MAP_PRIVATE)
		source.keep = PTE_SHARED | (file_writable(file) ? 0 : PTE_NOWRITE);
	return mmap_source(mm, addr, len_bytes, prot, flags, &source);
}

enum {
	MAP_KNOWN = MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_32BIT | MAP_GROWSDOWN |
		    MAP_DENYWRITE | MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE |
		    MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_FIXED_NOREPLACE |
		    (int)0xfc000000, /* the size of huge pages */
};

/* file is NULL for anonymous memory. */
static s64 mmap_checked(struct mm *mm, va_t addr, size_t len, int prot, int flags,
			struct file *file, off_t offset)
{
	int type = flags & MAP_TYPE;
	if (len == 0)
		return -EINVAL;
	u64 len_bytes = ROUND_UP(len, PAGE_SIZE);
	if (len_bytes < len || len_bytes > USER_END)
		return -ENOMEM;
	if (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE && !file)
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE && (flags & ~MAP_KNOWN))
		return -EOPNOTSUPP; /* the other types ignore what they do not know: mmap(2) */
	if (flags & MAP_HUGETLB)
		return -EINVAL; /* LINUX-DIFF: no huge pages (there: ENOMEM when none are set up) */
	if (file && (u64)offset + len_bytes > INT64_MAX)
		return -EOVERFLOW;
	if (file)
		return mmap_of_file(mm, addr, len_bytes, prot, flags, file, offset);
	if (type != MAP_PRIVATE)
		return mmap_shared_anonymous(mm, addr, len_bytes, prot, flags);
	return mmap_source(mm, addr, len_bytes, prot, flags, &(struct source){0});
}

s64 sys_mmap(va_t addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (offset & ~PAGE_MASK)
		return -EINVAL;
	if (flags & MAP_ANONYMOUS)
		return mmap_checked(current->mm, addr, len, prot, flags, NULL, 0);
	struct file *file = fd_get(fd);
	if (!file)
		return -EBADF;
	s64 place = mmap_checked(current->mm, addr, len, prot, flags, file, offset);
	file_put(file);
	return place;
}

bool range_ok(va_t addr, u64 len_bytes)
{
	return !(addr & ~PAGE_MASK) && len_bytes <= USER_END && addr <= USER_END - len_bytes;
}

s64 sys_munmap(va_t addr, size_t len)
{
	struct mm *mm = current->mm;
	u64 len_bytes = ROUND_UP(len, PAGE_SIZE);
	if (len == 0 || len_bytes < len || !range_ok(addr, len_bytes))
		return -EINVAL;
	mutex_lock(&mm->lock);
	int error = tree_unmap(mm, addr, addr + len_bytes);
	if (addr + len_bytes > mm->map_hint && addr + len_bytes <= MAP_AREA_END)
		mm->map_hint = addr + len_bytes;
	mutex_unlock(&mm->lock);
	return error;
}

s64 sys_mprotect(va_t addr, size_t len, int prot)
{
	struct mm *mm = current->mm;
	u64 len_bytes = ROUND_UP(len, PAGE_SIZE);
	if ((addr & ~PAGE_MASK) ||
	    (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | PROT_GROWSDOWN)))
		return -EINVAL;
	if (len == 0)
		return 0;
	if (len_bytes < len || !range_ok(addr, len_bytes))
		return -ENOMEM;
	mutex_lock(&mm->lock);
	va_t start = addr;
	int error = 0;
	if (prot & PROT_GROWSDOWN) { /* ld.so, for a library that wants an executable stack */
		start = mm->layout.stack_bottom;
		error = addr >= start && addr < mm->layout.stack_top ? 0 : -EINVAL;
	}
	if (!error)
		error = tree_protect(mm, start, addr + len_bytes, prot_bits(prot));
	mutex_unlock(&mm->lock);
	return error;
}

/* Returns the break as it is afterwards, as Linux's call does: no errno. */
s64 sys_brk(va_t new_brk)
{
	struct mm *mm = current->mm;
	va_t used;
	mutex_lock(&mm->lock);
	va_t old_end = ROUND_UP(mm->brk, PAGE_SIZE), new_end = ROUND_UP(new_brk, PAGE_SIZE);
	u64 keep = 0, data_bytes = mm->layout.data_end - mm->layout.data_start;
	int error = 0;
	if (new_brk < mm->brk_start || new_brk > MAP_AREA_END)
		error = -ENOMEM;
	else if (new_brk - mm->brk_start + data_bytes > task_rlimit(current, RLIMIT_DATA))
		error = -ENOMEM; /* LINUX-DIFF: private mappings do not count as data */
	else if (new_end > old_end && tree_over_limit(mm, new_end - old_end))
		error = -ENOMEM;
	else if (new_end < old_end)
		error = tree_unmap(mm, new_end, old_end);
	else if (new_end > old_end && tree_last_used(mm, old_end, new_end, &used))
		error = -ENOMEM;
	else if (new_end > old_end)
		error = lock_new(mm, new_end - old_end, false, &keep);
	if (!error && new_end > old_end)
		error = tree_reserve(mm, old_end, new_end,
				     reserved_entry(PTE_READ | PTE_WRITE) | keep);
	if (!error)
		mm->brk = new_brk;
	s64 result = mm->brk;
	bool populate = !error && lock_populates(mm, keep);
	mutex_unlock(&mm->lock);
	if (populate)
		mm_populate(mm, old_end, new_end, POPULATE_ANY);
	return result;
}
