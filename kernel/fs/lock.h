/* Advisory locks on files: fcntl(2) record locks and flock(2). See fs/lock.c. */
#ifndef FS_LOCK_H
#define FS_LOCK_H

#include "fs/file.h"

/* F_GETLK, F_SETLK, F_SETLKW and the F_OFD_ forms. */
s64 lock_fcntl(struct file *file, int fd, int command, void __user *arg);

/* All locks of an owner on this file go: a descriptor table's at any close of the file by it,
 * a description's (flock, F_OFD_SETLK) with its last reference. */
void lock_release(struct inode *inode, const void *owner);

#endif
