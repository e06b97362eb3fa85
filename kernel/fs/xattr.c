/*
 * Extended attributes (xattr(7)): no file has one, and none can be set. ls -l,
 * cp -a, mv and install ask for them and for what is kept in them (ACLs, labels,
 * capabilities of files), and go on in silence when they hear EOPNOTSUPP; ENOSYS
 * they would report for each file.
 *
 * The file must be there all the same. LINUX-DIFF: name and value are not looked
 * at; Linux's tmpfs keeps trusted.* and security.*, and has ENODATA for what is not set.
 */
#include "fs/open.h"
#include "fs/path.h"
#include "lib/errno.h"
#include "syscall/syscalls.h"

static s64 refuse(struct inode *inode, void *arg)
{
	(void)inode, (void)arg;
	return -EOPNOTSUPP;
}

static s64 list_none(struct inode *inode, void *arg)
{
	(void)inode, (void)arg;
	return 0;
}

s64 sys_getxattr(const char __user *path)
{
	return path_visit(AT_FDCWD, path, LOOKUP_FOLLOW, refuse, NULL);
}

s64 sys_lgetxattr(const char __user *path)
{
	return path_visit(AT_FDCWD, path, 0, refuse, NULL);
}

s64 sys_fgetxattr(int fd)
{
	return file_visit(fd_get_io(fd), refuse, NULL);
}

s64 sys_listxattr(const char __user *path)
{
	return path_visit(AT_FDCWD, path, LOOKUP_FOLLOW, list_none, NULL);
}

s64 sys_llistxattr(const char __user *path)
{
	return path_visit(AT_FDCWD, path, 0, list_none, NULL);
}

s64 sys_flistxattr(int fd)
{
	return file_visit(fd_get_io(fd), list_none, NULL);
}
