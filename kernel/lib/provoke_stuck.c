/*
 * Kinds of lib/provoke.c that do not end in a panic: CPUs that are stuck and
 * tasks that hang, for the watchdog (proc/watchdog.c) and its test,
 * tests/sysrq.t. None of them ever comes back; provoke.c says how they are asked for.
 */
#include "arch/cpu.h"
#include "lib/provoke.h"
#include "sync/mutex.h"
#include "sync/spinlock.h"

static volatile bool always = true;

void provoke_stuck_loop(void)
{
	while (always) /* provoke: stuck-loop */
		;
}

void provoke_stuck_irqs_off(void)
{
	irq_disable();
	while (always) /* provoke: stuck-irqs-off */
		;
}

/* Who comes first stays with the lock; whoever comes after it waits for that. */
void provoke_stuck_lock(void)
{
	static struct spinlock lock = SPINLOCK_INIT("provoke_lock", RANK_PROC);

	spin_lock(&lock); /* provoke: stuck-lock */
	while (always) /* provoke: stuck-lock-held */
		;
}

/* Likewise: the first one sleeps with the mutex, in a way that no signal ends. */
void provoke_hung_task(void)
{
	static struct mutex mutex;
	struct waitq nobody;
	struct waiter waiter;

	if (!mutex.name)
		mutex_init(&mutex, "provoke_mutex", RANK_ALONE);
	mutex_lock(&mutex);
	waitq_init(&nobody);
	waitq_join(&nobody, &waiter);
	while (always)
		waitq_sleep_quiet(&waiter, false); /* provoke: hung-task */
}
