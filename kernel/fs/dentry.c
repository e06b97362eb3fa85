/*
 * The tree of names: making, finding, moving and forgetting dentries.
 *
 * Entries are found by one hash table over (directory, name), so a directory
 * may have 100,000 of them; a list per directory keeps them for getdents64.
 * Entry points: dentry_find and dentry_lookup for paths, dentry_add,
 * dentry_remove and dentry_move for changes. Locks: fs/dentry.h. A dentry in a
 * chain has the reference of the tree, so whoever finds it there may count it.
 */
#include "fs/dentry.h"

#include "lib/panic.h"
#include "lib/string.h"
#include "mm/heap.h"

enum { HASH_SIZE = 8192, NLOCKS = 64, PATH_TRIES = 32 };
#define FIRST_COOKIE (1ull << 60) /* and down, never to 0 and 1, which are "." and ".." */

struct dentry *root_dentry;

static struct dentry *hash_table[HASH_SIZE];
static struct chain_lock { /* each guards every NLOCKS-th chain, and has a cache line of its own */
	struct spinlock lock;
} __attribute__((aligned(64))) chain_locks[NLOCKS];
static _Atomic u32 nmoves; /* of directories: a path that was read meanwhile may be a mixture */

void dentry_init(void)
{
	for (unsigned i = 0; i < NLOCKS; i++)
		spin_init(&chain_locks[i].lock, "names", RANK_DENTRY);
}

static struct spinlock *lock_of(u32 hash)
{
	return &chain_locks[hash % NLOCKS].lock;
}

/* The lock that guards a dentry's place; the chain may change until we have it. */
static struct spinlock *place_lock(const struct dentry *dentry)
{
	for (;;) {
		struct spinlock *lock = lock_of(__atomic_load_n(&dentry->hash, __ATOMIC_RELAXED));
		spin_lock(lock);
		if (lock == lock_of(dentry->hash))
			return lock;
		spin_unlock(lock);
	}
}

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
	dentry->hash = (u64)dentry >> 7; /* in no chain yet, but it has a lock */
	dentry->parent = parent ? dentry_get(parent) : NULL;
	dentry->inode = inode;
	dentry->next_cookie = FIRST_COOKIE;
	list_init(&dentry->children);
	list_init(&dentry->child_link);
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
void dentry_last_put(struct dentry *dentry)
{
	do {
		struct inode *inode = dentry->inode;
		bool kept = dentry_kept_by_inode(dentry);
		struct dentry *parent = kept ? NULL : dentry_free(dentry);
		if (inode)
			inode_put(inode);
		dentry = parent;
	} while (dentry && --dentry->refs == 0);
}

/* From inode.c: the inode dies, and with it the name that it was known by. */
void dentry_forget(struct dentry *dentry)
{
	kassert(dentry->refs == 0);
	dentry_put(dentry_free(dentry));
}

