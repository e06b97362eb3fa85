/*
 * mount(2) and umount2(2), for the file systems there are, and /proc/mounts.
 *
 * The root of a mounted tree has the place that it covers as its parent, and
 * the place points to the root (dentry_cover): lookups go on there, ".." and
 * paths come back. A mount on a mount covers the root of the one below it.
 * What is mounted where changes under mount_lock (RANK_MOUNT); the list of
 * mounts, for who reads it, under mounts_lock.
 *
 * LINUX-DIFF: a file system is mounted at one place: no bind mounts, no
 * MS_MOVE, no propagation.
 */
#include "fs/mount.h"

#include "arch/cpu.h"
#include "fs/dev.h"
#include "fs/path.h"
#include "fs/procfs.h"
#include "fs/ramfs.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/mapping.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

#define MS_MAGIC 0xc0ed0000ull /* of old, in the upper half of the flags */
#define RAMFS_MAGIC 0x858458f6u

enum { TYPE_MAX = 32, DEV_MODE = 0755, TMP_MODE = 01777 };
enum {
	MS_REMOUNT = 32, MS_BIND = 4096, MS_MOVE = 8192, MS_UNBINDABLE = 1 << 17,
	MS_PRIVATE = 1 << 18, MS_SLAVE = 1 << 19, MS_SHARED = 1 << 20,
	MS_OBEYED = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
	MS_REFUSED = MS_BIND | MS_MOVE | MS_UNBINDABLE | MS_PRIVATE | MS_SLAVE | MS_SHARED,
};
enum { MNT_FORCE = 1, MNT_DETACH = 2, UMOUNT_NOFOLLOW = 8 };

static struct mutex mount_lock;
static struct spinlock mounts_lock = SPINLOCK_INIT("mounts", RANK_INODES);
static struct list mounts = LIST_INIT(mounts);

/* What the data of mount(2) can say; UINT32_MAX, UINT64_MAX: it did not. */
struct options {
	u64 size_bytes, ninodes;
	u32 mode, uid, gid;
};

/* "12k" and "50%" (of memory); false unless the whole text is that. */
static bool parse_size(const char *text, u64 *value)
{
	static const char units[] = "kmg";
	const char *end;
	struct page_stats memory;
	*value = parse_u64(text, &end, 10);
	const char *unit = *end ? strchr(units, *end | 0x20) : NULL;
	if (end != text && *end == '%') {
		page_stats(&memory);
		*value = memory.total * PAGE_SIZE / 100 * *value;
		end++;
	} else if (unit) {
		*value <<= 10 * (unit - units + 1);
		end++;
	}
	return end != text && !*end;
}

static bool parse_u32(const char *text, u32 *value, int base)
{
	const char *end;
	*value = parse_u64(text, &end, base);
	return end != text && !*end;
}

static bool parse_option(char *name, struct options *to)
{
	char *value = strchr(name, '=');
	if (!value)
		return !*name; /* two commas */
	*value++ = 0;
	if (strcmp(name, "size") == 0)
		return parse_size(value, &to->size_bytes);
	if (strcmp(name, "nr_inodes") == 0)
		return parse_size(value, &to->ninodes);
	if (strcmp(name, "mode") == 0)
		return parse_u32(value, &to->mode, 8) && to->mode <= 07777;
	if (strcmp(name, "uid") == 0)
		return parse_u32(value, &to->uid, 10);
	return strcmp(name, "gid") == 0 && parse_u32(value, &to->gid, 10);
}

