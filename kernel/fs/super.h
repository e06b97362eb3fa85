/*
 * File systems that are mounted: one struct super each, from mount to the death
 * of its last inode. The root of its tree is known by the place that it covers
 * (its dentry's parent), so paths and ".." cross from one to the other.
 *
 * What stays at a dentry for longer than a call (an open file, a working
 * directory) is a user: a file system with users is not unmounted, or, if it
 * is by MNT_DETACH, goes with the last of them.
 *
 * Key letters: c constant, a atomic, m mount_lock (fs/mount.c).
 */
#ifndef FS_SUPER_H
#define FS_SUPER_H

#include "lib/list.h"
#include "sync/mutex.h"

struct dentry;

enum mount_flags { /* mount(2) and, for the first four, statfs(2) */
	MS_RDONLY = 1, MS_NOSUID = 2, MS_NODEV = 4, MS_NOEXEC = 8,
};

struct super {
	u64 dev;		/* c: st_dev */
	const char *type;	/* c: "tmpfs" */
	u32 magic;		/* c: statfs's f_type */
	char *source;		/* c: what mount named, of the heap; NULL: nothing */
	u32 flags;		/* m; read without: enum mount_flags */
	_Atomic u64 next_inode;
	_Atomic u64 ninodes, npages;	/* alive; files' pages */
	u64 max_inodes, max_pages;	/* m; read without: 0: no limit */
	_Atomic u64 users;	/* open files, working and root directories */
	_Atomic bool detached;	/* unmounted; the tree goes with the last user */
	_Atomic u32 dropped;	/* by how many; the first took the tree down */
	struct dentry *root;	/* c: counted until dropped; NULL: not a tree (pipes) */
	struct mutex rename_lock; /* RANK_RENAME: names moved between directories */
	struct list link;	/* mounts_lock (fs/mount.c): all mounts, in order */
};

/* NULL: out of memory. It is freed with its last inode. */
struct super *super_new(const char *type, u32 magic);
/* Gives it the root of its tree (takes over the inode, also on failure): NULL: out of memory. */
struct inode;
struct dentry *super_set_root(struct super *super, struct inode *inode);

/* A reference to a dentry that counts as a user of its file system. */
struct dentry *place_get(struct dentry *dentry);
void place_put(struct dentry *dentry); /* NULL is allowed; may sleep */

/* From umount: nothing leads to it any more; the tree goes now or with the last user. */
void super_detach(struct super *super);

#endif
