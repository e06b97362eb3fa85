/*
 * The futex operations on two words: requeue, which moves sleepers from one to
 * the other, and WAKE_OP, which changes the second and wakes on both.
 *
 *	futex_requeue    a condition variable's broadcast: wake some, let the rest
 *	                 wait for the mutex right away
 *	futex_wake_op    unlock and signal in one call
 *
 * Both hold the buckets of the two words, the one at the lower address first. As
 * in futex.c a page that is not there is brought in without the locks, and all
 * begins again. Source: futex(2); Linux kernel/futex/{requeue,waitwake}.c.
 */
#include "arch/cpu.h"
#include "lib/errno.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "proc/futex.h"
#include "proc/sched.h"

struct pair {
	struct futex_key key[2];
	struct futex_bucket *bucket[2];
};

/* Finds the words and locks their buckets. -EINVAL, -EFAULT. */
static int pair_lock(struct pair *p, u32 __user *const addr[2], bool is_private, bool write_second)
{
	int error = futex_key_get(addr[0], is_private, false, &p->key[0]);
	if (error)
		return error;
	error = futex_key_get(addr[1], is_private, write_second, &p->key[1]);
	if (error) {
		futex_key_put(&p->key[0]);
		return error;
	}
	struct futex_bucket *a = futex_bucket(&p->key[0]), *b = futex_bucket(&p->key[1]);
	p->bucket[0] = a;
	p->bucket[1] = b;
	spin_lock(&MIN(a, b)->lock);
	if (a != b)
		spin_lock_second(&MAX(a, b)->lock);
	return 0;
}

static void pair_unlock(struct pair *p)
{
	spin_unlock(&p->bucket[0]->lock);
	if (p->bucket[0] != p->bucket[1])
		spin_unlock(&p->bucket[1]->lock);
	futex_key_put(&p->key[0]);
	futex_key_put(&p->key[1]);
}

static void move(struct futex_sleeper *s, struct pair *p)
{
	futex_key_put(&s->key);
	s->key = p->key[1];
	if (s->key.page)
		page_get(s->key.page);
	if (p->bucket[0] == p->bucket[1])
		return;
	list_remove(&s->link);
	list_append(&p->bucket[1]->sleepers, &s->link);
	__atomic_store_n(&s->bucket, p->bucket[1], __ATOMIC_RELEASE);
}

/* The first nwake sleepers wake, the next nmove wait on the other word; how many both are. */
static int wake_and_move(struct pair *p, int nwake, int nmove)
{
	struct futex_sleeper *s, *next;
	int n = 0;
	list_for_each_safe(s, next, &p->bucket[0]->sleepers, link) {
		if (n - nwake >= nmove)
			break;
		if (!futex_key_equal(&s->key, &p->key[0]))
			continue;
		if (++n <= nwake)
			futex_wake_sleeper(s);
		else
			move(s, p);
	}
	return n;
}

s64 futex_requeue(u32 __user *const addr[2], bool is_private, int nwake, int nmove,
		  const u32 *expected)
{
	struct pair p;
	u32 value;
	if (nwake < 0 || nmove < 0)
		return -EINVAL;
	for (;;) {
		s64 result = pair_lock(&p, addr, is_private, false);
		if (result)
			return result;
		if (expected)
			result = get_user_u32(&value, addr[0]);
		if (!result)
			result = expected && value != *expected ? -EAGAIN
								: wake_and_move(&p, nwake, nmove);
		pair_unlock(&p);
		if (result != -EFAULT || get_user_u32(&value, addr[0]))
			return result;
		sched_point();
	}
}

/* The number in the low 12 bits, with its sign. */
static int sign_extend_12(u32 bits)
{
	return (int)(bits << 20) >> 20;
}

enum user_op { OP_SET, OP_ADD, OP_OR, OP_ANDN, OP_XOR, OP_COUNT, OP_ARG_SHIFT = 8 };

static u32 op_result(u32 encoded, u32 old)
{
	int arg = sign_extend_12(encoded >> 12);
	u32 operand = encoded >> 28 & OP_ARG_SHIFT ? 1u << (arg & 31) : (u32)arg;
	switch (encoded >> 28 & 7) {
	case OP_SET:
		return operand;
	case OP_ADD:
		return old + operand;
	case OP_OR:
		return old | operand;
	case OP_ANDN:
		return old & ~operand;
	default:
		return old ^ operand;
	}
}

/* Is the comparison true of the old value? Else 0; -ENOSYS: there is no such comparison. */
static int op_compare(u32 encoded, int old)
{
	int with = sign_extend_12(encoded);
	switch (encoded >> 24 & 15) {
	case 0:
		return old == with;
	case 1:
		return old != with;
	case 2:
		return old < with;
	case 3:
		return old <= with;
	case 4:
		return old > with;
	case 5:
		return old >= with;
	default:
		return -ENOSYS;
	}
}

/* FUTEX_OP of futex(2), atomically. 1 or 0 as the comparison says, -ENOSYS, or -EFAULT. */
static int op_on_user(u32 encoded, u32 __user *addr)
{
	u32 old;
	if ((encoded >> 28 & 7) >= OP_COUNT)
		return -ENOSYS;
	int error = get_user_u32(&old, addr);
	while (!error) {
		u32 seen = old;
		error = user_cmpxchg_u32(addr, &seen, op_result(encoded, old));
		if (!error && seen == old)
			return op_compare(encoded, old);
		old = seen;
	}
	return error;
}

s64 futex_wake_op(u32 __user *const addr[2], bool is_private, int nwake, int nwake2, u32 encoded)
{
	struct pair p;
	for (;;) {
		int error = pair_lock(&p, addr, is_private, true);
		if (error)
			return error;
		int result = op_on_user(encoded, addr[1]);
		if (result >= 0) {
			bool second = result;
			result = futex_wake_in(p.bucket[0], &p.key[0], nwake, FUTEX_ANY);
			if (second)
				result += futex_wake_in(p.bucket[1], &p.key[1], nwake2, FUTEX_ANY);
		}
		pair_unlock(&p);
		u32 value = 0; /* 0 for 0 changes nothing, but makes the page ours */
		if (result != -EFAULT || user_cmpxchg_u32(addr[1], &value, 0))
			return result;
		sched_point();
	}
}
