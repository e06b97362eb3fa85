/*
 * memfd_create: a file of the ramfs that has no name in the tree, and seals,
 * which say what may not be done to it any more.
 *
 * Whoever gets such a descriptor over a socket can so rely on its size and
 * content. Checked: by write_from, ramfs_truncate_locked, fallocate and
 * mmap_source. Lock: inode->lock for seals; see seal_add for mappings.
 * Sources: memfd_create(2), fcntl(2), "File Sealing".
 */
#include "fs/memfd.h"

#include "fs/dentry.h"
#include "fs/open.h"
#include "fs/inode.h"
#include "lib/string.h"
#include "mm/mapping.h"
#include "mm/uaccess.h"
#include "syscall/syscalls.h"

enum { MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2, MEMFD_NAME = 250 };

static const char prefix[] = "/memfd:";

/* The dead name that /proc shows, known to the inode for maps. */
static struct dentry *memfd_dentry(const char *name, u32 seals)
{
	struct inode *inode = inode_new_anonymous(0);
	if (IS_ERR(inode))
		return NULL;
	struct dentry *dentry = dentry_new(NULL, name, strlen(name), inode);
	if (!dentry) {
		inode_put(inode);
		return NULL;
	}
	dentry->dead = true;
	inode->mode = S_IFREG | 0777;
	inode->seals = seals;
	inode->name = dentry;
	return dentry;
}

/* LINUX-DIFF: no MFD_HUGETLB. */
s64 sys_memfd_create(const char __user *user_name, u32 flags)
{
	char name[sizeof prefix + MEMFD_NAME];
	if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	memcpy(name, prefix, sizeof prefix);
	ssize_t len = copy_string_from_user(name + sizeof prefix - 1, user_name, MEMFD_NAME);
	if (len < 0)
		return len == -ENAMETOOLONG ? -EINVAL : len;
	int fd = fd_reserve(flags & MFD_CLOEXEC);
	if (fd < 0)
		return fd;
	struct dentry *dentry = memfd_dentry(name, SEALABLE | (flags & MFD_ALLOW_SEALING
								       ? 0 : F_SEAL_SEAL));
	struct file *file = dentry ? file_open_dentry(dentry, O_RDWR | O_LARGEFILE)
				   : ERR_PTR(-ENOMEM);
	dentry_put(dentry);
	if (IS_ERR(file)) {
		fd_unreserve(fd);
		return PTR_ERR(file);
	}
	fd_publish(fd, file);
	return fd;
}

/* The seal is there before mappings are looked for, and mmap looks for it while it holds the
 * mm->lock that mapping_is_shared takes: one of the two sees the other. */
static int seal_add(struct inode *inode, u32 seals)
{
	if (!(inode->seals & SEALABLE))
		return -EINVAL;
	if (inode->seals & F_SEAL_SEAL)
		return -EPERM;
	u32 old = inode->seals;
	inode->seals |= seals;
	if ((seals & ~old & F_SEAL_WRITE) && mapping_is_shared(inode)) {
		inode->seals = old;
		return -EBUSY;
	}
	return 0;
}

s64 memfd_fcntl(struct file *file, bool add, u64 seals)
{
	struct inode *inode = file->inode;
	if (!add)
		return inode->seals & SEALABLE ? (s64)(inode->seals & F_ALL_SEALS) : -EINVAL;
	if (!file_writable(file))
		return -EPERM;
	if (seals & ~(u64)F_ALL_SEALS)
		return -EINVAL;
	mutex_lock(&inode->lock);
	int err = seal_add(inode, seals);
	mutex_unlock(&inode->lock);
	return err;
}

int seal_check_size(const struct inode *inode, u64 size_bytes)
{
	u32 seal = size_bytes < inode->size_bytes ? F_SEAL_SHRINK
		   : size_bytes > inode->size_bytes ? F_SEAL_GROW : 0;
	return inode->seals & seal ? -EPERM : 0;
}

ssize_t seal_check_write(const struct inode *inode, u64 at, size_t n)
{
	if (inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	if (!(inode->seals & F_SEAL_GROW) || at + n <= inode->size_bytes)
		return n;
	u64 whole = ROUND_DOWN(inode->size_bytes, PAGE_SIZE);
	return at < whole ? (ssize_t)(whole - at) : -EPERM;
}
