/*
 * mmap, munmap, mprotect, brk, madvise: the arguments checked as mmap(2) and
 * its relatives say, then one change of the tree.
 *
 * Anonymous private memory is a reserved entry; nothing is allocated. A file's
 * pages are entered at once, the file's own frames (the ramfs is the page
 * cache): read-only for private mappings, whose first write copies. Shared
 * anonymous memory is a nameless file.
 *
 * Locks: inode->lock (to get at pages) before mm->lock. Flow: -> mm/tree_range.c.
 */
#include "mm/map.h"
#include "arch/cpu.h"
#include "fs/files.h"
#include "fs/inode.h"
#include "lib/errno.h"
#include "mm/heap.h"
#include "mm/layout.h"
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

int map_anonymous(struct mm *mm, va_t va, u64 len_bytes, u64 prot)
{
	mutex_lock(&mm->lock);
	int error = tree_unmap(mm, va, va + len_bytes);
	if (!error)
		error = tree_reserve(mm, va, va + len_bytes, reserved_entry(prot));
	mutex_unlock(&mm->lock);
	return error;
}

/* The frames of a file's pages, each with a reference; how many there are within the file. */
struct file_pages {
	struct page **page;
	u64 n;
};

static void file_pages_put(struct file_pages *pages_in)
{
	while (pages_in->n > 0)
		page_put(pages_in->page[--pages_in->n]);
	heap_free(pages_in->page);
	pages_in->page = NULL;
}

static int file_pages_get(struct file_pages *out, struct inode *inode, u64 first, u64 count)
{
	u64 in_file = ROUND_UP(inode->size_bytes, PAGE_SIZE) >> PAGE_SHIFT;
	u64 n = first < in_file ? MIN(count, in_file - first) : 0;
	struct page_stats stats;
	page_stats(&stats);
	if (n > stats.free + stats.file)
		return -ENOMEM; /* holes to that extent can never be filled */
	out->n = 0;
	out->page = heap_alloc(MAX(n, 1ul) * sizeof *out->page);
	if (!out->page)
		return -ENOMEM;
	while (out->n < n) {
		struct page *page = inode_page(inode, first + out->n);
		if (IS_ERR(page)) {
			file_pages_put(out);
			return PTR_ERR(page);
		}
		out->page[out->n++] = page;
	}
	return 0;
}

/* LINUX-DIFF: a mapping follows its file when it is made, not later: docs/abi.md. */

/* Enters the frames one by one; each reference goes to its entry. */
static int enter_pages(struct mm *mm, va_t va, u64 prot, u64 sharing, struct file_pages *from)
{
	for (u64 i = 0; i < from->n; i++) {
		struct path path;
		int error = tree_own_path(mm, va + i * PAGE_SIZE, &path);
		if (error)
			return error;
		page_get(from->page[i]);
		tree_set_leaf(&path, leaf_entry(from->page[i], prot, sharing & PTE_SHARED) | sharing);
	}
	return 0;
}

int map_file(struct mm *mm, va_t va, u64 len_bytes, u64 prot, u64 sharing, struct inode *inode,
	     u64 page_offset)
{
	struct file_pages frames;
	int error = file_pages_get(&frames, inode, page_offset, len_bytes >> PAGE_SHIFT);
	if (error)
		return error;
	va_t file_end = va + frames.n * PAGE_SIZE;

	mutex_lock(&mm->lock);
	error = tree_unmap(mm, va, va + len_bytes);
	if (!error)
		error = enter_pages(mm, va, prot, sharing, &frames);
	if (!error)
		error = tree_reserve(mm, file_end, va + len_bytes,
				     reserved_entry(prot) | PTE_BUS | sharing);
	if (error)
		tree_unmap(mm, va, va + len_bytes);
	mutex_unlock(&mm->lock);
	file_pages_put(&frames);
	return error;
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
	if ((file->inode->mode & S_IFMT) != S_IFREG || !file->inode->ops)
		return -ENODEV;
	return 0;
}

/* How much of [start, end) is mapped. */
static u64 mapped_bytes(struct mm *mm, va_t start, va_t end)
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

/* Claims the place first, so that another thread's mmap does not choose it too. */
static s64 mmap_place(struct mm *mm, va_t addr, u64 len_bytes, int prot, int flags)
{
	mutex_lock(&mm->lock);
	s64 place = choose_place(mm, addr, len_bytes, flags);
	if (place >= 0 && tree_over_limit(mm, len_bytes) && /* what is replaced does not count: */
	    tree_over_limit(mm, len_bytes - mapped_bytes(mm, place, place + len_bytes)))
		place = -ENOMEM;
	if (place >= 0) {
		int error = 0;
		if (flags & MAP_FIXED)
			error = tree_unmap(mm, place, place + len_bytes);
		if (!error)
			error = tree_reserve(mm, place, place + len_bytes,
					     reserved_entry(prot_bits(prot)));
		if (error)
			place = error;
	}
	mutex_unlock(&mm->lock);
	return place;
}

