/*
 * Futexes: WAIT and WAKE on a word of user memory. Enough for CLONE_CHILD_CLEARTID
 * and for the locks of a libc among tasks that share memory.
 *
 * The key of a private futex is the address space and the address, not the
 * frame, which copy-on-write changes. A word in MAP_SHARED memory is known by
 * its frame, which every process that maps it has in common. Sleepers hash to
 * buckets. A sleeper queues itself first and looks at the word after; reading
 * it may fault and sleep, so no lock is held then.
 *
 * LINUX-DIFF: CMP_REQUEUE, WAKE_OP, BITSET and PI come with threads: ENOSYS;
 * REQUEUE wakes instead of moving, which its users must allow for.
 */
#include "proc/futex.h"
#include "arch/cpu.h"
#include "arch/time.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "mm/walk.h"
#include "proc/task.h"
#include "sync/wait.h"
#include "syscall/syscalls.h"
#include "syscall/time_calls.h"

enum futex_op {
	FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_REQUEUE = 3, FUTEX_PRIVATE = 128,
	FUTEX_CLOCK_REALTIME = 256,
};

enum { NBUCKETS = 64 };

struct key {
	const struct mm *mm; /* NULL: the word is known by its physical address */
	u64 addr;
};

struct sleeper {
	struct list link;
	struct key key;
	bool woken; /* bucket->lock; off the list then */
	struct waitq queue;
};

static struct bucket {
	struct spinlock lock;
	struct list sleepers;
} buckets[NBUCKETS];

/* What the word is known by. -EFAULT where a word that may be shared is not mapped. */
static int key_of(u32 __user *addr, int op, struct key *key)
{
	*key = (struct key){current->mm, (va_t)addr};
	if (op & FUTEX_PRIVATE)
		return 0;
	pte_t entry = mm_lookup(current->mm, (va_t)addr & PAGE_MASK);
	if ((entry & PTE_SHARED) && (entry & PTE_P))
		*key = (struct key){NULL, (entry & PTE_ADDR) | ((va_t)addr & ~PAGE_MASK)};
	return entry ? 0 : -EFAULT;
}

static struct bucket *bucket_of(struct key key)
{
	return &buckets[(key.addr >> 2) % NBUCKETS];
}

void futex_init(void)
{
	for (int i = 0; i < NBUCKETS; i++) {
		spin_init(&buckets[i].lock, "futex", RANK_FUTEX);
		list_init(&buckets[i].sleepers);
	}
}

static int wake(u32 __user *addr, u32 max, int op)
{
	struct key key;
	struct sleeper *s, *next;
	u32 n = 0;
	int error = key_of(addr, op, &key);
	if (error)
		return error;
	struct bucket *bucket = bucket_of(key);
	spin_lock(&bucket->lock);
	list_for_each_safe(s, next, &bucket->sleepers, link) {
		if (n == max)
			break;
		if (s->key.mm != key.mm || s->key.addr != key.addr)
			continue;
		list_remove(&s->link);
		s->woken = true;
		waitq_wake_all(&s->queue); /* under the lock: it lies on the sleeper's stack */
		n++;
	}
	spin_unlock(&bucket->lock);
	return n;
}

int futex_wake_all(u32 __user *addr)
{
	return wake(addr, UINT32_MAX, FUTEX_WAKE);
}

/* Queued first, then the word is looked at: who changes it and wakes after that finds us. */
static s64 wait(u32 __user *addr, u32 expected, u64 deadline_ns, int op)
{
	struct waiter w;
	u32 value;
	if (copy_from_user(&value, addr, sizeof value))
		return -EFAULT;
	struct sleeper s = {.woken = false};
	int error = key_of(addr, op, &s.key);
	if (error)
		return error;
	struct bucket *bucket = bucket_of(s.key);
	waitq_init(&s.queue);
	spin_lock(&bucket->lock);
	list_append(&bucket->sleepers, &s.link);
	spin_unlock(&bucket->lock);

	if (copy_from_user(&value, addr, sizeof value))
		error = -EFAULT;
	else if (value != expected)
		error = -EAGAIN;
	waitq_join(&s.queue, &w);
	while (!error && !s.woken)
		error = waitq_sleep_until(&w, deadline_ns);
	waitq_leave(&w);

	spin_lock(&bucket->lock);
	list_remove(&s.link);
	bool woken = s.woken;
	spin_unlock(&bucket->lock);
	if (woken && error != -EFAULT && error != -EAGAIN)
		return 0;
	return error == -EINTR ? -ERESTARTSYS : error;
}

s64 sys_futex(u32 __user *addr, int op, u32 value, u64 timeout_or_value2, u32 __user *addr2,
	      u32 value3)
{
	u64 deadline_ns = TIME_FOREVER;
	(void)addr2, (void)value3;
	if ((va_t)addr & 3)
		return -EINVAL;
	if ((op & FUTEX_CLOCK_REALTIME) && (op & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME)))
		return -ENOSYS; /* only for a wait, whose timeout is relative all the same */
	switch (op & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME)) {
	case FUTEX_WAIT:
		if (timeout_or_value2) {
			u64 timeout_ns;
			int error = timespec_from_user(&timeout_ns, (void __user *)timeout_or_value2);
			if (error)
				return error;
			deadline_ns = time_now_ns() + timeout_ns;
		}
		return wait(addr, value, deadline_ns, op);
	case FUTEX_WAKE:
		if (!user_range_ok(addr, sizeof *addr))
			return -EFAULT;
		return wake(addr, value, op);
	case FUTEX_REQUEUE: /* all are woken: each looks at its lock again and sleeps there */
		return wake(addr, MIN((u64)value + (u32)timeout_or_value2, (u64)UINT32_MAX), op);
	default:
		return -ENOSYS;
	}
}
