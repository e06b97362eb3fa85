/*
 * stat in all its forms, statfs, access, readlink.
 */
#include "arch/cpu.h"
#include "fs/open.h"
#include "fs/path.h"
#include "fs/ramfs.h"
#include "lib/string.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

struct stat { /* asm/stat.h for x86-64 */
	u64 dev, ino, nlink;
	u32 mode, uid, gid, pad0;
	u64 rdev;
	s64 size, blksize, blocks;
	u64 atime, atime_ns, mtime, mtime_ns, ctime, ctime_ns;
	s64 unused[3];
};
_Static_assert(sizeof(struct stat) == 144, "struct stat is 144 bytes");

struct statx_time {
	s64 sec;
	u32 ns;
	s32 pad;
};
struct statx { /* linux/stat.h */
	u32 mask, blksize;
	u64 attributes;
	u32 nlink, uid, gid;
	u16 mode, pad0;
	u64 ino, size, blocks, attributes_mask;
	struct statx_time atime, btime, ctime, mtime;
	u32 rdev_major, rdev_minor, dev_major, dev_minor;
	u64 mnt_id;
	u64 spare[13];
};
_Static_assert(sizeof(struct statx) == 256, "struct statx is 256 bytes");
enum { STATX_BASIC_STATS = 0x7ff, NSEC = 1000000000, SECTOR = 512 };

enum { ST_VALID = 0x20, ST_RELATIME = 0x1000 };
struct statfs { /* asm-generic/statfs.h */
	s64 type, bsize;
	u64 blocks, bfree, bavail, files, ffree, fsid;
	s64 namelen, frsize, flags, spare[4];
};
_Static_assert(sizeof(struct statfs) == 120, "struct statfs is 120 bytes");

static struct inode *refreshed(struct inode *inode)
{
	if (inode->inode_ops && inode->inode_ops->refresh)
		inode->inode_ops->refresh(inode);
	return inode;
}

/* The user's view of a device number: new_encode_dev of Linux, for minors below 256. */
static u64 major_of(u64 dev)
{
	return dev >> 8;
}

/* Rounded down, also before 1970. */
static struct statx_time statx_time(u64 time_ns)
{
	s64 ns = (s64)time_ns, sec = ns / NSEC - (ns % NSEC < 0);
	return (struct statx_time){.sec = sec, .ns = ns - sec * NSEC};
}

static s64 put_stat(struct inode *inode, void *buf)
{
	refreshed(inode);
	struct statx_time atime = statx_time(inode->atime_ns), mtime = statx_time(inode->mtime_ns);
	struct statx_time ctime = statx_time(inode->ctime_ns);
	struct stat st = {
		.dev = inode->super->dev,
		.ino = inode->number,
		.nlink = inode->nlink,
		.mode = inode->mode,
		.uid = inode->uid,
		.gid = inode->gid,
		.rdev = inode->rdev,
		.size = inode->size_bytes,
		.blksize = PAGE_SIZE,
		.blocks = inode->npages * (PAGE_SIZE / SECTOR),
		.atime = atime.sec,
		.atime_ns = atime.ns,
		.mtime = mtime.sec,
		.mtime_ns = mtime.ns,
		.ctime = ctime.sec,
		.ctime_ns = ctime.ns,
	};
	return copy_to_user(buf, &st, sizeof st);
}

static s64 put_statx(struct inode *inode, void *buf)
{
	refreshed(inode);
	struct statx st = {
		.mask = STATX_BASIC_STATS,
		.blksize = PAGE_SIZE,
		.nlink = inode->nlink,
		.uid = inode->uid,
		.gid = inode->gid,
		.mode = inode->mode,
		.ino = inode->number,
		.size = inode->size_bytes,
		.blocks = inode->npages * (PAGE_SIZE / SECTOR),
		.atime = statx_time(inode->atime_ns),
		.ctime = statx_time(inode->ctime_ns),
		.mtime = statx_time(inode->mtime_ns),
		.rdev_major = major_of(inode->rdev),
		.rdev_minor = inode->rdev & 0xff,
		.dev_major = major_of(inode->super->dev),
		.dev_minor = inode->super->dev & 0xff,
	};
	return copy_to_user(buf, &st, sizeof st);
}

s64 sys_stat(const char __user *path, void __user *statbuf)
{
	return path_visit(AT_FDCWD, path, LOOKUP_FOLLOW, put_stat, statbuf);
}

s64 sys_lstat(const char __user *path, void __user *statbuf)
{
	return path_visit(AT_FDCWD, path, 0, put_stat, statbuf);
}

