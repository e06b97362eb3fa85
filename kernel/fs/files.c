/*
 * Descriptor tables and file-system contexts: what clone shares with
 * CLONE_FILES and CLONE_FS, and copies without.
 *
 * A table is an array of descriptions and two bitmaps, open and close-on-exec.
 * Up to 64 descriptors lie in the struct itself, so fork copies one object.
 * Entry points: files_*, fd_*, fs_*. Locks: files->lock (RANK_FILES), fs->lock
 * (RANK_FS). A description is put only after the lock is let go: that may sleep.
 */
#include "fs/files.h"

#include "arch/cpu.h"
#include "fs/dentry.h"
#include "fs/inode.h"
#include "fs/lock.h"
#include "fs/open.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "proc/task.h"

enum { WORD = 64, SMALL = 64 };
#define FD_LIMIT (1ull << 20)

struct files {
	_Atomic u32 refs;
	struct spinlock lock;
	u32 size;		/* descriptors there is room for: a multiple of 64 */
	u32 first_free;		/* none below it is free */
	struct file **file;
	u64 *open, *cloexec;	/* one bit a descriptor */
	u64 small_open, small_cloexec;
	struct file *small[SMALL];
};

struct files *files_new(void)
{
	struct files *files = heap_zalloc(sizeof *files);
	if (!files)
		return NULL;
	files->refs = 1;
	spin_init(&files->lock, "files", RANK_FILES);
	files->size = SMALL;
	files->file = files->small;
	files->open = &files->small_open;
	files->cloexec = &files->small_cloexec;
	return files;
}

static void arrays_free(struct files *files)
{
	if (files->file != files->small)
		heap_free(files->file); /* the bitmaps are of the same block */
}

/* One block: the array, then both bitmaps. */
static int files_grow(struct files *files, u32 size)
{
	size = ROUND_UP(MAX(size, files->size * 2), WORD);
	size_t map_bytes = size / 8;
	struct file **file = heap_zalloc(size * sizeof *file + 2 * map_bytes);
	if (!file)
		return -ENOMEM;
	u64 *open = (u64 *)(file + size);
	u64 *cloexec = open + size / WORD;
	memcpy(file, files->file, files->size * sizeof *file);
	memcpy(open, files->open, files->size / 8);
	memcpy(cloexec, files->cloexec, files->size / 8);
	arrays_free(files);
	files->file = file;
	files->open = open;
	files->cloexec = cloexec;
	files->size = size;
	return 0;
}

static bool bit_test(const u64 *map, u32 fd)
{
	return map[fd / WORD] >> (fd % WORD) & 1;
}

static void bit_set(u64 *map, u32 fd, bool on)
{
	u64 bit = 1ull << (fd % WORD);
	map[fd / WORD] = on ? map[fd / WORD] | bit : map[fd / WORD] & ~bit;
}

/* First descriptor from fd on whose open bit is `set`; files->size if there is none. */
static u32 next_bit(const struct files *files, u32 fd, bool set)
{
	while (fd < files->size) {
		u64 word = set ? files->open[fd / WORD] : ~files->open[fd / WORD];
		word &= ~0ull << (fd % WORD);
		if (word)
			return ROUND_DOWN(fd, WORD) + __builtin_ctzll(word);
		fd = ROUND_DOWN(fd, WORD) + WORD;
	}
	return files->size;
}

struct files *files_copy(struct files *from)
{
	struct files *copy = files_new();
	if (!copy)
		return NULL;
	spin_lock(&from->lock);
	if (from->size > SMALL && files_grow(copy, from->size) != 0) {
		spin_unlock(&from->lock);
		heap_free(copy);
		return NULL;
	}
	memcpy(copy->open, from->open, from->size / 8);
	memcpy(copy->cloexec, from->cloexec, from->size / 8);
	copy->first_free = from->first_free;
	for (u32 fd = next_bit(from, 0, true); fd < from->size; fd = next_bit(from, fd + 1, true))
		copy->file[fd] = file_get(from->file[fd]);
	spin_unlock(&from->lock);
	return copy;
}

struct files *files_get(struct files *files)
{
	files->refs++;
	return files;
}

/* close(2) of a descriptor: the process's record locks on the file go, whatever else it has
 * of it open. */
static void files_close(struct files *files, struct file *file)
{
	if (!(file->flags & O_PATH))
		lock_release(file->inode, files);
	file_put(file);
}

void files_put(struct files *files)
{
	if (--files->refs)
		return;
	for (u32 fd = next_bit(files, 0, true); fd < files->size; fd = next_bit(files, fd + 1, true))
		files_close(files, files->file[fd]);
	arrays_free(files);
	heap_free(files);
}

u32 files_users(const struct files *files)
{
	return files->refs;
}

