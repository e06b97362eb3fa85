/*
 * rename: check everything, then move one dentry. Path walkers see the name at
 * either place, never at none or both (dentry_move).
 *
 * Locks, as on Linux (Documentation/filesystems/directory-locking): the
 * inode->lock of both directories is held from the first lookup to the last
 * change. Of two, the one that is an ancestor of the other comes first; which
 * is, stands still under the file system's rename_lock. That alone moves names
 * between directories, so of two that are not related the order does not
 * matter. A directory that is replaced comes last, below its parent.
 */
#include "arch/cpu.h"
#include "fs/path.h"
#include "fs/ramfs.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum { RENAME_NOREPLACE = 1 };

enum { SAME_FILE = 1 };

/* What rename(2) lists once both names are known. `to` is NULL if the name is free.
 * SAME_FILE: two names of one file: nothing is done, and both stay. */
static int check_rename(struct walk *from_walk, struct walk *to_walk, struct dentry *from,
			struct dentry *to, u32 flags)
{
	bool is_dir = inode_is_dir(from->inode);
	if (to && (flags & RENAME_NOREPLACE))
		return -EEXIST;
	if (!is_dir && (from_walk->slash || to_walk->slash))
		return -ENOTDIR;
	if (from_walk->dir != to_walk->dir) { /* else rename_lock is not held, and neither can be */
		if (dentry_is_ancestor(from, to_walk->dir))
			return -EINVAL;
		if (to && dentry_is_ancestor(to, from_walk->dir))
			return -ENOTEMPTY;
	}
	if (to && to->inode == from->inode)
		return SAME_FILE;
	int err = may_delete(from_walk->dir->inode, from);
	if (!err)
		err = to ? may_delete(to_walk->dir->inode, to) : may_create(to_walk->dir);
	if (err)
		return err;
	if (to && is_dir != inode_is_dir(to->inode))
		return is_dir ? -ENOTDIR : -EISDIR;
	if (is_dir && from_walk->dir != to_walk->dir) { /* its ".." changes */
		err = may_access(from->inode, MAY_WRITE);
		if (err)
			return err;
	}
	return from->mounted || (to && to->mounted) ? -EBUSY : 0;
}

/* A directory that is replaced is locked: nothing comes into it after the last look. */
static int commit_rename(struct walk *from_walk, struct walk *to_walk, struct dentry *from,
			 struct dentry *to)
{
	struct inode *to_dir = to_walk->dir->inode;
	bool replaces_dir = to && inode_is_dir(to->inode);
	int err = 0;
	if (replaces_dir) {
		mutex_lock_second(&to->inode->lock);
		err = to->mounted ? -EBUSY : dentry_empty(to) ? 0 : -ENOTEMPTY;
	}
	if (!err) /* the new name's memory is all that can be missing */
		err = dentry_move(from, to_walk->dir, to_walk->last, to_walk->last_len, to);
	if (!err && to) {
		ramfs_unlinked(to->inode);
		ramfs_dir_count(to_dir, to->inode, -1);
	}
	if (replaces_dir)
		mutex_unlock(&to->inode->lock);
	if (err)
		return err;
	ramfs_dir_count(from_walk->dir->inode, from->inode, -1);
	ramfs_dir_count(to_dir, from->inode, 1);
	from->inode->ctime_ns = inode_now_ns();
	return 0;
}

static int rename_locked(struct walk *from_walk, struct walk *to_walk, u32 flags,
			 struct dentry **old)
{
	struct dentry *from = dentry_lookup(from_walk->dir, from_walk->last, from_walk->last_len);
	if (IS_ERR(from))
		return PTR_ERR(from);
	struct dentry *to = dentry_lookup(to_walk->dir, to_walk->last, to_walk->last_len);
	int err = 0;
	if (IS_ERR(to)) {
		err = PTR_ERR(to) == -ENOENT ? 0 : PTR_ERR(to);
		to = NULL;
	}
	if (!err)
		err = check_rename(from_walk, to_walk, from, to, flags);
	if (!err)
		err = commit_rename(from_walk, to_walk, from, to);
	*old = to; /* its memory is freed without the locks */
	dentry_put(from);
	return err == SAME_FILE ? 0 : err;
}

static void lock_dirs(struct dentry *a, struct dentry *b)
{
	if (a != b)
		mutex_lock(&a->inode->super->rename_lock);
	bool a_first = dentry_is_ancestor(a, b);
	mutex_lock(a_first ? &a->inode->lock : &b->inode->lock);
	if (a != b)
		mutex_lock_second(a_first ? &b->inode->lock : &a->inode->lock);
}

static void unlock_dirs(struct dentry *a, struct dentry *b)
{
	mutex_unlock(&a->inode->lock);
	if (a != b) {
		mutex_unlock(&b->inode->lock);
		mutex_unlock(&a->inode->super->rename_lock);
	}
}

s64 sys_renameat2(int from_dirfd, const char __user *from, int to_dirfd, const char __user *to,
		  u32 flags)
{
	struct walk from_walk, to_walk;
	struct dentry *old = NULL;
	if (flags & ~RENAME_NOREPLACE) /* LINUX-DIFF: no RENAME_EXCHANGE, no RENAME_WHITEOUT */
		return -EINVAL;
	s64 err = walk_parent(&from_walk, from_dirfd, from);
	if (err)
		goto end_from;
	err = walk_parent(&to_walk, to_dirfd, to);
	if (err)
		goto end_to;
	if (from_walk.dir->inode->super != to_walk.dir->inode->super)
		err = -EXDEV;
	else if (from_walk.last_kind != LAST_NAME)
		err = -EBUSY;
	else if (to_walk.last_kind != LAST_NAME)
		err = flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	else if (inode_readonly(from_walk.dir->inode))
		err = -EROFS;
	if (err)
		goto end_to;
	lock_dirs(from_walk.dir, to_walk.dir);
	err = rename_locked(&from_walk, &to_walk, flags, &old);
	unlock_dirs(from_walk.dir, to_walk.dir);
	dentry_put(old);
end_to:
	walk_end(&to_walk);
end_from:
	walk_end(&from_walk);
	return err;
}

s64 sys_renameat(int from_dirfd, const char __user *from, int to_dirfd, const char __user *to)
{
	return sys_renameat2(from_dirfd, from, to_dirfd, to, 0);
}

s64 sys_rename(const char __user *from, const char __user *to)
{
	return sys_renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}
