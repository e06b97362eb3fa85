/*
 * The root file system at boot: a ramfs, filled from the archives that the
 * boot loader brought, with /proc and /dev mounted on it.
 *
 * The frames of an archive are given back once it is unpacked, but for those
 * with the table of lines (lib/lines.h). A damaged archive is reported and ends
 * there; what came before it stays.
 * Entry point: fs_init.
 */
#include "arch/boot_info.h"
#include "arch/pte.h"
#include "fs/cpio.h"
#include "fs/dev.h"
#include "fs/files.h"
#include "fs/mount.h"
#include "fs/path.h"
#include "fs/procfs.h"
#include "lib/lines.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/page.h"

#define NSEC 1000000000ull

/* Files with several names: the archive's number, and the inode that it became. */
struct hard_link {
	struct hard_link *next;
	u32 ino, dev_major, dev_minor;
	struct inode *inode; /* counted */
};

static struct hard_link *hard_links;
static struct boot_range lines_range; /* frames that stay as they are */

static void forget_links(void *arg)
{
	(void)arg;
	while (hard_links) {
		struct hard_link *link = hard_links;
		hard_links = link->next;
		inode_put(link->inode);
		heap_free(link);
	}
}

static struct inode *find_link(const struct cpio_entry *e)
{
	struct hard_link *link = hard_links;
	while (link && !(link->ino == e->ino && link->dev_major == e->dev_major &&
			 link->dev_minor == e->dev_minor))
		link = link->next;
	return link ? link->inode : NULL;
}

static int remember_link(const struct cpio_entry *e, struct inode *inode)
{
	struct hard_link *link = heap_alloc(sizeof *link);
	if (!link)
		return -ENOMEM;
	*link = (struct hard_link){hard_links, e->ino, e->dev_major, e->dev_minor,
				   inode_get(inode)};
	hard_links = link;
	return 0;
}

static void set_attributes(struct inode *inode, const struct cpio_entry *e)
{
	inode->mode = (inode->mode & S_IFMT) | (e->mode & 07777);
	inode->uid = e->uid;
	inode->gid = e->gid;
	inode->atime_ns = inode->mtime_ns = inode->ctime_ns = e->mtime * NSEC;
}

/* The name's old holder: a directory stays if the new one is a directory too. */
static int clear_place(struct dentry *old, bool dir)
{
	if (inode_is_dir(old->inode) && (dir || !dentry_empty(old)))
		return dir ? 1 : -EISDIR;
	ramfs_unlink(old);
	return 0;
}

/* A new inode under the name, with the archive's content. The directory's lock is held. */
static int make_entry(struct walk *w, const struct cpio_entry *e)
{
	char *target = NULL;
	if ((e->mode & S_IFMT) == S_IFLNK) {
		if (e->size == 0 || e->size >= PATH_MAX)
			return -ENAMETOOLONG;
		target = path_get_kernel("");
		if (IS_ERR(target))
			return PTR_ERR(target);
		memcpy(target, e->data, e->size);
		target[e->size] = 0;
	}
	struct dentry *made = ramfs_create(w->dir, w->last, w->last_len, e->mode & (S_IFMT | 07777),
					   e->rdev, target);
	if (target)
		path_free(target);
	if (IS_ERR(made))
		return PTR_ERR(made);
	int err = 0;
	if ((e->mode & S_IFMT) == S_IFREG) {
		ssize_t n = ramfs_write_kernel(made->inode, e->data, e->size, 0);
		err = n < 0 ? n : e->nlink > 1 ? remember_link(e, made->inode) : 0;
	}
	set_attributes(made->inode, e);
	dentry_put(made);
	return err;
}

static int place_entry(struct walk *w, const struct cpio_entry *e)
{
	bool dir = (e->mode & S_IFMT) == S_IFDIR;
	bool file = (e->mode & S_IFMT) == S_IFREG;
	struct inode *linked = file && e->nlink > 1 ? find_link(e) : NULL;
	struct dentry *old = dentry_lookup(w->dir, w->last, w->last_len);
	if (!IS_ERR(old)) {
		int kept = clear_place(old, dir);
		if (kept > 0)
			set_attributes(old->inode, e);
		dentry_put(old);
		if (kept)
			return MIN(kept, 0);
	}
	if (!linked)
		return make_entry(w, e);
	int err = ramfs_link(w->dir, w->last, w->last_len, linked);
	if (!err && e->size) { /* newc keeps the content with the last name */
		ssize_t n = ramfs_write_kernel(linked, e->data, e->size, 0);
		err = MIN(n, 0);
		set_attributes(linked, e);
	}
	return err;
}

static int unpack_entry(void *arg, const struct cpio_entry *e)
{
	struct walk w;
	(void)arg;
	if ((e->mode & S_IFMT) == 0 && strcmp(e->name, LINES_NAME) == 0) {
		if (lines_keep(e->data, e->size))
			lines_range = (struct boot_range){kva_pa(e->data) & PAGE_MASK,
							  kva_pa(e->data) + e->size, false};
		return 0;
	}
	char *path = path_get_kernel(e->name);
	if (PTR_ERR(path) == -ENAMETOOLONG) /* only names of 4 KiB: passed over */
		return 0;
	int err = walk_start_root(&w, path);
	if (!err)
		err = walk_to_last(&w);
	if (!err && w.last_kind == LAST_NAME) {
		struct mutex *lock = &w.dir->inode->lock;
		mutex_lock(lock);
		err = place_entry(&w, e);
		mutex_unlock(lock);
	} else if (!err && w.last_kind != LAST_NAME && inode_is_dir(w.dir->inode)) {
		set_attributes(w.dir->inode, e); /* "." */
	}
	walk_end(&w);
	if (err == -ENOMEM)
		panic("out of memory while unpacking the root archive at %s", e->name);
	if (err)
		kprintf("initramfs: %s: error %d, passed over\n", e->name, -err);
	return 0;
}

static void unpack(const struct boot_range *module)
{
	const struct cpio_callbacks calls = {unpack_entry, forget_links, NULL};
	const char *error;
	size_t error_at;
	cpio_read(pa_kva(module->start), module->end - module->start, &calls, &error, &error_at);
	if (error)
		kprintf("initramfs: damaged at byte %zu: %s\n", error_at, error);
	forget_links(NULL);
	page_free_boot(module->start, MIN(module->end, MAX(lines_range.start, module->start)));
	page_free_boot(MAX(module->start, MIN(lines_range.end, module->end)), module->end);
}

/* Mounts on a directory of the root, which is made if the archive has none. */
static void mount_at_boot(const char *type, const char *name)
{
	mutex_lock(&root_dentry->inode->lock);
	struct dentry *dir = dentry_find(root_dentry, name, strlen(name));
	if (!dir)
		dir = ramfs_create(root_dentry, name, strlen(name), S_IFDIR | 0755, 0, NULL);
	mutex_unlock(&root_dentry->inode->lock);
	int err = IS_ERR(dir) ? PTR_ERR(dir) : mount_at_boot_on(type, dir);
	if (err)
		panic("cannot mount %s on /%s: error %d", type, name, -err);
	dentry_put(dir);
}

void fs_init(void)
{
	dentry_init();
	mount_init();
	if (boot_info.nmodules == 0)
		panic("no initramfs: give one with -initrd, or a module2 line in grub.cfg");
	for (u32 i = 0; i < boot_info.nmodules; i++)
		unpack(&boot_info.module[i]);
	dev_mem_init();
	mount_at_boot("devtmpfs", "dev");
	mount_at_boot("proc", "proc");
	proc_sys_init();
}
