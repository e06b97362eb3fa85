/*
 * Inodes: files, directories, symlinks and nodes of the ramfs, /proc and /dev.
 *
 * The ramfs is the page cache: the pages that hold a file's bytes are the ones
 * that mmap and exec map (DESIGN: no copy of text). Each page of a file has
 * kind PAGE_FILE, owner = the inode, index = its place, and one reference held
 * by the file (invariant I1).
 *
 * Locks: inode->lock (RANK_INODE, directories RANK_INODE_DIR): size, pages. A page fault, which
 * may happen under it, finds pages under pages_lock; so both are held to take pages away.
 * Key letters: c constant, i inode->lock, p pages_lock. stat and permission checks read single
 * fields without a lock. A directory's lock also guards its names (fs/dentry.h).
 */
#ifndef FS_INODE_H
#define FS_INODE_H

#include "fs/file.h"
#include "fs/super.h"
#include "lib/list.h"

enum file_type { /* st_mode & S_IFMT */
	S_IFMT = 0170000, S_IFSOCK = 0140000, S_IFLNK = 0120000, S_IFREG = 0100000,
	S_IFBLK = 0060000, S_IFDIR = 0040000, S_IFCHR = 0020000, S_IFIFO = 0010000,
	S_ISUID = 04000, S_ISGID = 02000, S_ISVTX = 01000,
};

struct inode {
	_Atomic u32 refs;
	u32 mode;		/* i: type (c) and permission bits */
	_Atomic u32 nlink;	/* names; of a directory also its children's "..": i */
	u32 uid, gid;		/* i */
	u64 number;		/* c: st_ino */
	u64 rdev;		/* c: device nodes */
	u64 size_bytes;		/* i */
	u64 atime_ns, mtime_ns, ctime_ns; /* stored as a whole, by any: CLOCK_REALTIME */
	struct mutex lock;
	_Atomic s32 exec_count;	/* programs that run from it; > 0: no writers (ETXTBSY); first: i */
	s32 write_count;	/* i: descriptions open for writing; > 0: no exec */
	const struct file_ops *ops;		 /* c: what open gives the file */
	const struct inode_ops *inode_ops;	 /* c: fs/dentry.h */
	struct mutex pages_lock; /* p; RANK_INODE_PAGES; the size shrinks under it, too */
	void *pages;		/* p: the file's pages by index (fs/pages.c) */
	u64 npages;		/* p: how many there are, for st_blocks */
	bool mapped;		/* has been mapped at some time; set before p is taken to do so */
	u16 seals;		/* i: fs/memfd.h */
	bool linkable;		/* without a name, but may get one (O_TMPFILE) */
	u8 pages_height;	/* p: levels of nodes above the pages; 0: pages is page 0 itself */
	struct lock *locks;	/* locks_lock (fs/lock.c): record locks and flock */
	struct super *super;	/* c: the file system it belongs to */
	struct list all_link;	/* inodes_lock (fs/inode.c): all inodes alive */
	struct dentry *name;	/* atomic, set once: a name it has, for maps; not counted */
	void *private;		/* of the file system */
};

/* A new inode with one reference, owned by the current task; ops are those of a ramfs
 * inode of that type. NULL when out of memory. */
struct inode *inode_new(struct super *super, u32 mode);
struct inode *inode_get(struct inode *inode);
void inode_put(struct inode *inode);

/*
 * The page at this index of a ramfs file, with a reference for the caller, who may hold
 * mm->lock. A hole is NULL, or if fill is set a new zeroed page of the file.
 * ERR_PTR(-ENXIO): beyond the end; -ENOMEM; -ENOSPC: the file system is full.
 */
struct page *inode_page(struct inode *inode, u64 index, bool fill);

/* Those from index on that the file has side by side, max at most, each with a reference for the
 * caller, who may hold mm->lock. How many: 0 if there is a hole, or the end. */
u32 inode_pages(struct inode *inode, u64 index, u32 max, struct page **out);

/* The first page from index on that is not a hole, or end. */
u64 inode_map_next(struct inode *inode, u64 index, u64 end);

/* The file that a page is of, or a copy or a mapping (mm/mapping.h), counted; NULL if of none,
 * or if the file is about to go. */
struct inode *inode_of_page(const struct page *page);

/* A nameless file of this size for MAP_SHARED | MAP_ANONYMOUS; ERR_PTR(-ENOMEM). */
struct inode *inode_new_anonymous(u64 size_bytes);

/* The path of a name the inode has ("/bin/sh", or "/tmp/x (deleted)"); false if nameless. */
bool inode_path(struct inode *inode, char *buf, size_t size);

/* For /proc/audit: calls fn for every page that a file holds, of all inodes alive. */
void inode_each_page(void (*fn)(struct page *page, void *arg), void *arg);

/* Is a file of this file system open for writing? */
bool inode_any_writer(const struct super *super);

/* The time for atime, mtime and ctime. */
u64 inode_now_ns(void);
void inode_modified(struct inode *inode); /* mtime and ctime become now; i */
void inode_accessed(struct inode *inode); /* atime, if that says more than before (relatime) */
void inode_written(struct inode *inode); /* and set-id bits go, unless by root: inode(7); i */

/* A description that writes: -ETXTBSY while a program runs from the file. */
int inode_write_get(struct inode *inode);
void inode_write_put(struct inode *inode);

static inline bool inode_readonly(const struct inode *inode)
{
	return inode->super->flags & MS_RDONLY;
}

enum { MAY_EXEC = 1, MAY_WRITE = 2, MAY_READ = 4 };
struct creds;
/* 0, -EROFS, or -EACCES by the permission bits; root passes, but runs only what has an x bit. */
int inode_permission(const struct inode *inode, const struct creds *creds, u32 may);

static inline u32 inode_type(const struct inode *inode)
{
	return inode->mode & S_IFMT;
}

static inline bool inode_is_dir(const struct inode *inode)
{
	return inode_type(inode) == S_IFDIR;
}

/* Character devices: /dev nodes and the archive's nodes with this number use the ops. */
#define MAKEDEV(major, minor) ((u64)(major) << 8 | (minor))
void chardev_register(u64 rdev, const char *name_in_dev, const struct file_ops *ops, void *private);

#endif
