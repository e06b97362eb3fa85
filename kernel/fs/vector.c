/*
 * readv, writev and their forms with an offset and flags: several buffers in
 * one call, one after the other, until one is not filled.
 *
 * All buffers are checked before the first is used. Locks: as read and write
 * (fs/rw.c); with an offset of its own a call leaves the description's alone,
 * and its lock. Source: readv(2).
 */
#include "arch/cpu.h"
#include "fs/iovec.h"
#include "fs/open.h"
#include "fs/ramfs.h"
#include "fs/rw.h"
#include "mm/uaccess.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

/* The first three make no difference where all is in memory; others: EOPNOTSUPP. */
enum { RWF_HIPRI = 1, RWF_DSYNC = 2, RWF_SYNC = 4, RWF_APPEND = 16,
       RWF_KNOWN = RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_APPEND };

enum { AT_POSITION = -1 }; /* preadv2(2): no offset, but the description's */

/* The sum must fit ssize_t whatever is transferred; and as on Linux no part may lie outside the
 * user half, even one that is not reached. */
s64 iovecs_check(const struct iovec __user *iov, u64 count)
{
	u64 total = 0;
	if (count > IOV_MAX)
		return -EINVAL;
	for (u64 i = 0; i < count; i++) {
		struct iovec v;
		if (copy_from_user(&v, &iov[i], sizeof v))
			return -EFAULT;
		if ((ssize_t)v.len < 0 || v.len > INT64_MAX - total)
			return -EINVAL;
		if (!user_range_ok(v.base, v.len))
			return -EFAULT;
		total += v.len;
	}
	return total;
}

static int io_move(struct io *io, void *kernel, size_t n, bool give)
{
	while (n) {
		if (!io->now.len) {
			if (!io->count || copy_from_user(&io->now, io->next++, sizeof io->now))
				return -EFAULT;
			io->count--;
			continue;
		}
		size_t part = MIN(n, io->now.len);
		size_t missed = give ? copy_to_user_partial(io->now.base, kernel, part)
				: io->copy ? io->copy(kernel, io->now.base, part)
					   : copy_from_user_partial(kernel, io->now.base, part);
		if (missed)
			return -EFAULT;
		io->now.base += part;
		io->now.len -= part;
		io->left -= part;
		kernel += part;
		n -= part;
	}
	return 0;
}

int io_give(struct io *io, const void *from, size_t n)
{
	return io_move(io, (void *)from, n, true);
}

int io_take(struct io *io, void *to, size_t n)
{
	return io_move(io, to, n, false);
}

static s64 rw_parts(struct file *file, enum direction dir, const struct iovec __user *iov,
		    u64 count, off_t *offset)
{
	s64 total = 0;
	for (u64 i = 0; i < count && total < RW_MAX; i++) {
		struct iovec v;
		if (copy_from_user(&v, &iov[i], sizeof v))
			return total ? total : -EFAULT;
		if (v.len == 0)
			continue;
		if (total && dir == WRITE && file->ops == &ramfs_file_ops &&
		    (u64)*offset >= task_rlimit(current, RLIMIT_FSIZE))
			break; /* a signal only if nothing at all can be written */
		v.len = MIN(v.len, (size_t)(RW_MAX - total));
		s64 done = file_rw(file, dir, v.base, v.len, offset);
		if (done < 0)
			return total ? total : done;
		total += done;
		if ((size_t)done < v.len)
			break;
	}
	return total;
}

/* To a file all parts are one write: the lock that the write of each would take is held. */
static s64 rw_iovecs(struct file *file, enum direction dir, const struct iovec __user *iov,
		     u64 count, off_t *offset)
{
	bool one_write = dir == WRITE && count > 1 && file->ops == &ramfs_file_ops;
	if (one_write)
		mutex_lock(&file->inode->lock);
	s64 done = rw_parts(file, dir, iov, count, offset);
	if (one_write)
		mutex_unlock(&file->inode->lock);
	return done;
}

static s64 rwv_file(struct file *file, enum direction dir, const void __user *iov, u64 count,
		    off_t offset, u32 flags)
{
	if (offset != AT_POSITION && !file->ops->seekable)
		return -ESPIPE;
	if (!file_allows(file, dir))
		return -EBADF;
	s64 done = iovecs_check(iov, count);
	if (done <= 0)
		return done;
	if (flags & ~RWF_KNOWN) /* RWF_NOWAIT too, as for a tmpfs */
		return -EOPNOTSUPP;
	bool append = (flags & RWF_APPEND) && dir == WRITE && file->ops == &ramfs_file_ops;
	if (file->ops->vector) {
		struct io io = {.next = iov, .count = count, .left = MIN(done, (s64)RW_MAX)};
		return file->ops->vector(file, dir == WRITE, &io);
	}
	bool at_position = offset == AT_POSITION;
	off_t none, end = OFFSET_END, *at = at_position ? position_get(file, &none) : &offset;
	done = rw_iovecs(file, dir, iov, count, append ? &end : at);
	if (append && done > 0)
		*at = end;
	if (at_position)
		position_put(file);
	return done;
}

static s64 rwv_fd(int fd, enum direction dir, const void __user *iov, u64 count, off_t offset,
		  u32 flags)
{
	if (offset < AT_POSITION)
		return -EINVAL;
	struct file *file = fd_get_io(fd);
	if (!file)
		return -EBADF;
	s64 done = rwv_file(file, dir, iov, count, offset, flags);
	file_put(file);
	return done;
}

s64 sys_readv(int fd, const void __user *iov, u64 iovcnt)
{
	return rwv_fd(fd, READ, iov, iovcnt, AT_POSITION, 0);
}

s64 sys_writev(int fd, const void __user *iov, u64 iovcnt)
{
	return rwv_fd(fd, WRITE, iov, iovcnt, AT_POSITION, 0);
}

s64 sys_preadv(int fd, const void __user *iov, u64 iovcnt, off_t offset)
{
	return offset < 0 ? -EINVAL : rwv_fd(fd, READ, iov, iovcnt, offset, 0);
}

s64 sys_pwritev(int fd, const void __user *iov, u64 iovcnt, off_t offset)
{
	return offset < 0 ? -EINVAL : rwv_fd(fd, WRITE, iov, iovcnt, offset, 0);
}

/* The half of the offset that 32-bit callers need comes in between. */
s64 sys_preadv2(int fd, const void __user *iov, u64 iovcnt, off_t offset, u64 high, u32 flags)
{
	(void)high;
	return rwv_fd(fd, READ, iov, iovcnt, offset, flags);
}

s64 sys_pwritev2(int fd, const void __user *iov, u64 iovcnt, off_t offset, u64 high, u32 flags)
{
	(void)high;
	return rwv_fd(fd, WRITE, iov, iovcnt, offset, flags);
}
