/*
 * Path lookup: one component after the other, symlinks and mount points
 * included. Flow: a system call copies the path (path_get_user), walks it
 * (path_lookup, or walk_parent when the last name is to be made or removed)
 * and gets a counted dentry. Errors as path_resolution(7) gives them.
 *
 * Locks: that of one chain of names, and fs->lock, for single steps (fs/dentry.h); none is held
 * on return.
 */
#include "fs/path.h"

#include "arch/cpu.h"
#include "fs/files.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "proc/task.h"

_Static_assert(PATH_MAX == PAGE_SIZE, "a path is kept in a frame");

char *path_get_user(const char __user *path)
{
	struct page *page = page_alloc(PAGE_KERNEL);
	if (!page)
		return ERR_PTR(-ENOMEM);
	char *copy = page_kva(page);
	ssize_t len = copy_string_from_user(copy, path, PATH_MAX);
	if (len < 0) {
		page_put(page);
		return ERR_PTR(len);
	}
	return copy;
}

char *path_get_kernel(const char *path)
{
	struct page *page = page_alloc(PAGE_KERNEL);
	if (!page)
		return ERR_PTR(-ENOMEM);
	if (strlcpy(page_kva(page), path, PATH_MAX) >= PATH_MAX) {
		page_put(page);
		return ERR_PTR(-ENAMETOOLONG);
	}
	return page_kva(page);
}

void path_free(char *path)
{
	page_put(pa_page(kva_pa(path)));
}

int may_access(const struct inode *inode, u32 may)
{
	const struct inode_ops *ops = inode->inode_ops;
	int err = inode_permission(inode, &current->creds, may);
	return err && ops && ops->may_always && ops->may_always(inode) ? 0 : err;
}

bool owner_or_root(const struct inode *inode)
{
	return current->creds.fsuid == inode->uid || current->creds.fsuid == 0;
}

int may_create(const struct dentry *dir)
{
	if (inode_readonly(dir->inode))
		return -EROFS;
	if (dir->dead || (dir->inode->inode_ops && dir->inode->inode_ops->lookup))
		return -ENOENT; /* removed meanwhile, or /proc, where nothing can be made */
	return may_access(dir->inode, MAY_WRITE | MAY_EXEC);
}

int may_delete(const struct inode *dir, const struct dentry *dentry)
{
	int err = may_access(dir, MAY_WRITE | MAY_EXEC);
	if (err)
		return err;
	if (dir->inode_ops && dir->inode_ops->lookup)
		return -EPERM;
	if ((dir->mode & S_ISVTX) && !owner_or_root(dir) && !owner_or_root(dentry->inode))
		return -EPERM;
	return 0;
}

const struct dentry *path_root(void)
{
	return current && current->fs ? current->fs->root : root_dentry;
}

/* Where the task's paths begin: its root directory, or its working directory. */
static struct dentry *base_get(bool root)
{
	struct fs *fs = current->fs;
	if (!fs) /* boot: no process yet */
		return dentry_get(root_dentry);
	bool shared = fs->refs > 1; /* else only we could change it */
	if (shared)
		spin_lock(&fs->lock);
	struct dentry *dentry = dentry_get(root ? fs->root : fs->cwd);
	if (shared)
		spin_unlock(&fs->lock);
	return dentry;
}

/* Where a relative path begins. */
static struct dentry *start_dir(int dirfd)
{
	if (dirfd == AT_FDCWD)
		return base_get(false);
	struct file *file = fd_get(dirfd);
	if (!file)
		return ERR_PTR(-EBADF);
	struct dentry *dentry = file->dentry ? dentry_get(file->dentry) : NULL;
	if (!dentry) { /* a pipe: only good for AT_EMPTY_PATH */
		dentry = dentry_new(NULL, "pipe", 4, inode_get(file->inode));
		if (!dentry)
			inode_put(file->inode);
	}
	file_put(file);
	return dentry ? dentry : ERR_PTR(-ENOMEM);
}

static void walk_step(struct walk *w, struct dentry *to)
{
	dentry_put(w->dir);
	w->dir = to;
}

static void walk_init(struct walk *w, char *path)
{
	w->path = w->rest = path;
	w->dir = NULL;
	w->nsymlinks = 0;
	w->slash = false;
	w->last_len = 0;
	w->last_kind = LAST_ROOT;
}

int walk_start_root(struct walk *w, char *path)
{
	walk_init(w, path);
	if (IS_ERR(path))
		return PTR_ERR(path);
	w->dir = dentry_get(root_dentry);
	return 0;
}

int walk_start(struct walk *w, int dirfd, char *path)
{
	walk_init(w, path);
	if (IS_ERR(path))
		return PTR_ERR(path);
	struct dentry *from = *path == '/' ? base_get(true) : start_dir(dirfd);
	if (IS_ERR(from))
		return PTR_ERR(from);
	w->dir = from;
	return 0;
}

void walk_end(struct walk *w)
{
	dentry_put(w->dir);
	if (!IS_ERR(w->path))
		path_free(w->path);
}

static void skip_slashes(struct walk *w)
{
	while (*w->rest == '/')
		w->rest++;
}

/* Cuts the next component off; -ENAMETOOLONG. rest is what follows its slashes. */
static int next_component(struct walk *w)
{
	char *p = w->rest;
	size_t len = 0;
	while (p[len] && p[len] != '/')
		len++;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	w->last = p;
	w->last_len = len;
	w->slash = p[len] == '/';
	w->rest = p + len;
	skip_slashes(w);
	w->last_kind = p[0] != '.' || len > 2 ? LAST_NAME
		       : len == 1	      ? LAST_DOT
		       : p[1] == '.'	      ? LAST_DOTDOT
					      : LAST_NAME;
	return 0;
}

