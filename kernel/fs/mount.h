/* Mounting inside fs/, and the start of the root. */
#ifndef FS_MOUNT_H
#define FS_MOUNT_H

#include "fs/dentry.h"

/* Makes the root file system: root_dentry. */
void mount_init(void);
/* At boot: a new file system of that type ("proc", "devtmpfs") on a directory. */
int mount_at_boot_on(const char *type, struct dentry *dir);

/* procfs.c: the root of a new /proc. NULL: out of memory. */
struct dentry *procfs_mount(void);

#endif
