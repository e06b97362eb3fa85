/*
 * Open file descriptions: their life, character devices, and what execve and
 * the kernel itself need of a file.
 *
 * Entry points: file_new, file_get, file_put, file_open_exec,
 * file_read_kernel. Locks: file->pos_lock is the callers'; inode->lock for the
 * counts that keep writers and running programs apart.
 */
#include "fs/file.h"

#include "arch/cpu.h"
#include "fs/lock.h"
#include "fs/open.h"
#include "fs/path.h"
#include "fs/ramfs.h"
#include "fs/socket.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/page.h"

struct file *file_new(const struct file_ops *ops, struct inode *inode, struct dentry *dentry,
		      u32 flags)
{
	struct file *file = heap_alloc(sizeof *file);
	if (!file)
		return NULL;
	file->refs = 1;
	file->flags = flags;
	file->ops = ops;
	file->inode = inode;
	file->dentry = dentry;
	if (dentry)
		dentry->inode->super->users++;
	file->offset = 0;
	file->private = NULL;
	mutex_init(&file->pos_lock, "file", RANK_FILE_POS);
	return file;
}

struct file *file_get(struct file *file)
{
	file->refs++;
	return file;
}

void file_put(struct file *file)
{
	if (file->ops == &socket_ops ? socket_unref(file) : --file->refs)
		return;
	lock_release(file->inode, file);
	if (file->ops && file->ops->release)
		file->ops->release(file);
	if (file_writable(file) && inode_type(file->inode) == S_IFREG)
		inode_write_put(file->inode);
	place_put(file->dentry);
	inode_put(file->inode);
	heap_free(file);
}

struct file *file_open_dentry(struct dentry *dentry, u32 flags)
{
	struct inode *inode = dentry->inode;
	bool path_only = flags & O_PATH;
	u32 mode = flags & O_ACCMODE;
	bool writes = (mode == O_WRONLY || mode == O_RDWR) && !path_only &&
		      inode_type(inode) == S_IFREG;
	int err = writes ? inode_write_get(inode) : 0;
	if (err)
		return ERR_PTR(err);
	struct file *file = file_new(path_only ? &nodev_ops : inode->ops, inode, dentry, flags);
	if (!file) {
		if (writes)
			inode_write_put(inode);
		return ERR_PTR(-ENOMEM);
	}
	inode_get(inode);
	dentry_get(dentry);
	if (!path_only && file->ops->open)
		err = file->ops->open(file);
	if (err) {
		file->ops = NULL; /* it was never opened: nothing to release */
		file_put(file);
		return ERR_PTR(err);
	}
	file->flags &= ~O_NOCTTY; /* a terminal's open has seen it; fcntl never shows it */
	return file;
}

struct file *file_open_exec(int dirfd, const char *path)
{
	struct dentry *dentry = path_lookup(dirfd, path_get_kernel(path), LOOKUP_FOLLOW);
	if (IS_ERR(dentry))
		return (struct file *)dentry;
	struct inode *inode = dentry->inode;
	struct file *file = ERR_PTR(-EACCES);
	if (inode_type(inode) != S_IFREG || may_access(inode, MAY_EXEC) != 0 ||
	    (inode->super->flags & MS_NOEXEC))
		goto out;
	mutex_lock(&inode->lock);
	bool written = inode->write_count > 0;
	if (!written)
		inode->exec_count++;
	mutex_unlock(&inode->lock);
	file = written ? ERR_PTR(-ETXTBSY) : file_open_dentry(dentry, O_RDONLY);
	if (!written && IS_ERR(file))
		inode->exec_count--;
out:
	dentry_put(dentry);
	return file;
}

void files_open_console(void)
{
	struct dentry *dentry = path_lookup(AT_FDCWD, path_get_kernel("/dev/console"), LOOKUP_FOLLOW);
	if (IS_ERR(dentry))
		return;
	struct file *file = file_open_dentry(dentry, O_RDWR);
	dentry_put(dentry);
	if (IS_ERR(file))
		return;
	for (int fd = 0; fd < 3; fd++)
		if (fd_install(file_get(file), fd, false) < 0)
			file_put(file);
	file_put(file);
}

void file_exec_get(struct file *file)
{
	file->inode->exec_count++;
	file_get(file);
}

void file_exec_put(struct file *file)
{
	file->inode->exec_count--;
	file_put(file);
}

ssize_t file_read_kernel(struct file *file, void *buf, size_t n, off_t offset)
{
	struct inode *inode = file->inode;
	u64 at = offset;
	size_t done = 0;
	if (inode->ops != &ramfs_file_ops)
		return -EINVAL;
	mutex_lock(&inode->lock);
	if (at >= inode->size_bytes)
		n = 0;
	else
		n = MIN(n, inode->size_bytes - at);
	while (done < n) {
		size_t in_page = (at + done) % PAGE_SIZE;
		size_t part = MIN(n - done, PAGE_SIZE - in_page);
		struct page *page = pages_find(inode, (at + done) / PAGE_SIZE);
		memcpy((char *)buf + done, (char *)page_kva(page ? page : zero_page) + in_page,
		       part);
		done += part;
	}
	mutex_unlock(&inode->lock);
	return done;
}
