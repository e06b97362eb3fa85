/*
 * Advisory locks. What becomes of them follows from who owns them:
 *   F_SETLK      bytes       the descriptor table: fork does not inherit it, exec keeps
 *                            it, any close of the file by the owner ends it
 *   F_OFD_SETLK  bytes       the open file description, with all descriptors that dup
 *   flock        whole file  and fork have made of it: the last close ends it
 * Locks on bytes exclude each other, whoever owns them; flock is apart.
 *
 * Each inode has a list of locks in order of their start; an owner's ranges
 * never overlap, and those of one type never touch. Who waits sleeps on one
 * queue for all files and tries again whenever a lock goes.
 *
 * Entry points: lock_fcntl, lock_release, sys_flock. Locks: locks_lock
 * (RANK_LOCKS) guards every inode->locks and the list of waiting requests.
 */
#include "fs/lock.h"

#include "arch/cpu.h"
#include "fs/open.h"
#include "fs/inode.h"
#include "mm/heap.h"
#include "mm/uaccess.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum lock_type { F_RDLCK, F_WRLCK, F_UNLCK };
enum lock_command { F_GETLK = 5, F_SETLK, F_SETLKW, F_OFD_GETLK = 36, F_OFD_SETLK, F_OFD_SETLKW };
enum flock_operation { LOCK_SH = 1, LOCK_EX = 2, LOCK_NB = 4, LOCK_UN = 8 };
enum lock_whence { SEEK_SET, SEEK_CUR, SEEK_END };
enum { DEADLOCK_DEPTH = 12 }; /* owners in a circle: as on Linux, longer ones are not found */

struct lock {
	struct lock *next;
	const void *owner;	/* struct files, or struct file */
	bool whole;		/* of flock */
	bool of_file;		/* the owner is a struct file */
	enum lock_type type;	/* F_UNLCK only in requests */
	u64 start, end;		/* bytes, end included; INT64_MAX: whatever the file grows to */
	pid_t pid;
};

/* A request that may wait; on the list `waiting` meanwhile. */
struct request {
	struct list link;
	struct inode *inode;
	struct lock want;
	struct lock *spare[2];	/* for the lock itself and for a range that splits; NULL: used */
};

struct user_flock { /* struct flock of the user's fcntl.h */
	s16 type, whence;
	s64 start, len;
	pid_t pid;
};

static struct spinlock locks_lock = SPINLOCK_INIT("locks", RANK_LOCKS);
static struct list waiting = LIST_INIT(waiting);
static struct waitq lock_wait = WAITQ_INIT(lock_wait);

/* flock and F_OFD_SETLK by one description are two. */
static bool same_owner(const struct lock *a, const struct lock *b)
{
	return a->owner == b->owner && a->whole == b->whole;
}

/* The first lock of another owner that `want` cannot stand beside. Locked. */
static const struct lock *find_conflict(const struct inode *inode, const struct lock *want)
{
	for (const struct lock *lock = inode->locks; lock; lock = lock->next) {
		bool apart = lock->owner == want->owner || lock->whole != want->whole ||
			     lock->end < want->start || lock->start > want->end;
		if (!apart && (lock->type == F_WRLCK || want->type == F_WRLCK))
			return lock;
	}
	return NULL;
}

/* Would the owner wait, by way of others that wait, for itself? Locked. */
static bool is_deadlock(const struct lock *conflict, const void *owner)
{
	for (int depth = 0; conflict && depth < DEADLOCK_DEPTH; depth++) {
		const void *holder = conflict->owner;
		struct request *request;
		if (holder == owner)
			return true;
		conflict = NULL;
		list_for_each(request, &waiting, link) {
			if (!conflict && request->want.owner == holder)
				conflict = find_conflict(request->inode, &request->want);
		}
	}
	return false;
}

/* Takes the wanted range out of a lock of the same owner but another type: what lies before
 * and after it stays. False: nothing is left. */
