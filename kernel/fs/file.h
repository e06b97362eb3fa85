/*
 * Open files. A struct file is what POSIX calls an open file description: the
 * offset and status flags that dup and fork share. A descriptor table
 * (fs/files.h) holds pointers to them, with the close-on-exec flag beside.
 *
 * Locks: pos_lock (RANK_FILE_POS) guards offset while read and write use it.
 * Key letters: c constant after open, a atomic.
 */
#ifndef FS_FILE_H
#define FS_FILE_H

#include "lib/errno.h"
#include "lib/types.h"
#include "sync/mutex.h"

struct inode;
struct dentry;
struct file;
struct io;
struct page;
struct poll_table;

enum open_flags { /* fcntl.h of Linux for x86-64 */
	O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_ACCMODE = 3,
	O_CREAT = 0100, O_EXCL = 0200, O_NOCTTY = 0400, O_TRUNC = 01000, O_APPEND = 02000,
	O_NONBLOCK = 04000, O_DSYNC = 010000, O_DIRECT = 040000, O_LARGEFILE = 0100000,
	O_DIRECTORY = 0200000, O_NOFOLLOW = 0400000, O_NOATIME = 01000000,
	O_CLOEXEC = 02000000, O_SYNC = 04010000, O_PATH = 010000000, O_TMPFILE = 020200000,
};

enum poll_events {
	POLLIN = 1, POLLPRI = 2, POLLOUT = 4, POLLERR = 8, POLLHUP = 16, POLLNVAL = 32,
	POLLRDNORM = 64, POLLRDBAND = 128, POLLWRNORM = 256, POLLWRBAND = 512, POLLRDHUP = 0x2000,
};

/*
 * What a kind of file can do. A NULL member means the errno that Linux gives:
 * read/write EINVAL, ioctl ENOTTY, readdir ENOTDIR, page ENODEV (cannot be
 * mapped), poll "always ready". Buffers are user memory; the functions may
 * sleep. offset: in and out; files that do not seek ignore it.
 */
struct file_ops {
	bool seekable; /* false: lseek, pread and pwrite answer ESPIPE */
	bool seek_ignored; /* with seekable: lseek does nothing and answers 0, as on /dev/null */
	int (*open)(struct file *file);		/* after a lookup; may set file->ops and ->private */
	void (*release)(struct file *file);	/* the last reference has gone */
	ssize_t (*read)(struct file *file, void __user *buf, size_t n, off_t *offset);
	ssize_t (*write)(struct file *file, const void __user *buf, size_t n, off_t *offset);
	/* The same from kernel memory; NULL: sendfile to it is EINVAL. */
	ssize_t (*write_kernel)(struct file *file, const void *buf, size_t n, off_t *offset);
	/* readv and writev as one step, where packets have bounds; NULL: part by part. */
	ssize_t (*vector)(struct file *file, bool writes, struct io *io);
	s64 (*ioctl)(struct file *file, u64 request, u64 arg);
	/* Events ready now; if a table is given, joins its waiter first to every queue that may
	 * change that: poll_wait(table, queue), fs/poll.h. */
	u32 (*poll)(struct file *file, struct poll_table *table);
	int (*readdir)(struct file *file, void __user *buf, size_t n); /* getdents64 */
	off_t (*seek_end)(struct file *file);	/* where SEEK_END is; NULL: the inode's size */
};

/* Where a write takes its bytes from: copy_from_user_partial or copy_from_kernel. Returns how
 * many it could not copy. */
typedef size_t copy_source(void *to, const void *from, size_t n);
size_t copy_from_kernel(void *to, const void *from, size_t n);

struct file {
	_Atomic u32 refs;
	u32 flags;		/* a: O_ACCMODE and status flags; F_SETFL changes some */
	const struct file_ops *ops; /* c */
	struct inode *inode;	/* c: counted */
	struct dentry *dentry;	/* c: counted; where it was opened, for /proc; NULL for pipes */
	struct mutex pos_lock;
	off_t offset;		/* pos_lock */
	void *private;		/* of the ops */
};

/* A new description without a table entry; takes over the caller's references. */
struct file *file_new(const struct file_ops *ops, struct inode *inode, struct dentry *dentry,
		      u32 flags);
struct file *file_get(struct file *file);
void file_put(struct file *file);

static inline bool file_readable(const struct file *file)
{
	u32 mode = file->flags & O_ACCMODE; /* 3 is neither: open(2), NOTES */
	return (mode == O_RDONLY || mode == O_RDWR) && !(file->flags & O_PATH);
}

static inline bool file_writable(const struct file *file)
{
	u32 mode = file->flags & O_ACCMODE;
	return (mode == O_WRONLY || mode == O_RDWR) && !(file->flags & O_PATH);
}

/* Opens for execve: path in kernel memory, relative to dirfd (AT_FDCWD: the cwd).
 * A regular file with execute permission, on which writers are refused (ETXTBSY) until
 * file_exec_put. ERR_PTR otherwise. */
struct file *file_open_exec(int dirfd, const char *path);
void file_exec_get(struct file *file); /* another user of the same program (fork) */
void file_exec_put(struct file *file); /* allows writers again, and puts the file */

/* Reads into kernel memory from an offset: bytes read (short only at the end), or -errno. */
ssize_t file_read_kernel(struct file *file, void *buf, size_t n, off_t offset);

#endif
