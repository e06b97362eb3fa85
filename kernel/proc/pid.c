/*
 * Numbers of processes, groups and sessions (proc/pid.h). Numbers are given
 * out in order and wrap at PID_MAX, so that one is not used again soon.
 *
 * Lock: proc_lock (RANK_PROC) for the table, the counts and all links.
 */
#include "proc/pid.h"
#include "lib/panic.h"
#include "mm/heap.h"

enum { HASH_SIZE = 1024 };

struct spinlock proc_lock = SPINLOCK_INIT("proc_lock", RANK_PROC);

static struct list hash[HASH_SIZE];
static pid_t last_number;
static u32 nused;
static u64 total;

void pid_init(void)
{
	for (int i = 0; i < HASH_SIZE; i++)
		list_init(&hash[i]);
}

struct pid *pid_find(pid_t number)
{
	struct pid *pid;
	kassert(spin_held(&proc_lock));
	if (number <= 0)
		return NULL;
	list_for_each(pid, &hash[number % HASH_SIZE], hash_link)
		if (pid->number == number)
			return pid;
	return NULL;
}

/* The next number that nobody goes by; numbers below 300 are not used twice, as on Linux. */
static pid_t next_number(void)
{
	do {
		last_number = last_number + 1 < PID_MAX ? last_number + 1 : 300;
	} while (pid_find(last_number));
	return last_number;
}

struct pid *pid_alloc(void)
{
	struct pid *pid = heap_alloc(sizeof *pid);
	if (!pid)
		return NULL;
	pid->task = NULL;
	list_init(&pid->group_members);
	list_init(&pid->session_members);
	pid->refs = 1;
	spin_lock(&proc_lock);
	if (nused >= PID_MAX - 300) {
		spin_unlock(&proc_lock);
		heap_free(pid);
		return NULL;
	}
	nused++;
	total++;
	pid->number = next_number();
	list_append(&hash[pid->number % HASH_SIZE], &pid->hash_link);
	spin_unlock(&proc_lock);
	return pid;
}

u64 pid_total(void)
{
	return total; /* one aligned word: no lock to read it */
}

void pid_get(struct pid *pid)
{
	kassert(spin_held(&proc_lock));
	pid->refs++;
}

void pid_put(struct pid *pid)
{
	kassert(spin_held(&proc_lock) && pid->refs > 0);
	if (--pid->refs > 0)
		return;
	nused--;
	list_remove(&pid->hash_link);
	heap_free(pid);
}

pid_t pid_last(void)
{
	return last_number;
}
