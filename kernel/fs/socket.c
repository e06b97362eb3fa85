/*
 * Sockets: their life, and what they do as files. Overview: fs/socket.h.
 *
 *	socket, socketpair   socket_new, socket_file
 *	close                file_put -> socket_release -> socket_close
 *	read, write, poll    socket_receive, socket_send (fs/socket_queue.c)
 *
 * The peers of a stream count each other's struct until both are closed, so a
 * peer can be looked at without asking whether it is still there.
 * Lock: socket_lock. Sources: unix(7), socket(2), and the errors of Linux 6.1.
 */
#include "fs/socket.h"

#include "arch/cpu.h"
#include "fs/open.h"
#include "fs/poll.h"
#include "fs/ramfs.h"
#include "mm/heap.h"
#include "mm/uaccess.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum { FIONREAD = 0x541b, SNDBUF = 212992 /* net.core.wmem_default */, PACKETS = 10 };

struct spinlock socket_lock = SPINLOCK_INIT("socket", RANK_SOCKET);

static struct super socket_super = {
	.dev = 8, .type = "sockfs", .magic = 0x534f434b, .next_inode = 1,
};

struct ucred ucred_current(void)
{
	return (struct ucred){task_tgid(current), current->creds.euid, current->creds.egid};
}

struct socket *socket_new(u32 type)
{
	struct socket *s = heap_zalloc(sizeof *s);
	if (!s)
		return NULL;
	s->refs = 1;
	s->type = type;
	s->sndbuf = s->rcvbuf = SNDBUF;
	s->backlog = PACKETS;
	s->peer_cred = (struct ucred){0, -1, -1};
	list_init(&s->name_link);
	list_init(&s->queue);
	list_init(&s->flying_link);
	waitq_init(&s->wait);
	mutex_init(&s->read_lock, "socket", RANK_PIPE);
	return s;
}

struct socket *socket_get(struct socket *s)
{
	s->refs++;
	return s;
}

void socket_put(struct socket *s)
{
	if (!s || --s->refs)
		return;
	address_put(s->address);
	heap_free(s);
}

/* reset: the other side has sent what nobody has read, or was never accepted. */
void socket_close(struct socket *s, bool reset)
{
	spin_lock(&socket_lock);
	struct socket *peer = s->peer;
	struct inode *inode = s->inode;
	if (peer && s->type != SOCK_DGRAM) {
		peer->shut = SHUT_BOTH;
		if (reset || !list_empty(&s->queue))
			peer->error = ECONNRESET;
		waitq_wake_all(&peer->wait);
	}
	s->state = SOCKET_CLOSED;
	s->file = NULL;
	queue_drop(s);
	s->peer = NULL;
	s->inode = NULL;
	if (inode)
		inode->private = NULL;
	list_remove(&s->name_link);
	waitq_wake_all(&room_wait);
	spin_unlock(&socket_lock);
	socket_bury();
	if (inode)
		inode_put(inode);
	socket_put(peer);
	socket_put(s);
}

static void socket_release(struct file *file)
{
	if (file->private)
		socket_close(file->private, false);
}

struct file *socket_file(struct socket *s, u32 flags)
{
	struct inode *inode = inode_new(&socket_super, S_IFSOCK | 0777);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	struct file *file = file_new(&socket_ops, inode, NULL, O_RDWR | (flags & O_NONBLOCK));
	if (!file) {
		inode_put(inode);
		return ERR_PTR(-ENOMEM);
	}
	file->private = s;
	s->file = file;
	return file;
}

struct file *socket_of_fd(int fd)
{
	struct file *file = fd_get_io(fd);
	if (!file)
		return ERR_PTR(-EBADF);
	if (file->ops == &socket_ops)
		return file;
	file_put(file);
	return ERR_PTR(-ENOTSOCK);
}

static ssize_t socket_read_io(struct file *file, struct io *io)
{
	struct rider rider = {0};
	if (!io->left)
		return 0;
	ssize_t done = socket_receive(file, io, &rider, 0);
	rider_free(&rider);
	return done;
}

static ssize_t socket_write_io(struct file *file, struct io *io)
{
	struct rider rider = {0};
	return socket_send(file, io, &rider, 0);
}

static ssize_t socket_read(struct file *file, void __user *buf, size_t n, off_t *offset)
{
	struct io io = {.now = {buf, n}, .left = n};
	(void)offset;
	return socket_read_io(file, &io);
}

static ssize_t socket_write(struct file *file, const void __user *buf, size_t n, off_t *offset)
{
	struct io io = {.now = {(void *)buf, n}, .left = n};
	(void)offset;
	return socket_write_io(file, &io);
}

static ssize_t socket_write_kernel(struct file *file, const void *buf, size_t n, off_t *offset)
{
	struct io io = {.now = {(void *)buf, n}, .left = n, .copy = copy_from_kernel};
	(void)offset;
	return socket_write_io(file, &io);
}

static ssize_t socket_vector(struct file *file, bool writes, struct io *io)
{
	return writes ? socket_write_io(file, io) : socket_read_io(file, io);
}

