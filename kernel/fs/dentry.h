/*
 * Names: the tree of dentries. A dentry is one name in one directory; hard
 * links are several dentries of one inode. In the ramfs the tree itself holds
 * each dentry, so it is the directory; /proc makes dentries as they are looked
 * up, and they go with their last reference.
 *
 * Locks: tree_lock (RANK_RENAME) is held by every change of names, so that
 * checks and change are one step. names_lock (RANK_DENTRY) guards the links
 * that lookups read. A dentry counts its parent and its inode.
 *
 * Key letters: c constant, n names_lock (changes: tree_lock too), a atomic.
 */
#ifndef FS_DENTRY_H
#define FS_DENTRY_H

#include "fs/inode.h"
#include "lib/list.h"
#include "sync/spinlock.h"

enum { NAME_MAX = 255, PATH_MAX = 4096, SYMLINKS_MAX = 40, SHORT_NAME = 24 };

/* One mounted file system. */
struct super {
	u64 dev;		/* c: st_dev */
	const char *type;	/* c: "tmpfs" */
	u32 magic;		/* c: statfs's f_type */
	_Atomic u64 next_inode;
};

struct dentry {
	_Atomic u32 refs;
	bool in_tree;		/* n: the directory holds it (one reference) */
	bool dead;		/* n: was removed; shown as "(deleted)" */
	u32 hash;		/* n */
	u32 name_len;		/* n */
	char *name;		/* n: short_name, or of the heap */
	char short_name[SHORT_NAME];
	struct dentry *parent;	/* n: counted; NULL: the root, and what has no place (pipes) */
	struct inode *inode;	/* c: counted */
	struct dentry *hash_next;	 /* n */
	struct list children, child_link; /* n: in order of cookie */
	u64 cookie;		/* n: its place for getdents64: grows, is never reused */
	u64 next_cookie;	/* n: of its next child */
	struct dentry *mounted;	/* n: root of what is mounted here; counted, never undone */
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

extern struct mutex tree_lock;
extern struct spinlock names_lock;
extern struct dentry *root_dentry;

/* Not in the tree yet; takes over the inode's reference on success. NULL: out of memory. */
struct dentry *dentry_new(struct dentry *parent, const char *name, size_t len,
			  struct inode *inode);
struct dentry *dentry_get(struct dentry *dentry);
void dentry_put(struct dentry *dentry); /* NULL is allowed */

/* Puts it into its parent / takes it out. Caller holds tree_lock. */
void dentry_add(struct dentry *dentry);
void dentry_remove(struct dentry *dentry);
/* Another name, another directory; -ENOMEM leaves all as it was. Caller holds tree_lock. */
int dentry_move(struct dentry *dentry, struct dentry *to_dir, const char *name, size_t len);

/* An entry of the tree, counted; NULL if there is none. "." and ".." are the caller's. */
struct dentry *dentry_find(struct dentry *dir, const char *name, size_t len);
/* From inode.c when an inode dies: frees the name that it was known by. */
void dentry_forget(struct dentry *dentry);
/* The same through inode_ops->lookup too, and across a mount point; ERR_PTR(-ENOENT). */
struct dentry *dentry_lookup(struct dentry *dir, const char *name, size_t len);

/* Of a name in a directory; NULL: of the name alone. */
u32 name_hash(const struct dentry *dir, const char *name, size_t len);

/* Is a an ancestor of d, or d itself? Caller holds tree_lock. */
bool dentry_is_ancestor(const struct dentry *a, const struct dentry *d);
bool dentry_is_mount(const struct dentry *dentry); /* a root, or covered by one */
static inline bool dentry_empty(const struct dentry *dentry)
{
	return list_empty(&dentry->children);
}

/* Writes the path at the end of buf and returns its start; NULL if it does not fit. */
char *dentry_path(struct dentry *dentry, char *buf, size_t size);

#endif
