/*
 * Pipes and FIFOs: pipe(7). Bytes in a ring of 16 frames (F_SETPIPE_SZ: of more
 * or fewer), each taken when a byte first goes there; an empty pipe starts again
 * at its first frame, so a pipe for short messages has one. A frame is filled
 * again once it has been read to its end.
 *
 * Locks: pipe->lock (RANK_PIPE) guards the ring, also across user copies.
 * Sleepers look at head, tail and the counts without it (sync/wait.h: no lock
 * between join and sleep), then lock and look again.
 */
#include "arch/cpu.h"
#include "fs/open.h"
#include "fs/poll.h"
#include "fs/ramfs.h"
#include "mm/heap.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "proc/task.h"

enum { FIONREAD = 0x541b, PIPE_FRAMES = 16, PIPE_BUF = 4096 };
enum { PIPE_MAX_SIZE = 1 << 20 }; /* fs.pipe-max-size of Linux: root may go beyond */
#define PIPE_SIZE_LIMIT (1ull << 31)

struct pipe {
	struct mutex lock;
	u64 head, tail;		/* bytes ever read / written since it was last empty */
	u32 readers, writers;	/* descriptions open for each */
	/* Opens so far: a FIFO's open waits for a change, and so does POLLHUP for who did not
	 * wait: file->offset says from where on. */
	u32 ever_readers, ever_writers;
	struct waitq read_wait, write_wait;
	u32 nframes;		/* a power of two */
	struct page **frame;	/* small, or a block of its own */
	struct page *small[PIPE_FRAMES];
};

static struct pipe *pipe_new(void)
{
	struct pipe *pipe = heap_zalloc(sizeof *pipe);
	if (!pipe)
		return NULL;
	mutex_init(&pipe->lock, "pipe", RANK_PIPE);
	waitq_init(&pipe->read_wait);
	waitq_init(&pipe->write_wait);
	pipe->nframes = PIPE_FRAMES;
	pipe->frame = pipe->small;
	return pipe;
}

/* Frames not in use, and the array if it is a block. */
static void frames_free(struct pipe *pipe, struct page **frame, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		if (frame[i])
			page_put(frame[i]);
	}
	if (frame != pipe->small)
		heap_free(frame);
}

static void pipe_free(struct pipe *pipe)
{
	frames_free(pipe, pipe->frame, pipe->nframes);
	heap_free(pipe);
}

/*
 * Without pipe->lock two counts that do not belong together may be read, and what comes out may
 * be too much or too little; but whatever changed meanwhile is followed by a wakeup. Only a write
 * to a pipe that is not empty wakes no reader, so head is read first: a head from after such a
 * write, by another reader, could be the tail from before it, and the pipe would seem empty.
 */
static size_t pipe_used(const struct pipe *pipe)
{
	u64 head = __atomic_load_n(&pipe->head, __ATOMIC_ACQUIRE);
	return __atomic_load_n(&pipe->tail, __ATOMIC_ACQUIRE) - head;
}

/* Bytes that can be written: the frame of head counts as full until it has been read. */
static s64 pipe_room(const struct pipe *pipe)
{
	u64 head = __atomic_load_n(&pipe->head, __ATOMIC_ACQUIRE);
	u64 tail = __atomic_load_n(&pipe->tail, __ATOMIC_ACQUIRE);
	u32 nframes = __atomic_load_n(&pipe->nframes, __ATOMIC_RELAXED);
	return ROUND_DOWN(head, PAGE_SIZE) + (u64)nframes * PAGE_SIZE - tail;
}

static bool pipe_has_room(const struct pipe *pipe, size_t need)
{
	return pipe_room(pipe) >= (s64)need;
}

/* Where the frame of this byte is. */
static struct page **pipe_frame(const struct pipe *pipe, u64 at)
{
	return &pipe->frame[at / PAGE_SIZE & (pipe->nframes - 1)];
}

static bool pipe_can_read(const struct pipe *pipe)
{
	return pipe_used(pipe) > 0 || __atomic_load_n(&pipe->writers, __ATOMIC_ACQUIRE) == 0;
}

static bool pipe_can_write(const struct pipe *pipe, size_t need)
{
	return pipe_has_room(pipe, need) || __atomic_load_n(&pipe->readers, __ATOMIC_ACQUIRE) == 0;
}

