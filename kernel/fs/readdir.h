/*
 * What file_ops.readdir is made of: a buffer of dirents, and the loop that
 * fills it and copies it to the user.
 */
#ifndef FS_READDIR_H
#define FS_READDIR_H

#include "fs/dentry.h"
#include "fs/open.h"

struct dir_buffer {
	char *bytes;
	size_t size, used;
	bool full; /* an entry did not fit */
};

/* Adds an entry; false if it does not fit. next_offset is where the entry after it begins. */
bool dir_emit(struct dir_buffer *out, const char *name, size_t name_len, u64 inode, u32 mode,
	      s64 next_offset);
/* "." and "..", if offset is 0 or 1; false if they do not fit. */
bool dir_emit_dots(struct dentry *dir, struct dir_buffer *out, off_t *offset);

/* Emits entries from *offset on, and moves it past those that fitted. */
typedef int dir_fill(struct file *file, struct dir_buffer *out, off_t *offset);
/* Body of a readdir: bytes copied, or -errno. */
int dir_read(struct file *file, void __user *buf, size_t n, dir_fill *fill);

ssize_t dir_no_read(struct file *file, void __user *buf, size_t n, off_t *offset);

#endif
