/*
 * The file-system context of a task, struct fs: working directory and umask.
 * clone shares it with CLONE_FS, and copies it without.
 *
 * Entry points: fs_new, fs_copy, fs_get, fs_put; the calls that change it are
 * in fs/open.c. Lock: fs->lock (RANK_FS).
 */
#include "fs/files.h"

#include "fs/dentry.h"
#include "mm/heap.h"

static struct fs *fs_alloc(void)
{
	struct fs *fs = heap_alloc(sizeof *fs);
	if (!fs)
		return NULL;
	fs->refs = 1;
	spin_init(&fs->lock, "fs", RANK_FS);
	return fs;
}

struct fs *fs_new(void)
{
	struct fs *fs = fs_alloc();
	if (!fs)
		return NULL;
	fs->cwd = place_get(root_dentry);
	fs->root = place_get(root_dentry);
	fs->umask = 022;
	return fs;
}

struct fs *fs_copy(struct fs *from)
{
	struct fs *fs = fs_alloc();
	if (!fs)
		return NULL;
	spin_lock(&from->lock);
	fs->cwd = place_get(from->cwd);
	fs->root = place_get(from->root);
	fs->umask = from->umask;
	spin_unlock(&from->lock);
	return fs;
}

struct fs *fs_get(struct fs *fs)
{
	fs->refs++;
	return fs;
}

void fs_put(struct fs *fs)
{
	if (--fs->refs)
		return;
	place_put(fs->cwd);
	place_put(fs->root);
	heap_free(fs);
}
