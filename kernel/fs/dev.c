/*
 * Character devices as files: the registry by number, and the devices that
 * are only memory (mem(4), null(4), random(4), full(4)).
 *
 * Opening a node of type S_IFCHR looks the number up and swaps in the device's
 * own file_ops. Entry points: chardev_register, chardev_populate, dev_mem_init.
 */
#include "fs/dev.h"

#include "arch/cpu.h"
#include "fs/random.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "proc/sched.h"
#include "proc/task.h"

enum { MAX_CHARDEVS = 32, MAJOR_MEM = 1 };

static struct chardev {
	u64 rdev;
	const char *name;
	const struct file_ops *ops;
	void *private;
} chardevs[MAX_CHARDEVS]; /* only added to, at boot */
static size_t nchardevs;
static struct dentry *dev_dir; /* the mounted /dev, once it is */

static int add_node(struct dentry *dir, const struct chardev *dev)
{
	bool own_terminal = strcmp(dev->name, "tty") == 0;
	u32 mode = dev->ops->ioctl && !own_terminal ? 0620 : 0666; /* other people's terminals */
	size_t len = strlen(dev->name);
	mutex_lock(&dir->inode->lock);
	struct dentry *there = dentry_find(dir, dev->name, len);
	if (!there)
		there = ramfs_create(dir, dev->name, len, S_IFCHR | mode, dev->rdev, NULL);
	mutex_unlock(&dir->inode->lock);
	if (IS_ERR(there))
		return PTR_ERR(there);
	dentry_put(there);
	return 0;
}

void chardev_register(u64 rdev, const char *name_in_dev, const struct file_ops *ops, void *private)
{
	kassert(nchardevs < MAX_CHARDEVS);
	struct chardev *dev = &chardevs[nchardevs++];
	*dev = (struct chardev){rdev, name_in_dev, ops, private};
	if (dev_dir && name_in_dev && add_node(dev_dir, dev) != 0)
		panic("out of memory for /dev/%s", name_in_dev);
}

int chardev_populate(struct dentry *dir)
{
	static const char *const links[][2] = {
		{"fd", "/proc/self/fd"}, {"stdin", "/proc/self/fd/0"},
		{"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		mutex_lock(&dir->inode->lock);
		struct dentry *link = ramfs_create(dir, links[i][0], strlen(links[i][0]),
						   S_IFLNK | 0777, 0, links[i][1]);
		mutex_unlock(&dir->inode->lock);
		if (IS_ERR(link))
			return PTR_ERR(link);
		dentry_put(link);
	}
	for (size_t i = 0; i < nchardevs; i++) {
		int err = chardevs[i].name ? add_node(dir, &chardevs[i]) : 0;
		if (err)
			return err;
	}
	if (!dev_dir)
		dev_dir = dir;
	return 0;
}

static int chardev_open(struct file *file)
{
	for (size_t i = 0; i < nchardevs; i++) {
		const struct chardev *dev = &chardevs[i];
		if (dev->rdev != file->inode->rdev)
			continue;
		file->ops = dev->ops;
		file->private = dev->private;
		return dev->ops->open ? dev->ops->open(file) : 0;
	}
	return -ENXIO;
}

const struct file_ops chardev_ops = {.open = chardev_open};

static int nodev_open(struct file *file)
{
	(void)file;
	return -ENXIO;
}

/* Block devices and sockets cannot be opened; O_PATH descriptors do nothing. */
const struct file_ops nodev_ops = {.open = nodev_open};

static ssize_t null_read(struct file *file, void __user *buf, size_t n, off_t *offset)
{
	(void)file, (void)buf, (void)n, (void)offset;
	return 0;
}

static ssize_t null_write(struct file *file, const void __user *buf, size_t n, off_t *offset)
{
	(void)file, (void)buf, (void)offset;
	return n;
}

/* Fills the buffer with zeros, or with random bytes. */
static ssize_t fill(void __user *buf, size_t n, bool random)
{
	u8 bytes[256] = {0};
	size_t done = 0;
	while (done < n) {
		size_t part = MIN(n - done, random ? sizeof bytes : PAGE_SIZE);
		if (random)
			random_bytes(bytes, part);
		size_t missed = copy_to_user_partial((char __user *)buf + done,
						     random ? bytes : page_kva(zero_page), part);
		done += part - missed;
		if (missed)
			return done ? (ssize_t)done : -EFAULT;
		sched_point();
		if (signal_pending(current))
			break;
	}
	return done;
}

static ssize_t zero_read(struct file *file, void __user *buf, size_t n, off_t *offset)
{
	(void)file, (void)offset;
	return fill(buf, n, false);
}

static ssize_t random_read(struct file *file, void __user *buf, size_t n, off_t *offset)
{
	(void)file, (void)offset;
	return fill(buf, n, true);
}

static ssize_t full_write(struct file *file, const void __user *buf, size_t n, off_t *offset)
{
	(void)file, (void)buf, (void)n, (void)offset;
	return -ENOSPC;
}

static const struct file_ops null_ops = {
	.seekable = true, .seek_ignored = true, .read = null_read, .write = null_write,
	.write_kernel = null_write,
};
const struct file_ops zero_ops = {
	.seekable = true, .seek_ignored = true, .read = zero_read, .write = null_write,
	.write_kernel = null_write,
};
static const struct file_ops full_ops = {
	.seekable = true, .seek_ignored = true, .read = zero_read, .write = full_write,
};
static const struct file_ops random_ops = {
	.seekable = true, .seek_ignored = true, .read = random_read, .write = null_write,
	.write_kernel = null_write,
};

void dev_mem_init(void)
{
	chardev_register(MAKEDEV(MAJOR_MEM, 3), "null", &null_ops, NULL);
	chardev_register(MAKEDEV(MAJOR_MEM, 5), "zero", &zero_ops, NULL);
	chardev_register(MAKEDEV(MAJOR_MEM, 7), "full", &full_ops, NULL);
	chardev_register(MAKEDEV(MAJOR_MEM, 8), "random", &random_ops, NULL);
	chardev_register(MAKEDEV(MAJOR_MEM, 9), "urandom", &random_ops, NULL);
}
