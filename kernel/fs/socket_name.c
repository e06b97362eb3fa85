/*
 * Addresses of sockets: bind, listen, connect, accept, and who has which name.
 *
 * A path is a file of type S_IFSOCK: its inode's private leads to the socket,
 * which counts the inode; when the socket is closed the file stays, and leads
 * nowhere. An abstract name begins with NUL and is only in the list here.
 * connect makes the server's side of the connection and queues it in a message;
 * accept gives that socket a file.
 *
 * Lock: socket_lock guards the list and inode->private. Sources: unix(7),
 * bind(2), connect(2), accept(2).
 */
#include "arch/cpu.h"
#include "fs/open.h"
#include "fs/path.h"
#include "fs/socket.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/uaccess.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum { SOCKADDR_MAX = 128, BACKLOG_MAX = 4096 /* net.core.somaxconn */ };

static struct list names = LIST_INIT(names); /* socket_lock: sockets with abstract names */

struct address *address_get(struct address *address)
{
	if (address)
		address->refs++;
	return address;
}

void address_put(struct address *address)
{
	if (address && --address->refs == 0)
		heap_free(address);
}

struct address *address_from_user(const void __user *addr, int len)
{
	if (!addr || !len)
		return NULL;
	if (len < 0 || len > SOCKADDR_MAX)
		return ERR_PTR(-EINVAL);
	struct address *address = heap_zalloc(sizeof *address);
	if (!address)
		return ERR_PTR(-ENOMEM);
	address->refs = 1;
	address->len = len;
	if (copy_from_user(&address->family, addr, MIN(len, ADDRESS_FAMILY_BYTES + SUN_PATH))) {
		heap_free(address);
		return ERR_PTR(-EFAULT);
	}
	return address;
}

/* Is it a name at all? A path then ends where its NUL is. */
static int address_check(struct address *a)
{
	if (!a || a->len <= ADDRESS_FAMILY_BYTES || a->len > ADDRESS_FAMILY_BYTES + SUN_PATH ||
	    a->family != AF_UNIX)
		return -EINVAL;
	if (a->path[0])
		a->len = ADDRESS_FAMILY_BYTES + strlen(a->path) + 1;
	return 0;
}

/* Cut at *len, which then says how long it is. NULL: no bytes at all. */
int address_to_user(const struct address *address, void __user *addr, int __user *len)
{
	int room, have = address ? address->len : 0;
	if (copy_from_user(&room, len, sizeof room))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (address && copy_to_user(addr, &address->family, MIN(room, have)))
		return -EFAULT;
	return put_user_u32(len, have);
}

/* The name of a socket for the user: one without says its family only. */
static int name_to_user(struct socket *s, void __user *addr, int __user *len)
{
	static const struct address unnamed = {.len = ADDRESS_FAMILY_BYTES, .family = AF_UNIX};
	spin_lock(&socket_lock);
	struct address *address = address_get(s->address);
	spin_unlock(&socket_lock);
	int err = address_to_user(address ? address : &unnamed, addr, len);
	address_put(address);
	return err;
}

/* Names of streams and of datagrams do not meet. Locked. */
static struct socket *find_abstract(const struct address *address, u32 type)
{
	struct socket *s;
	list_for_each(s, &names, name_link)
		if (s->type == type && s->address->len == address->len &&
		    memcmp(&s->address->family, &address->family, address->len) == 0)
			return s;
	return NULL;
}

static struct socket *counted(struct socket *s)
{
	return s ? socket_get(s) : ERR_PTR(-ECONNREFUSED);
}

static struct socket *find_path(const char *path, u32 type)
{
	struct dentry *dentry = path_lookup(AT_FDCWD, path_get_kernel(path), LOOKUP_FOLLOW);
	if (IS_ERR(dentry))
		return (struct socket *)dentry;
	struct inode *inode = dentry->inode;
	struct socket *s = ERR_PTR(may_access(inode, MAY_WRITE));
	if (!s) {
		spin_lock(&socket_lock);
		s = counted(inode_type(inode) == S_IFSOCK ? inode->private : NULL);
		spin_unlock(&socket_lock);
	}
	dentry_put(dentry);
	if (!IS_ERR(s) && s->type != type) {
		socket_put(s);
		return ERR_PTR(-EPROTOTYPE);
	}
	return s;
}

