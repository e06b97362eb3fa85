/*
 * read, write, pread64, pwrite64; lseek, truncate, sendfile.
 *
 * Each call finds the description, checks its mode, and hands the user's
 * buffer to file_ops; only files that seek have an offset, which pos_lock
 * guards while a call uses it (read(2): reads and writes are atomic to others
 * that share the description).
 */
#include "arch/cpu.h"
#include "fs/open.h"
#include "fs/path.h"
#include "fs/ramfs.h"
#include "fs/rw.h"
#include "fs/sparse.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "proc/sched.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

ssize_t file_rw(struct file *file, enum direction dir, void __user *buf, size_t n,
		       off_t *offset)
{
	if (!user_range_ok(buf, n))
		return -EFAULT;
	if (file->ops->seekable && n > (u64)INT64_MAX - (u64)*offset)
		return -EINVAL;
	n = MIN(n, (size_t)RW_MAX);
	if (dir == READ)
		return file->ops->read ? file->ops->read(file, buf, n, offset) : -EINVAL;
	return file->ops->write ? file->ops->write(file, buf, n, offset) : -EINVAL;
}

off_t *position_get(struct file *file, off_t *none)
{
	*none = 0;
	if (!file->ops->seekable)
		return none;
	mutex_lock(&file->pos_lock);
	return &file->offset;
}

void position_put(struct file *file)
{
	if (file->ops->seekable)
		mutex_unlock(&file->pos_lock);
}

static s64 rw_fd(int fd, enum direction dir, void __user *buf, size_t n)
{
	struct file *file = fd_get(fd);
	s64 done = -EBADF;
	off_t none;
	if (!file)
		return -EBADF;
	if (file_allows(file, dir)) {
		done = file_rw(file, dir, buf, n, position_get(file, &none));
		position_put(file);
	}
	file_put(file);
	return done;
}

s64 sys_read(int fd, void __user *buf, size_t n)
{
	return rw_fd(fd, READ, buf, n);
}

s64 sys_write(int fd, const void __user *buf, size_t n)
{
	return rw_fd(fd, WRITE, (void __user *)buf, n);
}

static s64 prw_fd(int fd, enum direction dir, void __user *buf, size_t n, off_t offset)
{
	if (offset < 0)
		return -EINVAL;
	struct file *file = fd_get(fd);
	if (!file)
		return -EBADF;
	s64 done = -EBADF;
	if (file->flags & O_PATH)
		;
	else if (!file->ops->seekable)
		done = -ESPIPE;
	else if (file_allows(file, dir))
		done = file_rw(file, dir, buf, n, &offset);
	file_put(file);
	return done;
}

s64 sys_pread64(int fd, void __user *buf, size_t n, off_t offset)
{
	return prw_fd(fd, READ, buf, n, offset);
}

s64 sys_pwrite64(int fd, const void __user *buf, size_t n, off_t offset)
{
	return prw_fd(fd, WRITE, (void __user *)buf, n, offset);
}

enum { SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE };

/* The new offset, or -errno; pos_lock is held. */
static off_t seek(struct file *file, off_t offset, int whence)
{
	off_t end = file->ops->seek_end ? file->ops->seek_end(file)
					: (off_t)file->inode->size_bytes;
	off_t base = 0;
	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		base = file->offset;
		break;
	case SEEK_END:
		base = end;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (file->ops == &ramfs_file_ops)
			return sparse_seek(file->inode, offset, whence == SEEK_DATA);
		if (offset < 0 || offset >= end)
			return -ENXIO;
		return whence == SEEK_HOLE ? end : offset;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, offset, &offset) || offset < 0)
		return -EINVAL;
	return offset;
}

s64 sys_lseek(int fd, off_t offset, int whence)
{
	struct file *file = fd_get_io(fd);
	if (!file)
		return -EBADF;
	s64 at = whence < SEEK_SET || whence > SEEK_HOLE ? -EINVAL : -ESPIPE;
	if (file->ops->seekable) {
		mutex_lock(&file->pos_lock);
		at = file->ops->seek_ignored ? 0 : seek(file, offset, whence);
		if (at >= 0)
			file->offset = at;
		mutex_unlock(&file->pos_lock);
	}
	file_put(file);
	return at;
}