/* Takes a description out of the table; NULL if the descriptor is not open. Locked. */
static struct file *take_locked(struct files *files, int fd)
{
	if (fd < 0 || (u32)fd >= files->size || !bit_test(files->open, fd))
		return NULL;
	struct file *file = files->file[fd];
	files->file[fd] = NULL;
	bit_set(files->open, fd, false);
	bit_set(files->cloexec, fd, false);
	files->first_free = MIN(files->first_free, (u32)fd);
	return file;
}

static bool is_open(const struct files *files, int fd)
{
	return fd >= 0 && (u32)fd < files->size && bit_test(files->open, fd);
}

static void place_locked(struct files *files, int fd, struct file *file, bool cloexec)
{
	files->file[fd] = file;
	bit_set(files->open, fd, true);
	bit_set(files->cloexec, fd, cloexec);
}

void files_close_on_exec(struct files *files)
{
	for (u32 fd = 0; fd < files->size; fd++) {
		if (!files->cloexec[fd / WORD]) {
			fd |= WORD - 1;
			continue;
		}
		spin_lock(&files->lock);
		struct file *file = bit_test(files->cloexec, fd) ? take_locked(files, fd) : NULL;
		spin_unlock(&files->lock);
		if (file)
			files_close(files, file);
	}
}

static struct file *look_up(const struct files *files, int fd)
{
	bool open = fd >= 0 && (u32)fd < files->size && files->file[fd];
	return open ? file_get(files->file[fd]) : NULL;
}

struct file *files_file(struct files *files, int fd)
{
	spin_lock(&files->lock);
	struct file *file = look_up(files, fd);
	spin_unlock(&files->lock);
	return file;
}

int files_next(struct files *files, int from_fd)
{
	spin_lock(&files->lock);
	u32 fd = next_bit(files, from_fd, true);
	int found = fd < files->size ? (int)fd : -1;
	spin_unlock(&files->lock);
	return found;
}

struct file *fd_get(int fd)
{
	struct files *files = current->files;
	/* A table that nobody shares is changed by nobody else; who looks in (/proc) only reads. */
	return files->refs == 1 ? look_up(files, fd) : files_file(files, fd);
}

struct file *fd_get_io(int fd)
{
	struct file *file = fd_get(fd);
	if (file && (file->flags & O_PATH)) {
		file_put(file);
		return NULL;
	}
	return file;
}

int fd_install(struct file *file, int min, bool cloexec)
{
	struct files *files = current->files;
	u64 limit = MIN(task_rlimit(current, RLIMIT_NOFILE), FD_LIMIT);
	int err = -EMFILE;

	spin_lock(&files->lock);
	u32 fd = next_bit(files, MAX((u32)min, files->first_free), false);
	fd = MAX(fd, (u32)min);
	if (fd >= limit)
		goto out;
	err = fd >= files->size ? files_grow(files, fd + 1) : 0;
	if (err)
		goto out;
	place_locked(files, fd, file, cloexec);
	if ((u32)min <= files->first_free)
		files->first_free = fd + 1;
	err = fd;
out:
	spin_unlock(&files->lock);
	return err;
}

int fd_install_at(struct file *file, int fd, bool cloexec)
{
	struct files *files = current->files;
	if (fd < 0 || (u64)fd >= MIN(task_rlimit(current, RLIMIT_NOFILE), FD_LIMIT))
		return -EBADF;
	spin_lock(&files->lock);
	int err = (u32)fd >= files->size ? files_grow(files, fd + 1) : 0;
	struct file *old = NULL;
	if (!err) {
		old = take_locked(files, fd);
		place_locked(files, fd, file, cloexec);
	}
	spin_unlock(&files->lock);
	if (old)
		files_close(files, old);
	return err ? err : fd;
}

int fd_close(int fd)
{
	struct files *files = current->files;
	spin_lock(&files->lock);
	struct file *file = take_locked(files, fd);
	spin_unlock(&files->lock);
	if (!file)
		return -EBADF;
	files_close(files, file);
	return 0;
}

int files_cloexec(struct files *files, int fd)
{
	spin_lock(&files->lock);
	int on = is_open(files, fd) ? bit_test(files->cloexec, fd) : -EBADF;
	spin_unlock(&files->lock);
	return on;
}

int fd_cloexec_get(int fd)
{
	return files_cloexec(current->files, fd);
}

int fd_cloexec_set(int fd, bool on)
{
	struct files *files = current->files;
	spin_lock(&files->lock);
	bool open = is_open(files, fd);
	if (open)
		bit_set(files->cloexec, fd, on);
	spin_unlock(&files->lock);
	return open ? 0 : -EBADF;
}

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
	fs->cwd = dentry_get(root_dentry);
	fs->umask = 022;
	return fs;
}

struct fs *fs_copy(struct fs *from)
{
	struct fs *fs = fs_alloc();
	if (!fs)
		return NULL;
	spin_lock(&from->lock);
	fs->cwd = dentry_get(from->cwd);
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
	dentry_put(fs->cwd);
	heap_free(fs);
}