static bool lock_cut(struct lock *lock, const struct lock *want, struct lock **spare)
{
	bool before = lock->start < want->start, after = lock->end > want->end;
	if (before && after) {
		struct lock *rest = *spare;
		*spare = NULL;
		*rest = *lock;
		rest->start = want->end + 1;
		lock->next = rest;
	}
	if (before)
		lock->end = MIN(lock->end, want->start - 1);
	else if (after)
		lock->start = MAX(lock->start, want->end + 1);
	return before || after;
}

/* Makes the owner's locks what the request wants; it has no conflict. Locked. */
static void request_grant(struct request *request)
{
	struct lock *want = &request->want;
	struct lock **at = &request->inode->locks;
	struct lock *lock;

	while ((lock = *at)) {
		bool touches = same_owner(lock, want) && lock->end + 1 >= want->start &&
			       lock->start <= want->end + 1;
		bool merges = touches && lock->type == want->type;
		if (merges) {
			want->start = MIN(want->start, lock->start);
			want->end = MAX(want->end, lock->end);
		}
		if (merges || (touches && !lock_cut(lock, want, &request->spare[0]))) {
			*at = lock->next;
			heap_free(lock);
		} else {
			at = &lock->next;
		}
	}
	if (want->type == F_UNLCK)
		return;
	at = &request->inode->locks;
	while (*at && (*at)->start <= want->start)
		at = &(*at)->next;
	want->next = *at;
	*at = request->spare[1];
	**at = *want;
	request->spare[1] = NULL;
}

/* flock(2): where the new one must wait, or fails, the old one has gone. False: there was none,
 * so nobody need look again; least of all who waits here, and is on the queue itself. Locked. */
static bool drop_whole(const struct request *request)
{
	const struct lock *lock = request->inode->locks;
	while (lock && !same_owner(lock, &request->want))
		lock = lock->next;
	if (!lock)
		return false;
	struct request drop = *request;
	drop.want.type = F_UNLCK; /* of the whole file: nothing splits */
	request_grant(&drop);
	return true;
}

/*
 * 0, -EAGAIN, or -EDEADLK for one that would wait. Only who gets -EAGAIN and waits is on the list
 * then: of two that would wait for each other, one alone gets -EDEADLK. Circles are looked for
 * only among tables, as on Linux: a description belongs to no process.
 */
static int request_try(struct request *request, bool may_wait)
{
	const struct lock *want = &request->want;
	int err = 0;
	spin_lock(&locks_lock);
	list_remove(&request->link);
	const struct lock *conflict = NULL;
	if (want->type != F_UNLCK)
		conflict = find_conflict(request->inode, want);
	if (!conflict)
		request_grant(request);
	else if (may_wait && !want->of_file && is_deadlock(conflict, want->owner))
		err = -EDEADLK;
	else
		err = -EAGAIN;
	bool changed = !conflict || (want->whole && drop_whole(request));
	if (may_wait && err == -EAGAIN)
		list_append(&waiting, &request->link);
	spin_unlock(&locks_lock);
	if (changed)
		waitq_wake_all(&lock_wait); /* a lock may have become smaller or weaker */
	return err;
}

static int request_wait(struct request *request)
{
	struct waiter w;
	int err;
	waitq_join(&lock_wait, &w);
	while ((err = request_try(request, true)) == -EAGAIN) {
		if (waitq_sleep(&w) != 0) {
			err = -ERESTARTSYS;
			break;
		}
	}
	waitq_leave(&w);
	spin_lock(&locks_lock);
	list_remove(&request->link);
	spin_unlock(&locks_lock);
	return err;
}

static int lock_set(struct inode *inode, const struct lock *want, bool wait)
{
	struct request request = {.inode = inode, .want = *want};
	int err = -ENOLCK;
	list_init(&request.link);
	request.spare[0] = heap_alloc(sizeof(struct lock));
	request.spare[1] = heap_alloc(sizeof(struct lock));
	if (request.spare[0] && request.spare[1])
		err = wait ? request_wait(&request) : request_try(&request, false);
	heap_free(request.spare[0]);
	heap_free(request.spare[1]);
	return err;
}