int file_truncate(struct inode *inode, off_t length)
{
	if ((u64)length > task_rlimit(current, RLIMIT_FSIZE) &&
	    (u64)length > inode->size_bytes) {
		signal_send_task(current, SIGXFSZ, NULL);
		return -EFBIG;
	}
	mutex_lock(&inode->lock);
	int err = ramfs_truncate_locked(inode, length);
	mutex_unlock(&inode->lock);
	return err;
}

static s64 truncate_inode(struct inode *inode, void *length)
{
	if (inode_is_dir(inode))
		return -EISDIR;
	if (inode->ops != &ramfs_file_ops)
		return -EINVAL;
	int err = may_access(inode, MAY_WRITE);
	if (!err)
		err = inode_write_get(inode);
	if (err)
		return err;
	err = file_truncate(inode, *(off_t *)length);
	inode_write_put(inode);
	return err;
}

s64 sys_truncate(const char __user *path, off_t length)
{
	return length < 0 ? -EINVAL
			  : path_visit(AT_FDCWD, path, LOOKUP_FOLLOW, truncate_inode, &length);
}

s64 sys_ftruncate(int fd, off_t length)
{
	if (length < 0)
		return -EINVAL;
	struct file *file = fd_get_io(fd);
	if (!file)
		return -EBADF;
	s64 err = -EINVAL;
	if (file->inode->ops == &ramfs_file_ops && file_writable(file))
		err = file_truncate(file->inode, length);
	file_put(file);
	return err;
}

/* From `from` on, through a page of the kernel; the count, or the error before the first byte. */
static s64 send_pages(struct file *out, off_t *to, struct file *in, off_t *from, size_t n)
{
	struct page *page = page_alloc(PAGE_KERNEL);
	size_t total = 0;
	ssize_t done = page ? 0 : -ENOMEM;
	while (page && total < n) {
		ssize_t got = file_read_kernel(in, page_kva(page), MIN(n - total, PAGE_SIZE), *from);
		done = got > 0 ? out->ops->write_kernel(out, page_kva(page), got, to) : got;
		if (done <= 0)
			break;
		*from += done;
		total += done;
		sched_point();
		if (done < got || signal_pending(current))
			break;
	}
	if (page)
		page_put(page);
	return total ? (s64)total : done;
}

/* The order of checks is Linux's. */
static s64 send_file(struct file *out, struct file *in, off_t *from, bool at_offset, size_t n)
{
	if (!in || !file_readable(in))
		return -EBADF;
	if (at_offset && !in->ops->seekable)
		return -ESPIPE;
	if (*from < 0 || n > (size_t)(INT64_MAX - *from))
		return -EINVAL;
	if (!out || !file_writable(out))
		return -EBADF;
	if ((out->flags & O_APPEND) || in->ops != &ramfs_file_ops || !out->ops->write_kernel)
		return -EINVAL;
	if (out->ops == &fifo_ops && (fifo_ops.poll(out, NULL) & POLLERR)) { /* even for nothing */
		signal_send_task(current, SIGPIPE, NULL);
		return -EPIPE;
	}
	off_t none;
	s64 done = send_pages(out, position_get(out, &none), in, from, MIN(n, (size_t)RW_MAX));
	position_put(out);
	return done;
}

/* LINUX-DIFF: only from files of the ramfs; else EINVAL, as Linux gives where a file cannot be
 * spliced: programs then read and write. */
s64 sys_sendfile(int out_fd, int in_fd, off_t __user *offset, size_t n)
{
	off_t from = 0;
	if (offset && copy_from_user(&from, offset, sizeof from))
		return -EFAULT;
	struct file *in = fd_get(in_fd), *out = fd_get(out_fd);
	if (in && !offset)
		from = in->offset; /* without pos_lock, which out's may rank with: as on Linux */
	s64 done = send_file(out, in, &from, offset, n);
	if (done > 0 && !offset)
		in->offset = from;
	else if (done >= 0 && offset && copy_to_user(offset, &from, sizeof from))
		done = -EFAULT;
	if (in)
		file_put(in);
	if (out)
		file_put(out);
	return done;
}
