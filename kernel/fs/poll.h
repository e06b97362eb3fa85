/*
 * Waiting for several files at once: file_ops.poll joins queues through this.
 */
#ifndef FS_POLL_H
#define FS_POLL_H

#include "sync/wait.h"

enum { POLL_INLINE = 6, POLL_CHUNK = 24 };

/* More waiters than fit in the table itself. */
struct poll_chunk {
	struct poll_chunk *next;
	struct waiter waiter[POLL_CHUNK];
};

struct poll_table {
	struct waitq none;	/* joined first: a poll of nothing sleeps on it */
	struct waiter first;
	struct waiter inline_waiter[POLL_INLINE];
	u32 count;		/* waiters in use, `first` not counted */
	struct poll_chunk *chunks; /* latest first */
	int err;		/* -ENOMEM: not all queues could be joined */
};

/* Joins one more queue; called by file_ops.poll with the table that it was given. */
void poll_wait(struct poll_table *table, struct waitq *queue);

#endif
