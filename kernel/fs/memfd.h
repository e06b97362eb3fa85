/*
 * Seals of files that memfd_create has made (fs/memfd.c). inode->lock is held
 * where one is checked.
 */
#ifndef FS_MEMFD_H
#define FS_MEMFD_H

#include "fs/file.h"

enum file_seal { /* inode->seals; fcntl.h of Linux */
	F_SEAL_SEAL = 1, F_SEAL_SHRINK = 2, F_SEAL_GROW = 4, F_SEAL_WRITE = 8,
	F_SEAL_FUTURE_WRITE = 16, F_ALL_SEALS = 31,
	SEALABLE = 0x100, /* ours: made by memfd_create */
};

/* F_ADD_SEALS (add) and F_GET_SEALS. */
s64 memfd_fcntl(struct file *file, bool add, u64 seals);

int seal_check_size(const struct inode *inode, u64 size_bytes); /* -EPERM: not to become so long */
/* How many of the n bytes may be written (whole pages up to the end, as on Linux), or -EPERM. */
ssize_t seal_check_write(const struct inode *inode, u64 at, size_t n);

#endif
