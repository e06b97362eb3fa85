#include "fs/ramfs.h"
#include "fs/mount.h"
__attribute__((weak)) struct dentry *procfs_mount(struct dentry *covered) { (void)covered; return ramfs_mount("proc", covered, 0755); }
