/*
 * Making and removing names: mkdir, mknod, symlink, link, unlink, rmdir.
 * rename has its own file.
 *
 * Each call walks to the parent without locks, then checks and changes under
 * the parent's inode->lock (rmdir also under the directory's own). The order of
 * the checks is Linux's, so that the errno is too.
 */
#include "arch/cpu.h"
#include "fs/files.h"
#include "fs/path.h"
#include "fs/ramfs.h"
#include "mm/uaccess.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

/* Walks to the parent and takes its lock; the name is free and may be made. On an error the lock
 * is not held; the caller ends with create_end in both cases. */
static int create_begin(struct walk *w, int dirfd, char *path, bool dir)
{
	int err = walk_start(w, dirfd, path);
	if (!err)
		err = *w->path ? walk_to_last(w) : -ENOENT;
	if (err)
		return err;
	if (w->last_kind != LAST_NAME)
		return -EEXIST;
	struct mutex *lock = &w->dir->inode->lock;
	mutex_lock(lock);
	struct dentry *there = dentry_lookup(w->dir, w->last, w->last_len);
	if (!IS_ERR(there)) {
		dentry_put(there);
		err = -EEXIST;
	} else if (PTR_ERR(there) != -ENOENT) {
		err = PTR_ERR(there);
	} else if (w->slash && !dir) {
		err = -ENOENT;
	} else {
		err = may_create(w->dir);
	}
	if (err)
		mutex_unlock(lock);
	return err;
}

static s64 create_end(struct walk *w, s64 err, bool locked)
{
	if (locked)
		mutex_unlock(&w->dir->inode->lock);
	walk_end(w);
	return err;
}

/* mknod(2): devices are root's to make, but for 0:0, which is none (a whiteout). */
static bool may_make(u32 mode, u64 rdev)
{
	u32 type = mode & S_IFMT;
	return (type != S_IFBLK && (type != S_IFCHR || !rdev)) || current->creds.fsuid == 0;
}

/* Takes over path, and its errors. */
static struct dentry *make_at(int dirfd, char *path, u32 mode, u64 rdev, const char *target)
{
	struct walk w;
	s64 err = create_begin(&w, dirfd, path, (mode & S_IFMT) == S_IFDIR);
	bool locked = !err;
	if (locked && !may_make(mode, rdev)) /* after what the folder says: Linux's order */
		err = -EPERM;
	struct dentry *made = err ? ERR_PTR(err) : ramfs_create(w.dir, w.last, w.last_len, mode, rdev,
								target);
	create_end(&w, 0, locked);
	return made;
}

struct dentry *node_make(char *path, u32 mode)
{
	return make_at(AT_FDCWD, path, mode, 0, NULL);
}

static s64 make(int dirfd, const char __user *path, u32 mode, u64 rdev, const char *target)
{
	struct dentry *made = make_at(dirfd, path_get_user(path), mode, rdev, target);
	if (IS_ERR(made))
		return PTR_ERR(made);
	dentry_put(made);
	return 0;
}

s64 sys_mkdirat(int dirfd, const char __user *path, u32 mode)
{
	return make(dirfd, path, S_IFDIR | (mode & 01777 & ~current->fs->umask), 0, NULL);
}

s64 sys_mkdir(const char __user *path, u32 mode)
{
	return sys_mkdirat(AT_FDCWD, path, mode);
}

s64 sys_mknodat(int dirfd, const char __user *path, u32 mode, u64 dev)
{
	u32 type = mode & S_IFMT ? mode & S_IFMT : S_IFREG;
	if (type == S_IFDIR)
		return -EPERM;
	if (type != S_IFREG && type != S_IFCHR && type != S_IFBLK && type != S_IFIFO &&
	    type != S_IFSOCK)
		return -EINVAL;
	return make(dirfd, path, type | (mode & 07777 & ~current->fs->umask), dev, NULL);
}

s64 sys_mknod(const char __user *path, u32 mode, u64 dev)
{
	return sys_mknodat(AT_FDCWD, path, mode, dev);
}

