/*
 * The ramfs: making and removing inodes and names, and reading and writing
 * files page by page. Directory reading is in fs/readdir.c.
 *
 * User copies run under inode->lock, a mutex, so they may fault: a fault takes
 * mm.lock, which ranks after it. A copy that stops early ends the call with
 * what was copied (read(2), write(2)).
 */
#include "fs/ramfs.h"

#include "arch/cpu.h"
#include "fs/memfd.h"
#include "fs/rw.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "proc/sched.h"
#include "proc/task.h"

enum { TMPFS_MAGIC = 0x01021994, DIRENT_BYTES = 20, /* what an entry adds to a directory's size */
       EMPTY_DIR_BYTES = 2 * DIRENT_BYTES };

struct dentry *ramfs_mount(const char *type, u32 mode)
{
	struct super *super = super_new(type, TMPFS_MAGIC);
	if (!super)
		return NULL;
	struct inode *inode = inode_new(super, S_IFDIR | mode);
	if (inode) {
		inode->nlink = 2;
		inode->size_bytes = EMPTY_DIR_BYTES;
	}
	return super_set_root(super, inode);
}

static int symlink_set(struct inode *inode, const char *target)
{
	size_t len = strlen(target);
	inode->private = heap_alloc(len + 1);
	if (!inode->private)
		return -ENOMEM;
	memcpy(inode->private, target, len + 1);
	inode->size_bytes = len;
	return 0;
}

void ramfs_dir_count(struct inode *dir, struct inode *child, int step)
{
	if (inode_is_dir(child))
		dir->nlink += step;
	dir->size_bytes += step * DIRENT_BYTES;
	inode_modified(dir);
}

/* An inode for this directory, with a dentry that is not in the tree yet. */
static struct dentry *make(struct dentry *dir, const char *name, size_t len, u32 mode, u64 rdev,
			   const char *target)
{
	struct super *super = dir->inode->super;
	if (super->max_inodes && super->ninodes >= super->max_inodes)
		return ERR_PTR(-ENOSPC);
	struct inode *inode = inode_new(super, mode);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->rdev = rdev;
	if (dir->inode->mode & S_ISGID) { /* inode(7): the group comes from the directory */
		inode->gid = dir->inode->gid;
		bool member = !current || current->creds.fsuid == 0 ||
			      creds_in_group(&current->creds, inode->gid);
		if (inode_is_dir(inode))
			inode->mode |= S_ISGID;
		else if (!member && (inode->mode & 010))
			inode->mode &= ~S_ISGID;
	}
	if (inode_is_dir(inode)) {
		inode->nlink = 2;
		inode->size_bytes = EMPTY_DIR_BYTES;
	}
	struct dentry *dentry = NULL;
	if (!target || symlink_set(inode, target) == 0)
		dentry = dentry_new(dir, name, len, inode);
	if (!dentry) {
		inode_put(inode);
		return ERR_PTR(-ENOMEM);
	}
	return dentry;
}

struct dentry *ramfs_create(struct dentry *dir, const char *name, size_t len, u32 mode,
			    u64 rdev, const char *target)
{
	kassert(mutex_held(&dir->inode->lock));
	struct dentry *dentry = make(dir, name, len, mode, rdev, target);
	if (!IS_ERR(dentry)) {
		ramfs_dir_count(dir->inode, dentry->inode, 1);
		dentry_add(dentry);
	}
	return dentry;
}

struct dentry *ramfs_create_nameless(struct dentry *dir, u32 mode, bool linkable)
{
	struct dentry *dentry = make(dir, "#nameless", 9, mode, 0, NULL);
	if (!IS_ERR(dentry)) {
		dentry->dead = true;
		dentry->inode->nlink = 0;
		dentry->inode->linkable = linkable;
	}
	return dentry;
}

