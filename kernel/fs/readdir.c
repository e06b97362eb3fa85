/*
 * Reading directories: getdents64(2).
 *
 * A file's offset is the cookie of the next entry; cookies fall from entry made
 * to entry made and are never used again, so entries that come and go between two calls neither repeat nor
 * hide others. Entries are gathered in a frame under the directory's lock, and
 * copied to the user after. Who reads a long directory leaves a cursor in the
 * list of entries (as Linux's dcache_readdir does), so that the next call need
 * not count from the start.
 */
#include "fs/readdir.h"

#include "arch/cpu.h"
#include "fs/path.h"
#include "fs/ramfs.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "syscall/syscalls.h"

struct dirent64 { /* getdents64(2) */
	u64 inode;
	s64 next_offset;
	u16 len;
	u8 type;
	char name[];
};
enum { NAME_AT = 19 }; /* the name follows the type at once, before the struct's padding */

bool dir_emit(struct dir_buffer *out, const char *name, size_t name_len, u64 inode, u32 mode,
	      s64 next_offset)
{
	size_t len = ROUND_UP(NAME_AT + name_len + 1, 8);
	if (len > out->size - out->used) {
		out->full = true;
		return false;
	}
	struct dirent64 *entry = (struct dirent64 *)(out->bytes + out->used);
	memset(entry, 0, len);
	entry->inode = inode;
	entry->next_offset = next_offset;
	entry->len = len;
	entry->type = (mode & S_IFMT) >> 12;
	memcpy((char *)entry + NAME_AT, name, name_len);
	out->used += len;
	return true;
}

int dir_read(struct file *file, void __user *buf, size_t n, dir_fill *fill)
{
	struct page *page = page_alloc(PAGE_KERNEL);
	size_t done = 0;
	int err = 0;
	if (!page)
		return -ENOMEM;
	for (;;) {
		struct dir_buffer out = {page_kva(page), MIN(n - done, PAGE_SIZE), 0, false};
		off_t offset = file->offset;
		err = fill(file, &out, &offset);
		if (err || (out.used == 0 && !out.full))
			break;
		if (out.used == 0) { /* not one entry fits */
			err = -EINVAL;
			break;
		}
		if (copy_to_user((char __user *)buf + done, out.bytes, out.used)) {
			err = -EFAULT;
			break;
		}
		done += out.used;
		file->offset = offset;
	}
	page_put(page);
	return done ? (int)done : err;
}

bool dir_emit_dots(struct dentry *dir, struct dir_buffer *out, off_t *offset)
{
	if (*offset == 0) {
		if (!dir_emit(out, ".", 1, dir->inode->number, S_IFDIR, 1))
			return false;
		*offset = 1;
	}
	if (*offset == 1) {
		struct dentry *up = dentry_parent(dir);
		bool fits = dir_emit(out, "..", 2, (up ? up : dir)->inode->number, S_IFDIR, 2);
		dentry_put(up);
		if (!fits)
			return false;
		*offset = 2;
	}
	return true;
}

/* The link after which the entries from offset on are. */
static struct list *place_of(struct dentry *dir, struct dentry *cursor, u64 offset)
{
	if (cursor && cursor->cookie == offset)
		return &cursor->child_link;
	struct list *at = &dir->children;
	while (at->next != &dir->children) {
		struct dentry *next = list_first(at, struct dentry, child_link);
		if (next->inode && next->cookie >= offset)
			break;
		at = at->next;
	}
	return at;
}

/* A file's cursor is an entry without an inode; without memory the next call counts. */
static void leave_cursor(struct file *file, struct list *at, u64 offset)
{
	struct dentry *cursor = file->private;
	if (!cursor) {
		cursor = file->private = heap_zalloc(sizeof *cursor);
		if (!cursor)
			return;
		list_init(&cursor->child_link);
	}
	cursor->cookie = offset;
	if (at == &cursor->child_link)
		return;
	list_remove(&cursor->child_link);
	list_insert_after(at, &cursor->child_link);
}

static void fill_entries(struct file *file, struct dir_buffer *out, off_t *offset)
{
	struct dentry *dir = file->dentry;
	struct list *at = place_of(dir, file->private, *offset);
	for (; at->next != &dir->children; at = at->next) {
		struct dentry *child = list_first(at, struct dentry, child_link);
		if (!child->inode)
			continue;
		if (!dir_emit(out, child->name, child->name_len, child->inode->number,
			      child->inode->mode, child->cookie + 1)) {
			leave_cursor(file, at, *offset);
			return;
		}
		*offset = child->cookie + 1;
	}
}

static int fill_ramfs(struct file *file, struct dir_buffer *out, off_t *offset)
{
	struct dentry *dir = file->dentry;
	mutex_lock(&dir->inode->lock);
	int err = dir->dead ? -ENOENT : 0;
	if (!err && dir_emit_dots(dir, out, offset))
		fill_entries(file, out, offset);
	inode_accessed(dir->inode);
	mutex_unlock(&dir->inode->lock);
	return err;
}

static void ramfs_dir_release(struct file *file)
{
	struct dentry *cursor = file->private;
	if (!cursor)
		return;
	mutex_lock_second(&file->inode->lock);
	list_remove(&cursor->child_link);
	mutex_unlock(&file->inode->lock);
	heap_free(cursor);
}

static int ramfs_readdir(struct file *file, void __user *buf, size_t n)
{
	return dir_read(file, buf, n, fill_ramfs);
}

/* read(2) of a directory: EISDIR. */
ssize_t dir_no_read(struct file *file, void __user *buf, size_t n, off_t *offset)
{
	(void)file, (void)buf, (void)n, (void)offset;
	return -EISDIR;
}

const struct file_ops ramfs_dir_ops = {
	.seekable = true,
	.read = dir_no_read,
	.readdir = ramfs_readdir,
	.release = ramfs_dir_release,
};

s64 sys_getdents64(int fd, void __user *buf, size_t size)
{
	struct file *file = fd_get_io(fd);
	if (!file)
		return -EBADF;
	s64 done = -ENOTDIR;
	if (file->ops->readdir) {
		mutex_lock(&file->pos_lock);
		done = file->ops->readdir(file, buf, MIN(size, 1ul << 30));
		mutex_unlock(&file->pos_lock);
	}
	file_put(file);
	return done;
}
