/*
 * Descriptor tables (struct files, fs/files.c) and the file-system context
 * (struct fs, fs/context.c): two of the resources that clone shares or copies.
 * Each has copy, get, put.
 *
 * Locks: files->lock (RANK_FILES), fs->lock (RANK_FS).
 */
#ifndef FS_FILES_H
#define FS_FILES_H

#include "fs/file.h"
#include "sync/spinlock.h"

struct files; /* fs/files.c */

struct files *files_new(void);			   /* empty; NULL when out of memory */
struct files *files_copy(struct files *from);	   /* descriptions shared; NULL: out of memory */
struct files *files_get(struct files *files);
void files_put(struct files *files);		   /* the last reference closes all */
u32 files_users(const struct files *files);
u32 files_size(const struct files *files);	   /* all open descriptors are below it */
void files_close_on_exec(struct files *files);	   /* closes the descriptors so marked */

/* The description behind a descriptor of the current task, counted; NULL if there is none. */
struct file *fd_get(int fd);

/* Takes the lowest free descriptor >= min for file (takes over the reference on success).
 * -EMFILE beyond RLIMIT_NOFILE, -ENOMEM. */
int fd_install(struct file *file, u32 min, bool cloexec);

/* The same in two steps: a number is kept free, then it gets its file (and the reference) or
 * is given back. In between the descriptor is not open, whoever asks. */
int fd_reserve(bool cloexec);
void fd_publish(int fd, struct file *file);
void fd_unreserve(int fd);

/* Gives the current task /dev/console as 0, 1 and 2, as Linux gives pid 1; if there is one. */
void files_open_console(void);

/* For /proc/PID/fd: the description at fd of another table, counted; NULL if none. */
struct file *files_file(struct files *files, int fd);
int files_cloexec(struct files *files, int fd); /* its FD_CLOEXEC, or -EBADF */
int files_next(struct files *files, int from_fd); /* first open descriptor >= from_fd, or -1 */

struct fs {
	_Atomic u32 refs;
	struct spinlock lock;
	struct dentry *cwd, *root; /* places (fs/super.h): counted */
	u32 umask;
};

struct fs *fs_new(void);		/* at the root directory, umask 022 */
struct fs *fs_copy(struct fs *from);	/* NULL: out of memory */
struct fs *fs_get(struct fs *fs);
void fs_put(struct fs *fs);

/* Boot: mounts the root ramfs, and unpacks the archives of boot_info into it. */
void fs_init(void);

#endif
