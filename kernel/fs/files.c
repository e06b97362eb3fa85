/*
 * Descriptor tables. A descriptor is a number, a place in a table: which open
 * file description (struct file) it stands for, and whether exec closes it. All
 * else, as offset and status flags, is the description's, and so common to all
 * descriptors that dup and fork have made of one (docs/descriptors.md).
 *
 * A table is an array of descriptions and two bitmaps. 64 descriptors lie in
 * the struct itself, so fork mostly copies one object. A call that makes a file
 * reserves a number first (open bit set, place empty) and publishes it last: it
 * fails before it has done anything, and nobody sees the number too early.
 *
 * Entry points: files_* (whole tables), fd_* (one descriptor of the current
 * task), sys_close_range. Lock: files->lock (RANK_FILES), and without it memory
 * comes and goes and files are put. Source: Linux fs/file.c.
 */
#include "fs/files.h"

#include "arch/cpu.h"
#include "fs/inode.h"
#include "fs/lock.h"
#include "fs/open.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "proc/sched.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum { WORD = 64, SMALL = 64, FD_LIMIT = 1 << 20 }; /* fs.nr_open of Linux */
enum { CLOSE_RANGE_UNSHARE = 2, CLOSE_RANGE_CLOEXEC = 4 };

/* What grows with the number of descriptors; one block, or part of struct files. */
struct fd_arrays {
	u32 size;		/* descriptors there is room for: a multiple of 64 */
	struct file **file;	/* NULL: closed, or reserved */
	u64 *open, *cloexec;	/* one bit a descriptor; cloexec only where open is set */
};

struct files {
	_Atomic u32 refs;
	struct spinlock lock;	/* of all below */
	struct fd_arrays fd;
	u32 first_free;		/* none below it is free */
	u64 small_open, small_cloexec;
	struct file *small[SMALL];
};

/* All but the 64 places, which the caller fills. */
static struct files *files_alloc(void)
{
	struct files *files = heap_alloc(sizeof *files);
	if (!files)
		return NULL;
	files->refs = 1;
	spin_init(&files->lock, "files", RANK_FILES);
	files->fd = (struct fd_arrays){
		SMALL, files->small, &files->small_open, &files->small_cloexec,
	};
	files->first_free = 0;
	files->small_open = files->small_cloexec = 0;
	return files;
}

struct files *files_new(void)
{
	struct files *files = files_alloc();
	if (files)
		memset(files->small, 0, sizeof files->small);
	return files;
}

static void files_free(struct files *files)
{
	if (files->fd.file != files->small)
		heap_free(files->fd.file); /* the bitmaps are of the same block */
	heap_free(files);
}

static void arrays_copy(struct fd_arrays *to, const struct fd_arrays *from, u32 size)
{
	memcpy(to->file, from->file, size * sizeof *to->file);
	memcpy(to->open, from->open, size / 8);
	memcpy(to->cloexec, from->cloexec, size / 8);
}

