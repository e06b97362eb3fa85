/*
 * Open files in flight: sent over a socket, not received yet.
 *
 * A message in a queue counts its files, and the queue lives as long as its
 * socket is open. A socket that is itself in flight can so be kept open only by
 * messages that nobody can receive any more: one that was sent over itself, or
 * two over each other. socket_collect finds them, as Linux's unix_gc does:
 *
 *	1. held = how often a socket in flight is in queues of sockets in flight
 *	2. one with more references than that can be reached: it lives
 *	3. and so does what is in the queue of one that lives
 *	4. the queues of the others are dropped
 *
 * That begins in two ways: a socket loses a reference, and those that are left
 * are all in messages; or the sender of a message had the last one besides, as
 * another thread has closed the socket. So socket_unref, for file_put, looks for
 * it then: a sender puts the file that it has sent over right after.
 * Lock: socket_lock, so no message moves meanwhile; a call that uses a socket has
 * a reference besides.
 */
#include "arch/cpu.h"
#include "fs/socket.h"
#include "mm/heap.h"
#include "proc/task.h"

static struct list flying = LIST_INIT(flying); /* socket_lock: sockets with flying > 0 */
static bool orphaned;			   /* socket_lock: a message took the last one along */
static _Atomic u64 files_counted; /* in flight by others than root */

/* LINUX-DIFF: the limit is RLIMIT_NOFILE for all users but root together, not for each. */
struct parcel *parcel_new(u32 count)
{
	bool counts = !creds_root(&current->creds);
	struct parcel *parcel;
	if (counts && files_counted > task_rlimit(current, RLIMIT_NOFILE))
		return ERR_PTR(-ETOOMANYREFS);
	parcel = heap_zalloc(sizeof *parcel + count * sizeof parcel->file[0]);
	if (!parcel)
		return ERR_PTR(-ENOMEM);
	parcel->count = count;
	parcel->counted = counts;
	if (counts)
		files_counted += count;
	return parcel;
}

struct parcel *parcel_copy(const struct parcel *parcel)
{
	size_t size = sizeof *parcel + parcel->count * sizeof parcel->file[0];
	struct parcel *copy = heap_alloc(size);
	if (!copy)
		return NULL;
	*copy = (struct parcel){.count = parcel->count};
	for (u32 i = 0; i < copy->count; i++)
		copy->file[i] = file_get(parcel->file[i]);
	return copy;
}

void parcel_free(struct parcel *parcel)
{
	if (!parcel)
		return;
	if (parcel->counted)
		files_counted -= parcel->count;
	for (u32 i = 0; i < parcel->count; i++)
		if (parcel->file[i])
			file_put(parcel->file[i]);
	heap_free(parcel);
}

/* Calls fn for each socket in the parcel. */
static void each_socket(const struct parcel *parcel, void (*fn)(struct socket *s))
{
	for (u32 i = 0; parcel && i < parcel->count; i++)
		if (parcel->file[i] && parcel->file[i]->ops == &socket_ops)
			fn(parcel->file[i]->private);
}

static void take_off(struct socket *s)
{
	if (s->flying++ == 0)
		list_append(&flying, &s->flying_link);
	orphaned |= s->file->refs == s->flying;
}

static void land(struct socket *s)
{
	if (--s->flying == 0)
		list_remove(&s->flying_link);
}

void flight_begin(struct parcel *parcel)
{
	each_socket(parcel, take_off);
}

void flight_end(struct parcel *parcel)
{
	each_socket(parcel, land);
}

/* Calls fn for each socket that could be received from s, or over a connection that s accepts. */
static void each_held(const struct socket *s, void (*fn)(struct socket *s))
{
	struct message *m, *inner;
	list_for_each(m, &s->queue, link) {
		each_socket(m->parcel, fn);
		if (m->connection)
			list_for_each(inner, &m->connection->queue, link)
				each_socket(inner->parcel, fn);
	}
}

static void count_hold(struct socket *s)
{
	s->held++;
}

static struct list living; /* socket_lock: of `flying`, those that can be reached */
enum { LIVES = UINT32_MAX };

static void mark_living(struct socket *s)
{
	if (s->held == LIVES)
		return;
	s->held = LIVES;
	list_remove(&s->flying_link);
	list_append(&living, &s->flying_link);
}

static void drop_unreachable(void)
{
	struct socket *s, *next;
	list_init(&living);
	list_for_each(s, &flying, flying_link)
		s->held = 0;
	list_for_each(s, &flying, flying_link)
		each_held(s, count_hold);
	list_for_each_safe(s, next, &flying, flying_link)
		if (s->file->refs > s->held)
			mark_living(s);
	list_for_each(s, &living, flying_link) /* grows meanwhile */
		each_held(s, mark_living);
	while (!list_empty(&flying)) { /* its queue may be empty, and may hold itself */
		s = list_first(&flying, struct socket, flying_link);
		list_remove(&s->flying_link);
		list_append(&living, &s->flying_link);
		queue_drop(s);
	}
	while (!list_empty(&living)) {
		s = list_first(&living, struct socket, flying_link);
		list_remove(&s->flying_link);
		list_append(&flying, &s->flying_link);
	}
}

u32 socket_unref(struct file *file)
{
	const struct socket *s = file->private;
	spin_lock(&socket_lock);
	u32 in_messages = s ? s->flying : 0, left = --file->refs; /* then it may be gone */
	bool look = (left && left == in_messages) || orphaned;
	orphaned = false;
	if (look)
		drop_unreachable();
	spin_unlock(&socket_lock);
	if (look)
		socket_bury();
	return left;
}
