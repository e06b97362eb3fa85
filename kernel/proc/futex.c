/*
 * Futexes: sleeping on a word of user memory until somebody wakes those who do.
 *
 *	sys_futex
 *	  futex_wait       queues itself if the word is as expected, and sleeps
 *	  futex_wake       wakes sleepers on one word
 *	  futex_requeue, futex_wake_op    on two words: futex_ops.c
 *
 * A private word is known by address space and address, not by its frame, which
 * copy-on-write changes; a word in shared memory by its frame, which all who map
 * it have in common. Keys hash to buckets of sleepers.
 *
 * The word is compared under the bucket's lock, so no wake can come between that
 * and the queueing. No fault can be resolved there: the page is brought in without
 * the lock, and all begins again. Locks: a bucket's. Source: futex(2).
 *
 * LINUX-DIFF: no PI operations: ENOSYS. A limit on CLOCK_REALTIME does not follow
 * clock_settime.
 */
#include "proc/futex.h"
#include "arch/cpu.h"
#include "arch/time.h"
#include "lib/errno.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "mm/walk.h"
#include "proc/task.h"
#include "syscall/syscalls.h"
#include "syscall/time_calls.h"

enum futex_op {
	FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_REQUEUE = 3, FUTEX_CMP_REQUEUE = 4, FUTEX_WAKE_OP = 5,
	FUTEX_WAIT_BITSET = 9, FUTEX_WAKE_BITSET = 10, FUTEX_PRIVATE = 128,
	FUTEX_CLOCK_REALTIME = 256,
};

/* In the low bits of key.at. A word of private memory is two, as on Linux: a private wait is
 * not woken by a wake that might be shared. */
enum key_kind { KEY_PRIVATE = 0, KEY_OWN_MEMORY = 1, KEY_FRAME = 2 };

enum { BUCKET_BITS = 8, NBUCKETS = 1 << BUCKET_BITS };

static struct futex_bucket buckets[NBUCKETS];

void futex_init(void)
{
	for (int i = 0; i < NBUCKETS; i++) {
		spin_init(&buckets[i].lock, "futex", RANK_FUTEX);
		list_init(&buckets[i].sleepers);
	}
}

struct futex_bucket *futex_bucket(const struct futex_key *key)
{
	u64 mixed = (key->of ^ key->at >> 2) * 0x9e3779b97f4a7c15; /* 2^64 / the golden ratio */
	return &buckets[mixed >> (64 - BUCKET_BITS)];
}

int futex_key_get(u32 __user *addr, bool is_private, bool write, struct futex_key *key)
{
	va_t va = (va_t)addr;
	*key = (struct futex_key){.of = current->mm->number, .at = va | KEY_PRIVATE};
	if (va % sizeof *addr)
		return -EINVAL;
	if (!user_range_ok(addr, sizeof *addr))
		return -EFAULT;
	if (is_private)
		return 0;
	struct page *page = mm_common_page(current->mm, va & PAGE_MASK, write);
	if (IS_ERR(page))
		return PTR_ERR(page);
	if (page)
		*key = (struct futex_key){(u64)page, (va & ~PAGE_MASK) | KEY_FRAME, page};
	else
		key->at |= KEY_OWN_MEMORY;
	return 0;
}

void futex_key_put(struct futex_key *key)
{
	if (key->page)
		page_put(key->page);
	key->page = NULL;
}

void futex_wake_sleeper(struct futex_sleeper *sleeper)
{
	list_remove(&sleeper->link);
	sleeper->woken = true;
	sched_wake(sleeper->task); /* under the bucket's lock, which it takes before it goes on */
}

int futex_wake_in(struct futex_bucket *bucket, const struct futex_key *key, int max, u32 bitset)
{
	struct futex_sleeper *s, *next;
	int n = 0;
	list_for_each_safe(s, next, &bucket->sleepers, link) {
		if (!futex_key_equal(&s->key, key) || !(s->bitset & bitset))
			continue;
		futex_wake_sleeper(s);
		if (++n >= max)
			break;
	}
	return n;
}

s64 futex_wake(u32 __user *addr, bool is_private, int max, u32 bitset)
{
	struct futex_key key;
	if (!bitset)
		return -EINVAL;
	int error = futex_key_get(addr, is_private, false, &key);
	if (error)
		return error;
	struct futex_bucket *bucket = futex_bucket(&key);
	spin_lock(&bucket->lock);
	int n = futex_wake_in(bucket, &key, max, bitset);
	spin_unlock(&bucket->lock);
	futex_key_put(&key);
	return n;
}

/* Queues the sleeper if the word is as expected; else -EAGAIN. -EFAULT may mean: not now. */
static int enqueue(struct futex_sleeper *s, u32 __user *addr, u32 expected)
{
	u32 value;
	s->bucket = futex_bucket(&s->key);
	spin_lock(&s->bucket->lock);
	int error = get_user_u32(&value, addr);
	if (!error && value != expected)
		error = -EAGAIN;
	if (!error)
		list_append(&s->bucket->sleepers, &s->link);
	spin_unlock(&s->bucket->lock);
	return error;
}

