/*
 * open and its kin, pipe, and working directories.
 *
 * Flow of open: walk to the last component; look it up under the directory's
 * lock if it may be made (O_CREAT); follow it if it is a symlink; check permission; make
 * the description (file_open_dentry); truncate. The descriptor is reserved
 * before all that, and published last.
 */
#include "fs/open.h"

#include "arch/cpu.h"
#include "fs/path.h"
#include "fs/ramfs.h"
#include "mm/uaccess.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum { TMPFILE_ONLY = O_TMPFILE & ~O_DIRECTORY };

/* Checks what open(2) lists for an object that exists. */
static int check_open(struct inode *inode, u32 flags)
{
	u32 type = inode_type(inode), mode = flags & O_ACCMODE;
	u32 may = mode == O_RDONLY ? MAY_READ : mode == O_WRONLY ? MAY_WRITE : MAY_READ | MAY_WRITE;
	if (type == S_IFLNK)
		return -ELOOP; /* O_NOFOLLOW met one */
	if ((flags & O_DIRECTORY) && type != S_IFDIR)
		return -ENOTDIR;
	if (flags & O_TRUNC)
		may |= MAY_WRITE;
	if ((type == S_IFCHR || type == S_IFBLK) && (inode->super->flags & MS_NODEV))
		return -EACCES;
	if (type == S_IFDIR && ((may & MAY_WRITE) || (flags & O_CREAT)))
		return -EISDIR;
	int err = may_access(inode, may);
	if (!err && (flags & O_NOATIME) && !owner_or_root(inode))
		err = -EPERM;
	return err;
}

/* The last name, made if it is not there; *made says so. The lock makes this one step; most often
 * the name is there, and needs none. */
static struct dentry *lookup_or_create(struct walk *w, u32 flags, u32 mode, bool *made)
{
	struct dentry *dentry = ERR_PTR(-ENOENT);
	if (!(flags & O_EXCL))
		dentry = dentry_lookup_top(w->dir, w->last, w->last_len);
	if (!IS_ERR(dentry))
		return dentry;
	mutex_lock(&w->dir->inode->lock);
	dentry = dentry_lookup(w->dir, w->last, w->last_len);
	if (PTR_ERR(dentry) == -ENOENT) {
		int err = may_create(w->dir);
		u32 bits = mode & 07777 & ~current->fs->umask;
		dentry = err ? ERR_PTR(err)
			     : ramfs_create(w->dir, w->last, w->last_len, S_IFREG | bits, 0, NULL);
		*made = !IS_ERR(dentry);
	} else if (!IS_ERR(dentry) && (flags & O_EXCL)) {
		dentry_put(dentry);
		dentry = ERR_PTR(-EEXIST);
	}
	mutex_unlock(&w->dir->inode->lock);
	return IS_ERR(dentry) ? dentry : dentry_cross(dentry);
}

/* The object that O_CREAT opens: follows symlinks to names that need not exist. */
static struct dentry *open_create(struct walk *w, u32 flags, u32 mode, bool *made)
{
	for (;;) {
		int err = walk_to_last(w);
		if (err)
			return ERR_PTR(err);
		if (w->last_kind != LAST_NAME || w->slash)
			return ERR_PTR(w->last_kind != LAST_NAME && (flags & O_EXCL) ? -EEXIST : -EISDIR);
		struct dentry *dentry = lookup_or_create(w, flags, mode, made);
		if (IS_ERR(dentry) || inode_type(dentry->inode) != S_IFLNK ||
		    (flags & O_NOFOLLOW))
			return dentry;
		err = walk_follow(w, dentry->inode);
		dentry_put(dentry);
		if (err)
			return err > 0 ? dentry_get(w->dir) : ERR_PTR(err);
	}
}

