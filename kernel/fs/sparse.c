/*
 * Files with holes: fallocate(2), and lseek's SEEK_DATA and SEEK_HOLE.
 *
 * A hole is an index without a page (fs/pages.c): it reads as zeros and takes
 * no memory. What is only allocated takes memory, but still counts as a hole.
 * Locks: inode->lock.
 */
#include "fs/sparse.h"

#include "arch/cpu.h"
#include "fs/inode.h"
#include "fs/memfd.h"
#include "fs/open.h"
#include "fs/ramfs.h"
#include "lib/string.h"
#include "mm/page.h"
#include "proc/sched.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum { /* linux/falloc.h */
	FALLOC_KEEP_SIZE = 1, FALLOC_PUNCH_HOLE = 2,
};

off_t sparse_seek(struct inode *inode, off_t offset, bool data)
{
	off_t at = -ENXIO;
	mutex_lock(&inode->lock);
	u64 size = inode->size_bytes, end = ROUND_UP(size, PAGE_SIZE) / PAGE_SIZE;
	if (offset >= 0 && (u64)offset < size) {
		u64 found = pages_next(inode, (u64)offset / PAGE_SIZE, end, data);
		if (!data || found < end)
			at = MIN(MAX(found * PAGE_SIZE, (u64)offset), size);
	}
	mutex_unlock(&inode->lock);
	return at;
}

static void zero_part(struct inode *inode, u64 from, u64 to)
{
	struct page *page = from < to ? pages_find(inode, from / PAGE_SIZE) : NULL;
	if (page)
		memset((char *)page_kva(page) + from % PAGE_SIZE, 0, to - from);
}

/* Whole pages go, what is left of those at the ends is zeroed. Private copies stay. */
static int punch(struct inode *inode, u64 from, u64 to)
{
	u64 first = ROUND_UP(from, PAGE_SIZE), last = to & ~(u64)(PAGE_SIZE - 1);
	zero_part(inode, from, MIN(first, to));
	if (last >= first)
		zero_part(inode, last, to);
	return pages_remove(inode, first / PAGE_SIZE, last / PAGE_SIZE, false);
}

/* Fills the holes, if there is room for all of them. */
static int fill(struct inode *inode, u64 first, u64 end)
{
	struct page_stats memory;
	page_stats(&memory);
	const struct super *super = inode->super;
	u64 room = super->max_pages ? super->max_pages - MIN((u64)super->npages, super->max_pages)
				    : memory.free;
	room = MIN(room, memory.free);
	u64 missing = 0;
	for (u64 i = first; i < end && missing <= room; i++)
		missing += !pages_find(inode, i);
	if (missing > room)
		return -ENOSPC;
	for (u64 i = first; i < end; i++) {
		if (!pages_find_or_add(inode, i, true))
			return -ENOSPC;
		sched_point();
	}
	return 0;
}

/* Caller holds inode->lock. */
static int allocate(struct inode *inode, int mode, u64 from, u64 to)
{
	int err = 0;
	bool grows = !(mode & FALLOC_KEEP_SIZE) && to > inode->size_bytes;
	if (grows && to > task_rlimit(current, RLIMIT_FSIZE)) {
		signal_send_task(current, SIGXFSZ, NULL);
		return -EFBIG;
	}
	bool punches = mode & FALLOC_PUNCH_HOLE;
	if (inode->seals && ((grows && seal_check_size(inode, to)) ||
			     (punches && seal_check_write(inode, from, 0) < 0)))
		return -EPERM;
	if (punches)
		err = punch(inode, from, to);
	else
		err = fill(inode, from / PAGE_SIZE, ROUND_UP(to, PAGE_SIZE) / PAGE_SIZE);
	if (!err && grows)
		inode->size_bytes = to;
	if (!err)
		inode_written(inode);
	return err;
}

/* The order of the checks is Linux's. */
static int check(const struct file *file, int mode, u64 end)
{
	u32 type = inode_type(file->inode);
	if ((mode & ~(FALLOC_KEEP_SIZE | FALLOC_PUNCH_HOLE)) || mode == FALLOC_PUNCH_HOLE)
		return -EOPNOTSUPP;
	if (!file_writable(file))
		return -EBADF;
	if (type == S_IFIFO)
		return -ESPIPE;
	if (file->inode->ops != &ramfs_file_ops)
		return -ENODEV;
	return end > FILE_SIZE_MAX ? -EFBIG : 0;
}

s64 sys_fallocate(int fd, int mode, off_t offset, off_t len)
{
	struct file *file = fd_get(fd);
	if (!file)
		return -EBADF;
	s64 err = -EINVAL;
	if (offset >= 0 && len > 0)
		err = check(file, mode, (u64)offset + len);
	if (!err) {
		mutex_lock(&file->inode->lock);
		err = allocate(file->inode, mode, offset, (u64)offset + len);
		mutex_unlock(&file->inode->lock);
	}
	file_put(file);
	return err;
}