struct socket *socket_find(struct address *address, u32 type)
{
	int err = address_check(address);
	if (err)
		return ERR_PTR(err);
	if (address->path[0])
		return find_path(address->path, type);
	spin_lock(&socket_lock);
	struct socket *s = counted(find_abstract(address, type));
	spin_unlock(&socket_lock);
	return s;
}

static s64 bind_abstract(struct socket *s, struct address *address)
{
	spin_lock(&socket_lock);
	s64 err = s->address ? -EINVAL : find_abstract(address, s->type) ? -EADDRINUSE : 0;
	if (!err) {
		s->address = address_get(address);
		list_append(&names, &s->name_link);
	}
	spin_unlock(&socket_lock);
	return err;
}

/* Takes the address first, so that two binds do not make two files. */
static s64 bind_path(struct socket *s, struct address *address)
{
	spin_lock(&socket_lock);
	bool had_one = s->address;
	if (!had_one)
		s->address = address_get(address);
	spin_unlock(&socket_lock);
	if (had_one)
		return -EINVAL;
	u32 mode = S_IFSOCK | (0777 & ~current->fs->umask);
	struct dentry *dentry = node_make(path_get_kernel(address->path), mode);
	s64 err = PTR_ERR(dentry);
	spin_lock(&socket_lock);
	if (IS_ERR(dentry)) {
		s->address = NULL;
	} else {
		s->inode = inode_get(dentry->inode);
		s->inode->private = s;
	}
	spin_unlock(&socket_lock);
	if (IS_ERR(dentry)) {
		address_put(address);
		return err == -EEXIST ? -EADDRINUSE : err;
	}
	dentry_put(dentry);
	return 0;
}

/* LINUX-DIFF: no address of a family alone, for which Linux would choose a name. */
static s64 bind_socket(struct socket *s, struct address *address)
{
	s64 err = address_check(address);
	if (err)
		return err;
	return address->path[0] ? bind_path(s, address) : bind_abstract(s, address);
}

