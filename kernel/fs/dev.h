/* Character devices inside fs/; drivers need only chardev_register (fs/inode.h). */
#ifndef FS_DEV_H
#define FS_DEV_H

#include "fs/ramfs.h"

extern const struct file_ops zero_ops; /* /dev/zero, which mmap knows */

void dev_mem_init(void);		      /* registers null, zero, full, random, urandom */
int chardev_populate(struct dentry *dir);     /* makes the nodes of a new devtmpfs; 0 or -errno */

#endif
