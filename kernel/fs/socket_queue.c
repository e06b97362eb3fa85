/*
 * The messages of sockets: into the queue of the receiver, out of it, and the
 * waiting for both.
 *
 * A stream is cut into messages of STREAM_PART bytes; a packet is one message.
 * Each is filled before it is queued, and copied out before it is taken off,
 * so socket_lock is never held over a copy. What a queue may take is counted
 * with the receiver, by the sender's SO_SNDBUF. Flow: socket_send ->
 * try_deliver -> queue_add; socket_receive -> read_queue -> take.
 * Locks: read_lock, socket_lock. Sources: unix(7), recv(2), send(2).
 */
#include "arch/cpu.h"
#include "arch/time.h"
#include "fs/socket.h"
#include "mm/heap.h"
#include "mm/uaccess.h"
#include "proc/task.h"

enum { STREAM_PART = 2048 - sizeof(struct message), PACKET_HEAD = 32 };

struct waitq room_wait = WAITQ_INIT(room_wait);

static struct list dead = LIST_INIT(dead); /* socket_lock: messages to be freed */
static bool burying;			   /* socket_lock */

struct message *message_new(struct socket *from, size_t len)
{
	struct message *m = heap_alloc(sizeof *m + len);
	if (!m)
		return NULL;
	*m = (struct message){.len = len};
	list_init(&m->link);
	spin_lock(&socket_lock);
	m->from = address_get(from->address);
	spin_unlock(&socket_lock);
	return m;
}

/* Sleeps, and may close files. */
void message_free(struct message *m)
{
	parcel_free(m->parcel);
	if (m->connection)
		socket_close(m->connection, true);
	address_put(m->from);
	heap_free(m);
}

static size_t message_size(const struct message *m)
{
	return sizeof *m + m->len;
}

void queue_add(struct socket *s, struct message *m)
{
	flight_begin(m->parcel);
	list_append(&s->queue, &m->link);
	s->used += message_size(m);
	s->nqueued++;
	waitq_wake_all(&s->wait);
}

/* A sender sleeps until three quarters of its room are free again, as on Linux. */
void queue_remove(struct socket *s, struct message *m)
{
	u64 before = s->used * 4;
	flight_end(m->parcel);
	list_remove(&m->link);
	s->used -= message_size(m);
	s->nqueued--;
	if (s->type == SOCK_DGRAM || s->state == SOCKET_LISTENING)
		waitq_wake_all(&room_wait);
	else if (s->peer && before > s->peer->sndbuf && s->used * 4 <= s->peer->sndbuf)
		waitq_wake_all(&s->peer->wait);
}

void queue_drop(struct socket *s)
{
	while (!list_empty(&s->queue)) {
		struct message *m = list_first(&s->queue, struct message, link);
		queue_remove(s, m);
		list_append(&dead, &m->link);
	}
}

/*
 * Frees what queue_drop has put aside. A message may hold the last reference to a socket, whose
 * queue holds messages, and so on: while one task frees them the others only add to the list,
 * and so does it itself. So the depth of its stack does not depend on programs.
 */
void socket_bury(void)
{
	spin_lock(&socket_lock);
	if (!burying) {
		burying = true;
		while (!list_empty(&dead)) {
			struct message *m = list_first(&dead, struct message, link);
			list_remove(&m->link);
			spin_unlock(&socket_lock);
			message_free(m);
			spin_lock(&socket_lock);
		}
		burying = false;
	}
	spin_unlock(&socket_lock);
}

bool queue_full(const struct socket *from, const struct socket *to)
{
	return to->used >= from->sndbuf || (to->peer != from && to->nqueued > to->backlog);
}

u64 socket_deadline(const struct file *file, bool writes, u32 flags)
{
	const struct socket *s = file->private;
	u64 timeout_ns = s->timeout_ns[writes];
	if ((flags & MSG_DONTWAIT) || (file->flags & O_NONBLOCK))
		return 0;
	return timeout_ns ? time_now_ns() + timeout_ns : TIME_FOREVER;
}

static s64 attempt_locked(s64 (*attempt)(void *), void *arg)
{
	spin_lock(&socket_lock);
	s64 result = attempt(arg);
	spin_unlock(&socket_lock);
	return result;
}

s64 socket_wait(struct waitq *queue, s64 (*attempt)(void *), void *arg, u64 deadline_ns)
{
	struct waiter w;
	int err = 0;
	s64 result = attempt_locked(attempt, arg);
	if (result != -EAGAIN || !deadline_ns)
		return result;
	waitq_join(queue, &w);
	while (!err && (result = attempt_locked(attempt, arg)) == -EAGAIN)
		err = waitq_sleep_until(&w, deadline_ns);
	waitq_leave(&w);
	if (err == -EINTR) /* signal(7): with a time limit never restarted */
		return deadline_ns == TIME_FOREVER ? -ERESTARTSYS : -EINTR;
	return result;
}

