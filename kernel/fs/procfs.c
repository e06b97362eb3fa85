/*
 * The framework of /proc: inodes made at lookup, text made at the first read,
 * directories of fixed and of changing entries. What is shown is in
 * proc_system.c, proc_sys.c, proc_pid.c, proc_status.c, proc_links.c, proc_maps.c
 * and proc_pagetable.c.
 *
 * Locks: proc_lock for a look at a task; never held across a user copy.
 */
#include "fs/procfs.h"

#include "arch/cpu.h"
#include "fs/mount.h"
#include "fs/path.h"
#include "fs/ramfs.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/mm.h"
#include "mm/uaccess.h"
#include "proc/task.h"

enum { PROC_MAGIC = 0x9fa0, TEXT_FIRST = 1024 };

bool text_reserve(struct text *text, size_t n)
{
	size_t size = MAX(text->size, (size_t)TEXT_FIRST);
	if (text->err)
		return false;
	while (size - text->len < n)
		size *= 2;
	if (size == text->size)
		return true;
	char *bytes = heap_alloc(size);
	if (!bytes) {
		text->err = -ENOMEM;
		return false;
	}
	if (text->bytes)
		memcpy(bytes, text->bytes, text->len);
	heap_free(text->bytes);
	text->bytes = bytes;
	text->size = size;
	return true;
}

void text_add(struct text *text, const void *bytes, size_t n)
{
	if (!text_reserve(text, n))
		return;
	memcpy(text->bytes + text->len, bytes, n);
	text->len += n;
}

void text_printf(struct text *text, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (!text_reserve(text, n + 1))
		return;
	va_start(args, fmt);
	int now = vsnprintf(text->bytes + text->len, n + 1, fmt, args);
	va_end(args);
	text->len += MIN(n, now); /* a string may have changed in between */
}

static void text_free(struct text *text)
{
	heap_free(text->bytes);
	*text = (struct text){0};
}

struct text_file {
	struct mutex lock; /* RANK_INODE_DIR: making the text may let go of files and inodes */
	off_t start;	   /* of this part of it */
	struct text text;
};

static int proc_open(struct file *file)
{
	const struct proc_node *node = proc_node_of(file->inode);
	return node->entry->look ? proc_may_look(node) : 0;
}

static int text_open(struct file *file)
{
	int err = proc_open(file);
	if (err)
		return err;
	struct text_file *made = heap_zalloc(sizeof *made);
	if (!made)
		return -ENOMEM;
	mutex_init(&made->lock, "text", RANK_INODE_DIR);
	file->private = made;
	return 0;
}

static void text_release(struct file *file)
{
	struct text_file *made = file->private;
	text_free(&made->text);
	heap_free(made);
}

struct task *proc_task(const struct proc_node *node)
{
	struct pid *pid = pid_find(node->pid);
	if (!pid || !pid->task || pid->task->process->start_ns != node->start_ns)
		return NULL;
	return pid->task;
}

static bool node_gone(const struct proc_node *node)
{
	if (!node->pid)
		return false;
	spin_lock(&proc_lock);
	bool gone = !proc_task(node);
	spin_unlock(&proc_lock);
	return gone;
}

static int text_show(struct text *text, const struct proc_node *node)
{
	const struct proc_entry *entry = node->entry;
	int err = node_gone(node) ? -ESRCH : entry->look ? proc_may_look(node) : 0;
	if (entry->form == PROC_FIXED)
		text_add(text, entry->text, strlen(entry->text));
	else if (!err)
		err = entry->show(text, node);
	return err ? err : text->err;
}

/*
 * Makes the part that holds offset, if it is not there. A read from the start makes the text anew,
 * the others go on in what it said then.
 */
static int text_make(struct text_file *made, const struct proc_node *node, off_t offset)
{
	struct text *text = &made->text;
	int err = 0;
	if (offset == 0 || offset < made->start || !text->bytes) {
		text_free(text);
		made->start = 0;
		err = text_show(text, node);
	}
	while (!err && text->next && offset >= made->start + (off_t)text->len) {
		made->start += text->len;
		text->len = 0;
		err = text_show(text, node);
	}
	return err;
}

