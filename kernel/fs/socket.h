/*
 * Unix-domain sockets, as the files of fs/socket*.c share them: unix(7).
 *
 * An open socket is a description (struct file) and a struct socket, which may
 * outlive it while others count it. A queue of messages is all that flows: bytes
 * or packets, and at a listening socket the connections that wait for accept.
 * No ring as in fs/pipe.c: packets have bounds, and descriptors keep their place
 * among the bytes.
 *
 *	socket.c          life, states, the operations of the file
 *	socket_queue.c    messages: into a queue, out of a queue, waiting for both
 *	socket_name.c     addresses: bind, connect, listen, accept
 *	socket_calls.c    sendmsg and its kin, with the structures that they take
 *	socket_flight.c   descriptors in flight, and those that nobody can receive
 *	socket_options.c  getsockopt, setsockopt
 *
 * Locks: socket_lock, one for all sockets, since most steps change two of them
 * (connect, send, close) or look at all; it is held for a few steps at a time,
 * bytes are copied outside. socket->read_lock: one reader at a time, so that a
 * reader may copy out of the first message before it takes it off.
 * Key letters: c constant, s socket_lock, a atomic.
 */
#ifndef FS_SOCKET_H
#define FS_SOCKET_H

#include "fs/file.h"
#include "fs/iovec.h"
#include "lib/list.h"
#include "sync/wait.h"

enum { AF_UNSPEC = 0, AF_UNIX = 1, AF_MAX = 46 };

enum socket_type {
	SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3, SOCK_SEQPACKET = 5, SOCK_TYPE_MAX = 10,
	SOCK_TYPE = 15, SOCK_NONBLOCK = O_NONBLOCK, SOCK_CLOEXEC = O_CLOEXEC,
};

enum message_flags { /* of send and recv */
	MSG_OOB = 1, MSG_PEEK = 2, MSG_CTRUNC = 8, MSG_TRUNC = 0x20, MSG_DONTWAIT = 0x40,
	MSG_WAITALL = 0x100, MSG_NOSIGNAL = 0x4000, MSG_CMSG_CLOEXEC = 0x40000000,
};

enum socket_state { SOCKET_FREE, SOCKET_LISTENING, SOCKET_CONNECTED, SOCKET_CLOSED };
enum socket_shut { SHUT_READ = 1, SHUT_WRITE = 2, SHUT_BOTH = 3 };

enum socket_option {
	SO_REUSEADDR = 2, SO_TYPE = 3, SO_ERROR = 4, SO_BROADCAST = 6, SO_SNDBUF = 7,
	SO_RCVBUF = 8, SO_KEEPALIVE = 9, SO_PASSCRED = 16, SO_PEERCRED = 17, SO_RCVTIMEO = 20,
	SO_SNDTIMEO = 21, SO_ACCEPTCONN = 30, SO_PROTOCOL = 38, SO_DOMAIN = 39,
};

enum { OVERFLOW_ID = 65534 }; /* /proc/sys/kernel/overflowuid */

struct ucred {
	pid_t pid;
	u32 uid, gid;
};

enum { SUN_PATH = 108, ADDRESS_FAMILY_BYTES = 2 };

struct address {
	_Atomic u32 refs;
	u32 len;		/* of what follows: a path ends with NUL, an abstract name does not */
	u16 family;		/* the user's struct sockaddr_un begins here */
	char path[SUN_PATH + 1];
};

/* Open files on their way in a message. */
struct parcel {
	u32 count;
	bool counted;		/* towards the limit of files in flight */
	struct file *file[];
};

struct message {
	struct list link;	/* s: in a queue */
	u32 len, read;		/* bytes in data; how many of them are read. read: s */
	struct parcel *parcel;	/* s; NULL: no files */
	struct socket *connection; /* c: in the queue of a listening socket */
	struct address *from;	/* c: counted; NULL: the sender has no name */
	struct ucred cred;	/* c */
	u8 data[];
};

