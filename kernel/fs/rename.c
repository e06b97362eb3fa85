/*
 * rename: check everything, then move one dentry. tree_lock is held from the
 * first lookup to the last change, so the two directories and the path between
 * them stand still (path walkers may see the name at either place, never at
 * none or both).
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
	if (dentry_is_ancestor(from, to_walk->dir))
		return -EINVAL;
	if (to && dentry_is_ancestor(to, from_walk->dir))
		return -ENOTEMPTY;
	if (to && to->inode == from->inode)
		return SAME_FILE;
	int err = may_delete(from);
	if (!err)
		err = to ? may_delete(to) : may_create(to_walk->dir);
	if (err)
		return err;
	if (to && is_dir != inode_is_dir(to->inode))
		return is_dir ? -ENOTDIR : -EISDIR;
	if (is_dir && from_walk->dir != to_walk->dir) { /* its ".." changes */
		err = may_access(from->inode, MAY_WRITE);
		if (err)
			return err;
	}
	if (dentry_is_mount(from) || (to && dentry_is_mount(to)))
		return -EBUSY;
	return to && is_dir && !dentry_empty(to) ? -ENOTEMPTY : 0;
}

static int commit_rename(struct walk *to_walk, struct dentry *from, struct dentry *to)
{
	struct inode *from_dir = from->parent->inode, *to_dir = to_walk->dir->inode;
	/* The new name's memory comes first: after it nothing can fail. dentry_move puts the
	 * name beside `to` for a moment; tree_lock keeps changes out, and a lookup finds one. */
	int err = dentry_move(from, to_walk->dir, to_walk->last, to_walk->last_len);
	if (err)
		return err;
	if (to)
		ramfs_unlink(to);
	ramfs_dir_count(from_dir, from->inode, -1);
	ramfs_dir_count(to_dir, from->inode, 1);
	from->inode->ctime_ns = inode_now_ns();
	return 0;
}

static int rename_locked(struct walk *from_walk, struct walk *to_walk, u32 flags)
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
		err = commit_rename(to_walk, from, to);
	dentry_put(to);
	dentry_put(from);
	return err == SAME_FILE ? 0 : err;
}

s64 sys_renameat2(int from_dirfd, const char __user *from, int to_dirfd, const char __user *to,
		  u32 flags)
{
	struct walk from_walk, to_walk;
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
	if (err)
		goto end_to;
	mutex_lock(&tree_lock);
	err = rename_locked(&from_walk, &to_walk, flags);
	mutex_unlock(&tree_lock);
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
