/*
 * The tree of names: making, finding, moving and forgetting dentries.
 *
 * Entries are found by one hash table over (directory, name), so a directory
 * may have 100,000 of them; a list per directory keeps them for getdents64.
 * Entry points: dentry_lookup for paths, dentry_add, dentry_remove and
 * dentry_move for changes. Locks: tree_lock, names_lock (fs/dentry.h).
 */
#include "fs/dentry.h"

#include "lib/panic.h"
#include "lib/string.h"
#include "mm/heap.h"

enum { HASH_SIZE = 8192, FIRST_COOKIE = 2 /* 0 and 1 are "." and ".." */ };

struct mutex tree_lock;
struct spinlock names_lock = SPINLOCK_INIT("names", RANK_DENTRY);
struct dentry *root_dentry;

static struct dentry *hash_table[HASH_SIZE];

/* FNV-1a over the name, mixed with the directory's address. */
u32 name_hash(const struct dentry *dir, const char *name, size_t len)
{
	u32 hash = 2166136261u ^ (u32)((u64)dir >> 6);
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (u8)name[i]) * 16777619u;
	return hash;
}

static char *name_alloc(struct dentry *dentry, const char *name, size_t len)
{
	char *to = len < SHORT_NAME ? dentry->short_name : heap_alloc(len + 1);
	if (!to)
		return NULL;
	memcpy(to, name, len);
	to[len] = 0;
	return to;
}

static void name_free(struct dentry *dentry, char *name)
{
	if (name != dentry->short_name)
		heap_free(name);
}

struct dentry *dentry_new(struct dentry *parent, const char *name, size_t len,
			  struct inode *inode)
{
	struct dentry *dentry = heap_zalloc(sizeof *dentry);
	if (!dentry)
		return NULL;
	dentry->name = name_alloc(dentry, name, len);
	if (!dentry->name) {
		heap_free(dentry);
		return NULL;
	}
	dentry->name_len = len;
	dentry->refs = 1;
	dentry->parent = parent ? dentry_get(parent) : NULL;
	dentry->inode = inode;
	dentry->next_cookie = FIRST_COOKIE;
	list_init(&dentry->children);
	list_init(&dentry->child_link);
	return dentry;
}

struct dentry *dentry_get(struct dentry *dentry)
{
	dentry->refs++;
	return dentry;
}

/* Frees the struct; returns the parent, whose reference goes to the caller. */
static struct dentry *dentry_free(struct dentry *dentry)
{
	struct dentry *parent = dentry->parent;
	name_free(dentry, dentry->name);
	heap_free(dentry);
	return parent;
}

/*
 * The dentry that an inode is known by outlives its last reference, as long as
 * the inode does: /proc/PID/maps still names a file that was removed. The inode
 * then owns it, and gives it back to dentry_forget.
 */
static bool dentry_kept_by_inode(struct dentry *dentry)
{
	return dentry->inode && dentry->inode->name == dentry;
}

/* A loop and not a recursion: a removed directory may hold a long line of parents. */
void dentry_put(struct dentry *dentry)
{
	while (dentry && --dentry->refs == 0) {
		struct inode *inode = dentry->inode;
		bool kept = dentry_kept_by_inode(dentry);
		struct dentry *parent = kept ? NULL : dentry_free(dentry);
		if (inode)
			inode_put(inode);
		dentry = parent;
	}
}

/* From inode.c: the inode dies, and with it the name that it was known by. */
void dentry_forget(struct dentry *dentry)
{
	kassert(dentry->refs == 0);
	dentry_put(dentry_free(dentry));
}

static void hash_insert(struct dentry *dentry)
{
	dentry->hash = name_hash(dentry->parent, dentry->name, dentry->name_len);
	struct dentry **slot = &hash_table[dentry->hash % HASH_SIZE];
	dentry->hash_next = *slot;
	*slot = dentry;
}

static void hash_remove(struct dentry *dentry)
{
	struct dentry **slot = &hash_table[dentry->hash % HASH_SIZE];
	while (*slot != dentry)
		slot = &(*slot)->hash_next;
	*slot = dentry->hash_next;
}

