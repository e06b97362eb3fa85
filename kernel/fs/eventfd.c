/*
 * eventfd: a counter as a file. write adds to it, read takes all of it (or 1,
 * with EFD_SEMAPHORE) and waits while it is 0.
 *
 * Lock: the queue's own; the counter changes under it, so that a sleeper that
 * has looked misses no change. Source: eventfd(2).
 */
#include "arch/cpu.h"
#include "fs/files.h"
#include "fs/inode.h"
#include "fs/dentry.h"
#include "fs/poll.h"
#include "mm/heap.h"
#include "mm/uaccess.h"
#include "syscall/syscalls.h"

enum { EFD_SEMAPHORE = 1, EFD_NONBLOCK = O_NONBLOCK, EFD_CLOEXEC = O_CLOEXEC };

#define COUNT_MAX (UINT64_MAX - 1)

struct eventfd {
	_Atomic u64 count;
	bool semaphore;
	struct waitq wait;
};

static struct super eventfd_super = {
	.dev = 9, .type = "eventfd", .magic = 0x09041934, .next_inode = 1,
};

/* Takes from the counter: how much, or 0 while there is nothing. */
static u64 try_read(struct eventfd *e, u64 unused)
{
	u64 count = e->count, taken;
	(void)unused;
	do
		taken = e->semaphore ? MIN(count, 1ul) : count;
	while (taken && !__atomic_compare_exchange_n((u64 *)&e->count, &count, count - taken, false,
						     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	return taken;
}

/* Adds; 0 while that would be too much. Adding 0 succeeds as well. */
static u64 try_write(struct eventfd *e, u64 add)
{
	u64 count = e->count;
	do
		if (add > COUNT_MAX - count)
			return 0;
	while (!__atomic_compare_exchange_n((u64 *)&e->count, &count, count + add, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	return 1;
}

/* Until try succeeds: what it answers; -EAGAIN, -ERESTARTSYS in *err. */
static u64 repeat(struct file *file, u64 (*try)(struct eventfd *, u64), u64 arg, int *err)
{
	struct eventfd *e = file->private;
	struct waiter w;
	u64 done = try(e, arg);
	*err = 0;
	if (!done && (file->flags & O_NONBLOCK))
		*err = -EAGAIN;
	if (!done && !*err) {
		waitq_join(&e->wait, &w);
		while (!*err && !(done = try(e, arg)))
			*err = waitq_sleep(&w) ? -ERESTARTSYS : 0;
		waitq_leave(&w);
	}
	if (done)
		waitq_wake_all(&e->wait);
	return done;
}

static ssize_t eventfd_read(struct file *file, void __user *buf, size_t n, off_t *offset)
{
	int err;
	(void)offset;
	if (n < sizeof(u64))
		return -EINVAL;
	u64 value = repeat(file, try_read, 0, &err);
	if (err)
		return err;
	return put_user_u64(buf, value) ? -EFAULT : (ssize_t)sizeof value;
}

static ssize_t eventfd_write(struct file *file, const void __user *buf, size_t n, off_t *offset)
{
	u64 value;
	int err;
	(void)offset;
	if (n < sizeof value)
		return -EINVAL;
	if (get_user_u64(&value, buf))
		return -EFAULT;
	if (value > COUNT_MAX)
		return -EINVAL;
	repeat(file, try_write, value, &err);
	return err ? err : (ssize_t)sizeof value;
}

static u32 eventfd_poll(struct file *file, struct poll_table *table)
{
	struct eventfd *e = file->private;
	if (table)
		poll_wait(table, &e->wait);
	return (e->count ? POLLIN : 0) | (e->count < COUNT_MAX ? POLLOUT : 0);
}

static void eventfd_release(struct file *file)
{
	heap_free(file->private);
}

static const struct file_ops eventfd_ops = {
	.release = eventfd_release,
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
};

s64 sys_eventfd2(u32 count, int flags)
{
	if (flags & ~(EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC))
		return -EINVAL;
	struct eventfd *e = heap_zalloc(sizeof *e);
	struct inode *inode = e ? inode_new(&eventfd_super, 0600) : NULL;
	struct file *file = inode ? file_new(&eventfd_ops, inode, NULL,
					     O_RDWR | (flags & O_NONBLOCK)) : NULL;
	if (!file) {
		if (inode)
			inode_put(inode);
		heap_free(e);
		return -ENOMEM;
	}
	e->count = count;
	e->semaphore = flags & EFD_SEMAPHORE;
	waitq_init(&e->wait);
	file->private = e;
	int fd = fd_install(file, 0, flags & EFD_CLOEXEC);
	if (fd < 0)
		file_put(file);
	return fd;
}

s64 sys_eventfd(u32 count)
{
	return sys_eventfd2(count, 0);
}
