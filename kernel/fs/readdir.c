/*
 * Reading directories: getdents64(2).
 *
 * A file's offset is the cookie of the next entry; cookies grow and are never
 * used again, so entries that come and go between two calls neither repeat nor
 * hide others. Entries are gathered in a frame under names_lock, and copied to
 * the user after.
 */
#include "fs/readdir.h"

#include "arch/cpu.h"
#include "fs/path.h"
#include "fs/ramfs.h"
#include "lib/string.h"
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
	struct dentry *up = dir->parent ? dir->parent : dir;
	if (*offset == 0) {
		if (!dir_emit(out, ".", 1, dir->inode->number, S_IFDIR, 1))
			return false;
		*offset = 1;
	}
	if (*offset == 1) {
		if (!dir_emit(out, "..", 2, up->inode->number, S_IFDIR, 2))
			return false;
		*offset = 2;
	}
	return true;
}

static int fill_ramfs(struct file *file, struct dir_buffer *out, off_t *offset)
{
	struct dentry *dir = file->dentry, *child;
	if (dir->dead)
		return -ENOENT;
	spin_lock(&names_lock);
	if (dir_emit_dots(dir, out, offset)) {
		list_for_each(child, &dir->children, child_link) {
			if (child->cookie < (u64)*offset)
				continue;
			struct dentry *shown = child->mounted ? child->mounted : child;
			if (!dir_emit(out, child->name, child->name_len, shown->inode->number,
				      shown->inode->mode, child->cookie + 1))
				break;
			*offset = child->cookie + 1;
		}
	}
	spin_unlock(&names_lock);
	return 0;
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