void lock_release(struct inode *inode, const void *owner)
{
	struct lock **at = &inode->locks;
	struct lock *lock;
	bool any = false;
	if (!__atomic_load_n(at, __ATOMIC_RELAXED))
		return;
	spin_lock(&locks_lock);
	while ((lock = *at)) {
		if (lock->owner != owner) {
			at = &lock->next;
			continue;
		}
		*at = lock->next;
		heap_free(lock);
		any = true;
	}
	spin_unlock(&locks_lock);
	if (any)
		waitq_wake_all(&lock_wait);
}

/* The range that a user's struct flock names: 0, -EINVAL or -EOVERFLOW. */
static int range_from_user(struct file *file, const struct user_flock *from, struct lock *to)
{
	s64 start = from->whence == SEEK_CUR   ? file->offset
		    : from->whence == SEEK_END ? (s64)file->inode->size_bytes
					       : 0;
	s64 end = INT64_MAX;
	if (from->whence < SEEK_SET || from->whence > SEEK_END)
		return -EINVAL;
	if (__builtin_add_overflow(start, from->start, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	if (from->len > 0 && __builtin_add_overflow(start, from->len - 1, &end))
		return -EOVERFLOW;
	if (from->len < 0) { /* the bytes before start */
		end = start - 1;
		start += from->len;
		if (start < 0)
			return -EINVAL;
	}
	to->start = start;
	to->end = end;
	return 0;
}

/* Answers F_GETLK: the first lock in the way, or F_UNLCK and all else as it was. */
static void describe_conflict(struct inode *inode, const struct lock *want, struct user_flock *out)
{
	spin_lock(&locks_lock);
	const struct lock *conflict = find_conflict(inode, want);
	out->type = F_UNLCK;
	if (conflict) {
		out->type = conflict->type;
		out->whence = SEEK_SET;
		out->start = conflict->start;
		out->len = conflict->end == INT64_MAX ? 0 : conflict->end - conflict->start + 1;
		out->pid = conflict->pid;
	}
	spin_unlock(&locks_lock);
}

/* A close in another thread while this one waited has released its locks: so must this. */
static int recheck_open(struct file *file, int fd)
{
	struct file *now = fd_get(fd);
	if (now != file)
		lock_release(file->inode, current->files);
	if (now)
		file_put(now);
	return now == file ? 0 : -EBADF;
}

s64 lock_fcntl(struct file *file, int fd, int command, void __user *arg)
{
	struct user_flock flock;
	if (copy_from_user(&flock, arg, sizeof flock))
		return -EFAULT;
	bool of_file = command >= F_OFD_GETLK;
	bool get = command == F_GETLK || command == F_OFD_GETLK;
	struct lock want = {
		.owner = of_file ? (void *)file : current->files,
		.of_file = of_file,
		.type = flock.type,
		.pid = of_file ? -1 : task_tgid(current),
	};
	bool known = flock.type == F_RDLCK || flock.type == F_WRLCK ||
		     (flock.type == F_UNLCK && !get);
	if (!known || (of_file && flock.pid != 0))
		return -EINVAL;
	int err = range_from_user(file, &flock, &want);
	if (err)
		return err;
	if (get) {
		describe_conflict(file->inode, &want, &flock);
		return copy_to_user(arg, &flock, sizeof flock);
	}
	if ((want.type == F_RDLCK && !file_readable(file)) ||
	    (want.type == F_WRLCK && !file_writable(file)))
		return -EBADF;
	err = lock_set(file->inode, &want, command == F_SETLKW || command == F_OFD_SETLKW);
	return err || want.type == F_UNLCK || of_file ? err : recheck_open(file, fd);
}

s64 sys_flock(int fd, int operation)
{
	struct file *file = fd_get_io(fd);
	if (!file)
		return -EBADF;
	struct lock want = {.owner = file, .of_file = true, .whole = true, .end = INT64_MAX};
	s64 err = 0;
	switch (operation & ~LOCK_NB) {
	case LOCK_SH:
		want.type = F_RDLCK;
		break;
	case LOCK_EX:
		want.type = F_WRLCK;
		break;
	case LOCK_UN:
		want.type = F_UNLCK;
		break;
	default:
		err = -EINVAL;
	}
	if (!err)
		err = lock_set(file->inode, &want, !(operation & LOCK_NB));
	file_put(file);
	return err;
}