void rider_free(struct rider *rider)
{
	parcel_free(rider->parcel);
	address_put(rider->name);
	rider->parcel = NULL;
	rider->name = NULL;
}

struct delivery {
	struct socket *from, *to;
	struct message *message;
};

static s64 try_deliver(void *arg)
{
	const struct delivery *d = arg;
	const struct socket *from = d->from, *to = d->to;
	if (from->shut & SHUT_WRITE)
		return -EPIPE;
	if (to->state == SOCKET_CLOSED)
		return to->type == SOCK_DGRAM ? -ECONNREFUSED : -EPIPE;
	if (to->type == SOCK_DGRAM && to->peer && to->peer != from)
		return -EPERM;
	if (to->shut & SHUT_READ)
		return -EPIPE;
	if (queue_full(from, to))
		return -EAGAIN;
	queue_add(d->to, d->message);
	return 0;
}

/* Who sends, by the real ids; nobody, if neither asks by now. The options are read without the
 * lock: who asks meanwhile may come too late. */
static struct ucred sender(const struct socket *s, const struct socket *to)
{
	const struct creds *we = &current->creds;
	bool asked = (s->options | to->options) >> SO_PASSCRED & 1;
	return asked || !to->file ? (struct ucred){task_tgid(current), we->uid, we->gid}
				  : (struct ucred){0, OVERFLOW_ID, OVERFLOW_ID};
}

/* One message of the next n bytes. The parcel goes along. */
static s64 send_one(struct socket *s, struct socket *to, struct io *io, size_t n,
		    struct rider *rider, u64 deadline)
{
	struct delivery d = {s, to, message_new(s, n)};
	if (!d.message)
		return -ENOMEM;
	d.message->cred = rider->has_cred ? rider->cred : sender(s, to);
	d.message->parcel = rider->parcel;
	rider->parcel = NULL;
	s64 err = io_take(io, d.message->data, n);
	if (!err)
		err = socket_wait(s->type == SOCK_DGRAM ? &room_wait : &s->wait, try_deliver, &d,
				  deadline);
	if (err)
		message_free(d.message);
	return err;
}

static ssize_t send_stream(struct socket *s, struct socket *to, struct io *io,
			   struct rider *rider, u64 deadline)
{
	ssize_t done = 0;
	s64 err = s->shut & SHUT_WRITE ? -EPIPE : 0; /* before anything is copied */
	while (!err && io->left) {
		size_t n = MIN(io->left, (size_t)STREAM_PART);
		err = send_one(s, to, io, n, rider, deadline);
		done += err ? 0 : n;
	}
	return done ? done : err;
}

static ssize_t send_packet(struct socket *s, struct socket *to, struct io *io,
			   struct rider *rider, u64 deadline)
{
	size_t n = io->left;
	if (n > s->sndbuf - PACKET_HEAD)
		return -EMSGSIZE;
	s64 err = send_one(s, to, io, n, rider, deadline);
	if (err == -ECONNREFUSED && !rider->name) /* the receiver is gone: connected no more */
		socket_connect_packets(s, NULL);
	return err ? err : (ssize_t)n;
}

/* What has happened to the socket since somebody asked: 0 or -errno. Locked. */
static int take_error(struct socket *s)
{
	int err = -s->error;
	s->error = 0;
	return err;
}

/* Whom it goes to, counted; ERR_PTR. */
static struct socket *receiver(struct socket *s, struct address *name)
{
	if (name && s->type == SOCK_STREAM)
		return ERR_PTR(s->state == SOCKET_CONNECTED ? -EISCONN : -EOPNOTSUPP);
	if (name && s->type == SOCK_DGRAM)
		return socket_find(name, s->type);
	spin_lock(&socket_lock);
	struct socket *to = s->peer ? socket_get(s->peer) : ERR_PTR(-ENOTCONN);
	int err = s->type == SOCK_SEQPACKET ? take_error(s) : 0;
	spin_unlock(&socket_lock);
	if (err && !IS_ERR(to))
		socket_put(to);
	return err ? ERR_PTR(err) : to;
}