static int parse_options(char *data, struct options *to)
{
	*to = (struct options){UINT64_MAX, UINT64_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
	while (data && *data) {
		char *comma = strchr(data, ',');
		if (comma)
			*comma = 0;
		if (!parse_option(data, to))
			return -EINVAL;
		data = comma ? comma + 1 : NULL;
	}
	return 0;
}

/* tmpfs(5): half of memory, and an inode for each of those pages, unless it is said. */
static void set_limits(struct super *super, const struct options *options, bool remount)
{
	struct page_stats memory;
	page_stats(&memory);
	if (options->size_bytes != UINT64_MAX)
		super->max_pages = ROUND_UP(options->size_bytes, PAGE_SIZE) / PAGE_SIZE;
	else if (!remount)
		super->max_pages = memory.total / 2;
	if (options->ninodes != UINT64_MAX)
		super->max_inodes = options->ninodes;
	else if (!remount)
		super->max_inodes = memory.total / 2;
}

/* The root of a new file system; ERR_PTR. */
static struct dentry *new_root(const char *type, const struct options *options)
{
	bool tmpfs = strcmp(type, "tmpfs") == 0, dev = strcmp(type, "devtmpfs") == 0;
	struct dentry *root = NULL;
	if (strcmp(type, "proc") == 0)
		root = procfs_mount();
	else if (dev || tmpfs)
		root = ramfs_mount(tmpfs ? "tmpfs" : "devtmpfs", dev ? DEV_MODE : TMP_MODE);
	else if (strcmp(type, "ramfs") == 0)
		root = ramfs_mount("ramfs", DEV_MODE);
	else
		return ERR_PTR(-ENODEV);
	if (!root)
		return ERR_PTR(-ENOMEM);
	struct inode *inode = root->inode;
	if (tmpfs)
		set_limits(inode->super, options, false);
	else if (strcmp(type, "ramfs") == 0)
		inode->super->magic = RAMFS_MAGIC;
	if (options->mode != UINT32_MAX)
		inode->mode = S_IFDIR | options->mode;
	if (options->uid != UINT32_MAX)
		inode->uid = options->uid;
	if (options->gid != UINT32_MAX)
		inode->gid = options->gid;
	return root;
}

/* mount_lock is held. The directory's own lock keeps rmdir away between look and step. */
static int cover(struct dentry *place, struct dentry *root)
{
	int err = 0;
	mutex_lock(&place->inode->lock);
	if (place->inode->super->detached)
		err = -EINVAL;
	else if (place->dead)
		err = -ENOENT;
	else if (!place->in_tree && !dentry_is_root(place))
		err = -EBUSY; /* of /proc, where names are made as they are looked up */
	else
		dentry_cover(place_get(place), root);
	mutex_unlock(&place->inode->lock);
	return err;
}

/* Takes over source, text of the heap or NULL. */
static int mount_new(const char *type, char *source, u32 flags, const struct options *options,
		     struct dentry *place)
{
	struct dentry *root = new_root(type, options);
	if (IS_ERR(root)) {
		heap_free(source);
		return PTR_ERR(root);
	}
	struct super *super = root->inode->super;
	super->source = source;
	int err = strcmp(type, "devtmpfs") == 0 ? chardev_populate(root) : 0;
	super->flags = flags;
	mutex_lock(&mount_lock);
	place = dentry_cross(dentry_get(place)); /* another one may have come before us */
	if (!err)
		err = cover(place, root);
	if (!err) {
		spin_lock(&mounts_lock);
		list_append(&mounts, &super->link);
		spin_unlock(&mounts_lock);
	}
	mutex_unlock(&mount_lock);
	dentry_put(place);
	if (err)
		super_detach(super);
	return err;
}

void mount_init(void)
{
	mutex_init(&mount_lock, "mount", RANK_MOUNT);
	root_dentry = ramfs_mount("rootfs", DEV_MODE);
	if (!root_dentry)
		panic("out of memory for the root file system");
	list_append(&mounts, &root_dentry->inode->super->link);
}

int mount_at_boot_on(const char *type, struct dentry *dir)
{
	struct options options;
	parse_options(NULL, &options);
	return mount_new(type, NULL, 0, &options, dir);
}

static int remount(struct dentry *root, u64 flags, const struct options *options)
{
	struct super *super = root->inode->super;
	int err = 0;
	if (!dentry_is_root(root))
		return -EINVAL;
	mutex_lock(&mount_lock);
	if (options->size_bytes != UINT64_MAX &&
	    ROUND_UP(options->size_bytes, PAGE_SIZE) / PAGE_SIZE < super->npages)
		err = -EINVAL;
	else if ((flags & MS_RDONLY) && inode_any_writer(super))
		err = -EBUSY;
	if (!err) {
		set_limits(super, options, true);
		super->flags = flags & MS_OBEYED;
	}
	mutex_unlock(&mount_lock);
	return err;
}

static int mount_dir(const char __user *source, const char __user *type, u64 flags,
		     struct options *options, struct dentry *dir)
{
	char name[TYPE_MAX], *named = NULL;
	if (flags & MS_REMOUNT)
		return remount(dir, flags, options);
	if ((flags & MS_REFUSED) || !type)
		return -EINVAL;
	ssize_t len = copy_string_from_user(name, type, sizeof name);
	if (len < 0)
		return len == -ENAMETOOLONG ? -ENODEV : len;
	char *path = source ? path_get_user(source) : NULL;
	if (IS_ERR(path))
		return PTR_ERR(path);
	if (path) {
		size_t size = strlen(path) + 1;
		named = heap_alloc(size);
		if (named)
			memcpy(named, path, size);
		path_free(path);
	}
	return mount_new(name, named, flags & MS_OBEYED, options, dir);
}

s64 sys_mount(const char __user *source, const char __user *target, const char __user *type,
	      u64 flags, const void __user *data)
{
	struct options options;
	if (!creds_root(&current->creds))
		return -EPERM;
	if ((flags & 0xffff0000) == MS_MAGIC)
		flags &= 0xffff;
	char *text = data ? path_get_user(data) : NULL;
	if (IS_ERR(text))
		return PTR_ERR(text);
	struct dentry *dir = path_lookup_user(AT_FDCWD, target, LOOKUP_FOLLOW);
	s64 err = IS_ERR(dir) ? PTR_ERR(dir) : parse_options(text, &options);
	if (text)
		path_free(text);
	if (!err)
		err = inode_is_dir(dir->inode) ? mount_dir(source, type, flags, &options, dir) : -ENOTDIR;
	if (!IS_ERR(dir))
		dentry_put(dir);
	return err;
}

/* One that is mounted inside of it; mount_lock is held. */
static struct super *mounted_in(const struct super *super)
{
	struct super *other;
	list_for_each(other, &mounts, link)
		if (other->root->parent && other->root->parent->inode->super == super)
			return other;
	return NULL;
}

/* mount_lock is held; nothing is mounted inside. */
static void umount_one(struct super *super)
{
	struct dentry *place = super->root->parent;
	spin_lock(&mounts_lock);
	list_remove(&super->link);
	spin_unlock(&mounts_lock);
	dentry_cover(place, NULL);
	super_detach(super);
	place_put(place);
}

/* mount_lock is held. MNT_DETACH takes what is mounted inside along, the innermost first: by a
 * loop, as it may be deep. */
static int umount_super(struct super *super, bool detach)
{
	if (!super->root->parent) /* the first root, or unmounted meanwhile */
		return -EINVAL;
	if (!detach && (super->users > 0 || mapping_uses(super)))
		return -EBUSY;
	for (struct super *at = super, *inner, *outer;;) {
		while ((inner = mounted_in(at)))
			at = inner;
		outer = at->root->parent->inode->super;
		umount_one(at);
		if (at == super)
			return 0;
		at = outer;
	}
}

s64 sys_umount2(const char __user *target, int flags)
{
	if (flags & ~(MNT_FORCE | MNT_DETACH | UMOUNT_NOFOLLOW)) /* LINUX-DIFF: no MNT_EXPIRE */
		return -EINVAL;
	struct dentry *root = path_lookup_user(AT_FDCWD, target,
					       flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW);
	if (IS_ERR(root))
		return PTR_ERR(root);
	s64 err = creds_root(&current->creds) ? -EINVAL : -EPERM;
	if (err == -EINVAL && dentry_is_root(root)) {
		mutex_lock(&mount_lock);
		err = umount_super(root->inode->super, flags & MNT_DETACH);
		mutex_unlock(&mount_lock);
	}
	dentry_put(root);
	return err;
}

/* The n-th mount's root, counted; NULL: there are not so many. */
static struct dentry *mount_nth(size_t n)
{
	struct super *super;
	struct dentry *root = NULL;
	spin_lock(&mounts_lock);
	list_for_each(super, &mounts, link)
		if (n-- == 0) {
			root = dentry_get(super->root);
			break;
		}
	spin_unlock(&mounts_lock);
	return root;
}

static void show_options(struct text *text, const struct inode *root)
{
	static const char *const names[] = {",nosuid", ",nodev", ",noexec"};
	const struct super *super = root->super;
	text_printf(text, super->flags & MS_RDONLY ? "ro" : "rw");
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (super->flags & (MS_NOSUID << i))
			text_printf(text, "%s", names[i]);
	text_printf(text, ",relatime");
	struct page_stats memory;
	page_stats(&memory);
	if (super->max_pages && super->max_pages != memory.total / 2)
		text_printf(text, ",size=%luk", super->max_pages * (PAGE_SIZE / 1024));
	if (super->max_inodes && super->max_inodes != memory.total / 2)
		text_printf(text, ",nr_inodes=%lu", super->max_inodes);
	if (super->max_pages && (root->mode & 07777) != TMP_MODE)
		text_printf(text, ",mode=%03o", root->mode & 07777);
	if (super->max_pages && root->uid)
		text_printf(text, ",uid=%u", root->uid);
	if (super->max_pages && root->gid)
		text_printf(text, ",gid=%u", root->gid);
}

/* proc_pid_mounts(5): blanks and backslashes of names in octal. */
static void show_path(struct text *text, const char *path)
{
	for (; *path; path++)
		text_printf(text, strchr(" \t\n\\", *path) ? "\\%03o" : "%c", *path);
}

static void show_source(struct text *text, const struct super *super)
{
	show_path(text, super->source ? super->source : super->type);
	text_printf(text, " ");
}

/* mount_id parent_id dev root place options - type source options: proc(5). Nothing is mounted
 * twice, so the device is the number of the mount, too. */
static void show_mount(struct text *text, struct dentry *root, const char *path, bool info)
{
	const struct super *super = root->inode->super;
	struct dentry *up = dentry_parent(root);
	if (info)
		text_printf(text, "%lu %lu 0:%lu / ", super->dev,
			    up ? up->inode->super->dev : super->dev, super->dev);
	else
		show_source(text, super);
	dentry_put(up);
	show_path(text, path);
	text_printf(text, info ? " " : " %s ", super->type);
	show_options(text, root->inode);
	if (info) {
		text_printf(text, " - %s ", super->type);
		show_source(text, super);
		text_printf(text, "rw\n");
	} else {
		text_printf(text, " 0 0\n");
	}
}

static int show_mounts(struct text *text, bool info)
{
	struct dentry *root;
	char *buf = path_get_kernel("");
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	for (size_t n = 0; (root = mount_nth(n)); n++) {
		char *path = dentry_path(root, path_root(), buf, PATH_MAX);
		show_mount(text, root, path ? path : "?", info);
		dentry_put(root);
	}
	path_free(buf);
	return 0;
}

int proc_show_mounts(struct text *text, const struct proc_node *node)
{
	(void)node;
	return show_mounts(text, false);
}

int proc_show_mountinfo(struct text *text, const struct proc_node *node)
{
	(void)node;
	return show_mounts(text, true);
}
