/*
 * /proc/PID/{exe,cwd,root,fd,fdinfo,task}: the parts that lead to objects, and
 * directories whose entries come and go with processes.
 */
#include "arch/cpu.h"
#include "fs/files.h"
#include "fs/path.h"
#include "fs/procfs.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "proc/sched.h"
#include "proc/task.h"

/* A dentry for what has none, shown as "pipe:[7]", "socket:[7]", "anon_inode:[eventfd]". */
static struct dentry *nameless(struct inode *inode)
{
	char name[40];
	u32 type = inode_type(inode);
	int len = !type ? snprintf(name, sizeof name, "anon_inode:[%s]", inode->super->type)
			: snprintf(name, sizeof name, "%s:[%lu]",
				   type == S_IFIFO ? "pipe" : "socket", inode->number);
	struct dentry *dentry = dentry_new(NULL, name, len, inode_get(inode));
	if (!dentry)
		inode_put(inode);
	return dentry ? dentry : ERR_PTR(-ENOMEM);
}

/* Takes over the file's reference. */
static struct dentry *dentry_of_file(struct file *file)
{
	struct dentry *dentry = file->dentry ? dentry_get(file->dentry) : nameless(file->inode);
	file_put(file);
	return dentry;
}

struct dentry *proc_follow_exe(const struct proc_node *node)
{
	struct mm *mm = proc_mm(node);
	if (!mm)
		return ERR_PTR(-ENOENT);
	struct dentry *dentry = mm->exe ? dentry_of_file(file_get(mm->exe)) : ERR_PTR(-ENOENT);
	mm_put(mm);
	return dentry;
}

static struct dentry *follow_base(const struct proc_node *node, bool root)
{
	struct dentry *dentry = ERR_PTR(-ENOENT);
	spin_lock(&proc_lock);
	struct task *task = proc_task(node);
	struct fs *fs = task ? task->fs : NULL;
	if (fs) {
		spin_lock(&fs->lock);
		dentry = dentry_get(root ? fs->root : fs->cwd);
		spin_unlock(&fs->lock);
	}
	spin_unlock(&proc_lock);
	return dentry;
}

struct dentry *proc_follow_cwd(const struct proc_node *node)
{
	return follow_base(node, false);
}

struct dentry *proc_follow_root(const struct proc_node *node)
{
	return follow_base(node, true);
}

/*
 * The table is not counted but looked at under proc_lock, which it takes to let go of it. With
 * a reference from here exec would find it shared and copy it, and exit would close nothing.
 */
static struct file *node_file(const struct proc_node *node)
{
	spin_lock(&proc_lock);
	struct task *task = proc_task(node);
	struct file *file = task && task->files ? files_file(task->files, node->fd) : NULL;
	spin_unlock(&proc_lock);
	return file;
}

/* The first descriptor from fd on, or -1. */
static int node_next_fd(const struct proc_node *node, int fd)
{
	spin_lock(&proc_lock);
	struct task *task = proc_task(node);
	int next = task && task->files ? files_next(task->files, fd) : -1;
	spin_unlock(&proc_lock);
	return next;
}

static struct dentry *follow_fd(const struct proc_node *node)
{
	struct file *file = node_file(node);
	return file ? dentry_of_file(file) : ERR_PTR(-ENOENT);
}

ssize_t proc_link_object(const struct proc_node *node, char *buf, size_t size)
{
	int err = proc_may_look(node);
	if (err)
		return err;
	struct dentry *dentry = node->entry->follow(node);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	char *page = path_get_kernel("");
	if (IS_ERR(page)) {
		dentry_put(dentry);
		return PTR_ERR(page);
	}
	char *path = dentry_path(dentry, path_root(), page, PATH_MAX);
	ssize_t n = path ? (ssize_t)MIN(strlen(path), size) : -ENAMETOOLONG;
	if (path)
		memcpy(buf, path, n);
	path_free(page);
	dentry_put(dentry);
	return n;
}

/* O_CLOEXEC of its table entry, which fdinfo shows among the flags of the description. */
static u32 node_cloexec(const struct proc_node *node)
{
	spin_lock(&proc_lock);
	struct task *task = proc_task(node);
	bool on = task && task->files && files_cloexec(task->files, node->fd) > 0;
	spin_unlock(&proc_lock);
	return on ? O_CLOEXEC : 0;
}

static int show_fdinfo(struct text *text, const struct proc_node *node)
{
	struct file *file = node_file(node);
	if (!file)
		return -ENOENT;
	text_printf(text, "pos:\t%ld\nflags:\t0%o\nmnt_id:\t%lu\nino:\t%lu\n", file->offset,
		    file->flags | node_cloexec(node),
		    file->inode->super ? file->inode->super->dev : 0, file->inode->number);
	file_put(file);
	return 0;
}

