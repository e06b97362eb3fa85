/* Mounting inside fs/, and the start of the root. */
#ifndef FS_MOUNT_H
#define FS_MOUNT_H

#include "fs/dentry.h"

/* A new file system of that type ("proc", "devtmpfs", "tmpfs") on a directory that is not
 * yet a mount point. -ENODEV, -EBUSY, -ENOTDIR, -ENOMEM. */
int mount_on(const char *type, struct dentry *dir, u32 mode);

/* All mounts in order, for /proc/mounts: false when there is no n-th. */
bool mount_nth(size_t n, struct dentry **root);

/* procfs.c: the root of a new /proc, placed as ramfs_mount does. NULL: out of memory. */
struct dentry *procfs_mount(struct dentry *covered);

#endif