/* Makes room for descriptor fd. Not locked: another thread may be as quick. */
static int files_grow(struct files *files, u32 fd)
{
	u32 size = ROUND_UP(MAX(fd + 1, files->fd.size * 2), WORD);
	struct file **file = heap_zalloc(size * sizeof *file + 2 * (size / 8));
	u64 *maps = (u64 *)(file + size);
	struct fd_arrays old = {.file = file}, new = {size, file, maps, maps + size / WORD};
	if (!file)
		return -ENOMEM;
	spin_lock(&files->lock);
	if (files->fd.size < size) {
		old = files->fd;
		arrays_copy(&new, &old, old.size);
		files->fd = new;
	}
	spin_unlock(&files->lock);
	if (old.file != files->small)
		heap_free(old.file);
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

/* The first descriptor from fd on whose bit is `set`; size or more if there is none. Locked. */
static u32 next_bit(const u64 *map, u32 size, u32 fd, bool set)
{
	while (fd < size) {
		u64 word = (set ? map[fd / WORD] : ~map[fd / WORD]) & ~0ull << (fd % WORD);
		if (word)
			return ROUND_DOWN(fd, WORD) + __builtin_ctzll(word);
		fd = ROUND_DOWN(fd, WORD) + WORD;
	}
	return fd;
}

static u32 next_open(const struct files *files, u32 fd)
{
	return next_bit(files->fd.open, files->fd.size, fd, true);
}

static bool is_open(const struct files *files, int fd)
{
	return (u32)fd < files->fd.size && files->fd.file[fd];
}

/* The size of a table that has room for all that is open here. Locked. */
static u32 used_size(const struct files *files)
{
	u32 words = files->fd.size / WORD;
	while (words > 1 && !files->fd.open[words - 1])
		words--;
	return words * WORD;
}

/* Nothing is in the place any more. Locked. */
static void free_locked(struct files *files, u32 fd)
{
	bit_set(files->fd.open, fd, false);
	bit_set(files->fd.cloexec, fd, false);
	files->first_free = MIN(files->first_free, fd);
}

/* Each open file has one more holder; what another thread has only reserved is free here. */
static void get_all(struct files *files)
{
	for (u32 word = 0; word < files->fd.size; word += WORD) {
		for (u64 left = files->fd.open[word / WORD]; left; left &= left - 1) {
			u32 fd = word + __builtin_ctzll(left);
			if (files->fd.file[fd])
				file_get(files->fd.file[fd]);
			else
				free_locked(files, fd);
		}
	}
}

struct files *files_copy(struct files *from)
{
	struct files *copy = files_alloc();
	u32 used;
	if (!copy)
		return NULL;
	spin_lock(&from->lock);
	while ((used = used_size(from)) > copy->fd.size) { /* threads may open more meanwhile */
		spin_unlock(&from->lock);
		if (files_grow(copy, used - 1) != 0) {
			files_free(copy);
			return NULL;
		}
		spin_lock(&from->lock);
	}
	arrays_copy(&copy->fd, &from->fd, used);
	copy->first_free = from->first_free;
	get_all(copy);
	spin_unlock(&from->lock);
	return copy;
}

struct files *files_get(struct files *files)
{
	files->refs++;
	return files;
}

u32 files_users(const struct files *files)
{
	return files->refs;
}

/* Takes what descriptor fd stands for out of the table; NULL if it is not open. Locked. */
static struct file *take_locked(struct files *files, int fd)
{
	if (!is_open(files, fd))
		return NULL;
	struct file *file = files->fd.file[fd];
	files->fd.file[fd] = NULL;
	free_locked(files, fd);
	return file;
}

/* file: NULL to reserve. Locked. */
static void place_locked(struct files *files, u32 fd, struct file *file, bool cloexec)
{
	files->fd.file[fd] = file;
	bit_set(files->fd.open, fd, true);
	if (cloexec) /* else it is clear: free_locked */
		bit_set(files->fd.cloexec, fd, true);
}

/* close(2) of a descriptor: the process's record locks on the file go, whatever else it has
 * of it open. */
static void files_close(struct files *files, struct file *file)
{
	if (!(file->flags & O_PATH))
		lock_release(file->inode, files);
	file_put(file);
}

/* Closes all in [first, last], or only those marked close-on-exec. */
static void close_all(struct files *files, bool only_cloexec, u32 first, u32 last)
{
	for (u32 fd = first;; fd++) {
		spin_lock(&files->lock);
		const u64 *map = only_cloexec ? files->fd.cloexec : files->fd.open;
		fd = next_bit(map, files->fd.size, fd, true);
		bool found = fd < files->fd.size && fd <= last;
		struct file *file = found ? take_locked(files, fd) : NULL;
		spin_unlock(&files->lock);
		if (!found)
			return;
		if (file)
			files_close(files, file);
		sched_point(); /* there may be a million */
	}
}

void files_close_on_exec(struct files *files)
{
	close_all(files, true, 0, UINT32_MAX);
}

void files_put(struct files *files)
{
	if (--files->refs)
		return;
	for (u32 word = 0; word < files->fd.size; word += WORD) {
		for (u64 left = files->fd.open[word / WORD]; left; left &= left - 1) {
			files_close(files, files->fd.file[word + __builtin_ctzll(left)]);
			sched_point();
		}
	}
	files_free(files);
}

static struct file *look_up(const struct files *files, int fd)
{
	return is_open(files, fd) ? file_get(files->fd.file[fd]) : NULL;
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
	u32 fd = next_open(files, from_fd);
	while (fd < files->fd.size && !files->fd.file[fd])
		fd = next_open(files, fd + 1);
	int found = fd < files->fd.size ? (int)fd : -1;
	spin_unlock(&files->lock);
	return found;
}

u32 files_size(const struct files *files)
{
	return __atomic_load_n(&files->fd.size, __ATOMIC_RELAXED);
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

/* Descriptors of the current process are below this. */
static u64 fd_limit(void)
{
	return MIN(task_rlimit(current, RLIMIT_NOFILE), (u64)FD_LIMIT);
}

int fd_install(struct file *file, u32 min, bool cloexec)
{
	struct files *files = current->files;
	for (;;) {
		spin_lock(&files->lock);
		u32 fd = MAX(min, files->first_free);
		fd = next_bit(files->fd.open, files->fd.size, fd, false);
		bool room = fd < files->fd.size && fd < fd_limit();
		if (room) {
			place_locked(files, fd, file, cloexec);
			if (min <= files->first_free)
				files->first_free = fd + 1;
		}
		spin_unlock(&files->lock);
		if (room)
			return fd;
		if (fd >= fd_limit())
			return -EMFILE;
		int err = files_grow(files, fd); /* by then another thread may have taken it */
		if (err)
			return err;
	}
}

int fd_reserve(bool cloexec)
{
	return fd_install(NULL, 0, cloexec);
}

void fd_publish(int fd, struct file *file)
{
	struct files *files = current->files;
	spin_lock(&files->lock);
	files->fd.file[fd] = file;
	spin_unlock(&files->lock);
}

void fd_unreserve(int fd)
{
	struct files *files = current->files;
	spin_lock(&files->lock);
	free_locked(files, fd);
	spin_unlock(&files->lock);
}

int fd_install_at(struct file *file, int fd, bool cloexec)
{
	struct files *files = current->files;
	if (fd < 0 || (u64)fd >= fd_limit())
		return -EBADF;
	int err = (u32)fd >= files_size(files) ? files_grow(files, fd) : 0;
	if (err)
		return err;
	spin_lock(&files->lock);
	struct file *old = take_locked(files, fd);
	bool busy = !old && bit_test(files->fd.open, fd); /* reserved: dup2(2), EBUSY */
	if (!busy)
		place_locked(files, fd, file, cloexec);
	spin_unlock(&files->lock);
	if (old)
		files_close(files, old);
	return busy ? -EBUSY : fd;
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
	int on = is_open(files, fd) ? bit_test(files->fd.cloexec, fd) : -EBADF;
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
		bit_set(files->fd.cloexec, fd, on);
	spin_unlock(&files->lock);
	return open ? 0 : -EBADF;
}

/* The task's own table from now on, if it has been shared (CLONE_FILES): 0 or -ENOMEM. */
static int files_unshare(void)
{
	struct files *old = current->files;
	struct files *own = old->refs > 1 ? files_copy(old) : old;
	if (!own)
		return -ENOMEM;
	if (own != old) {
		spin_lock(&proc_lock); /* /proc may be looking */
		current->files = own;
		spin_unlock(&proc_lock);
		files_put(old);
	}
	return 0;
}

static void mark_close_on_exec(struct files *files, u32 first, u32 last)
{
	spin_lock(&files->lock);
	u32 end = MIN((u64)last + 1, (u64)files->fd.size);
	for (u32 fd = next_open(files, first); fd < end; fd = next_open(files, fd + 1))
		bit_set(files->fd.cloexec, fd, true);
	spin_unlock(&files->lock);
}

s64 sys_close_range(u32 first, u32 last, u32 flags)
{
	if ((flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) || first > last)
		return -EINVAL;
	int err = flags & CLOSE_RANGE_UNSHARE ? files_unshare() : 0;
	if (err)
		return err;
	if (flags & CLOSE_RANGE_CLOEXEC)
		mark_close_on_exec(current->files, first, last);
	else
		close_all(current->files, false, first, last);
	return 0;
}