static u32 poll_locked(const struct socket *s)
{
	const struct socket *to = s->peer;
	u32 events = s->error ? POLLERR : 0;
	if (s->shut == SHUT_BOTH || (s->type != SOCK_DGRAM && s->state == SOCKET_FREE))
		events |= POLLHUP;
	if (s->shut & SHUT_READ)
		events |= POLLRDHUP | POLLIN | POLLRDNORM;
	if (!list_empty(&s->queue))
		events |= POLLIN | POLLRDNORM;
	if (s->state != SOCKET_LISTENING &&
	    (!to || (to->used * 4 <= s->sndbuf && !queue_full(s, to))))
		events |= POLLOUT | POLLWRNORM | POLLWRBAND;
	return events;
}

static u32 socket_poll(struct file *file, struct poll_table *table)
{
	struct socket *s = file->private;
	if (table)
		poll_wait(table, &s->wait);
	if (table && s->type == SOCK_DGRAM)
		poll_wait(table, &room_wait);
	spin_lock(&socket_lock);
	u32 events = poll_locked(s);
	spin_unlock(&socket_lock);
	return events;
}

/* FIONREAD: all bytes of a stream; of datagrams those of the next. */
static s64 socket_ioctl(struct file *file, u64 request, u64 arg)
{
	struct socket *s = file->private;
	struct message *m;
	u64 sum = 0;
	if (request != FIONREAD)
		return -ENOTTY;
	spin_lock(&socket_lock);
	list_for_each(m, &s->queue, link) {
		sum += m->len - m->read;
		if (s->type == SOCK_DGRAM)
			break;
	}
	bool listening = s->state == SOCKET_LISTENING;
	spin_unlock(&socket_lock);
	return listening ? -EINVAL : put_user_u32((void __user *)arg, sum);
}

const struct file_ops socket_ops = {
	.release = socket_release,
	.read = socket_read,
	.write = socket_write,
	.write_kernel = socket_write_kernel,
	.vector = socket_vector,
	.ioctl = socket_ioctl,
	.poll = socket_poll,
};

/* The checks of socket(2), in Linux's order; type becomes the bare type. */
static int check_kind(int domain, int *type, int protocol)
{
	int flags = *type & ~SOCK_TYPE;
	*type &= SOCK_TYPE;
	if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
		return -EINVAL;
	if (domain < 0 || domain >= AF_MAX)
		return -EAFNOSUPPORT;
	if (*type > SOCK_TYPE_MAX)
		return -EINVAL;
	if (domain != AF_UNIX)
		return -EAFNOSUPPORT;
	if (protocol != 0 && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (*type == SOCK_RAW)
		*type = SOCK_DGRAM;
	if (*type != SOCK_STREAM && *type != SOCK_DGRAM && *type != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	return 0;
}

static struct file *socket_open(int type, int flags)
{
	struct socket *s = socket_new(type);
	if (!s)
		return ERR_PTR(-ENOMEM);
	struct file *file = socket_file(s, flags);
	if (IS_ERR(file))
		socket_put(s);
	return file;
}

s64 sys_socket(int domain, int type, int protocol)
{
	int flags = type;
	int err = check_kind(domain, &type, protocol);
	if (err)
		return err;
	struct file *file = socket_open(type, flags);
	if (IS_ERR(file))
		return PTR_ERR(file);
	int fd = fd_install(file, 0, flags & SOCK_CLOEXEC);
	if (fd < 0)
		file_put(file);
	return fd;
}

/* Nobody else has them yet. */
static void make_peers(struct socket *a, struct socket *b)
{
	a->peer = socket_get(b);
	b->peer = socket_get(a);
	a->state = b->state = SOCKET_CONNECTED;
	a->peer_cred = b->peer_cred = ucred_current();
}

s64 sys_socketpair(int domain, int type, int protocol, int __user *fds)
{
	struct file *end[2];
	int flags = type;
	int err = check_kind(domain, &type, protocol);
	if (err)
		return err;
	end[0] = socket_open(type, flags);
	if (IS_ERR(end[0]))
		return PTR_ERR(end[0]);
	end[1] = socket_open(type, flags);
	if (IS_ERR(end[1])) {
		file_put(end[0]);
		return PTR_ERR(end[1]);
	}
	make_peers(end[0]->private, end[1]->private);
	return fd_install_two(end, flags & SOCK_CLOEXEC, fds);
}

s64 sys_shutdown(int fd, int how)
{
	if (how < 0 || how >= SHUT_BOTH)
		return -EINVAL;
	struct file *file = socket_of_fd(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	struct socket *s = file->private;
	u8 ours = how + 1, theirs = (ours & SHUT_READ ? SHUT_WRITE : 0) |
				    (ours & SHUT_WRITE ? SHUT_READ : 0);
	spin_lock(&socket_lock);
	s->shut |= ours;
	if (s->peer && s->type != SOCK_DGRAM) {
		s->peer->shut |= theirs;
		waitq_wake_all(&s->peer->wait);
	}
	waitq_wake_all(&s->wait);
	waitq_wake_all(&room_wait);
	spin_unlock(&socket_lock);
	file_put(file);
	return 0;
}
