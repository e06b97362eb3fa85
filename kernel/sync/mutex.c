/*
 * Sleeping locks (sync/mutex.h). The owner word is all there is in the usual
 * case; waiters count themselves before they sleep, and the unlocker looks at
 * the count after it has cleared the owner, so one of the two sees the other.
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

bool mutex_try_lock(struct mutex *mutex)
{
	struct task *nobody = NULL;
	return __atomic_compare_exchange_n((struct task **)&mutex->owner, &nobody, current, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void mutex_lock(struct mutex *mutex)
{
	kassert(this_cpu()->irq_off_depth == 0); /* it may sleep */
	if (mutex_try_lock(mutex))
		return;
	kassert(mutex->owner != current);
	struct waiter w;
	mutex->nwaiting++;
	waitq_join(&mutex->queue, &w);
	while (!mutex_try_lock(mutex))
		waitq_sleep_quiet(&w, false);
	waitq_leave(&w);
	mutex->nwaiting--;
}

void mutex_unlock(struct mutex *mutex)
{
	kassert(mutex->owner == current);
	__atomic_store_n((struct task **)&mutex->owner, NULL, __ATOMIC_SEQ_CST);
	if (mutex->nwaiting)
		waitq_wake_one(&mutex->queue);
}

bool mutex_held(const struct mutex *mutex)
{
	return mutex->owner == current;
}
