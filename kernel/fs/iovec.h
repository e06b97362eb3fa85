/*
 * The parts of a buffer that readv, sendmsg and the like are given (fs/vector.c).
 */
#ifndef FS_IOVEC_H
#define FS_IOVEC_H

#include "fs/rw.h"

enum { IOV_MAX = 1024 };

struct iovec {
	void __user *base;
	size_t len;
};

/* The sum of the lengths (may be more than RW_MAX); -EINVAL, -EFAULT. */
s64 iovecs_check(const struct iovec __user *iov, u64 count);

/* A place in such a buffer, which moves on as bytes are copied. */
struct io {
	struct iovec now;	/* the rest of one part */
	const struct iovec __user *next;
	u64 count;		/* parts from next on */
	size_t left;		/* bytes in all */
	copy_source *copy;	/* for io_take; NULL: from the user */
};

int io_give(struct io *io, const void *from, size_t n); /* to the user: 0, -EFAULT */
int io_take(struct io *io, void *to, size_t n);

#endif
