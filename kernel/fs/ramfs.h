/*
 * The ramfs: files whose pages are the page cache itself. Used for the root,
 * tmpfs and devtmpfs. Entry points for the rest of fs/.
 */
#ifndef FS_RAMFS_H
#define FS_RAMFS_H

#include "fs/dentry.h"

/* Highest size of a file: page->index has 32 bits. */
#define FILE_SIZE_MAX (1ull << 44)

extern const struct file_ops ramfs_file_ops, ramfs_dir_ops, fifo_ops, chardev_ops, nodev_ops;
extern const struct inode_ops ramfs_inode_ops;

/* A new file system: its root, with one reference. NULL: out of memory. */
struct dentry *ramfs_mount(const char *type, u32 mode);

/* Makes an entry; the caller holds dir's inode->lock and has checked that the name is free.
 * mode says the type; target is the text of a symlink. Counted, or ERR_PTR. */
struct dentry *ramfs_create(struct dentry *dir, const char *name, size_t len, u32 mode,
			    u64 rdev, const char *target);
/* A regular file without a name (O_TMPFILE), linkable: ramfs_link may give it one. */
struct dentry *ramfs_create_nameless(struct dentry *dir, u32 mode, bool linkable);
/* One more name for a file; -ENOENT if its last one has gone. Caller holds dir's inode->lock. */
int ramfs_link(struct dentry *dir, const char *name, size_t len, struct inode *inode);
/* Removes a name that is not a mount point; a directory is empty. Caller holds the parent's
 * inode->lock, and that of a directory that goes. */
void ramfs_unlink(struct dentry *dentry);
/* The directory's own figures follow its entries: step is 1 or -1. Caller holds its inode->lock. */
/* Of one name less, however it went. */
void ramfs_unlinked(struct inode *inode);
void ramfs_dir_count(struct inode *dir, struct inode *child, int step);

/* Sets the size: frees pages beyond, zeroes the rest of the last. Caller holds inode->lock. */
int ramfs_truncate_locked(struct inode *inode, u64 size_bytes);
/* Stores kernel bytes at an offset, for the archive. */
ssize_t ramfs_write_kernel(struct inode *inode, const void *buf, size_t n, u64 offset);

/* fs/pages.c; the caller holds inode->lock. */
struct page *pages_find(struct inode *inode, u64 index); /* not counted; NULL: a hole */
/* Not counted; NULL: no room. unwritten: a new page counts as a hole until it is written to. */
struct page *pages_find_or_add(struct inode *inode, u64 index, bool unwritten);
/* Takes them out of all mappings as well; copies: those that private ones have made, too.
 * -ENOMEM: the file has lost them, but some are still mapped. */
int pages_remove(struct inode *inode, u64 first_index, u64 end_index, bool copies);
int pages_shrink(struct inode *inode, u64 size_bytes); /* sets the size; -ENOMEM as above */
void pages_free_range(struct inode *inode, u64 first_index, u64 end_index);
/* The first index in [index, end) where a page is, or is not; end if there is none. */
u64 pages_next(struct inode *inode, u64 index, u64 end, bool there);
void pages_each(const struct inode *inode, void (*fn)(struct page *page, void *arg), void *arg);

#endif
