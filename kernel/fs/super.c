/*
 * The life of a mounted file system (fs/super.h): made by mount, kept by its
 * inodes, its tree taken down when it has been unmounted and nobody uses it.
 *
 * Locks: super_drop takes the inode->lock of one directory after the other, and
 * of a child under its parent's. A path walk may still be inside, without being
 * a user: it finds directories that have been removed.
 */
#include "fs/super.h"

#include "fs/dentry.h"
#include "mm/heap.h"
#include "proc/sched.h"

struct super *super_new(const char *type, u32 magic)
{
	static _Atomic u64 next_dev = 2;
	struct super *super = heap_zalloc(sizeof *super);
	if (!super)
		return NULL;
	super->dev = next_dev++;
	super->type = type;
	super->magic = magic;
	super->next_inode = 1;
	mutex_init(&super->rename_lock, "rename", RANK_RENAME);
	return super;
}

struct dentry *super_set_root(struct super *super, struct inode *inode)
{
	struct dentry *root = inode ? dentry_new(NULL, "/", 1, inode) : NULL;
	if (inode && !root)
		inode_put(inode);
	super->root = root;
	if (!root)
		heap_free(super);
	return root;
}

struct dentry *place_get(struct dentry *dentry)
{
	dentry->inode->super->users++;
	return dentry_get(dentry);
}

/* Takes out the first name, if it is no directory with names of its own: that one is returned,
 * counted. dir has no more names when *done, and if it is the root never again. */
static struct dentry *drop_first(struct dentry *dir, bool *done)
{
	struct dentry *child, *deeper = NULL;
	mutex_lock_second(&dir->inode->lock);
	*done = dentry_empty(dir);
	if (*done && dentry_is_root(dir))
		dir->dead = true;
	list_for_each(child, &dir->children, child_link)
		if (child->inode)
			break;
	if (!*done) {
		bool is_dir = inode_is_dir(child->inode);
		if (is_dir)
			mutex_lock_second(&child->inode->lock);
		struct inode *inode = inode_get(child->inode);
		if (is_dir && !dentry_empty(child))
			deeper = dentry_get(child);
		else
			dentry_remove(child);
		if (is_dir)
			mutex_unlock(&inode->lock);
		inode_put(inode);
	}
	mutex_unlock(&dir->inode->lock);
	return deeper;
}

/* Bottom up, without recursion: a tree may be deep. */
static void super_drop(struct super *super)
{
	struct dentry *dir = dentry_get(super->root), *next;
	bool done;
	while (dir) {
		next = drop_first(dir, &done);
		if (done)
			next = dir == super->root ? NULL : dentry_parent(dir);
		if (next || done) {
			dentry_put(dir);
			dir = next;
		}
		sched_point();
	}
	dentry_put(super->root);
}

/* Two may come here at once, the last user and umount: each says first, then looks. */
static void drop_if_unused(struct super *super)
{
	if (super->detached && super->users == 0 && super->dropped++ == 0)
		super_drop(super);
}

void place_put(struct dentry *dentry)
{
	if (!dentry)
		return;
	struct super *super = dentry->inode->super; /* alive, because the dentry is */
	if (--super->users == 0)
		drop_if_unused(super);
	dentry_put(dentry);
}

void super_detach(struct super *super)
{
	super->detached = true;
	drop_if_unused(super);
}