s64 sys_fstat(int fd, void __user *statbuf)
{
	return file_visit(fd_get(fd), put_stat, statbuf);
}

s64 sys_newfstatat(int dirfd, const char __user *path, void __user *statbuf, int flags)
{
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
		return -EINVAL;
	return path_visit(dirfd, path, at_lookup(flags), put_stat, statbuf);
}

s64 sys_statx(int dirfd, const char __user *path, int flags, u32 mask, void __user *statxbuf)
{
	enum { MASK_RESERVED = (int)0x80000000 };
	int known = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE;
	if ((flags & ~known) || (mask & (u32)MASK_RESERVED) ||
	    (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	return path_visit(dirfd, path, at_lookup(flags), put_statx, statxbuf);
}

static s64 put_statfs(struct inode *inode, void *buf)
{
	const struct super *super = inode->super;
	struct page_stats memory;
	page_stats(&memory);
	bool own = inode->inode_ops == &ramfs_inode_ops;
	u64 limit = super->max_pages, used = super->npages, nused = super->ninodes;
	struct statfs fs = {
		.type = super->magic,
		.bsize = PAGE_SIZE,
		.frsize = PAGE_SIZE,
		.blocks = limit ? limit : own ? memory.total : 0,
		.bfree = limit ? limit - MIN(used, limit) : own ? memory.free : 0,
		.files = super->max_inodes,
		.ffree = super->max_inodes - MIN(nused, super->max_inodes),
		.fsid = super->dev,
		.namelen = NAME_MAX,
		.flags = ST_VALID | ST_RELATIME | super->flags,
	};
	fs.bavail = fs.bfree;
	return copy_to_user(buf, &fs, sizeof fs);
}

s64 sys_statfs(const char __user *path, void __user *statfsbuf)
{
	return path_visit(AT_FDCWD, path, LOOKUP_FOLLOW, put_statfs, statfsbuf);
}

s64 sys_fstatfs(int fd, void __user *statfsbuf)
{
	return file_visit(fd_get(fd), put_statfs, statfsbuf);
}

static s64 check_access(struct inode *inode, void *arg)
{
	u32 may = *(u32 *)arg;
	if ((may & MAY_EXEC) && inode_type(inode) == S_IFREG &&
	    (inode->super->flags & MS_NOEXEC))
		return -EACCES;
	return may_access(refreshed(inode), may);
}

s64 sys_faccessat2(int dirfd, const char __user *path, int mode, int flags)
{
	if ((mode & ~7) || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	struct creds *creds = &current->creds;
	u32 fsuid = creds->fsuid, fsgid = creds->fsgid, may = mode;
	/* access(2) asks for the real ids, on the way there too. Without proc_lock: only we go by
	 * these two, and who shows them may see either. */
	if (!(flags & AT_EACCESS)) {
		creds->fsuid = creds->uid;
		creds->fsgid = creds->gid;
	}
	s64 err = path_visit(dirfd, path, at_lookup(flags), check_access, &may);
	creds->fsuid = fsuid;
	creds->fsgid = fsgid;
	return err;
}

s64 sys_faccessat(int dirfd, const char __user *path, int mode)
{
	return sys_faccessat2(dirfd, path, mode, 0);
}

s64 sys_access(const char __user *path, int mode)
{
	return sys_faccessat2(AT_FDCWD, path, mode, 0);
}

static s64 read_link(struct inode *inode, bool empty_path, char __user *buf, int size)
{
	if (inode_type(inode) != S_IFLNK)
		return empty_path ? -ENOENT : -EINVAL;
	char *text = path_get_kernel("");
	if (IS_ERR(text))
		return PTR_ERR(text);
	ssize_t n = inode->inode_ops->readlink(inode, text, MIN(size, PATH_MAX));
	inode_accessed(inode);
	if (n >= 0 && copy_to_user(buf, text, n))
		n = -EFAULT;
	path_free(text);
	return n;
}

s64 sys_readlinkat(int dirfd, const char __user *path, char __user *buf, size_t size)
{
	if ((int)size <= 0)
		return -EINVAL;
	char *name = path_get_user(path);
	bool empty = !IS_ERR(name) && !*name;
	struct dentry *dentry = path_lookup(dirfd, name, LOOKUP_EMPTY);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	s64 n = empty && dirfd == AT_FDCWD ? -ENOENT
					   : read_link(dentry->inode, empty, buf, (int)size);
	dentry_put(dentry);
	return n;
}

s64 sys_readlink(const char __user *path, char __user *buf, size_t size)
{
	return sys_readlinkat(AT_FDCWD, path, buf, size);
}