/* May w->dir be searched for a name? Mostly by all, which needs no look at who we are. */
static int check_search(struct walk *w)
{
	const struct inode *dir = w->dir->inode;
	if (!inode_is_dir(dir))
		return -ENOTDIR;
	return (dir->mode & 0111) == 0111 ? 0 : may_access(dir, MAY_EXEC);
}

/* "..": from a mounted root to the place that it covers, and from there up; never above the
 * task's own root. */
static void step_up(struct walk *w)
{
	const struct dentry *root = path_root();
	for (bool covers = true; covers && w->dir != root;) {
		covers = dentry_is_root(w->dir);
		struct dentry *parent = dentry_parent(w->dir);
		if (!parent)
			return;
		walk_step(w, parent);
	}
	if (w->dir != root)
		w->dir = dentry_cross(w->dir);
}

/* Puts the link's text before what is left to walk: "text/rest". */
static int splice_link(struct walk *w, struct inode *symlink)
{
	size_t rest_len = strlen(w->rest);
	char *rest = w->path + PATH_MAX - 1 - rest_len;
	memmove(rest, w->rest, rest_len + 1);
	size_t room = rest - w->path;
	ssize_t len = symlink->inode_ops->readlink(symlink, w->path, room);
	if (len < 0)
		return len;
	if (len == 0)
		return -ENOENT;
	if ((size_t)len + 1 >= room)
		return -ENAMETOOLONG;
	char *end = w->path + len;
	if (w->slash)
		*end++ = '/';
	memmove(end, rest, rest_len + 1);
	w->rest = w->path;
	return 0;
}

int walk_follow(struct walk *w, struct inode *symlink)
{
	if (++w->nsymlinks > SYMLINKS_MAX)
		return -ELOOP;
	if (symlink->inode_ops->follow) {
		struct dentry *object = symlink->inode_ops->follow(symlink);
		if (IS_ERR(object))
			return PTR_ERR(object);
		walk_step(w, object);
		return 1;
	}
	int err = splice_link(w, symlink);
	if (err)
		return err;
	if (*w->rest == '/')
		walk_step(w, base_get(true));
	w->last_kind = LAST_ROOT;
	return 0;
}

/* Goes through one component that is not the last, or is to be followed. */
static int walk_component(struct walk *w, bool follow)
{
	int err = check_search(w);
	if (err || w->last_kind == LAST_DOT)
		return err;
	if (w->last_kind == LAST_DOTDOT) {
		step_up(w);
		return 0;
	}
	struct dentry *child = dentry_lookup_top(w->dir, w->last, w->last_len);
	if (IS_ERR(child))
		return PTR_ERR(child);
	if (follow && inode_type(child->inode) == S_IFLNK) {
		err = walk_follow(w, child->inode);
		dentry_put(child);
		return MIN(err, 0);
	}
	walk_step(w, child);
	return 0;
}

int walk_to_last(struct walk *w)
{
	skip_slashes(w);
	while (*w->rest) {
		int err = next_component(w);
		if (err)
			return err;
		if (!*w->rest)
			return check_search(w);
		err = walk_component(w, true);
		if (err)
			return err;
		skip_slashes(w);
	}
	return 0;
}

int walk_parent(struct walk *w, int dirfd, const char __user *path)
{
	int err = walk_start(w, dirfd, path_get_user(path));
	if (err)
		return err;
	if (!*w->path)
		return -ENOENT;
	return walk_to_last(w);
}

/* All components; a slash at the end means that the object is a directory. */
static int walk_all(struct walk *w, u32 flags)
{
	bool slash = false;
	skip_slashes(w);
	while (*w->rest) {
		int err = next_component(w);
		if (err)
			return err;
		slash = w->slash;
		err = walk_component(w, *w->rest || slash || (flags & LOOKUP_FOLLOW));
		if (err)
			return err;
		skip_slashes(w);
	}
	if ((slash || (flags & LOOKUP_DIRECTORY)) && !inode_is_dir(w->dir->inode))
		return -ENOTDIR;
	return 0;
}

struct dentry *path_lookup(int dirfd, char *path, u32 flags)
{
	struct walk w;
	if (!IS_ERR(path) && !*path && !(flags & LOOKUP_EMPTY)) {
		path_free(path);
		return ERR_PTR(-ENOENT);
	}
	int err = walk_start(&w, dirfd, path);
	if (!err)
		err = walk_all(&w, flags);
	struct dentry *found = err ? ERR_PTR(err) : w.dir;
	if (!err)
		w.dir = NULL; /* its reference is the caller's */
	walk_end(&w);
	return found;
}

struct dentry *path_lookup_user(int dirfd, const char __user *path, u32 flags)
{
	return path_lookup(dirfd, path_get_user(path), flags);
}

s64 path_visit(int dirfd, const char __user *path, u32 flags, inode_visit *visit, void *arg)
{
	struct dentry *dentry = path_lookup_user(dirfd, path, flags);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	s64 result = visit(dentry->inode, arg);
	dentry_put(dentry);
	return result;
}

s64 file_visit(struct file *file, inode_visit *visit, void *arg)
{
	if (!file)
		return -EBADF;
	s64 result = visit(file->inode, arg);
	file_put(file);
	return result;
}

u32 at_lookup(int flags)
{
	return (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
	       (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
}
