/*
 * mount(2), for the three file systems there are. A mount is never undone: the
 * root of the new tree takes the name and parent of the directory it covers,
 * so paths and ".." cross it without knowing, and the covered dentry points to
 * it (dentry_lookup goes on there).
 *
 * LINUX-DIFF: no umount, no bind mounts, no second mount on a mount point.
 */
#include "fs/mount.h"

#include "arch/cpu.h"
#include "fs/dev.h"
#include "fs/path.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum { MOUNTS_MAX = 64, TYPE_MAX = 32 };
enum { MS_REMOUNT = 32, MS_BIND = 4096, MS_MOVE = 8192 };

static struct dentry *mounts[MOUNTS_MAX]; /* tree_lock; only added to, so readers need no lock */
static _Atomic size_t nmounts;

bool mount_nth(size_t n, struct dentry **root)
{
	if (n > nmounts)
		return false;
	*root = n ? mounts[n - 1] : root_dentry;
	return true;
}

/* The root of a new file system for this place; ERR_PTR. */
static struct dentry *new_root(const char *type, struct dentry *dir, u32 mode)
{
	struct dentry *root = NULL;
	if (strcmp(type, "proc") == 0)
		root = procfs_mount(dir);
	else if (strcmp(type, "devtmpfs") == 0)
		root = ramfs_mount("devtmpfs", dir, mode);
	else if (strcmp(type, "tmpfs") == 0 || strcmp(type, "ramfs") == 0)
		root = ramfs_mount("tmpfs", dir, mode);
	else
		return ERR_PTR(-ENODEV);
	return root ? root : ERR_PTR(-ENOMEM);
}

static int check_place(const struct dentry *dir)
{
	if (dir->dead)
		return -ENOENT;
	if (dentry_is_mount(dir) || !dir->in_tree)
		return -EBUSY;
	return nmounts < MOUNTS_MAX ? 0 : -ENOMEM;
}

int mount_on(const char *type, struct dentry *dir, u32 mode)
{
	if (!inode_is_dir(dir->inode))
		return -ENOTDIR;
	mutex_lock(&tree_lock);
	struct dentry *root = NULL;
	int err = check_place(dir);
	if (!err) {
		root = new_root(type, dir, mode);
		err = IS_ERR(root) ? PTR_ERR(root) : 0;
	}
	if (!err) {
		dentry_get(dir);
		mounts[nmounts] = root;
		nmounts++;
		spin_lock(&names_lock);
		dir->mounted = root;
		spin_unlock(&names_lock);
	}
	mutex_unlock(&tree_lock);
	/* A devtmpfs that memory did not suffice for stays, with the nodes it got. */
	return !err && strcmp(type, "devtmpfs") == 0 ? chardev_populate(root) : err;
}

static s64 mount_path(const char *type, const char __user *target)
{
	struct dentry *dir = path_lookup_user(AT_FDCWD, target, LOOKUP_FOLLOW | LOOKUP_DIRECTORY);
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	s64 err = mount_on(type, dir, strcmp(type, "devtmpfs") == 0 ? 0755 : 01777);
	dentry_put(dir);
	return err;
}

s64 sys_mount(const char __user *source, const char __user *target, const char __user *type,
	      u64 flags, const void __user *data)
{
	char name[TYPE_MAX];
	(void)source, (void)data;
	if (!creds_root(&current->creds))
		return -EPERM;
	if (flags & (MS_REMOUNT | MS_BIND | MS_MOVE))
		return -EINVAL;
	if (!type)
		return -EINVAL;
	ssize_t len = copy_string_from_user(name, type, sizeof name);
	if (len < 0)
		return len == -ENAMETOOLONG ? -ENODEV : len;
	return mount_path(name, target);
}
