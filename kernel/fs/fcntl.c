/*
 * Calls on descriptors themselves: dup and its kin, fcntl, ioctl.
 */
#include "arch/cpu.h"
#include "fs/open.h"
#include "fs/inode.h"
#include "fs/lock.h"
#include "fs/memfd.h"
#include "fs/path.h"
#include "fs/ramfs.h"
#include "mm/uaccess.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum fcntl_command {
	F_DUPFD = 0, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW,
	F_SETOWN, F_GETOWN, F_SETSIG, F_GETSIG, F_GETOWN_EX = 16,
	F_OFD_GETLK = 36, F_OFD_SETLK, F_OFD_SETLKW,
	F_NOTIFY = 1026, F_DUPFD_CLOEXEC = 1030, F_SETPIPE_SZ, F_GETPIPE_SZ,
	F_ADD_SEALS, F_GET_SEALS,
};
enum { FD_CLOEXEC = 1 };
#define DN_MULTISHOT 0x80000000u
enum { SETFL_MASK = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME };
enum { FIONCLEX = 0x5450, FIOCLEX = 0x5451, FIONBIO = 0x5421, FIONREAD = 0x541b };

/* Takes over the reference. */
static s64 dup_file(struct file *file, u32 min, bool cloexec)
{
	int fd = fd_install(file, min, cloexec);
	if (fd < 0)
		file_put(file);
	return fd;
}

s64 sys_dup(int fd)
{
	struct file *file = fd_get(fd);
	return file ? dup_file(file, 0, false) : -EBADF;
}

static s64 dup_to(int old_fd, int new_fd, bool cloexec)
{
	struct file *file = fd_get(old_fd);
	if (!file)
		return -EBADF;
	int fd = fd_install_at(file, new_fd, cloexec);
	if (fd < 0)
		file_put(file);
	return fd;
}

s64 sys_dup2(int old_fd, int new_fd)
{
	if (old_fd == new_fd) { /* dup2(2): does nothing, but the descriptor must be valid */
		int err = fd_cloexec_get(old_fd);
		return err < 0 ? err : new_fd;
	}
	return dup_to(old_fd, new_fd, false);
}

s64 sys_dup3(int old_fd, int new_fd, int flags)
{
	if ((flags & ~O_CLOEXEC) || old_fd == new_fd)
		return -EINVAL;
	return dup_to(old_fd, new_fd, flags & O_CLOEXEC);
}

/* F_SETFL: the description's, so all who share it see the change. Others are ignored. */
static s64 set_flags(struct file *file, u32 flags)
{
	u32 old = __atomic_load_n(&file->flags, __ATOMIC_RELAXED);
	if ((flags & ~old & O_NOATIME) && !owner_or_root(file->inode))
		return -EPERM;
	flags = (old & ~SETFL_MASK) | (flags & SETFL_MASK);
	__atomic_store_n(&file->flags, flags, __ATOMIC_RELAXED);
	return 0;
}

/* The commands that an O_PATH descriptor serves: open(2). */
static bool serves_path(int command)
{
	return command == F_DUPFD || command == F_DUPFD_CLOEXEC || command == F_GETFD ||
	       command == F_SETFD || command == F_GETFL;
}

static s64 fcntl_file(struct file *file, int fd, int command, u64 arg)
{
	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if ((u32)arg >= task_rlimit(current, RLIMIT_NOFILE))
			return -EINVAL; /* EMFILE is: none free from there on */
		return dup_file(file_get(file), arg, command == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return fd_cloexec_get(fd);
	case F_SETFD:
		return fd_cloexec_set(fd, arg & FD_CLOEXEC);
	case F_GETFL:
		return file->flags;
	case F_SETFL:
		return set_flags(file, arg);
	case F_GETOWN:
	case F_GETSIG:
		return 0;
	case F_GETOWN_EX: /* what libcs ask for F_GETOWN */
		return put_user_u64((void __user *)arg, 0);
	case F_SETOWN: /* LINUX-DIFF: no signals tell of files (SIGIO); to nobody they can go */
	case F_SETSIG:
		return arg ? -EINVAL : 0;
	case F_NOTIFY: /* LINUX-DIFF: watches no directory; to watch for nothing always works */
		return (u32)arg & ~DN_MULTISHOT ? -EINVAL : 0;
	case F_SETPIPE_SZ:
		return pipe_resize(file, (u32)arg);
	case F_GETPIPE_SZ:
		return pipe_size(file);
	case F_ADD_SEALS:
	case F_GET_SEALS:
		return memfd_fcntl(file, command == F_ADD_SEALS, (u32)arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return lock_fcntl(file, fd, command, (void __user *)arg);
	default:
		return -EINVAL;
	}
}

s64 sys_fcntl(int fd, int command, u64 arg)
{
	struct file *file = fd_get(fd);
	if (!file)
		return -EBADF;
	s64 result = -EBADF;
	if (!(file->flags & O_PATH) || serves_path(command))
		result = fcntl_file(file, fd, command, arg);
	file_put(file);
	return result;
}

static s64 set_nonblock(struct file *file, void __user *arg)
{
	int on;
	if (copy_from_user(&on, arg, sizeof on))
		return -EFAULT;
	if (on)
		__atomic_fetch_or(&file->flags, O_NONBLOCK, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&file->flags, ~O_NONBLOCK, __ATOMIC_RELAXED);
	return 0;
}

static s64 ioctl_file(struct file *file, int fd, u64 request, u64 arg)
{
	switch (request) {
	case FIOCLEX:
		return fd_cloexec_set(fd, true);
	case FIONCLEX:
		return fd_cloexec_set(fd, false);
	case FIONBIO:
		return set_nonblock(file, (void __user *)arg);
	case FIONREAD:
		if (file->ops == &ramfs_file_ops)
			return put_user_u32((void __user *)arg,
					    file->inode->size_bytes - file->offset);
		/* fallthrough */
	default:
		return file->ops->ioctl ? file->ops->ioctl(file, request, arg) : -ENOTTY;
	}
}

s64 sys_ioctl(int fd, u64 request, u64 arg)
{
	struct file *file = fd_get_io(fd);
	if (!file)
		return -EBADF;
	s64 result = ioctl_file(file, fd, (u32)request, arg);
	file_put(file);
	return result;
}