static int wait_readable(struct pipe *pipe)
{
	struct waiter w;
	int err = 0;
	waitq_join(&pipe->read_wait, &w);
	while (!err && !pipe_can_read(pipe))
		err = waitq_sleep(&w);
	waitq_leave(&w);
	return err ? -ERESTARTSYS : 0;
}

static int wait_writable(struct pipe *pipe, size_t need)
{
	struct waiter w;
	int err = 0;
	waitq_join(&pipe->write_wait, &w);
	while (!err && !pipe_can_write(pipe, need))
		err = waitq_sleep(&w);
	waitq_leave(&w);
	return err ? -ERESTARTSYS : 0;
}

/* Copies out what there is, up to n; the count, or -EFAULT. Locked. */
static ssize_t copy_out(struct pipe *pipe, void __user *buf, size_t n)
{
	size_t done = 0;
	n = MIN(n, pipe->tail - pipe->head);
	while (done < n) {
		size_t in_frame = pipe->head % PAGE_SIZE;
		size_t part = MIN(n - done, PAGE_SIZE - in_frame);
		struct page *frame = *pipe_frame(pipe, pipe->head);
		size_t missed = copy_to_user_partial((char __user *)buf + done,
						     (char *)page_kva(frame) + in_frame, part);
		pipe->head += part - missed;
		done += part - missed;
		if (missed)
			break;
	}
	if (pipe->head == pipe->tail)
		pipe->head = pipe->tail = 0;
	return done || !n ? (ssize_t)done : -EFAULT;
}

/* Copies n bytes in, for which there is room; the count, -EFAULT or -ENOMEM. Locked. */
static ssize_t copy_in(struct pipe *pipe, const void *buf, size_t n, copy_source *copy)
{
	size_t done = 0;
	while (done < n) {
		size_t in_frame = pipe->tail % PAGE_SIZE;
		size_t part = MIN(n - done, PAGE_SIZE - in_frame);
		struct page **frame = pipe_frame(pipe, pipe->tail);
		if (!*frame)
			*frame = page_alloc(PAGE_KERNEL);
		if (!*frame)
			return done ? (ssize_t)done : -ENOMEM;
		size_t missed = copy((char *)page_kva(*frame) + in_frame, (const char *)buf + done,
				     part);
		pipe->tail += part - missed;
		done += part - missed;
		if (missed)
			return done ? (ssize_t)done : -EFAULT;
	}
	return done;
}

/* Others than FIFOs pay nothing for times. Two that set them at once write the same. */
static bool is_named(const struct file *file)
{
	return file->dentry;
}

static ssize_t pipe_read(struct file *file, void __user *buf, size_t n, off_t *offset)
{
	struct pipe *pipe = file->private;
	(void)offset;
	if (n == 0)
		return 0;
	for (;;) {
		if (!pipe_can_read(pipe)) {
			int err = file->flags & O_NONBLOCK ? -EAGAIN : wait_readable(pipe);
			if (err)
				return err;
		}
		mutex_lock(&pipe->lock);
		bool empty = pipe->head == pipe->tail; /* another reader may have been quicker */
		bool ended = empty && pipe->writers == 0;
		ssize_t done = empty ? 0 : copy_out(pipe, buf, n);
		mutex_unlock(&pipe->lock);
		if (!empty)
			waitq_wake_all(&pipe->write_wait);
		if (done > 0 && is_named(file) && !(file->flags & O_NOATIME))
			inode_accessed(file->inode);
		if (!empty || ended)
			return done;
	}
}

/* One round of a write: what fits now, once there is room for `need`. 0: there is not. */
static ssize_t write_some(struct pipe *pipe, const void *buf, size_t n, size_t need,
			  copy_source *copy)
{
	ssize_t done = 0;
	mutex_lock(&pipe->lock);
	bool was_empty = pipe->head == pipe->tail;
	s64 room = pipe_room(pipe);
	if (pipe->readers == 0)
		done = -EPIPE;
	else if (room >= (s64)need)
		done = copy_in(pipe, buf, MIN(n, (size_t)room), copy);
	mutex_unlock(&pipe->lock);
	if (done > 0 && was_empty)
		waitq_wake_all(&pipe->read_wait);
	return done;
}

