/*
 * Calls about the cache between files and a disk. All files are in memory: the
 * files are the cache, nothing is ever written back, and what remains of these
 * calls are their checks.
 *
 * Sources: fsync(2), sync(2), sync_file_range(2), readahead(2),
 * posix_fadvise(2).
 */
#include "fs/open.h"
#include "fs/inode.h"
#include "fs/ramfs.h"
#include "syscall/syscalls.h"

enum { POSIX_FADV_NOREUSE = 5 }; /* the last of them */
enum { SYNC_RANGE_FLAGS = 7 };

s64 sys_fsync(int fd)
{
	struct file *file = fd_get_io(fd);
	if (!file)
		return -EBADF;
	bool ok = file->ops == &ramfs_file_ops || file->ops == &ramfs_dir_ops;
	file_put(file);
	return ok ? 0 : -EINVAL;
}

s64 sys_fdatasync(int fd)
{
	return sys_fsync(fd);
}

s64 sys_sync(void)
{
	return 0;
}

s64 sys_fadvise64(int fd, off_t offset, off_t len, int advice)
{
	struct file *file = fd_get_io(fd);
	(void)offset;
	if (!file)
		return -EBADF;
	bool fifo = inode_type(file->inode) == S_IFIFO;
	file_put(file);
	if (fifo)
		return -ESPIPE;
	return len < 0 || advice < 0 || advice > POSIX_FADV_NOREUSE ? -EINVAL : 0;
}

s64 sys_syncfs(int fd)
{
	struct file *file = fd_get_io(fd);
	if (!file)
		return -EBADF;
	file_put(file);
	return 0;
}

s64 sys_sync_file_range(int fd, off_t offset, off_t n, u32 flags)
{
	off_t end;
	struct file *file = fd_get_io(fd);
	if (!file)
		return -EBADF;
	u32 type = inode_type(file->inode);
	file_put(file);
	if ((flags & ~SYNC_RANGE_FLAGS) || offset < 0 || n < 0 ||
	    __builtin_add_overflow(offset, n, &end))
		return -EINVAL;
	return type == S_IFREG || type == S_IFDIR || type == S_IFBLK ? 0 : -ESPIPE;
}

s64 sys_readahead(int fd, off_t offset, size_t count)
{
	struct file *file = fd_get_io(fd);
	s64 err = -EBADF;
	(void)offset;
	(void)count;
	if (!file)
		return -EBADF;
	if (file_readable(file))
		err = inode_type(file->inode) == S_IFREG ? 0 : -EINVAL;
	file_put(file);
	return err;
}
