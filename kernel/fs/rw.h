/*
 * What read, write and their forms with vectors share (fs/rw.c, fs/vector.c).
 */
#ifndef FS_RW_H
#define FS_RW_H

#include "fs/file.h"

enum { RW_MAX = 0x7ffff000 }; /* bytes in one call: read(2), NOTES */
enum direction { READ, WRITE };
enum { OFFSET_END = -1 }; /* to the write of a ramfs file: wherever it ends, as by O_APPEND */

/* The access mode of open permits it. */
static inline bool file_allows(const struct file *file, enum direction dir)
{
	return dir == READ ? file_readable(file) : file_writable(file);
}

/* One buffer of the user's: bytes done, or -errno. */
ssize_t file_rw(struct file *file, enum direction dir, void __user *buf, size_t n, off_t *offset);

/* The description's own offset, held until position_put; `none` for files without. */
off_t *position_get(struct file *file, off_t *none);
void position_put(struct file *file);

#endif
