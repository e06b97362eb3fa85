/*
 * Opening, inside the kernel: by dentry, and what else several files of fs/
 * share about descriptors.
 */
#ifndef FS_OPEN_H
#define FS_OPEN_H

#include "fs/files.h"

/* Opens what the dentry names (references are added); permission is the caller's. ERR_PTR. */
struct file *file_open_dentry(struct dentry *dentry, u32 flags);

/* fd_get for the calls that an O_PATH descriptor does not serve. */
struct file *fd_get_io(int fd);

/* Puts file at exactly this descriptor; what was there is closed. Takes over the reference
 * on success: fd; -EBADF, -ENOMEM, -EBUSY if it is only reserved. */
int fd_install_at(struct file *file, int fd, bool cloexec);
int fd_close(int fd); /* 0 or -EBADF */
/* Descriptors for both, and their numbers to the user; or puts both: -errno. */
int fd_install_two(struct file *end[2], bool cloexec, int __user *fds);
/* The close-on-exec flag: 0 or 1; set: 0. -EBADF. */
int fd_cloexec_get(int fd);
int fd_cloexec_set(int fd, bool on);

/* Pipes (fs/pipe.c): two descriptions, [0] to read. Both or none. */
int pipe_make(struct file *end[2], u32 flags);
/* How much fits in, in bytes; resize rounds up: what it is then, -EBUSY if more is in there,
 * -EPERM, -EINVAL, -ENOMEM. -EBADF for what is no pipe. */
s64 pipe_size(struct file *file);
s64 pipe_resize(struct file *file, u64 size_bytes);

/* truncate and ftruncate, O_TRUNC: the caller has checked permission. */
int file_truncate(struct inode *inode, off_t length);

#endif