s64 sys_symlinkat(const char __user *target, int dirfd, const char __user *path)
{
	char *text = path_get_user(target);
	if (IS_ERR(text))
		return PTR_ERR(text);
	s64 err = *text ? make(dirfd, path, S_IFLNK | 0777, 0, text) : -ENOENT;
	path_free(text);
	return err;
}

s64 sys_symlink(const char __user *target, const char __user *path)
{
	return sys_symlinkat(target, AT_FDCWD, path);
}

static s64 link_inode(struct inode *inode, int dirfd, const char __user *path)
{
	struct walk w;
	s64 err = create_begin(&w, dirfd, path_get_user(path), false);
	bool locked = !err;
	if (!err) {
		if (inode->super != w.dir->inode->super)
			err = -EXDEV;
		else if (inode_is_dir(inode))
			err = -EPERM;
		else
			err = ramfs_link(w.dir, w.last, w.last_len, inode);
	}
	return create_end(&w, err, locked);
}

s64 sys_linkat(int from_dirfd, const char __user *from, int to_dirfd, const char __user *to,
	       int flags)
{
	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if ((flags & AT_EMPTY_PATH) && current->creds.fsuid != 0)
		return -ENOENT;
	u32 lookup = (flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0) |
		     (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	struct dentry *dentry = path_lookup_user(from_dirfd, from, lookup);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	s64 err = link_inode(dentry->inode, to_dirfd, to);
	dentry_put(dentry);
	return err;
}

s64 sys_link(const char __user *from, const char __user *to)
{
	return sys_linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* May this name go, by unlink (dir false) or rmdir (dir true)? The parent's lock is held. */
static int check_remove(struct walk *w, struct dentry *dentry, bool dir)
{
	bool is_dir = inode_is_dir(dentry->inode);
	if (!dir && w->slash)
		return is_dir ? -EISDIR : -ENOTDIR;
	int err = may_delete(w->dir->inode, dentry);
	if (err)
		return err;
	if (dir && !is_dir)
		return -ENOTDIR;
	if (!dir && is_dir)
		return -EISDIR;
	return dentry->mounted ? -EBUSY : 0;
}

/* A directory's own lock keeps new names and mounts out between the last look and the end. */
static int remove_dir(struct dentry *dentry)
{
	mutex_lock_second(&dentry->inode->lock);
	int err = dentry->mounted ? -EBUSY : dentry_empty(dentry) ? 0 : -ENOTEMPTY;
	if (!err)
		ramfs_unlink(dentry);
	mutex_unlock(&dentry->inode->lock);
	return err;
}

static int remove_last(struct walk *w, bool dir)
{
	if (inode_readonly(w->dir->inode))
		return -EROFS;
	mutex_lock(&w->dir->inode->lock);
	struct dentry *dentry = dentry_lookup(w->dir, w->last, w->last_len);
	int err = IS_ERR(dentry) ? PTR_ERR(dentry) : check_remove(w, dentry, dir);
	if (!err && dir)
		err = remove_dir(dentry);
	else if (!err)
		ramfs_unlink(dentry);
	mutex_unlock(&w->dir->inode->lock);
	if (!IS_ERR(dentry))
		dentry_put(dentry);
	return err;
}

s64 sys_unlinkat(int dirfd, const char __user *path, int flags)
{
	static const int rmdir_error[] = {
		[LAST_DOT] = -EINVAL, [LAST_DOTDOT] = -ENOTEMPTY, [LAST_ROOT] = -EBUSY,
	};
	struct walk w;
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	s64 err = walk_parent(&w, dirfd, path);
	if (!err && w.last_kind != LAST_NAME)
		err = flags ? rmdir_error[w.last_kind] : -EISDIR;
	if (!err)
		err = remove_last(&w, flags);
	walk_end(&w);
	return err;
}

s64 sys_unlink(const char __user *path)
{
	return sys_unlinkat(AT_FDCWD, path, 0);
}

s64 sys_rmdir(const char __user *path)
{
	return sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}