static const struct proc_entry fd_link = {
	.mode = S_IFLNK | 0700, .link = proc_link_object, .follow = follow_fd,
};
static const struct proc_entry fdinfo_file = {
	.mode = S_IFREG | 0444, .show = show_fdinfo, .look = true,
};

static struct dentry *fd_dentry(struct dentry *dir, const char *name, size_t len, bool links)
{
	struct proc_node node = *proc_node_of(dir->inode);
	node.fd = proc_parse_number(name, len);
	struct file *file = node.fd >= 0 ? node_file(&node) : NULL;
	if (!file)
		return ERR_PTR(-ENOENT);
	node.entry = links ? &fd_link : &fdinfo_file;
	struct dentry *dentry = proc_dentry(dir, name, len, &node);
	if (links && !IS_ERR(dentry)) { /* the bits say how it was opened: proc(5) */
		dentry->inode->size_bytes = 64; /* as there: programs make room by it */
		dentry->inode->mode = S_IFLNK | (file_readable(file) ? 0500 : 0) |
				      (file_writable(file) ? 0300 : 0);
	}
	file_put(file);
	return dentry;
}

struct dentry *proc_fd_lookup(struct dentry *dir, const char *name, size_t len)
{
	return fd_dentry(dir, name, len, true);
}

struct dentry *proc_fdinfo_lookup(struct dentry *dir, const char *name, size_t len)
{
	return fd_dentry(dir, name, len, false);
}

int proc_fd_fill(struct file *dir, struct dir_buffer *out, off_t *offset)
{
	const struct proc_node *node = proc_node_of(dir->inode);
	for (;;) {
		char name[16];
		int fd = node_next_fd(node, *offset - PROC_DYNAMIC);
		if (fd < 0)
			break;
		int len = snprintf(name, sizeof name, "%d", fd);
		off_t next = PROC_DYNAMIC + fd + 1;
		if (!dir_emit(out, name, len, next, S_IFLNK, next))
			break;
		*offset = next;
	}
	return 0;
}

/* The directory of a task: of a process in /proc, of a thread in /proc/PID/task. */
static struct dentry *task_dentry(struct dentry *dir, const char *name, size_t len,
				  const struct proc_entry *entry)
{
	const struct proc_node *of = proc_node_of(dir->inode);
	struct proc_node node = {
		.entry = entry, .pid = proc_parse_number(name, len), .thread = of->pid,
	};
	if (node.pid <= 0)
		return ERR_PTR(-ENOENT);
	spin_lock(&proc_lock);
	struct pid *pid = pid_find(node.pid);
	struct task *task = pid ? pid->task : NULL;
	if (task && of->pid) { /* a thread of that process only */
		struct task *leader = proc_task(of);
		if (!leader || leader->process != task->process)
			task = NULL;
	}
	if (task)
		node.start_ns = task->process->start_ns;
	spin_unlock(&proc_lock);
	return task ? proc_dentry(dir, name, len, &node) : ERR_PTR(-ENOENT);
}

struct dentry *proc_pid_lookup(struct dentry *dir, const char *name, size_t len)
{
	return task_dentry(dir, name, len, &proc_pid_entry);
}

struct dentry *proc_thread_lookup(struct dentry *dir, const char *name, size_t len)
{
	return task_dentry(dir, name, len, &proc_thread_entry);
}

enum { NUMBERS_AT_ONCE = 1024 }; /* that are looked at with the lock held */

/* The first number from `from` on, below end, of a process (of NULL), or of a thread of it; 0:
 * none. proc_lock held. */
static pid_t next_number(pid_t from, pid_t end, const struct process *of)
{
	for (pid_t number = MAX(from, 1); number < end; number++) {
		struct pid *pid = pid_find(number);
		struct task *task = pid ? pid->task : NULL;
		if (task && (of ? task->process == of : task->process->leader == task))
			return number;
	}
	return 0;
}

static int fill_tasks(const struct proc_node *node, struct dir_buffer *out, off_t *offset)
{
	while (*offset <= PROC_DYNAMIC + PID_MAX) {
		char name[16];
		pid_t from = *offset - PROC_DYNAMIC, end = MIN(from + NUMBERS_AT_ONCE, PID_MAX + 1);
		spin_lock(&proc_lock);
		struct task *task = node->pid ? proc_task(node) : NULL;
		bool gone = node->pid && !task;
		pid_t number = gone ? 0 : next_number(from, end, task ? task->process : NULL);
		spin_unlock(&proc_lock);
		if (gone)
			return 0;
		off_t next = PROC_DYNAMIC + (number ? number + 1 : end);
		int len = snprintf(name, sizeof name, "%d", number);
		if (number && !dir_emit(out, name, len, next, S_IFDIR, next))
			return 0;
		*offset = next;
		sched_point();
	}
	return 0;
}

int proc_pid_fill(struct file *file, struct dir_buffer *out, off_t *offset)
{
	return fill_tasks(proc_node_of(file->inode), out, offset);
}