ssize_t socket_send(struct file *file, struct io *io, struct rider *rider, u32 flags)
{
	struct socket *s = file->private;
	struct socket *to = flags & MSG_OOB ? ERR_PTR(-EOPNOTSUPP) : receiver(s, rider->name);
	ssize_t done = PTR_ERR(to);
	if (!IS_ERR(to)) {
		done = (is_packet(s) ? send_packet : send_stream)(s, to, io, rider,
								  socket_deadline(file, true, flags));
		socket_put(to);
	}
	if (done == -EPIPE && !is_packet(s) && !(flags & MSG_NOSIGNAL))
		signal_send_task(current, SIGPIPE, NULL);
	return done;
}

/* Is there something to read (1), will there be (-EAGAIN), or nothing more (0, -errno)? */
static s64 try_read(void *arg)
{
	struct socket *s = arg;
	bool some = !list_empty(&s->queue);
	int err = some && !is_packet(s) ? 0 : take_error(s); /* packets come after it: recv(2) */
	return err ? err : some ? 1 : s->shut & SHUT_READ ? 0 : -EAGAIN;
}

static struct message *message_after(struct socket *s, struct list *link)
{
	spin_lock(&socket_lock);
	struct list *next = link->next;
	spin_unlock(&socket_lock);
	return next == &s->queue ? NULL : list_entry(next, struct message, link);
}

/* What the rider tells of a message that has been read; the first one says who sent it. */
static int ride_along(struct rider *rider, struct message *m, bool peek)
{
	if (!rider->has_cred) {
		rider->has_cred = true;
		rider->cred = m->cred;
		rider->name = address_get(m->from);
	}
	if (!peek || !m->parcel)
		return 0;
	rider->parcel = parcel_copy(m->parcel);
	return rider->parcel ? 0 : -ENOMEM;
}

/* n bytes of the message have been read: off the queue with it if those were all. */
static void take(struct socket *s, struct message *m, size_t n, struct rider *rider)
{
	spin_lock(&socket_lock);
	flight_end(m->parcel);
	rider->parcel = m->parcel;
	m->parcel = NULL;
	m->read += n;
	bool all = is_packet(s) || m->read == m->len;
	if (all)
		queue_remove(s, m);
	spin_unlock(&socket_lock);
	if (all)
		message_free(m);
}

static bool same_sender(const struct ucred *a, const struct ucred *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

/* Reads what there is: a stream up to descriptors that come along. -EAGAIN: the queue is empty.
 * A packet that cannot be copied out is lost, as on Linux. Holds read_lock. */
static ssize_t read_queue(struct socket *s, struct io *io, struct rider *rider, u32 flags)
{
	struct message *m = message_after(s, &s->queue), *next;
	bool peek = flags & MSG_PEEK, tell_sender = s->options >> SO_PASSCRED & 1;
	ssize_t done = m ? 0 : -EAGAIN;
	for (; m; m = next) {
		size_t rest = m->len - m->read, n = MIN(io->left, rest);
		if (rider->has_cred && tell_sender && !same_sender(&rider->cred, &m->cred))
			break; /* bytes of two senders do not come as one */
		int err = io_give(io, m->data + m->read, n);
		if (!err)
			err = ride_along(rider, m, peek);
		if (err && !is_packet(s))
			return done ? done : err;
		done += n;
		if (is_packet(s) && n < rest) {
			rider->flags |= MSG_TRUNC;
			done = flags & MSG_TRUNC ? rest : n;
		}
		next = message_after(s, &m->link);
		if (!peek)
			take(s, m, n, rider);
		if (err)
			return err;
		if (is_packet(s) || rider->parcel || !io->left)
			break;
	}
	return done;
}

ssize_t socket_receive(struct file *file, struct io *io, struct rider *rider, u32 flags)
{
	struct socket *s = file->private;
	u64 deadline = socket_deadline(file, false, flags);
	ssize_t done = 0;
	/* Read without the lock: once connected, a stream is it until it is closed. */
	bool connected = s->state == SOCKET_CONNECTED || s->type == SOCK_DGRAM;
	if ((flags & MSG_OOB) || !connected)
		return flags & MSG_OOB ? -EOPNOTSUPP : is_packet(s) ? -ENOTCONN : -EINVAL;
	bool all = (flags & MSG_WAITALL) && !(flags & MSG_PEEK) && !is_packet(s);
	for (;;) {
		s64 err = socket_wait(&s->wait, try_read, s, deadline);
		if (err <= 0)
			return done ? done : err;
		mutex_lock(&s->read_lock);
		ssize_t got = read_queue(s, io, rider, flags);
		mutex_unlock(&s->read_lock);
		if (got == -EAGAIN) /* somebody else was quicker */
			continue;
		done = got < 0 && !done ? got : done + MAX(got, 0l);
		if (got <= 0 || !all || !io->left || rider->parcel)
			return done;
	}
}
