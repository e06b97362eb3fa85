/*
 * From paths to dentries: path_resolution(7).
 *
 * A walk takes a path in a buffer of PATH_MAX bytes, which it may overwrite
 * when it follows symlinks, and goes from directory to directory. It takes no
 * lock between components; what it holds is one counted dentry.
 */
#ifndef FS_PATH_H
#define FS_PATH_H

#include "fs/dentry.h"

enum { AT_FDCWD = -100 };

enum at_flags {
	AT_SYMLINK_NOFOLLOW = 0x100, AT_REMOVEDIR = 0x200, AT_EACCESS = 0x200,
	AT_SYMLINK_FOLLOW = 0x400, AT_NO_AUTOMOUNT = 0x800, AT_EMPTY_PATH = 0x1000,
	AT_STATX_SYNC_TYPE = 0x6000,
};

enum lookup_flags {
	LOOKUP_FOLLOW = 1,	/* a symlink at the end is followed */
	LOOKUP_DIRECTORY = 2,	/* ENOTDIR for anything else */
	LOOKUP_EMPTY = 4,	/* "" is dirfd itself */
};

/* A path copied from the user (a page of PATH_MAX bytes), or ERR_PTR; path_free it. */
char *path_get_user(const char __user *path);
char *path_get_kernel(const char *path);
void path_free(char *path);

/* The dentry of a path, counted, or ERR_PTR. path_lookup takes over path, and its errors. */
struct dentry *path_lookup(int dirfd, char *path, u32 flags);
struct dentry *path_lookup_user(int dirfd, const char __user *path, u32 flags);

/* What many calls do once they have found an inode: 0, a result, or -errno. */
typedef s64 inode_visit(struct inode *inode, void *arg);
s64 path_visit(int dirfd, const char __user *path, u32 flags, inode_visit *visit, void *arg);
/* The same by an open file, whose reference it takes over; NULL: -EBADF. */
s64 file_visit(struct file *file, inode_visit *visit, void *arg);

/* The lookup flags that AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH mean. */
u32 at_lookup(int flags);

/* The current task's root directory, not counted: to compare with. */
const struct dentry *path_root(void);

enum last_kind { LAST_NAME, LAST_DOT, LAST_DOTDOT, LAST_ROOT };

/* A walk that stops before the last component, for calls that make or remove it. */
struct walk {
	struct dentry *dir;	/* counted: where last is, or would be */
	char *path;		/* the buffer, owned by the walk */
	char *rest;		/* what has not been walked yet */
	u32 nsymlinks;
	enum last_kind last_kind;
	const char *last;	/* in the buffer, not ended by NUL */
	size_t last_len;
	bool slash;		/* last is followed by a slash */
};

/* Walks to the parent; 0 or -errno. walk_end in both cases. */
int walk_parent(struct walk *w, int dirfd, const char __user *path);
void walk_end(struct walk *w);

/* For open: starts with a path from path_get_* (taken over), goes on over a symlink last. */
int walk_start(struct walk *w, int dirfd, char *path);
int walk_start_root(struct walk *w, char *path); /* at boot: from the root in any case */
int walk_to_last(struct walk *w);
/* Replaces last by what the symlink says: 0: walk_to_last again; 1: w->dir is the object. */
int walk_follow(struct walk *w, struct inode *symlink);

/* Makes a node by the current task's rights (fs/names.c); takes over path. Counted, ERR_PTR. */
struct dentry *node_make(char *path, u32 mode);

/* Checks by the current task's fsuid. */
int may_access(const struct inode *inode, u32 may);
/* W and X on the directory, and the sticky bit for a name that goes away. */
int may_create(const struct dentry *dir);
int may_delete(const struct inode *dir, const struct dentry *dentry);

/* Is the current task the owner of the inode, or root? */
bool owner_or_root(const struct inode *inode);

#endif
