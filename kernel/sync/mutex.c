/*
 * Sleeping locks (sync/mutex.h). The owner word is all there is in the usual
 * case; waiters count themselves before they sleep, and the unlocker looks at
 * the count after it has cleared the owner, so one of the two sees the other.
 * A DEBUG build keeps each task's mutexes and checks their ranks.
 */
#include "sync/mutex.h"
#include "arch/cpu.h"
#include "lib/panic.h"
#include "proc/task.h"

void mutex_init(struct mutex *mutex, const char *name, enum lock_rank rank)
{
	mutex->owner = NULL;
	mutex->nwaiting = 0;
	waitq_init(&mutex->queue);
	mutex->rank = rank;
	mutex->name = name;
}

#ifdef DEBUG

static void check_take(const struct mutex *mutex, bool second, const void *site)
{
	struct task *task = current;
	const struct mutex *last = task->nmutexes ? task->mutexes[task->nmutexes - 1] : NULL;
	if (last && last->rank + !second > mutex->rank)
		panic("lock order: mutex %s (rank %u) at %pL, while %s (rank %u) is held",
		      mutex->name, mutex->rank, site, last->name, last->rank);
	kassert(task->nmutexes < ARRAY_SIZE(task->mutexes));
	task->mutexes[task->nmutexes++] = mutex;
}

static void check_release(const struct mutex *mutex)
{
	struct task *task = current;
	u32 i = task->nmutexes;
	while (i > 0 && task->mutexes[i - 1] != mutex)
		i--;
	kassert(i > 0);
	for (; i < task->nmutexes; i++)
		task->mutexes[i - 1] = task->mutexes[i];
	task->nmutexes--;
}

#else

static inline void check_take(const struct mutex *mutex, bool second, const void *site)
{
	(void)mutex;
	(void)second;
	(void)site;
}

static inline void check_release(const struct mutex *mutex)
{
	(void)mutex;
}

#endif

static bool try_take(struct mutex *mutex)
{
	struct task *nobody = NULL;
	return __atomic_compare_exchange_n((struct task **)&mutex->owner, &nobody, current, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* A holder that runs on another CPU lets go sooner, mostly, than we could fall asleep and be woken.
 * It may do so and end while we look: what was its struct is still memory, and but a hint. */
static bool spin_and_take(struct mutex *mutex)
{
	enum { PATIENCE = 500 };
	for (int i = 0; i < PATIENCE; i++) {
		const struct task *owner = mutex->owner;
		if (!owner && try_take(mutex))
			return true;
		if (owner && !owner->on_cpu)
			return false;
		cpu_relax();
	}
	return false;
}

static void wait_and_take(struct mutex *mutex)
{
	struct waiter w;
	kassert(mutex->owner != current);
	if (ncpus > 1 && spin_and_take(mutex))
		return;
	current->waits_for = mutex;
	mutex->nwaiting++;
	waitq_join(&mutex->queue, &w);
	while (!try_take(mutex))
		waitq_sleep_quiet(&w, false);
	waitq_leave(&w);
	mutex->nwaiting--;
	current->waits_for = NULL;
}

void mutex_lock(struct mutex *mutex)
{
	kassert(this_cpu()->irq_off_depth == 0); /* it may sleep */
	check_take(mutex, false, SPIN_SITE);
	if (!try_take(mutex))
		wait_and_take(mutex);
}

void mutex_lock_second(struct mutex *mutex)
{
	kassert(this_cpu()->irq_off_depth == 0);
	check_take(mutex, true, SPIN_SITE);
	if (!try_take(mutex))
		wait_and_take(mutex);
}

void mutex_unlock(struct mutex *mutex)
{
	kassert(mutex->owner == current);
	check_release(mutex);
	__atomic_store_n((struct task **)&mutex->owner, NULL, __ATOMIC_SEQ_CST);
	if (mutex->nwaiting)
		waitq_wake_one(&mutex->queue);
}

bool mutex_held(const struct mutex *mutex)
{
	return mutex->owner == current;
}
