/*
 * Inodes: their life, their pages for mmap and exec, and permission checks.
 *
 * An inode lives as long as a name, an open file or a mapping counts it. When
 * it dies its pages lose the file's reference; who still maps one keeps it.
 * Entry points: inode_new, inode_get, inode_put, inode_path.
 * Locks: inode->lock; inodes_lock for the list of all inodes.
 */
#include "arch/cpu.h"
#include "arch/time.h"
#include "fs/path.h"
#include "fs/ramfs.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/page.h"
#include "proc/task.h"
#include "sync/spinlock.h"

static struct spinlock inodes_lock = SPINLOCK_INIT("inodes", RANK_INODES);
static struct list all_inodes = LIST_INIT(all_inodes);

u64 inode_now_ns(void)
{
	return time_boot_epoch_ns() + time_now_ns();
}

void inode_modified(struct inode *inode)
{
	inode->mtime_ns = inode->ctime_ns = inode_now_ns();
}

/* mount(2), MS_RELATIME: a file is marked as read once after each change, and once a day. */
void inode_accessed(struct inode *inode)
{
	const u64 day_ns = 24ull * 3600 * 1000000000;
	u64 now = inode_now_ns(), atime = inode->atime_ns;
	if (atime <= inode->mtime_ns || atime <= inode->ctime_ns || now - atime >= day_ns)
		if (!inode_readonly(inode))
			inode->atime_ns = now;
}

void inode_written(struct inode *inode)
{
	inode_modified(inode);
	if (current->creds.fsuid != 0)
		inode->mode &= ~(S_ISUID | (inode->mode & 010 ? S_ISGID : 0));
}

static const struct file_ops *ops_for(u32 mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return &ramfs_file_ops;
	case S_IFDIR:
		return &ramfs_dir_ops;
	case S_IFIFO:
		return &fifo_ops;
	case S_IFCHR:
		return &chardev_ops;
	default:
		return &nodev_ops;
	}
}

struct inode *inode_new(struct super *super, u32 mode)
{
	struct inode *inode = heap_zalloc(sizeof *inode);
	if (!inode)
		return NULL;
	inode->refs = 1;
	inode->mode = mode;
	inode->nlink = 1;
	inode->uid = current ? current->creds.fsuid : 0;
	inode->gid = current ? current->creds.fsgid : 0;
	inode->super = super;
	inode->number = super->next_inode++;
	super->ninodes++;
	inode->atime_ns = inode->mtime_ns = inode->ctime_ns = inode_now_ns();
	inode->ops = ops_for(mode);
	inode->inode_ops = &ramfs_inode_ops;
	bool dir = (mode & S_IFMT) == S_IFDIR;
	mutex_init(&inode->lock, "inode", dir ? RANK_INODE_DIR : RANK_INODE);
	mutex_init(&inode->pages_lock, "inode pages", RANK_INODE_PAGES);
	spin_lock(&inodes_lock);
	list_append(&all_inodes, &inode->all_link);
	spin_unlock(&inodes_lock);
	return inode;
}

struct inode *inode_get(struct inode *inode)
{
	inode->refs++;
	return inode;
}

/* The last reference lets go of the pages first: see inode_of_page. */
void inode_put(struct inode *inode)
{
	if (--inode->refs)
		return;
	pages_free_range(inode, 0, UINT64_MAX);
	spin_lock(&inodes_lock);
	list_remove(&inode->all_link);
	spin_unlock(&inodes_lock);
	if (inode->inode_ops && inode->inode_ops->free)
		inode->inode_ops->free(inode);
	if (inode->name)
		dentry_forget(inode->name);
	struct super *super = inode->super;
	heap_free(inode);
	if (--super->ninodes == 0 && super->root) { /* unmounted, and this was the last */
		heap_free(super->source);
		heap_free(super);
	}
}

/* An owner that is seen under inodes_lock is not freed before the lock is let go of, because
 * inode_put clears owner and takes the lock then; but it may have begun to die. */
struct inode *inode_of_page(const struct page *page)
{
	spin_lock(&inodes_lock);
	bool of_file = page->kind == PAGE_FILE || page->kind == PAGE_ANON ||
		       page->kind == PAGE_MAPPING;
	struct inode *inode = of_file ? page->owner : NULL;
	u32 refs = inode ? inode->refs : 0;
	while (refs && !__atomic_compare_exchange_n((u32 *)&inode->refs, &refs, refs + 1, false,
						    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	spin_unlock(&inodes_lock);
	return refs ? inode : NULL;
}

struct inode *inode_new_anonymous(u64 size_bytes)
{
	static struct super super = {.dev = 1, .type = "tmpfs", .next_inode = 1};
	struct inode *inode = inode_new(&super, S_IFREG | 0600);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->nlink = 0;
	inode->size_bytes = size_bytes;
	return inode;
}

/* The name cannot change hands meanwhile: once set, it stays while the inode lives. */
bool inode_path(struct inode *inode, char *buf, size_t size)
{
	char *path = inode->name ? dentry_path(inode->name, path_root(), buf, size) : NULL;
	if (path) /* it lies at the end of buf */
		memmove(buf, path, strlen(path) + 1);
	return path != NULL;
}

/* Called with nothing else running (the audit stops the world): inode->lock is not taken. */
void inode_each_page(void (*fn)(struct page *page, void *arg), void *arg)
{
	struct inode *inode;

	spin_lock(&inodes_lock);
	list_for_each(inode, &all_inodes, all_link)
		pages_each(inode, fn, arg);
	spin_unlock(&inodes_lock);
}

bool inode_any_writer(const struct super *super)
{
	struct inode *inode;
	bool any = false;
	spin_lock(&inodes_lock);
	list_for_each(inode, &all_inodes, all_link)
		any |= inode->super == super && inode->write_count > 0;
	spin_unlock(&inodes_lock);
	return any;
}

/* write_count and exec_count exclude each other; inode->lock makes check and step one. */
int inode_write_get(struct inode *inode)
{
	int err = 0;
	mutex_lock(&inode->lock);
	if (inode->exec_count > 0)
		err = -ETXTBSY;
	else
		inode->write_count++;
	mutex_unlock(&inode->lock);
	return err;
}

void inode_write_put(struct inode *inode)
{
	mutex_lock(&inode->lock);
	inode->write_count--;
	mutex_unlock(&inode->lock);
}

/* Source: path_resolution(7), "Permissions" and "Bypassing permission checks". */
int inode_permission(const struct inode *inode, const struct creds *creds, u32 may)
{
	u32 bits = inode->mode, type = inode_type(inode);
	if ((may & MAY_WRITE) && inode_readonly(inode) &&
	    (type == S_IFREG || type == S_IFDIR || type == S_IFLNK))
		return -EROFS;
	if (creds->fsuid == 0) {
		bool run = inode_is_dir(inode) || (bits & 0111);
		return (may & MAY_EXEC) && !run ? -EACCES : 0;
	}
	if (inode->uid == creds->fsuid)
		bits >>= 6;
	else if (creds_in_group(creds, inode->gid))
		bits >>= 3;
	return (bits & may) == may ? 0 : -EACCES;
}
