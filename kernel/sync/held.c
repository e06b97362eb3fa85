/*
 * The locks that are held. Nobody keeps a list of locks, for it would cost each
 * lock and unlock; so the memory where locks lie, the kernel's data and its
 * heap, is searched for what can only be one: a holder that there is, a rank
 * that there is, and a name within the read-only data.
 *
 * Takes no locks itself. Others may take and release theirs meanwhile, unless
 * they are stopped, as in a panic.
 */
#include "sync/held.h"

#include "arch/arch.h"
#include "arch/cpu.h"
#include "lib/printf.h"
#include "mm/page.h"
#include "proc/task.h"
#include "sync/mutex.h"

enum { SHOWN = 12 };

static bool may_be_name(const char *name)
{
	return (const u8 *)name >= kernel_rodata_start && (const u8 *)name < kernel_rodata_end;
}

/* Read once: what is there may be no lock any more, and then anything. */
const char *locks_name(const char *const volatile *at)
{
	const char *name = *at;

	return may_be_name(name) ? name : "?";
}

static bool is_held_spinlock(const struct spinlock *lock)
{
	return lock->holder - 1 < ncpus && lock->rank >= RANK_PROC && lock->rank <= RANK_CONSOLE &&
	       may_be_name(lock->name);
}

static bool in_heap(const void *at)
{
	pa_t pa = (va_t)at - DIRECT_MAP;

	return pa < npages << PAGE_SHIFT && pa_page(pa)->kind == PAGE_HEAP;
}

/* The owner, who may let go of it and end while we look; NULL: it is none that is held. */
static const struct task *mutex_owner(const struct mutex *mutex)
{
	const struct task *owner = mutex->owner;
	bool held = in_heap(owner) && mutex->rank >= RANK_MOUNT && mutex->rank < RANK_PROC &&
		    may_be_name(mutex->name);

	return held ? owner : NULL;
}

/* The boot CPU's stacks lie among the data, with pages below them that are not mapped. */
static const u64 *skip_stacks(const u64 *word)
{
	if ((const void *)word == boot_stack_guard)
		word += PAGE_SIZE / sizeof *word;
	if ((const void *)word == ist_stacks)
		word = (const u64 *)&ist_stacks[IST_COUNT];
	return word;
}

/* Those in [at, end); how many. */
static u32 search(const void *at, const void *end, u32 shown)
{
	for (const u64 *word = at; (const void *)(word + 2) <= end; word++) {
		word = skip_stacks(word);
		const struct spinlock *lock = (const struct spinlock *)word;
		const struct mutex *mutex = (const struct mutex *)word;
		const struct task *owner = (const void *)(mutex + 1) <= end ? mutex_owner(mutex) : NULL;
		if (shown >= SHOWN)
			break;
		if (is_held_spinlock(lock)) {
			shown++;
			kprintf("lock %s at %p: CPU %u", locks_name(&lock->name), word, lock->holder - 1);
#ifdef DEBUG
			kprintf(", since %pL", lock->taken_at);
#endif
			kprintf("\n");
		} else if (owner) {
			const struct pid *pid = owner->pid;
			shown++;
			kprintf("mutex %s at %p: task %d (%.*s), %u wait\n",
				locks_name(&mutex->name), word, in_heap(pid) ? pid->number : 0,
				TASK_NAME_LEN, owner->name, mutex->nwaiting);
		}
	}
	return shown;
}

void locks_show_held(void)
{
	u32 shown = search(kernel_data_start, kernel_end, 0);

	for (pfn_t pfn = 0; pages && pfn < npages; pfn++)
		if (pages[pfn].kind == PAGE_HEAP)
			shown = search(page_kva(&pages[pfn]), page_kva(&pages[pfn + 1]), shown);
	if (shown == 0)
		kprintf("no locks are held\n");
}

void locks_show_wait(const struct task *task)
{
	const struct mutex *mutex = task->waits_for; /* it may wake, and the mutex go, meanwhile */
	const struct task *owner = mutex ? mutex_owner(mutex) : NULL;

	if (owner) {
		const struct pid *pid = owner->pid;
		kprintf(", mutex %s held by task %d (%.*s)", locks_name(&mutex->name),
			in_heap(pid) ? pid->number : 0, TASK_NAME_LEN, owner->name);
	}
}