int ramfs_link(struct dentry *dir, const char *name, size_t len, struct inode *inode)
{
	u32 nlink = inode->nlink;
	do { /* its last name may go meanwhile, in another directory */
		if (nlink == 0 && !inode->linkable)
			return -ENOENT;
	} while (!__atomic_compare_exchange_n((u32 *)&inode->nlink, &nlink, nlink + 1, false,
					      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	struct dentry *dentry = dentry_new(dir, name, len, inode_get(inode));
	if (!dentry) {
		inode->nlink--;
		inode_put(inode);
		return -ENOMEM;
	}
	inode->linkable = false;
	inode->ctime_ns = inode_now_ns();
	ramfs_dir_count(dir->inode, inode, 1);
	dentry_add(dentry);
	dentry_put(dentry);
	return 0;
}

void ramfs_unlinked(struct inode *inode)
{
	inode->nlink -= inode_is_dir(inode) ? 2 : 1;
	inode->ctime_ns = inode_now_ns();
}

void ramfs_unlink(struct dentry *dentry)
{
	kassert(mutex_held(&dentry->parent->inode->lock));
	ramfs_unlinked(dentry->inode);
	ramfs_dir_count(dentry->parent->inode, dentry->inode, -1);
	dentry_remove(dentry);
}

int ramfs_truncate_locked(struct inode *inode, u64 size_bytes)
{
	if (size_bytes > FILE_SIZE_MAX)
		return -EFBIG;
	if (inode->seals && seal_check_size(inode, size_bytes))
		return -EPERM;
	int error = 0;
	if (size_bytes < inode->size_bytes) {
		error = pages_shrink(inode, size_bytes);
		struct page *last = pages_find(inode, size_bytes / PAGE_SIZE);
		size_t keep = size_bytes % PAGE_SIZE;
		if (last && keep)
			memset((char *)page_kva(last) + keep, 0, PAGE_SIZE - keep);
	}
	inode->size_bytes = size_bytes;
	inode_written(inode);
	return error;
}

/* Up to the end of one page; a hole reads as zeros. Returns the bytes copied. */
static size_t read_page(struct inode *inode, void __user *to, u64 offset, size_t part)
{
	struct page *page = pages_find(inode, offset / PAGE_SIZE);
	const char *from = page_kva(page ? page : zero_page);
	return part - copy_to_user_partial(to, from + offset % PAGE_SIZE, part);
}

static ssize_t file_read(struct file *file, void __user *buf, size_t n, off_t *offset)
{
	struct inode *inode = file->inode;
	u64 at = *offset;
	size_t done = 0;

	mutex_lock(&inode->lock);
	u64 left = at < inode->size_bytes ? inode->size_bytes - at : 0;
	n = MIN(n, left);
	while (done < n) {
		size_t part = MIN(n - done, PAGE_SIZE - (at + done) % PAGE_SIZE);
		size_t copied = read_page(inode, (char __user *)buf + done, at + done, part);
		done += copied;
		if (copied < part)
			break;
		sched_point();
	}
	if (!(file->flags & O_NOATIME))
		inode_accessed(inode);
	mutex_unlock(&inode->lock);
	*offset += done;
	return done || !n ? (ssize_t)done : -EFAULT;
}

/* Bytes that may be written at this offset: write(2), EFBIG; setrlimit(2), RLIMIT_FSIZE. */
static ssize_t write_limit(u64 at, size_t n)
{
	u64 limit = task_rlimit(current, RLIMIT_FSIZE);
	if (at >= limit && n) {
		signal_send_task(current, SIGXFSZ, NULL);
		return -EFBIG;
	}
	limit = MIN(limit, FILE_SIZE_MAX);
	if (at >= limit && n)
		return -EFBIG;
	return MIN(n, limit - at);
}

/* Copies page by page from `at`; the count, or the error that stopped it before the first. */
static ssize_t write_pages(struct inode *inode, const void *buf, size_t n, u64 at,
			   copy_source *copy)
{
	size_t done = 0;
	while (done < n) {
		size_t in_page = (at + done) % PAGE_SIZE;
		size_t part = MIN(n - done, PAGE_SIZE - in_page);
		struct page *page = pages_find_or_add(inode, (at + done) / PAGE_SIZE, false);
		if (!page)
			return done ? (ssize_t)done : -ENOSPC;
		size_t missed = copy((char *)page_kva(page) + in_page, (const char *)buf + done, part);
		done += part - missed;
		if (missed < part)
			inode->size_bytes = MAX(inode->size_bytes, at + done);
		if (missed)
			return done ? (ssize_t)done : -EFAULT;
		sched_point();
	}
	return done;
}

size_t copy_from_kernel(void *to, const void *from, size_t n)
{
	memcpy(to, from, n);
	return 0;
}

ssize_t ramfs_write_kernel(struct inode *inode, const void *buf, size_t n, u64 offset)
{
	if (offset > FILE_SIZE_MAX || n > FILE_SIZE_MAX - offset)
		return -EFBIG;
	mutex_lock(&inode->lock);
	ssize_t done = write_pages(inode, buf, n, offset, copy_from_kernel);
	mutex_unlock(&inode->lock);
	return done == (ssize_t)n ? done : -ENOMEM;
}

static ssize_t write_from(struct file *file, const void *buf, size_t n, off_t *offset,
			  copy_source *copy)
{
	struct inode *inode = file->inode;
	bool held = mutex_held(&inode->lock); /* by us: writev, over all its parts (fs/vector.c) */
	if (!held)
		mutex_lock(&inode->lock);
	bool append = (file->flags & O_APPEND) || *offset == OFFSET_END;
	u64 at = append ? inode->size_bytes : (u64)*offset;
	ssize_t done = write_limit(at, n);
	if (done > 0 && inode->seals)
		done = seal_check_write(inode, at, done);
	if (done > 0) {
		done = write_pages(inode, buf, done, at, copy);
		inode_written(inode);
	}
	if (!held)
		mutex_unlock(&inode->lock);
	if (done >= 0)
		*offset = at + done;
	return done;
}

static ssize_t file_write(struct file *file, const void __user *buf, size_t n, off_t *offset)
{
	return write_from(file, buf, n, offset, copy_from_user_partial);
}

static ssize_t file_write_kernel(struct file *file, const void *buf, size_t n, off_t *offset)
{
	return write_from(file, buf, n, offset, copy_from_kernel);
}

static ssize_t symlink_read(struct inode *inode, char *buf, size_t size)
{
	size_t n = MIN(inode->size_bytes, size);
	memcpy(buf, inode->private, n);
	return n;
}

static void ramfs_free(struct inode *inode)
{
	if (inode_type(inode) == S_IFLNK)
		heap_free(inode->private);
}

const struct file_ops ramfs_file_ops = {
	.seekable = true,
	.read = file_read,
	.write = file_write,
	.write_kernel = file_write_kernel,
};

const struct inode_ops ramfs_inode_ops = {
	.readlink = symlink_read,
	.free = ramfs_free,
};