static ssize_t text_read(struct file *file, void __user *buf, size_t n, off_t *offset)
{
	struct text_file *made = file->private;
	struct text *text = &made->text;
	mutex_lock(&made->lock);
	int err = text_make(made, proc_node_of(file->inode), *offset);
	off_t at = *offset - made->start;
	size_t left = !err && (u64)at < text->len ? text->len - at : 0;
	n = MIN(n, left);
	if (n) {
		size_t done = n - copy_to_user_partial(buf, text->bytes + at, n);
		err = done ? 0 : -EFAULT;
		n = done;
		*offset += done;
	}
	mutex_unlock(&made->lock);
	return err ? err : (ssize_t)n;
}

static ssize_t text_write(struct file *file, const void __user *buf, size_t n, off_t *offset)
{
	const struct proc_node *node = proc_node_of(file->inode);
	(void)offset;
	return node->entry->write ? node->entry->write(node, buf, n) : -EINVAL;
}

static const struct file_ops text_ops = {
	.seekable = true, .open = text_open, .release = text_release, .read = text_read,
	.write = text_write,
};

struct mm *proc_mm(const struct proc_node *node)
{
	spin_lock(&proc_lock);
	struct task *task = proc_task(node);
	struct mm *mm = task && task->mm ? mm_get(task->mm) : NULL;
	spin_unlock(&proc_lock);
	return mm;
}

/* Is all that the other can act for what we have for file access? */
static bool same_ids(const struct creds *us, const struct creds *other)
{
	return us->fsuid == other->uid && us->fsuid == other->euid && us->fsuid == other->suid &&
	       us->fsgid == other->gid && us->fsgid == other->egid && us->fsgid == other->sgid;
}

/* As ptrace(2), "Ptrace access mode checking", without capabilities: root, a thread of the
 * process, or the same user if the process is dumpable. */
int proc_may_look(const struct proc_node *node)
{
	spin_lock(&proc_lock);
	struct task *task = proc_task(node);
	bool may = task && (task->process == current->process || creds_root(&current->creds) ||
			    (same_ids(&current->creds, &task->creds) &&
			     (!task->mm || task->mm->dumpable)));
	spin_unlock(&proc_lock);
	if (!task)
		return -ESRCH;
	return may ? 0 : -EACCES;
}

int proc_parse_number(const char *name, size_t len)
{
	int number = 0;
	if (len == 0 || len > 7 || (name[0] == '0' && len > 1))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		number = number * 10 + name[i] - '0';
	}
	return number;
}

/* Owner and group are those of the process, but root's if it is not dumpable: proc(5). */
static void proc_refresh(struct inode *inode)
{
	const struct proc_node *node = proc_node_of(inode);
	if (!node->pid)
		return;
	spin_lock(&proc_lock);
	struct task *task = proc_task(node);
	if (task) {
		bool own = inode->mode == (S_IFDIR | 0555) || !task->mm || task->mm->dumpable;
		inode->uid = own ? task->creds.euid : 0;
		inode->gid = own ? task->creds.egid : 0;
	}
	spin_unlock(&proc_lock);
}

static ssize_t proc_readlink(struct inode *inode, char *buf, size_t size)
{
	const struct proc_node *node = proc_node_of(inode);
	if (node->entry->form != PROC_FIXED)
		return node->entry->link(node, buf, size);
	size_t n = MIN(strlen(node->entry->text), size);
	memcpy(buf, node->entry->text, n);
	return n;
}

static struct dentry *proc_follow(struct inode *inode)
{
	const struct proc_node *node = proc_node_of(inode);
	int err = proc_may_look(node);
	return err ? ERR_PTR(err == -ESRCH ? -ENOENT : err) : node->entry->follow(node);
}

/* Its own process may look into fd/, also after set*uid has made that root's. */
static bool proc_own_fd(const struct inode *inode)
{
	const struct proc_node *node = proc_node_of(inode);
	if (inode->mode != (S_IFDIR | 0500))
		return false;
	spin_lock(&proc_lock);
	const struct task *task = proc_task(node);
	bool own = task && task->process == current->process;
	spin_unlock(&proc_lock);
	return own;
}