static void link_locked(struct dentry *dentry)
{
	struct dentry *dir = dentry->parent;
	dentry->cookie = dir->next_cookie++;
	list_append(&dir->children, &dentry->child_link);
	hash_insert(dentry);
}

static void unlink_locked(struct dentry *dentry)
{
	list_remove(&dentry->child_link);
	hash_remove(dentry);
}

void dentry_add(struct dentry *dentry)
{
	dentry_get(dentry);
	spin_lock(&names_lock);
	link_locked(dentry);
	dentry->in_tree = true;
	if (!dentry->inode->name && !inode_is_dir(dentry->inode))
		dentry->inode->name = dentry;
	spin_unlock(&names_lock);
}

void dentry_remove(struct dentry *dentry)
{
	spin_lock(&names_lock);
	unlink_locked(dentry);
	dentry->in_tree = false;
	dentry->dead = true;
	spin_unlock(&names_lock);
	dentry_put(dentry);
}

int dentry_move(struct dentry *dentry, struct dentry *to_dir, const char *name, size_t len)
{
	char *long_name = NULL;
	if (len >= SHORT_NAME) {
		long_name = name_alloc(dentry, name, len);
		if (!long_name)
			return -ENOMEM;
	}
	struct dentry *from_dir = dentry->parent;
	char *old_name = dentry->name;
	dentry_get(to_dir);
	spin_lock(&names_lock);
	unlink_locked(dentry);
	dentry->name = long_name ? long_name : name_alloc(dentry, name, len);
	dentry->name_len = len;
	dentry->parent = to_dir;
	link_locked(dentry);
	spin_unlock(&names_lock);
	name_free(dentry, old_name);
	dentry_put(from_dir);
	return 0;
}

struct dentry *dentry_find(struct dentry *dir, const char *name, size_t len)
{
	u32 hash = name_hash(dir, name, len);
	spin_lock(&names_lock);
	struct dentry *d = hash_table[hash % HASH_SIZE];
	while (d && !(d->hash == hash && d->parent == dir && d->name_len == len &&
		      memcmp(d->name, name, len) == 0))
		d = d->hash_next;
	if (d)
		dentry_get(d);
	spin_unlock(&names_lock);
	return d;
}

struct dentry *dentry_lookup(struct dentry *dir, const char *name, size_t len)
{
	const struct inode_ops *ops = dir->inode->inode_ops;
	if (ops && ops->lookup)
		return ops->lookup(dir, name, len);
	struct dentry *dentry = dentry_find(dir, name, len);
	if (!dentry)
		return ERR_PTR(-ENOENT);
	if (dentry->mounted) {
		struct dentry *top = dentry_get(dentry->mounted);
		dentry_put(dentry);
		return top;
	}
	return dentry;
}

bool dentry_is_ancestor(const struct dentry *a, const struct dentry *d)
{
	while (d && d != a)
		d = d->parent;
	return d != NULL;
}

bool dentry_is_mount(const struct dentry *dentry)
{
	return dentry->mounted || !dentry->parent ||
	       dentry->parent->inode->super != dentry->inode->super;
}

/* Prepends text; false when there is no room. */
static bool path_prepend(char *buf, char **start, const char *text, size_t len)
{
	if ((size_t)(*start - buf) < len)
		return false;
	*start -= len;
	memcpy(*start, text, len);
	return true;
}

static char *path_locked(struct dentry *dentry, char *buf, size_t size)
{
	static const char deleted[] = " (deleted)";
	char *start = buf + size - 1;
	*start = 0;
	if (dentry->dead && !path_prepend(buf, &start, deleted, sizeof deleted - 1))
		return NULL;
	if (!dentry->parent) { /* the root, or "pipe:[7]" */
		const char *name = dentry == root_dentry ? "/" : dentry->name;
		return path_prepend(buf, &start, name, strlen(name)) ? start : NULL;
	}
	for (; dentry->parent; dentry = dentry->parent) {
		if (!path_prepend(buf, &start, dentry->name, dentry->name_len) ||
		    !path_prepend(buf, &start, "/", 1))
			return NULL;
	}
	return start;
}

char *dentry_path(struct dentry *dentry, char *buf, size_t size)
{
	spin_lock(&names_lock);
	char *path = path_locked(dentry, buf, size);
	spin_unlock(&names_lock);
	return path;
}