static ssize_t write_from(struct file *file, const void *buf, size_t n, copy_source *copy)
{
	struct pipe *pipe = file->private;
	size_t total = 0;
	ssize_t err = 0;
	size_t need = n <= PIPE_BUF ? n : 1; /* a short write is atomic, a long one is not */
	while (total < n) {
		need = MIN(need, n - total); /* the rest of one that met a bad address */
		ssize_t done = write_some(pipe, (const char *)buf + total, n - total, need, copy);
		if (done < 0) {
			err = done;
			break;
		}
		total += done;
		if (done > 0)
			continue;
		err = file->flags & O_NONBLOCK ? -EAGAIN : wait_writable(pipe, need);
		if (err)
			break;
	}
	if (err == -EPIPE)
		signal_send_task(current, SIGPIPE, NULL);
	if (total && is_named(file))
		inode_modified(file->inode);
	return total ? (ssize_t)total : err;
}

static ssize_t pipe_write(struct file *file, const void __user *buf, size_t n, off_t *offset)
{
	(void)offset;
	return write_from(file, buf, n, copy_from_user_partial);
}

static ssize_t pipe_write_kernel(struct file *file, const void *buf, size_t n, off_t *offset)
{
	(void)offset;
	return write_from(file, buf, n, copy_from_kernel);
}

static u32 pipe_poll(struct file *file, struct poll_table *table)
{
	struct pipe *pipe = file->private;
	u32 events = 0;
	if (table && file_readable(file))
		poll_wait(table, &pipe->read_wait);
	if (table && file_writable(file))
		poll_wait(table, &pipe->write_wait);
	if (file_readable(file)) {
		events |= pipe_used(pipe) ? POLLIN | POLLRDNORM : 0;
		events |= pipe->writers == 0 && pipe->ever_writers != file->offset ? POLLHUP : 0;
	}
	if (file_writable(file)) {
		events |= pipe_has_room(pipe, PIPE_BUF) ? POLLOUT | POLLWRNORM : 0;
		events |= pipe->readers == 0 ? POLLERR : 0;
	}
	return events;
}

static s64 pipe_ioctl(struct file *file, u64 request, u64 arg)
{
	struct pipe *pipe = file->private;
	if (request != FIONREAD)
		return -ENOTTY;
	mutex_lock(&pipe->lock);
	u32 used = pipe_used(pipe);
	mutex_unlock(&pipe->lock);
	return put_user_u32((void __user *)arg, used);
}

s64 pipe_size(struct file *file)
{
	struct pipe *pipe = file->private;
	return file->ops == &fifo_ops ? (s64)(pipe->nframes * PAGE_SIZE) : -EBADF;
}

/* Takes the frames from head to tail over into a ring of another size. The counts stay as they are:
 * a reader without the lock that saw the one before and the other after would find no bytes, and
 * nobody wakes it. Locked. */
static void ring_move(struct pipe *pipe, struct page **frame, u32 nframes)
{
	for (u64 at = ROUND_DOWN(pipe->head, PAGE_SIZE); at < pipe->tail; at += PAGE_SIZE) {
		struct page **old = pipe_frame(pipe, at);
		frame[at / PAGE_SIZE & (nframes - 1)] = *old;
		*old = NULL;
	}
	pipe->frame = frame;
	__atomic_store_n(&pipe->nframes, nframes, __ATOMIC_RELAXED);
}

s64 pipe_resize(struct file *file, u64 size_bytes)
{
	struct pipe *pipe = file->private;
	u32 nframes = 1, old_nframes;
	if (file->ops != &fifo_ops)
		return -EBADF;
	if (size_bytes > PIPE_SIZE_LIMIT)
		return -EINVAL;
	while (nframes * PAGE_SIZE < size_bytes)
		nframes *= 2;
	if (nframes > pipe->nframes && size_bytes > PIPE_MAX_SIZE && !creds_root(&current->creds))
		return -EPERM;
	struct page **frame = heap_zalloc(nframes * sizeof *frame), **old = frame;
	if (!frame)
		return -ENOMEM;
	mutex_lock(&pipe->lock);
	old_nframes = nframes;
	bool fits = pipe->tail <= ROUND_DOWN(pipe->head, PAGE_SIZE) + (u64)nframes * PAGE_SIZE;
	if (fits) {
		old = pipe->frame;
		old_nframes = pipe->nframes;
		ring_move(pipe, frame, nframes);
	}
	mutex_unlock(&pipe->lock);
	frames_free(pipe, old, old_nframes);
	if (fits)
		waitq_wake_all(&pipe->write_wait);
	return fits ? (s64)(nframes * PAGE_SIZE) : -EBUSY;
}