static void proc_free(struct inode *inode)
{
	heap_free(inode->private);
}

static struct dentry *proc_lookup(struct dentry *dir, const char *name, size_t len)
{
	const struct proc_node *node = proc_node_of(dir->inode);
	const struct proc_entry *entry = node->entry;
	if (!inode_is_dir(dir->inode) || node_gone(node))
		return ERR_PTR(entry == &proc_pid_entry ? -ESRCH : -ENOENT); /* as there */
	for (const struct proc_entry *e = entry->children; e && e->name; e++) {
		if (e->name[0] == name[0] && strlen(e->name) == len &&
		    memcmp(e->name, name, len) == 0) {
			struct proc_node child = *node;
			child.entry = e;
			return proc_dentry(dir, name, len, &child);
		}
	}
	return entry->lookup ? entry->lookup(dir, name, len) : ERR_PTR(-ENOENT);
}

static int proc_fill(struct file *file, struct dir_buffer *out, off_t *offset)
{
	const struct proc_node *node = proc_node_of(file->inode);
	const struct proc_entry *e = node->entry->children;
	off_t at = 2;
	if (node_gone(node))
		return -ENOENT;
	if (!dir_emit_dots(file->dentry, out, offset))
		return 0;
	for (; e && e->name; e++, at++) {
		if (at < *offset)
			continue;
		if (!dir_emit(out, e->name, strlen(e->name), at, e->mode, at + 1))
			return 0;
		*offset = at + 1;
	}
	if (!node->entry->fill)
		return 0;
	*offset = MAX(*offset, (off_t)PROC_DYNAMIC);
	return node->entry->fill(file, out, offset);
}

static int proc_readdir(struct file *file, void __user *buf, size_t n)
{
	return dir_read(file, buf, n, proc_fill);
}

static const struct file_ops proc_dir_ops = {
	.seekable = true, .open = proc_open, .read = dir_no_read, .readdir = proc_readdir,
};
static const struct inode_ops proc_inode_ops = {
	.lookup = proc_lookup, .readlink = proc_readlink, .refresh = proc_refresh,
	.may_always = proc_own_fd, .free = proc_free,
};
static const struct inode_ops proc_follow_ops = {
	.lookup = proc_lookup, .readlink = proc_readlink, .follow = proc_follow,
	.refresh = proc_refresh, .free = proc_free,
};

static struct inode *proc_inode(struct super *super, const struct proc_node *node)
{
	const struct proc_entry *entry = node->entry;
	struct inode *inode = inode_new(super, entry->mode);
	if (!inode)
		return NULL;
	bool leads = inode_type(inode) == S_IFLNK && entry->form != PROC_FIXED && entry->follow;
	inode->inode_ops = leads ? &proc_follow_ops : &proc_inode_ops;
	inode->ops = entry->form == PROC_OPS ? entry->ops : &text_ops;
	if (inode_is_dir(inode)) {
		inode->ops = &proc_dir_ops;
		inode->nlink = 2;
	}
	inode->uid = inode->gid = 0;
	struct proc_node *copy = heap_alloc(sizeof *copy);
	if (!copy) {
		inode->inode_ops = NULL;
		inode_put(inode);
		return NULL;
	}
	*copy = *node;
	inode->private = copy;
	proc_refresh(inode);
	return inode;
}

struct dentry *proc_dentry(struct dentry *dir, const char *name, size_t len,
			   const struct proc_node *node)
{
	struct inode *inode = proc_inode(dir->inode->super, node);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	/* The same name gets the same number each time it is looked up. */
	inode->number = (u64)(node->pid + 1) << 32 | name_hash(NULL, name, len);
	struct dentry *dentry = dentry_new(dir, name, len, inode);
	if (!dentry)
		inode_put(inode);
	return dentry ? dentry : ERR_PTR(-ENOMEM);
}

struct dentry *procfs_mount(void)
{
	struct super *super = super_new("proc", PROC_MAGIC);
	const struct proc_node node = {.entry = &proc_root_entry};
	return super ? super_set_root(super, proc_inode(super, &node)) : NULL;
}