/* Replaces the claimed range by pages of the inode; the claim goes if that fails. */
static s64 mmap_file(struct mm *mm, s64 place, u64 len_bytes, u64 prot, u64 sharing,
		     struct inode *inode, u64 page_offset)
{
	if (place < 0)
		return place;
	int error = map_file(mm, place, len_bytes, prot, sharing, inode, page_offset);
	if (!error)
		return place;
	mutex_lock(&mm->lock);
	tree_unmap(mm, place, place + len_bytes);
	mutex_unlock(&mm->lock);
	return error;
}

/* LINUX-DIFF: all of it is allocated now; both sides of a fork must find the same frames. */
static s64 mmap_shared_anonymous(struct mm *mm, va_t addr, u64 len_bytes, int prot, int flags)
{
	struct inode *inode = inode_new_anonymous(len_bytes);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	s64 place = mmap_place(mm, addr, len_bytes, prot, flags);
	place = mmap_file(mm, place, len_bytes, prot_bits(prot), PTE_SHARED, inode, 0);
	inode_put(inode);
	return place;
}

static s64 mmap_of_file(struct mm *mm, va_t addr, u64 len_bytes, int prot, int flags,
			struct file *file, off_t offset)
{
	int error = check_file(file, prot, flags);
	if (error)
		return error;
	u64 sharing = 0;
	if ((flags & MAP_TYPE) != MAP_PRIVATE)
		sharing = PTE_SHARED | (file_writable(file) ? 0 : PTE_NOWRITE);
	s64 place = mmap_place(mm, addr, len_bytes, prot, flags);
	return mmap_file(mm, place, len_bytes, prot_bits(prot), sharing, file->inode,
			 (u64)offset >> PAGE_SHIFT);
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
	return mmap_place(mm, addr, len_bytes, prot, flags);
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

/* A range that munmap and the like may name: page-aligned start, all of it the user's. */
static bool range_ok(va_t addr, u64 len_bytes)
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
	if ((addr & ~PAGE_MASK) || (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC)))
		return -EINVAL;
	if (len == 0)
		return 0;
	if (len_bytes < len || !range_ok(addr, len_bytes))
		return -ENOMEM;
	mutex_lock(&mm->lock);
	int error = tree_protect(mm, addr, addr + len_bytes, prot_bits(prot));
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
	u64 data_bytes = mm->layout.data_end - mm->layout.data_start;
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
		error = tree_reserve(mm, old_end, new_end, reserved_entry(PTE_READ | PTE_WRITE));
	if (!error)
		mm->brk = new_brk;
	s64 result = mm->brk;
	mutex_unlock(&mm->lock);
	return result;
}

enum madvise_advice {
	MADV_NORMAL = 0, MADV_RANDOM = 1, MADV_SEQUENTIAL = 2, MADV_WILLNEED = 3,
	MADV_DONTNEED = 4, MADV_FREE = 8, MADV_DONTFORK = 10, MADV_DOFORK = 11,
	MADV_MERGEABLE = 12, MADV_UNMERGEABLE = 13, MADV_HUGEPAGE = 14, MADV_NOHUGEPAGE = 15,
	MADV_DONTDUMP = 16, MADV_DODUMP = 17, MADV_COLD = 20, MADV_PAGEOUT = 21,
};

s64 sys_madvise(va_t addr, size_t len, int advice)
{
	struct mm *mm = current->mm;
	u64 len_bytes = ROUND_UP(len, PAGE_SIZE);
	switch (advice) {
	case MADV_NORMAL: case MADV_RANDOM: case MADV_SEQUENTIAL: case MADV_WILLNEED:
	case MADV_DONTNEED: case MADV_FREE: case MADV_HUGEPAGE: case MADV_NOHUGEPAGE:
	case MADV_DONTDUMP: case MADV_DODUMP: case MADV_COLD: case MADV_PAGEOUT:
	case MADV_MERGEABLE: case MADV_UNMERGEABLE:
		break;
	default: /* LINUX-DIFF: also DONTFORK and DOFORK: fork does not look at pages */
		return -EINVAL;
	}
	if ((addr & ~PAGE_MASK) || len_bytes < len)
		return -EINVAL;
	if (!range_ok(addr, len_bytes))
		return -ENOMEM;
	mutex_lock(&mm->lock);
	int error = 0;
	if (advice == MADV_DONTNEED || advice == MADV_FREE)
		error = tree_discard(mm, addr, addr + len_bytes);
	if (!error && mapped_bytes(mm, addr, addr + len_bytes) < len_bytes)
		error = -ENOMEM;
	mutex_unlock(&mm->lock);
	return error;
}