static void pipe_release(struct file *file)
{
	struct pipe *pipe = file->private;
	struct inode *inode = file->inode;
	mutex_lock(&inode->lock);
	if (file_readable(file))
		__atomic_fetch_sub(&pipe->readers, 1, __ATOMIC_RELEASE);
	if (file_writable(file))
		__atomic_fetch_sub(&pipe->writers, 1, __ATOMIC_RELEASE);
	if (pipe->readers + pipe->writers == 0) {
		inode->private = NULL;
		pipe_free(pipe);
	} else { /* under the lock: the other end may be closed, and the pipe freed, after it */
		waitq_wake_all(&pipe->read_wait);
		waitq_wake_all(&pipe->write_wait);
	}
	mutex_unlock(&inode->lock);
}

/* Joins the inode's pipe, which lives while a description has it open. Locked: inode->lock. */
static struct pipe *pipe_attach(struct file *file)
{
	struct inode *inode = file->inode;
	struct pipe *pipe = inode->private ? inode->private : pipe_new();
	if (pipe) {
		inode->private = pipe;
		file->private = pipe;
		pipe->readers += file_readable(file);
		pipe->writers += file_writable(file);
		pipe->ever_readers += file_readable(file);
		pipe->ever_writers += file_writable(file);
		waitq_wake_all(&pipe->read_wait);
		waitq_wake_all(&pipe->write_wait);
	}
	return pipe;
}

/* Waits until the other side has been opened after `before` times: fifo(7). */
static int fifo_wait_peer(struct waitq *queue, const u32 *count, u32 before)
{
	struct waiter w;
	int err = 0;
	waitq_join(queue, &w);
	while (!err && __atomic_load_n(count, __ATOMIC_ACQUIRE) == before)
		err = waitq_sleep(&w);
	waitq_leave(&w);
	return err ? -ERESTARTSYS : 0;
}

static struct super pipe_super = {
	.dev = 0xc, .type = "pipefs", .magic = 0x50495045, .next_inode = 1,
};

/* A pipe opened again through /proc/PID/fd waits for nobody: only a FIFO does. */
static int fifo_open(struct file *file)
{
	bool reads = file_readable(file), writes = file_writable(file);
	bool alone = false, fifo = file->inode->super != &pipe_super;
	u32 peers = 0; /* opens of the other side before this one */
	int err = 0;
	if (!reads && !writes) /* mode 3: nothing would count it, and keep the pipe alive */
		return -EINVAL;
	mutex_lock(&file->inode->lock);
	struct pipe *pipe = pipe_attach(file);
	if (pipe && fifo && reads != writes) {
		alone = !(reads ? pipe->writers : pipe->readers);
		peers = reads ? pipe->ever_writers : pipe->ever_readers;
		if (alone && reads && (file->flags & O_NONBLOCK))
			file->offset = peers; /* no POLLHUP before another has come */
	}
	mutex_unlock(&file->inode->lock);
	if (!pipe)
		return -ENOMEM;
	if (alone && (file->flags & O_NONBLOCK))
		err = reads ? 0 : -ENXIO;
	else if (alone)
		err = reads ? fifo_wait_peer(&pipe->read_wait, &pipe->ever_writers, peers)
			    : fifo_wait_peer(&pipe->write_wait, &pipe->ever_readers, peers);
	if (err)
		pipe_release(file);
	return err;
}

const struct file_ops fifo_ops = {
	.open = fifo_open,
	.release = pipe_release,
	.read = pipe_read,
	.write = pipe_write,
	.write_kernel = pipe_write_kernel,
	.ioctl = pipe_ioctl,
	.poll = pipe_poll,
};

int pipe_make(struct file *end[2], u32 flags)
{
	struct inode *inode = inode_new(&pipe_super, S_IFIFO | 0600);
	if (!inode)
		return -ENOMEM;
	end[0] = file_new(&fifo_ops, inode, NULL, O_RDONLY | flags);
	if (!end[0])
		goto put_inode;
	end[1] = file_new(&fifo_ops, inode_get(inode), NULL, O_WRONLY | flags);
	if (!end[1]) {
		inode_put(inode);
		goto free_first;
	}
	if (pipe_attach(end[0])) {
		pipe_attach(end[1]); /* the pipe is there: cannot fail */
		return 0;
	}
	end[1]->ops = NULL;
	file_put(end[1]);
free_first:
	end[0]->ops = NULL;
	file_put(end[0]);
	return -ENOMEM;
put_inode:
	inode_put(inode);
	return -ENOMEM;
}