/* Calls fn with the socket of fd and an address from the user, both counted. */
static s64 with_address(int fd, const void __user *addr, int len,
			s64 (*fn)(struct socket *s, struct address *address))
{
	struct file *file = socket_of_fd(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	struct address *address = address_from_user(addr, len);
	s64 err = PTR_ERR(address);
	if (!IS_ERR(address)) {
		err = fn(file->private, address);
		address_put(address);
	}
	file_put(file);
	return err;
}

s64 sys_bind(int fd, const void __user *addr, int len)
{
	return with_address(fd, addr, len, bind_socket);
}

s64 sys_listen(int fd, int backlog)
{
	struct file *file = socket_of_fd(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	struct socket *s = file->private;
	s64 err = 0;
	spin_lock(&socket_lock);
	if (s->type == SOCK_DGRAM) {
		err = -EOPNOTSUPP;
	} else if (!s->address || s->state == SOCKET_CONNECTED) {
		err = -EINVAL;
	} else {
		s->backlog = MIN((u32)backlog, (u32)BACKLOG_MAX);
		s->state = SOCKET_LISTENING;
		s->peer_cred = ucred_current();
		waitq_wake_all(&room_wait);
	}
	spin_unlock(&socket_lock);
	file_put(file);
	return err;
}

s64 socket_connect_packets(struct socket *s, struct socket *to)
{
	int err = 0;
	spin_lock(&socket_lock);
	struct socket *old = s->peer;
	if (to && to->peer && to->peer != s)
		err = -EPERM;
	else
		s->peer = to ? socket_get(to) : NULL;
	spin_unlock(&socket_lock);
	if (!err)
		socket_put(old);
	return err;
}

struct connecting {
	struct socket *client, *server;
	struct message *message;
};

static s64 try_connect(void *arg)
{
	const struct connecting *c = arg;
	struct socket *client = c->client, *server = c->server, *other = c->message->connection;
	if (server->state != SOCKET_LISTENING || (server->shut & SHUT_READ))
		return -ECONNREFUSED;
	if (queue_full(client, server))
		return -EAGAIN;
	if (client->state != SOCKET_FREE)
		return client->state == SOCKET_CONNECTED ? -EISCONN : -EINVAL;
	other->peer = socket_get(client);
	client->peer = socket_get(other);
	other->state = client->state = SOCKET_CONNECTED;
	other->address = address_get(server->address);
	other->peer_cred = ucred_current();
	client->peer_cred = server->peer_cred;
	queue_add(server, c->message);
	return 0;
}

static s64 connect_stream(struct socket *s, struct socket *server)
{
	struct message *m = message_new(s, 0);
	if (!m)
		return -ENOMEM;
	struct connecting c = {s, server, m};
	m->connection = socket_new(s->type);
	s64 err = -ENOMEM;
	if (m->connection)
		err = socket_wait(&room_wait, try_connect, &c, socket_deadline(s->file, true, 0));
	if (err)
		message_free(m);
	return err;
}

static s64 connect_socket(struct socket *s, struct address *address)
{
	if (s->type == SOCK_DGRAM && address && address->len >= ADDRESS_FAMILY_BYTES &&
	    address->family == AF_UNSPEC)
		return socket_connect_packets(s, NULL);
	struct socket *to = socket_find(address, s->type);
	if (IS_ERR(to))
		return PTR_ERR(to);
	s64 err = (s->type == SOCK_DGRAM ? socket_connect_packets : connect_stream)(s, to);
	socket_put(to);
	return err;
}

s64 sys_connect(int fd, const void __user *addr, int len)
{
	return with_address(fd, addr, len, connect_socket);
}

struct accepting {
	struct socket *server;
	struct message *message;
};

static s64 try_accept(void *arg)
{
	struct accepting *a = arg;
	struct socket *s = a->server;
	if (s->type == SOCK_DGRAM)
		return -EOPNOTSUPP;
	if (s->state != SOCKET_LISTENING)
		return -EINVAL;
	if (list_empty(&s->queue))
		return s->shut & SHUT_READ ? -EINVAL : -EAGAIN;
	a->message = list_first(&s->queue, struct message, link);
	queue_remove(s, a->message);
	return 0;
}

/* A description for the connection, and the name of the other side to the user. */
static struct file *accept_open(struct message *m, void __user *addr, int __user *len, int flags)
{
	struct file *file = socket_file(m->connection, flags);
	if (!IS_ERR(file)) {
		int err = addr ? name_to_user(m->connection->peer, addr, len) : 0;
		m->connection = NULL; /* it is the file's */
		if (err) {
			file_put(file);
			file = ERR_PTR(err);
		}
	}
	message_free(m);
	return file;
}

s64 sys_accept4(int fd, void __user *addr, int __user *len, int flags)
{
	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	struct file *file = socket_of_fd(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	struct accepting a = {.server = file->private};
	s64 new_fd = fd_reserve(flags & SOCK_CLOEXEC), result = new_fd;
	if (result >= 0)
		result = socket_wait(&a.server->wait, try_accept, &a,
				     socket_deadline(file, false, 0));
	if (result == 0) {
		struct file *accepted = accept_open(a.message, addr, len, flags);
		result = IS_ERR(accepted) ? PTR_ERR(accepted) : new_fd;
		if (result >= 0)
			fd_publish(new_fd, accepted);
	}
	if (result < 0 && new_fd >= 0)
		fd_unreserve(new_fd);
	file_put(file);
	return result;
}

s64 sys_accept(int fd, void __user *addr, int __user *len)
{
	return sys_accept4(fd, addr, len, 0);
}

static s64 get_name(int fd, bool peer, void __user *addr, int __user *len)
{
	struct file *file = socket_of_fd(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	struct socket *s = file->private;
	spin_lock(&socket_lock);
	struct socket *of = peer ? s->peer : s;
	if (of)
		socket_get(of);
	spin_unlock(&socket_lock);
	s64 err = of ? name_to_user(of, addr, len) : -ENOTCONN;
	socket_put(of);
	file_put(file);
	return err;
}

s64 sys_getsockname(int fd, void __user *addr, int __user *len)
{
	return get_name(fd, false, addr, len);
}

s64 sys_getpeername(int fd, void __user *addr, int __user *len)
{
	return get_name(fd, true, addr, len);
}
