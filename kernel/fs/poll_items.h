/*
 * What poll and select share: items to watch, deadlines, temporary masks.
 */
#ifndef FS_POLL_ITEMS_H
#define FS_POLL_ITEMS_H

#include "fs/file.h"
#include "fs/poll.h"

struct poll_item {
	struct file *file;	/* counted; NULL: ready says all */
	u32 wanted, ready;	/* enum poll_events */
};

/* n items, zeroed: in the caller's array if they are few. NULL: out of memory. */
enum { POLL_FEW = 8 };
struct poll_item *poll_items_new(struct poll_item few[POLL_FEW], size_t n);
void poll_items_free(struct poll_item *item, size_t n); /* puts the files */

/* How many are ready, at once or by the deadline (0: only look); -EINTR, -ENOMEM. */
int poll_items(struct poll_item *item, size_t n, u64 deadline_ns);

/* A user's timeout {seconds, parts of a second} as a deadline: TIME_FOREVER for NULL, 0 for
 * none at all. -EFAULT, -EINVAL. poll_put_rest writes back what is left of it. */
int poll_deadline(const void __user *timeout, u64 parts_per_second, u64 *deadline_ns);
void poll_put_rest(void __user *timeout, u64 ns_per_part, u64 deadline_ns);

/* The signal mask of ppoll and pselect, for the time of the call. */
int poll_mask_begin(const void __user *mask, size_t mask_size);
void poll_mask_end(int result);

#endif
