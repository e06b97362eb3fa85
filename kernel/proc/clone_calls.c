/*
 * The system calls that end in clone_task: fork, vfork, clone, clone3. Each
 * only brings its arguments into one form.
 */
#include "arch/cpu.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/clone.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

s64 sys_fork(void)
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	return clone_task(&args);
}

s64 sys_vfork(void)
{
	struct clone_args args = {.flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD};
	return clone_task(&args);
}

s64 sys_clone(u64 flags, va_t stack, u32 __user *parent_tid, u32 __user *child_tid, va_t tls)
{
	struct clone_args args = {
		.flags = flags & 0xffffffff & ~(u64)CSIGNAL,
		.exit_signal = flags & CSIGNAL,
		.stack_top = stack,
		.parent_tid = parent_tid,
		.child_tid = child_tid,
		.tls = tls,
	};
	return clone_task(&args);
}

/* struct clone_args of linux/sched.h; later fields must be zero if given. */
struct clone3_args {
	u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	u64 set_tid, set_tid_size, cgroup;
};

enum { CLONE3_SIZE_VER0 = 64 };

static int read_clone3_args(struct clone3_args *raw, const void __user *from, size_t size)
{
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE3_SIZE_VER0)
		return -EINVAL;
	memset(raw, 0, sizeof *raw);
	if (copy_from_user(raw, from, MIN(size, sizeof *raw)))
		return -EFAULT;
	for (size_t at = sizeof *raw; at < size; at++) {
		u8 byte;
		if (copy_from_user(&byte, (const char __user *)from + at, 1))
			return -EFAULT;
		if (byte)
			return -E2BIG; /* a field that this kernel does not know */
	}
	return 0;
}

s64 sys_clone3(const void __user *user_args, size_t size)
{
	struct clone3_args raw;
	int error = read_clone3_args(&raw, user_args, size);
	if (error)
		return error;
	if (raw.exit_signal > NSIG || (raw.flags & (CLONE_DETACHED | CSIGNAL)))
		return -EINVAL;
	if ((raw.flags & (CLONE_PARENT | CLONE_THREAD)) && raw.exit_signal)
		return -EINVAL;
	if (!raw.stack != !raw.stack_size)
		return -EINVAL;
	if (raw.stack && !user_range_ok((void __user *)raw.stack, raw.stack_size))
		return -EINVAL;
	if (raw.set_tid || raw.set_tid_size)
		return -EINVAL; /* LINUX-DIFF: numbers cannot be chosen */
	struct clone_args args = {
		.flags = raw.flags,
		.exit_signal = raw.exit_signal,
		.stack_top = raw.stack ? raw.stack + raw.stack_size : 0,
		.parent_tid = (u32 __user *)raw.parent_tid,
		.child_tid = (u32 __user *)raw.child_tid,
		.tls = raw.tls,
	};
	return clone_task(&args);
}