static void hash_insert(struct dentry *dentry)
{
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

/* The newest comes first, as on Linux. */
static void list_in_parent(struct dentry *dentry)
{
	struct dentry *dir = dentry->parent;
	dentry->cookie = dir->next_cookie--;
	list_push(&dir->children, &dentry->child_link);
}

/* A file is known by the first name that it gets; links may be made in two directories at once. */
static void name_inode(struct dentry *dentry)
{
	struct dentry *none = NULL;
	if (!inode_is_dir(dentry->inode))
		__atomic_compare_exchange_n(&dentry->inode->name, &none, dentry, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

void dentry_add(struct dentry *dentry)
{
	dentry_get(dentry);
	dentry->in_tree = true;
	dentry->hash = name_hash(dentry->parent, dentry->name, dentry->name_len);
	list_in_parent(dentry);
	name_inode(dentry);
	struct spinlock *lock = lock_of(dentry->hash);
	spin_lock(lock);
	hash_insert(dentry);
	spin_unlock(lock);
}

/* What is left to do once no lookup finds it any more. */
static void bury(struct dentry *dentry)
{
	list_remove(&dentry->child_link);
	dentry->in_tree = false;
	dentry->dead = true;
	dentry_put(dentry);
}

void dentry_remove(struct dentry *dentry)
{
	struct spinlock *lock = place_lock(dentry);
	hash_remove(dentry);
	spin_unlock(lock);
	bury(dentry);
}

/* Of two chains, in the order of their addresses; they may have the same. */
static void lock_two(struct spinlock *a, struct spinlock *b)
{
	spin_lock(MIN(a, b));
	if (a != b)
		spin_lock_second(MAX(a, b));
}

static void unlock_two(struct spinlock *a, struct spinlock *b)
{
	if (a != b)
		spin_unlock(MAX(a, b));
	spin_unlock(MIN(a, b));
}

int dentry_move(struct dentry *dentry, struct dentry *to_dir, const char *name, size_t len,
		struct dentry *over)
{
	char *long_name = NULL;
	if (len >= SHORT_NAME) {
		long_name = name_alloc(dentry, name, len);
		if (!long_name)
			return -ENOMEM;
	}
	struct dentry *from_dir = dentry->parent;
	char *old_name = dentry->name;
	u32 hash = name_hash(to_dir, name, len);
	struct spinlock *from_lock = lock_of(dentry->hash), *to_lock = lock_of(hash);
	dentry_get(to_dir);
	list_remove(&dentry->child_link);
	lock_two(from_lock, to_lock);
	if (over)
		hash_remove(over); /* of the same chain: it has the name */
	hash_remove(dentry);
	dentry->name = long_name ? long_name : name_alloc(dentry, name, len);
	dentry->name_len = len;
	dentry->parent = to_dir;
	dentry->hash = hash;
	hash_insert(dentry);
	nmoves += inode_is_dir(dentry->inode);
	unlock_two(from_lock, to_lock);
	list_in_parent(dentry);
	name_free(dentry, old_name);
	dentry_put(from_dir);
	if (over)
		bury(over);
	return 0;
}

static bool has_name(const struct dentry *dentry, const char *name, size_t len)
{
	if (dentry->name_len != len)
		return false;
	for (size_t i = 0; i < len; i++) /* mostly too short for a call of memcmp */
		if (dentry->name[i] != name[i])
			return false;
	return true;
}

/* cross: what is mounted on it, if something is. */
static struct dentry *find(struct dentry *dir, const char *name, size_t len, bool cross)
{
	u32 hash = name_hash(dir, name, len);
	struct spinlock *lock = lock_of(hash);
	spin_lock(lock);
	struct dentry *d = hash_table[hash % HASH_SIZE];
	while (d && !(d->hash == hash && d->parent == dir && has_name(d, name, len)))
		d = d->hash_next;
	if (d && cross && d->mounted)
		d = d->mounted;
	if (d)
		dentry_get(d);
	spin_unlock(lock);
	return d;
}

struct dentry *dentry_find(struct dentry *dir, const char *name, size_t len)
{
	return find(dir, name, len, false);
}

struct dentry *dentry_lookup(struct dentry *dir, const char *name, size_t len)
{
	const struct inode_ops *ops = dir->inode->inode_ops;
	if (ops && ops->lookup)
		return ops->lookup(dir, name, len);
	struct dentry *dentry = find(dir, name, len, false);
	return dentry ? dentry : ERR_PTR(-ENOENT);
}

struct dentry *dentry_lookup_top(struct dentry *dir, const char *name, size_t len)
{
	const struct inode_ops *ops = dir->inode->inode_ops;
	if (ops && ops->lookup)
		return ops->lookup(dir, name, len);
	struct dentry *dentry = find(dir, name, len, true);
	if (!dentry)
		return ERR_PTR(-ENOENT);
	return dentry->mounted ? dentry_cross(dentry) : dentry; /* a mount on a mount */
}

struct dentry *dentry_parent(struct dentry *dentry)
{
	struct spinlock *lock = place_lock(dentry);
	struct dentry *parent = dentry->parent ? dentry_get(dentry->parent) : NULL;
	spin_unlock(lock);
	return parent;
}

struct dentry *dentry_cross(struct dentry *dentry)
{
	while (dentry->mounted) { /* a hint: looked at again under the lock */
		struct spinlock *lock = place_lock(dentry);
		struct dentry *top = dentry->mounted ? dentry_get(dentry->mounted) : NULL;
		spin_unlock(lock);
		if (!top)
			break;
		dentry_put(dentry);
		dentry = top;
	}
	return dentry;
}

void dentry_cover(struct dentry *place, struct dentry *root)
{
	struct dentry *on = root ? root : place->mounted;
	struct spinlock *lock = place_lock(on);
	on->parent = root ? place : NULL;
	spin_unlock(lock);
	lock = place_lock(place);
	place->mounted = root;
	spin_unlock(lock);
	nmoves++;
}

bool dentry_is_root(const struct dentry *dentry)
{
	return dentry->inode->super->root == dentry;
}

bool dentry_is_ancestor(const struct dentry *a, const struct dentry *d)
{
	while (d != a && !dentry_is_root(d) && d->parent)
		d = d->parent;
	return d == a;
}

bool dentry_empty(const struct dentry *dentry)
{
	struct dentry *child;
	list_for_each(child, &dentry->children, child_link)
		if (child->inode)
			return false;
	return true;
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

/* Prepends "/name", or only the name of what has no place ("pipe:[7]"), and goes up: the
 * parent, counted, or NULL. A mounted root has the name of what it covers. */
static struct dentry *prepend_name(struct dentry *at, char *buf, char **start, bool *fits)
{
	struct spinlock *lock = place_lock(at);
	struct dentry *parent = at->parent ? dentry_get(at->parent) : NULL;
	if (!dentry_is_root(at))
		*fits = path_prepend(buf, start, at->name, at->name_len) &&
			(!parent || path_prepend(buf, start, "/", 1));
	spin_unlock(lock);
	return parent;
}

static char *path_once(struct dentry *dentry, const struct dentry *root, char *buf, size_t size)
{
	static const char deleted[] = " (deleted)";
	char *start = buf + size - 1;
	bool fits = true;
	*start = 0;
	if (dentry->dead)
		fits = path_prepend(buf, &start, deleted, sizeof deleted - 1);
	char *end = start;
	struct dentry *held = NULL;
	for (struct dentry *at = dentry; at && at != root && fits;) {
		at = prepend_name(at, buf, &start, &fits);
		dentry_put(held); /* not the first, which may have no reference: inode_path */
		held = at;
	}
	dentry_put(held);
	if (fits && start == end)
		fits = path_prepend(buf, &start, "/", 1);
	return fits ? start : NULL;
}

/* Each step up sees the tree at one moment, but two directories may move between the steps:
 * then the path is one that never was, and is read once more. Not for ever: who renames all the
 * time would keep us here. */
char *dentry_path(struct dentry *dentry, const struct dentry *root, char *buf, size_t size)
{
	u32 before, tries = 0;
	char *path;
	do {
		before = nmoves;
		path = path_once(dentry, root, buf, size);
	} while (nmoves != before && ++tries < PATH_TRIES);
	return path;
}
