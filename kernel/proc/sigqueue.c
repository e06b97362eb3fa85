/*
 * Queues of pending signals: one of each task, one of each process.
 *
 * A queue is a set of numbers, and the siginfo of those that have one, in the
 * order in which they came. A standard signal is pending once; a real-time one
 * as often as it was sent. Each siginfo counts for the user whose process it
 * waits for, up to RLIMIT_SIGPENDING; beyond it sigqueue(3) fails, and other
 * senders' signals come without their siginfo.
 *
 *	signal_queue_add      sending (proc/signal.c)
 *	signal_queue_take     delivery and sigtimedwait (proc/deliver.c)
 *	signal_queue_remove   what the opposite signal cancels, or nobody wants
 *
 * Locks: the owner's sighand->lock is held by the callers, but where nobody
 * can reach the queue any more; users_lock for the counts.
 * Sources: signal(7), sigqueue(3), getrlimit(2).
 */
#include "mm/heap.h"
#include "proc/task.h"

struct queued_signal {
	struct list link;
	struct sig_user *user;
	struct siginfo info;
};

/* A user with pending signals: not struct user of creds.h, which lives under proc_lock and no
 * longer than its tasks. There are few at any time: a list is enough. */
struct sig_user {
	struct list link;
	u32 uid;
	u64 nqueued;
};

static struct spinlock users_lock = SPINLOCK_INIT("sig_users", RANK_SIG_USERS);
static struct list users; /* users_lock */
static struct sig_user root = {.link = {&users, &users}}; /* always there, as it often is */
static struct list users = {&root.link, &root.link};

static struct sig_user *user_find(u32 uid)
{
	struct sig_user *user;
	list_for_each(user, &users, link)
		if (user->uid == uid)
			return user;
	return NULL;
}

/* One more for this user; NULL: that would be more than the limit, or there is no memory. */
static struct sig_user *user_charge(u32 uid, u64 limit)
{
	spin_lock(&users_lock);
	struct sig_user *user = user_find(uid);
	if ((user ? user->nqueued : 0) >= limit) {
		user = NULL;
	} else if (user) {
		user->nqueued++;
	} else if ((user = heap_alloc(sizeof *user))) {
		*user = (struct sig_user){.uid = uid, .nqueued = 1};
		list_append(&users, &user->link);
	}
	spin_unlock(&users_lock);
	return user;
}

static void user_uncharge(struct sig_user *user)
{
	spin_lock(&users_lock);
	bool last = --user->nqueued == 0 && user != &root;
	if (last)
		list_remove(&user->link);
	spin_unlock(&users_lock);
	if (last)
		heap_free(user);
}

u64 signal_queued_by(u32 uid)
{
	spin_lock(&users_lock);
	struct sig_user *user = user_find(uid);
	u64 nqueued = user ? user->nqueued : 0;
	spin_unlock(&users_lock);
	return nqueued;
}

static void drop(struct queued_signal *q)
{
	list_remove(&q->link);
	user_uncharge(q->user);
	heap_free(q);
}

void signal_queue_init(struct signal_queue *queue)
{
	queue->set = 0;
	list_init(&queue->infos);
}

void signal_queue_remove(struct signal_queue *queue, sigset_t set)
{
	struct queued_signal *q, *next;
	queue->set &= ~set;
	list_for_each_safe(q, next, &queue->infos, link)
		if (sig_bit(q->info.signo) & set)
			drop(q);
}

void signal_queue_flush(struct signal_queue *queue)
{
	signal_queue_remove(queue, ~0ull);
}

/* Room for one more siginfo. A standard signal that the kernel or kill sends is never refused:
 * there is at most one of each. */
static struct queued_signal *queued_new(const struct task *target, int sig,
					const struct siginfo *info)
{
	bool always = sig < SIGRTMIN && (!info || info->code >= 0);
	u64 limit = always ? RLIM_INFINITY : task_rlimit(target, RLIMIT_SIGPENDING);
	struct sig_user *user = user_charge(target->creds.uid, limit);
	if (!user)
		return NULL;
	struct queued_signal *q = heap_alloc(sizeof *q);
	if (!q) {
		user_uncharge(user);
		return NULL;
	}
	q->user = user;
	return q;
}

int signal_queue_add(struct signal_queue *queue, const struct task *target, int sig,
		     const struct siginfo *info)
{
	if (sig < SIGRTMIN && (queue->set & sig_bit(sig)))
		return 0;
	struct queued_signal *q = NULL;
	if (sig == SIGKILL) /* needs no siginfo, and must not fail */
		target->process->killer = info ? info->pid : 0;
	else
		q = queued_new(target, sig, info);
	if (!q && sig >= SIGRTMIN && info && info->code != SI_USER)
		return -EAGAIN;
	queue->set |= sig_bit(sig);
	if (!q)
		return 0; /* it comes all the same, without its siginfo (as on Linux) */
	q->info = info ? *info : (struct siginfo){.code = SI_KERNEL};
	q->info.signo = sig;
	list_append(&queue->infos, &q->link);
	return 0;
}

void signal_queue_take(struct signal_queue *queue, int sig, struct siginfo *info)
{
	struct queued_signal *q, *next;
	bool found = false;
	list_for_each_safe(q, next, &queue->infos, link) {
		if (q->info.signo != sig)
			continue;
		if (found)
			return; /* one more of it: the signal stays pending */
		*info = q->info;
		drop(q);
		found = true;
	}
	if (!found)
		*info = (struct siginfo){.signo = sig, .code = SI_USER};
	queue->set &= ~sig_bit(sig);
}
