/* Files with holes, for lseek. */
#ifndef FS_SPARSE_H
#define FS_SPARSE_H

#include "fs/inode.h"

/* Where the first data (or hole) at or after offset of a regular file begins, or -ENXIO. */
off_t sparse_seek(struct inode *inode, off_t offset, bool data);

#endif
