/*
 * Futexes: sleeping on a word of user memory (futex(2)). The core, futex.c, has
 * keys, buckets, wait and wake; futex_ops.c the operations on two words.
 *
 * Lock: one bucket's (RANK_FUTEX), or two by pair_lock (futex_ops.c).
 */
#ifndef PROC_FUTEX_H
#define PROC_FUTEX_H

#include "sync/wait.h"

struct page;

enum { FUTEX_ANY = -1 }; /* the bitset of a plain wait or wake */

/* What a word is known by: equal if of and at are. */
struct futex_key {
	u64 of;		   /* an address space's number, or a frame's struct page */
	u64 at;		   /* the address or the offset there; its low bits say which (futex.c) */
	struct page *page; /* the frame, counted: it is no other's while somebody sleeps on it */
};

struct futex_bucket {
	struct spinlock lock;
	struct list sleepers; /* first come first */
};

/* Somebody who waits: on his stack. */
struct futex_sleeper {
	struct list link;
	struct futex_key key;
	struct futex_bucket *bucket; /* its lock; requeue changes it, and holds both */
	u32 bitset;
	bool woken;		     /* bucket->lock; on no list then */
	struct task *task;
};

void futex_init(void);

/* The key of a word; write: it must be writable. -EINVAL, -EFAULT. May sleep. */
int futex_key_get(u32 __user *addr, bool is_private, bool write, struct futex_key *key);
void futex_key_put(struct futex_key *key);

static inline bool futex_key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->of == b->of && a->at == b->at;
}

struct futex_bucket *futex_bucket(const struct futex_key *key);

/* bucket->lock held: the sleeper goes on. Wakes up to max (but one at least, as Linux does) of
 * those on this key whose bitset has a bit in common; how many. */
void futex_wake_sleeper(struct futex_sleeper *sleeper);
int futex_wake_in(struct futex_bucket *bucket, const struct futex_key *key, int max, u32 bitset);

/* Wakes sleepers on the word: how many, or -errno. */
s64 futex_wake(u32 __user *addr, bool is_private, int max, u32 bitset);

/* futex_ops.c; the words are addr[0] and addr[1]. expected: NULL, or what addr[0] must hold. */
s64 futex_requeue(u32 __user *const addr[2], bool is_private, int nwake, int nmove,
		  const u32 *expected);
s64 futex_wake_op(u32 __user *const addr[2], bool is_private, int nwake, int nwake2, u32 encoded);

/* For /proc/audit: calls fn for every frame that a sleeper's key holds. */
void futex_each_page(void (*fn)(struct page *page, void *arg), void *arg);

/* robust.c: a task leaves its address space, and what it has locked there. */
void robust_list_release(void);

#endif