/* O_TMPFILE: a file in that directory's file system, without a name. */
static struct dentry *open_nameless(int dirfd, char *path, u32 flags, u32 mode)
{
	u32 follow = flags & O_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct dentry *dir = path_lookup(dirfd, path, follow | LOOKUP_DIRECTORY);
	if (IS_ERR(dir))
		return dir;
	int err = may_create(dir);
	struct dentry *dentry = ERR_PTR(dir->inode->inode_ops->lookup ? -EOPNOTSUPP : err);
	if (!IS_ERR(dentry))
		dentry = ramfs_create_nameless(dir, S_IFREG | (mode & 07777 & ~current->fs->umask),
					       !(flags & O_EXCL));
	dentry_put(dir);
	return dentry;
}

static struct dentry *open_lookup(int dirfd, char *path, u32 flags, u32 mode, bool *made)
{
	if (flags & TMPFILE_ONLY) {
		*made = true;
		return open_nameless(dirfd, path, flags, mode);
	}
	if ((flags & O_CREAT) && !(flags & O_PATH)) {
		struct walk w;
		int err = walk_start(&w, dirfd, path);
		if (!err && !*w.path)
			err = -ENOENT;
		struct dentry *dentry = err ? ERR_PTR(err) : open_create(&w, flags, mode, made);
		walk_end(&w);
		return dentry;
	}
	u32 lookup = flags & O_NOFOLLOW || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)
			     ? 0 : LOOKUP_FOLLOW;
	if (flags & O_DIRECTORY)
		lookup |= LOOKUP_DIRECTORY;
	return path_lookup(dirfd, path, lookup);
}

/* O_TRUNC cuts also what is opened for reading only; a writer it is meanwhile. */
static int open_truncate(struct inode *inode)
{
	int err = inode_write_get(inode);
	if (err)
		return err;
	err = file_truncate(inode, 0);
	inode_write_put(inode);
	return err;
}

static struct file *open_file(int dirfd, char *path, u32 flags, u32 mode)
{
	bool made = false;
	struct dentry *dentry = open_lookup(dirfd, path, flags, mode, &made);
	if (IS_ERR(dentry))
		return (struct file *)dentry;
	int err = made || (flags & O_PATH) ? 0 : check_open(dentry->inode, flags);
	u32 kept = flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC);
	struct file *file = err ? ERR_PTR(err) : file_open_dentry(dentry, kept);
	dentry_put(dentry);
	if (!IS_ERR(file))
		file->flags &= ~O_NOCTTY; /* a terminal's open has looked at it */
	bool cut = (flags & O_TRUNC) && !(flags & O_PATH) && !made;
	if (!IS_ERR(file) && cut && file->ops == &ramfs_file_ops) {
		err = open_truncate(file->inode);
		if (err) {
			file_put(file);
			return ERR_PTR(err);
		}
	}
	return file;
}

enum { OPEN_FLAGS = O_ACCMODE | 037777700 }; /* O_CREAT to O_TMPFILE; others are ignored: open(2) */

s64 sys_openat(int dirfd, const char __user *path, int flags, u32 mode)
{
	flags &= OPEN_FLAGS;
	if ((flags & (O_DIRECTORY | O_CREAT)) == (O_DIRECTORY | O_CREAT))
		return -EINVAL;
	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if ((flags & TMPFILE_ONLY) &&
	    (!(flags & O_DIRECTORY) || (flags & O_ACCMODE) == O_RDONLY))
		return -EINVAL;
	char *name = path_get_user(path);
	if (IS_ERR(name))
		return PTR_ERR(name);
	/* Before a file is made, cut or waited for; only a path that is none counts first. */
	int fd = *name ? fd_reserve(flags & O_CLOEXEC) : -ENOENT;
	if (fd < 0) {
		path_free(name);
		return fd;
	}
	flags |= flags & O_PATH ? 0 : O_LARGEFILE;
	struct file *file = open_file(dirfd, name, flags, mode);
	if (IS_ERR(file)) {
		fd_unreserve(fd);
		return PTR_ERR(file);
	}
	fd_publish(fd, file);
	return fd;
}

