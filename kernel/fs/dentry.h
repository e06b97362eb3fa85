/*
 * Names: the tree of dentries. A dentry is one name in one directory; hard
 * links are several dentries of one inode. In the ramfs the tree itself holds
 * each dentry, so it is the directory; /proc makes dentries as they are looked
 * up, and they go with their last reference.
 *
 * Locks: the inode->lock of a directory (RANK_INODE_DIR) is held over each
 * change of its names as a whole, so that checks and change are one step. What
 * lookups read is in hash chains, and a spinlock (RANK_DENTRY) for every few
 * chains guards it. There is no lock on the whole tree. A dentry counts its
 * parent and its inode.
 *
 * Key letters: c constant, a atomic, d inode->lock of the directory that it is in,
 * n the lock of its chain (changes: d too).
 */
#ifndef FS_DENTRY_H
#define FS_DENTRY_H

#include "fs/inode.h"
#include "fs/super.h"
#include "lib/list.h"
#include "sync/spinlock.h"

enum { NAME_MAX = 255, PATH_MAX = 4096, SYMLINKS_MAX = 40, SHORT_NAME = 24 };

struct dentry {
	_Atomic u32 refs;
	bool in_tree;		/* d: the directory holds it (one reference) */
	bool dead;		/* d, and its own inode->lock: was removed; shown as "(deleted)" */
	u32 hash;		/* n: says which chain, and so which lock */
	u32 name_len;		/* n */
	char *name;		/* n: short_name, or of the heap */
	char short_name[SHORT_NAME];
	struct dentry *parent;	/* n: counted; of a mounted root what it covers; NULL: no place */
	struct inode *inode;	/* c: counted; NULL: not a name but a cursor (fs/readdir.c) */
	struct dentry *hash_next;	 /* n */
	struct list children;	/* its own inode->lock: in order of cookie */
	struct list child_link;	/* d */
	u64 cookie;		/* d: its place for getdents64: falls, is never reused */
	u64 next_cookie;	/* its own inode->lock: of its next child */
	struct dentry *mounted;	/* n: root of what is mounted here; counted */
};

struct inode_ops {
	/* Directories whose entries are not in the tree: a new dentry, or ERR_PTR. */
	struct dentry *(*lookup)(struct dentry *dir, const char *name, size_t len);
	/* Symlinks: the text without NUL, cut at size; length or -errno. */
	ssize_t (*readlink)(struct inode *inode, char *buf, size_t size);
	/* Symlinks of /proc that lead to an object rather than a name: counted or ERR_PTR. */
	struct dentry *(*follow)(struct inode *inode);
	void (*refresh)(struct inode *inode);	/* brings owner and size up to date before a stat */
	bool (*may_always)(const struct inode *inode); /* whatever the permission bits say */
	void (*free)(struct inode *inode);	/* the last reference has gone */
};

extern struct dentry *root_dentry;

/* Not in the tree yet; takes over the inode's reference on success. NULL: out of memory. */
struct dentry *dentry_new(struct dentry *parent, const char *name, size_t len,
			  struct inode *inode);
void dentry_last_put(struct dentry *dentry); /* nobody counts it any more */

static inline struct dentry *dentry_get(struct dentry *dentry)
{
	dentry->refs++;
	return dentry;
}

static inline void dentry_put(struct dentry *dentry) /* NULL is allowed */
{
	if (dentry && --dentry->refs == 0)
		dentry_last_put(dentry);
}

/* Puts it into its parent / takes it out. Caller holds the parent's inode->lock. */
void dentry_add(struct dentry *dentry);
void dentry_remove(struct dentry *dentry);
/* Another name, another directory, in place of `over` (NULL: the name is free), in one step
 * for lookups; -ENOMEM leaves all as it was. Caller holds the inode->lock of both directories. */
int dentry_move(struct dentry *dentry, struct dentry *to_dir, const char *name, size_t len,
		struct dentry *over);

/* An entry of the tree, counted; NULL if there is none. "." and ".." are the caller's. */
struct dentry *dentry_find(struct dentry *dir, const char *name, size_t len);
/* The parent, counted; NULL if it has none. */
struct dentry *dentry_parent(struct dentry *dentry);
/* From inode.c when an inode dies: frees the name that it was known by. */
void dentry_forget(struct dentry *dentry);
/* dentry_find through inode_ops->lookup too; ERR_PTR(-ENOENT). */
struct dentry *dentry_lookup(struct dentry *dir, const char *name, size_t len);
/* The same, on to what is mounted there: for walking. */
struct dentry *dentry_lookup_top(struct dentry *dir, const char *name, size_t len);
/* What is on top of a mount point, or itself; takes over the reference. */
struct dentry *dentry_cross(struct dentry *dentry);
/* Mounts a root on a place, or (NULL) undoes that; the references are the caller's. */
void dentry_cover(struct dentry *place, struct dentry *root);

/* Of a name in a directory; NULL: of the name alone. */
u32 name_hash(const struct dentry *dir, const char *name, size_t len);

/* Is a an ancestor of d, or d itself? Of one file system, whose rename_lock is held. */
bool dentry_is_ancestor(const struct dentry *a, const struct dentry *d);
bool dentry_is_root(const struct dentry *dentry); /* of a file system */
bool dentry_empty(const struct dentry *dentry);	  /* caller holds its inode->lock */

/* Writes the path from root (NULL: all there is) at the end of buf and returns its start; NULL
 * if it does not fit. */
char *dentry_path(struct dentry *dentry, const struct dentry *root, char *buf, size_t size);

void dentry_init(void);

#endif