static int enqueue_on(struct futex_sleeper *s, u32 __user *addr, u32 expected, bool is_private)
{
	for (;;) {
		int error = futex_key_get(addr, is_private, false, &s->key);
		if (error)
			return error;
		error = enqueue(s, addr, expected);
		if (!error)
			return 0;
		futex_key_put(&s->key);
		u32 value;
		if (error != -EFAULT || get_user_u32(&value, addr))
			return error;
		sched_point();
	}
}

/* Off the bucket, wherever requeue has moved it meanwhile. True if somebody has woken it. */
static bool dequeue(struct futex_sleeper *s)
{
	struct futex_bucket *bucket = __atomic_load_n(&s->bucket, __ATOMIC_ACQUIRE);
	spin_lock(&bucket->lock);
	while (bucket != s->bucket) {
		spin_unlock(&bucket->lock);
		bucket = __atomic_load_n(&s->bucket, __ATOMIC_ACQUIRE);
		spin_lock(&bucket->lock);
	}
	list_remove(&s->link);
	bool woken = s->woken;
	spin_unlock(&bucket->lock);
	futex_key_put(&s->key);
	return woken;
}

/* What a wait is about; a wait with a limit that a signal has interrupted goes on from it. */
struct wait {
	u32 __user *addr;
	u32 expected, bitset;
	bool is_private;
	u64 deadline_ns;
};

static s64 futex_wait(const struct wait *wait);

static s64 wait_restart(struct restart_block *block)
{
	struct wait wait = {
		.addr = (u32 __user *)block->args[0],
		.expected = block->args[1],
		.bitset = block->args[1] >> 32,
		.is_private = block->args[2],
		.deadline_ns = block->deadline_ns,
	};
	return futex_wait(&wait);
}

/* signal(7): without a limit as SA_RESTART says; with one EINTR if a handler runs. */
static s64 wait_interrupted(const struct wait *wait)
{
	if (wait->deadline_ns == TIME_FOREVER)
		return -ERESTARTSYS;
	current->restart = (struct restart_block){
		.fn = wait_restart,
		.deadline_ns = wait->deadline_ns,
		.args = {(u64)wait->addr, wait->expected | (u64)wait->bitset << 32, wait->is_private},
	};
	return -ERESTART_RESTARTBLOCK;
}

static s64 futex_wait(const struct wait *wait)
{
	struct futex_sleeper s = {.bitset = wait->bitset, .task = current};
	if (!wait->bitset)
		return -EINVAL;
	int error = enqueue_on(&s, wait->addr, wait->expected, wait->is_private);
	if (error)
		return error;
	task_sleep_begin();
	while (!error && !__atomic_load_n(&s.woken, __ATOMIC_ACQUIRE))
		error = task_sleep_until(wait->deadline_ns);
	task_sleep_end();
	if (dequeue(&s))
		return 0;
	return error == -EINTR ? wait_interrupted(wait) : error;
}

/* The limit of a wait as a time of the monotonic clock: FUTEX_WAIT's is from now on. */
static int deadline_from_user(u64 *deadline_ns, const void __user *timeout, int op)
{
	u64 ns, now_ns = time_now_ns();
	*deadline_ns = TIME_FOREVER;
	if (!timeout)
		return 0;
	int error = timespec_from_user(&ns, timeout);
	if (error)
		return error;
	if ((op & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME)) == FUTEX_WAIT)
		ns += now_ns;
	else if (op & FUTEX_CLOCK_REALTIME)
		ns -= MIN(ns, time_boot_epoch_ns());
	*deadline_ns = MIN(ns, (u64)INT64_MAX);
	return 0;
}

s64 sys_futex(u32 __user *addr, int op, u32 value, u64 timeout_or_value2, u32 __user *addr2,
	      u32 value3)
{
	bool is_private = op & FUTEX_PRIVATE, realtime = op & FUTEX_CLOCK_REALTIME;
	int command = op & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME);
	u32 __user *const addrs[2] = {addr, addr2};
	struct wait wait = {addr, value, FUTEX_ANY, is_private, TIME_FOREVER};
	if (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET) {
		int error = deadline_from_user(&wait.deadline_ns,
					       (const void __user *)timeout_or_value2, op);
		if (error)
			return error;
	}
	if (realtime && command != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	switch (command) {
	case FUTEX_WAIT_BITSET:
		wait.bitset = value3;
		return futex_wait(&wait);
	case FUTEX_WAIT:
		return futex_wait(&wait);
	case FUTEX_WAKE:
		return futex_wake(addr, is_private, value, FUTEX_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(addr, is_private, value, value3);
	case FUTEX_REQUEUE:
		return futex_requeue(addrs, is_private, value, timeout_or_value2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(addrs, is_private, value, timeout_or_value2, &value3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(addrs, is_private, value, timeout_or_value2, value3);
	default:
		return -ENOSYS;
	}
}

void futex_each_page(void (*fn)(struct page *page, void *arg), void *arg)
{
	struct futex_sleeper *s;
	for (int i = 0; i < NBUCKETS; i++) {
		spin_lock(&buckets[i].lock);
		list_for_each(s, &buckets[i].sleepers, link)
			if (s->key.page)
				fn(s->key.page, arg);
		spin_unlock(&buckets[i].lock);
	}
}
