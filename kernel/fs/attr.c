/*
 * Changes of an inode's attributes: mode, owner, times.
 *
 * Who may is looked at under the inode->lock that the change is made under:
 * else one who was the owner a moment ago could make a set-user-ID file of
 * what root has just taken over.
 */
#include "arch/cpu.h"
#include "fs/open.h"
#include "fs/path.h"
#include "mm/uaccess.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

#define SECONDS_MAX ((s64)(INT64_MAX / NSEC) - 1) /* the year 2262; and before 1970 as far */

enum { UTIME_NOW = (1 << 30) - 1, UTIME_OMIT = (1 << 30) - 2, NSEC = 1000000000 };

struct change {
	inode_visit *make; /* inode->lock is held */
	void *arg;
};

static s64 change(struct inode *inode, void *arg)
{
	const struct change *c = arg;
	if (inode_readonly(inode))
		return -EROFS;
	mutex_lock(&inode->lock);
	s64 err = c->make(inode, c->arg);
	mutex_unlock(&inode->lock);
	return err;
}

static s64 change_path(int dirfd, const char __user *path, u32 flags, inode_visit *make, void *arg)
{
	struct change c = {make, arg};
	return path_visit(dirfd, path, flags, change, &c);
}

static s64 change_fd(int fd, inode_visit *make, void *arg)
{
	struct change c = {make, arg};
	return file_visit(fd_get_io(fd), change, &c);
}

/* chmod(2): S_ISGID is dropped in silence for who is not in the file's group. */
static s64 set_mode(struct inode *inode, void *arg)
{
	u32 mode = *(u32 *)arg;
	if (!owner_or_root(inode) || (inode->inode_ops && inode->inode_ops->refresh)) /* /proc */
		return -EPERM;
	if (current->creds.fsuid != 0 && !creds_in_group(&current->creds, inode->gid))
		mode &= ~S_ISGID;
	inode->mode = (inode->mode & S_IFMT) | (mode & 07777);
	inode->ctime_ns = inode_now_ns();
	return 0;
}

struct owner {
	u32 uid, gid;
};

/* chown(2): the owner may give it to a group of theirs; the rest is root's. -1: unchanged. */
static s64 set_owner(struct inode *inode, void *arg)
{
	u32 uid = ((struct owner *)arg)->uid, gid = ((struct owner *)arg)->gid;
	const struct creds *creds = &current->creds;
	bool root = creds->fsuid == 0, owner = creds->fsuid == inode->uid;
	if (uid != UINT32_MAX && !root && !(owner && uid == inode->uid))
		return -EPERM;
	bool own_group = owner && (gid == inode->gid || creds_in_group(creds, gid));
	if (gid != UINT32_MAX && !root && !own_group)
		return -EPERM;
	u32 dropped = S_ISUID | (inode->mode & 010 ? S_ISGID : 0);
	if (!root && !owner && !inode_is_dir(inode) && (inode->mode & dropped))
		return -EPERM;
	if (uid != UINT32_MAX)
		inode->uid = uid;
	if (gid != UINT32_MAX)
		inode->gid = gid;
	if (!inode_is_dir(inode))
		inode->mode &= ~dropped;
	inode->ctime_ns = inode_now_ns();
	return 0;
}

s64 sys_fchmodat(int dirfd, const char __user *path, u32 mode)
{
	return change_path(dirfd, path, LOOKUP_FOLLOW, set_mode, &mode);
}

s64 sys_chmod(const char __user *path, u32 mode)
{
	return sys_fchmodat(AT_FDCWD, path, mode);
}

s64 sys_fchmod(int fd, u32 mode)
{
	return change_fd(fd, set_mode, &mode);
}

s64 sys_fchownat(int dirfd, const char __user *path, u32 uid, u32 gid, int flags)
{
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	struct owner owner = {uid, gid};
	return change_path(dirfd, path, at_lookup(flags), set_owner, &owner);
}

s64 sys_chown(const char __user *path, u32 uid, u32 gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}

s64 sys_lchown(const char __user *path, u32 uid, u32 gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

s64 sys_fchown(int fd, u32 uid, u32 gid)
{
	struct owner owner = {uid, gid};
	return change_fd(fd, set_owner, &owner);
}

struct timespec {
	s64 sec, ns;
};

static bool time_valid(const struct timespec *t)
{
	return t->ns == UTIME_NOW || t->ns == UTIME_OMIT || (t->ns >= 0 && t->ns < NSEC);
}

static void set_time(u64 *to, const struct timespec *t, u64 now)
{
	if (t->ns == UTIME_NOW)
		*to = now;
	else if (t->ns != UTIME_OMIT)
		*to = MIN(MAX(t->sec, -SECONDS_MAX), SECONDS_MAX) * NSEC + t->ns;
}

/* utimensat(2), "Permissions requirements". */
static s64 set_times(struct inode *inode, void *arg)
{
	const struct timespec *t = arg;
	bool now = t[0].ns == UTIME_NOW && t[1].ns == UTIME_NOW;
	if (!owner_or_root(inode) && !(now && may_access(inode, MAY_WRITE) == 0))
		return now ? -EACCES : -EPERM;
	inode->ctime_ns = inode_now_ns();
	set_time(&inode->atime_ns, &t[0], inode->ctime_ns);
	set_time(&inode->mtime_ns, &t[1], inode->ctime_ns);
	return 0;
}

/* The older forms give seconds, or microseconds: `unit` nanoseconds each. */
static s64 set_old_times(int dirfd, const char __user *path, const s64 *t, s64 unit)
{
	struct timespec both[2] = {{t[0], t[1] * unit}, {t[2], t[3] * unit}};
	for (int i = 0; i < 2; i++)
		if (t[2 * i + 1] < 0 || t[2 * i + 1] >= NSEC / unit)
			return -EINVAL;
	return change_path(dirfd, path, LOOKUP_FOLLOW, set_times, both);
}

s64 sys_utime(const char __user *path, const void __user *times)
{
	s64 t[4] = {0}, given[2];
	if (!times)
		return sys_utimensat(AT_FDCWD, path, NULL, 0);
	if (copy_from_user(given, times, sizeof given))
		return -EFAULT;
	t[0] = given[0];
	t[2] = given[1];
	return set_old_times(AT_FDCWD, path, t, 1);
}

s64 sys_futimesat(int dirfd, const char __user *path, const void __user *times)
{
	s64 t[4];
	if (!times)
		return sys_utimensat(dirfd, path, NULL, 0);
	if (copy_from_user(t, times, sizeof t))
		return -EFAULT;
	return set_old_times(dirfd, path, t, 1000);
}

s64 sys_utimes(const char __user *path, const void __user *times)
{
	return sys_futimesat(AT_FDCWD, path, times);
}

s64 sys_utimensat(int dirfd, const char __user *path, const void __user *times, int flags)
{
	struct timespec t[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (times && copy_from_user(t, times, sizeof t))
		return -EFAULT;
	if (t[0].ns == UTIME_OMIT && t[1].ns == UTIME_OMIT)
		return 0; /* whatever the path says, as on Linux */
	if (!time_valid(&t[0]) || !time_valid(&t[1]))
		return -EINVAL;
	if (!path && dirfd != AT_FDCWD) /* utimensat(2), NOTES: the descriptor itself */
		return flags ? -EINVAL : change_fd(dirfd, set_times, t);
	return change_path(dirfd, path, at_lookup(flags), set_times, t);
}