s64 sys_open(const char __user *path, int flags, u32 mode)
{
	return sys_openat(AT_FDCWD, path, flags, mode);
}

s64 sys_creat(const char __user *path, u32 mode)
{
	return sys_openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

s64 sys_close(int fd)
{
	return fd_close(fd);
}

/* Two descriptors, or none and -errno. */
static int reserve_two(int fd[2], bool cloexec)
{
	fd[0] = fd_reserve(cloexec);
	if (fd[0] < 0)
		return fd[0];
	fd[1] = fd_reserve(cloexec);
	if (fd[1] < 0)
		fd_unreserve(fd[0]);
	return MIN(fd[1], 0);
}

int fd_install_two(struct file *end[2], bool cloexec, int __user *fds)
{
	int fd[2];
	int err = reserve_two(fd, cloexec);
	if (err)
		goto put_files;
	err = copy_to_user(fds, fd, sizeof fd);
	if (err)
		goto unreserve;
	fd_publish(fd[0], end[0]);
	fd_publish(fd[1], end[1]);
	return 0;
unreserve:
	fd_unreserve(fd[0]);
	fd_unreserve(fd[1]);
put_files:
	file_put(end[0]);
	file_put(end[1]);
	return err;
}

s64 sys_pipe2(int __user *fds, int flags)
{
	struct file *end[2];
	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	int err = pipe_make(end, flags & O_NONBLOCK);
	return err ? err : fd_install_two(end, flags & O_CLOEXEC, fds);
}

s64 sys_pipe(int __user *fds)
{
	return sys_pipe2(fds, 0);
}

/* &fs->cwd or &fs->root of the current task goes to another directory. */
static void set_place(struct dentry **place, struct dentry *dentry)
{
	struct fs *fs = current->fs;
	place_get(dentry);
	spin_lock(&fs->lock);
	struct dentry *old = *place;
	*place = dentry;
	spin_unlock(&fs->lock);
	place_put(old);
}

s64 sys_chdir(const char __user *path)
{
	struct dentry *dentry = path_lookup_user(AT_FDCWD, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	int err = may_access(dentry->inode, MAY_EXEC);
	if (!err)
		set_place(&current->fs->cwd, dentry);
	dentry_put(dentry);
	return err;
}

s64 sys_chroot(const char __user *path)
{
	struct dentry *dentry = path_lookup_user(AT_FDCWD, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	int err = may_access(dentry->inode, MAY_EXEC);
	if (!err && !creds_root(&current->creds))
		err = -EPERM;
	if (!err)
		set_place(&current->fs->root, dentry);
	dentry_put(dentry);
	return err;
}

s64 sys_fchdir(int fd)
{
	struct file *file = fd_get(fd);
	if (!file)
		return -EBADF;
	int err = inode_is_dir(file->inode) ? may_access(file->inode, MAY_EXEC) : -ENOTDIR;
	if (!err)
		set_place(&current->fs->cwd, file->dentry);
	file_put(file);
	return err;
}

s64 sys_getcwd(char __user *buf, size_t size)
{
	struct dentry *cwd;
	char *page = path_get_kernel("");
	if (IS_ERR(page))
		return PTR_ERR(page);
	spin_lock(&current->fs->lock);
	cwd = dentry_get(current->fs->cwd);
	spin_unlock(&current->fs->lock);
	char *path = cwd->dead ? NULL : dentry_path(cwd, path_root(), page, PATH_MAX);
	s64 result = cwd->dead ? -ENOENT : -ENAMETOOLONG;
	dentry_put(cwd);
	if (path) {
		size_t n = page + PATH_MAX - path;
		result = n > size ? -ERANGE : copy_to_user(buf, path, n) ? -EFAULT : (s64)n;
	}
	path_free(page);
	return result;
}

s64 sys_umask(u32 mask)
{
	struct fs *fs = current->fs;
	spin_lock(&fs->lock);
	u32 old = fs->umask;
	fs->umask = mask & 0777;
	spin_unlock(&fs->lock);
	return old;
}