struct socket {
	_Atomic u32 refs;
	u8 type;		/* c: enum socket_type */
	u8 state, shut;		/* s: enum socket_state, enum socket_shut */
	int error;		/* s: for the next call, and SO_ERROR */
	u32 options;		/* s: bit n: option n is on */
	u32 sndbuf, rcvbuf;	/* s; rcvbuf has no effect: unix(7) */
	u64 timeout_ns[2];	/* s: of reading and writing; 0: none */
	struct socket *peer;	/* s: counted; of a stream it stays until we close */
	struct address *address; /* s: counted */
	struct ucred peer_cred;	/* s: SO_PEERCRED; of a listening socket its own */
	struct inode *inode;	/* s: counted: the name in the file tree */
	struct list name_link;	/* s: abstract names */
	struct list queue;	/* s: messages to read */
	u32 nqueued, backlog;	/* s: more than backlog is too many; see queue_full */
	u64 used;		/* s: bytes of memory of the queue */
	struct waitq wait;	/* any change of this socket */
	struct mutex read_lock;
	struct file *file;	/* s: not counted; NULL before accept */
	u32 flying;		/* s: how often the file is in messages; fs/socket_flight.c */
	u32 held;		/* s: for drop_unreachable, fs/socket_flight.c */
	struct list flying_link; /* s */
};

extern struct spinlock socket_lock;
extern struct waitq room_wait; /* for room in queues of others than one's peer */
extern const struct file_ops socket_ops;

static inline bool is_packet(const struct socket *s)
{
	return s->type != SOCK_STREAM;
}

/* fs/socket.c */
struct socket *socket_new(u32 type); /* NULL: out of memory */
struct socket *socket_get(struct socket *s);
void socket_put(struct socket *s);
void socket_close(struct socket *s, bool reset); /* nobody has it open any more; puts it */
struct file *socket_file(struct socket *s, u32 flags); /* takes s over; ERR_PTR */
struct file *socket_of_fd(int fd); /* counted; ERR_PTR(-EBADF), ERR_PTR(-ENOTSOCK) */
struct ucred ucred_current(void);  /* with the effective ids */

/* fs/socket_queue.c */
struct message *message_new(struct socket *from, size_t len); /* NULL: out of memory */
void message_free(struct message *m);
/* socket_lock is held: at the end of the queue; off it; all off it, for socket_bury to free. */
void queue_add(struct socket *s, struct message *m);
void queue_remove(struct socket *s, struct message *m);
void queue_drop(struct socket *s);
void socket_bury(void);
bool queue_full(const struct socket *from, const struct socket *to); /* socket_lock */

/* Calls attempt under socket_lock until its answer is not -EAGAIN, sleeping on the queue
 * between; at once with deadline 0. -ERESTARTSYS, -EINTR; -EAGAIN at the deadline. */
s64 socket_wait(struct waitq *queue, s64 (*attempt)(void *), void *arg, u64 deadline_ns);
/* When a call on the file gives up: 0 for at once, TIME_FOREVER. */
u64 socket_deadline(const struct file *file, bool writes, u32 flags);

/* What comes or goes along with the bytes. Whoever has one puts it back by rider_free. */
struct rider {
	struct parcel *parcel;
	struct address *name;	/* of the sender, of the receiver */
	struct ucred cred;
	bool has_cred;
	u32 flags;		/* received: MSG_TRUNC */
};
void rider_free(struct rider *rider);
/* Bytes sent or received, or -errno. send takes over the parcel. */
ssize_t socket_send(struct file *file, struct io *io, struct rider *rider, u32 flags);
ssize_t socket_receive(struct file *file, struct io *io, struct rider *rider, u32 flags);

/* fs/socket_name.c */
struct address *address_get(struct address *address); /* NULL is allowed in both */
void address_put(struct address *address);
struct address *address_from_user(const void __user *addr, int len); /* ERR_PTR */
int address_to_user(const struct address *address, void __user *addr, int __user *len);
struct socket *socket_find(struct address *address, u32 type); /* counted; ERR_PTR */
s64 socket_connect_packets(struct socket *s, struct socket *to);

/* fs/socket_flight.c; parcels with NULL for none. */
struct parcel *parcel_new(u32 count); /* -ETOOMANYREFS, -ENOMEM as ERR_PTR */
struct parcel *parcel_copy(const struct parcel *parcel);
void parcel_free(struct parcel *parcel);
void flight_begin(struct parcel *parcel); /* into a queue, out of it: socket_lock */
void flight_end(struct parcel *parcel);
/* For file_put: one reference less; how many are left. */
u32 socket_unref(struct file *file);

#endif
