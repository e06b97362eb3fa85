/*
 * Robust futexes: a task that ends lets go of the locks that it holds. Each task
 * tells the kernel where its C library keeps a list of them; at exit and at exec
 * the kernel goes through it, marks every lock that bears the task's number as
 * left by a dead owner, and wakes one who waits for it.
 *
 * The list is the user's memory: any address may be bad, which ends the walk, and
 * it may be a circle, which a limit ends. Locks: none, futex_wake takes its own.
 * Sources: set_robust_list(2); Linux Documentation/locking/robust-futex-ABI.rst.
 */
#include "arch/cpu.h"
#include "lib/errno.h"
#include "mm/mm.h"
#include "mm/uaccess.h"
#include "proc/futex.h"
#include "proc/process.h"
#include "syscall/syscalls.h"

#define FUTEX_WAITERS 0x80000000u /* of a lock's word: some sleep in the kernel */
#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_TID_MASK 0x3fffffffu

enum { MAX_LOCKS = 2048, PI = 1 /* bit 0 of a pointer to a lock */ };

struct robust_list_head {
	u64 first;   /* of a circle of pointers, which ends at the head */
	s64 offset;  /* from a pointer to its lock's word */
	u64 pending; /* a lock that is just being taken or let go of; 0: none */
};

/* False if the address is bad. */
static bool lock_abandon(u64 entry, const struct robust_list_head *head, bool pending)
{
	u32 __user *word = (u32 __user *)((entry & ~(u64)PI) + head->offset);
	u32 value;
	if ((va_t)word % sizeof *word || get_user_u32(&value, word))
		return false;
	for (;;) {
		u32 seen = value, owner = value & FUTEX_TID_MASK;
		if (pending && !owner && !(entry & PI)) {
			futex_wake(word, false, 1, FUTEX_ANY); /* let go of, but not yet woken */
			return true;
		}
		if (owner != (u32)task_tid(current))
			return true;
		if (user_cmpxchg_u32(word, &seen, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED))
			return false;
		if (seen == value)
			break;
		value = seen;
	}
	if ((value & FUTEX_WAITERS) && !(entry & PI))
		futex_wake(word, false, 1, FUTEX_ANY);
	return true;
}

static void walk(u64 head_addr)
{
	struct robust_list_head head;
	if (copy_from_user(&head, (void __user *)head_addr, sizeof head))
		return;
	u64 entry = head.first;
	for (int i = 0; i < MAX_LOCKS && (entry & ~(u64)PI) != head_addr; i++) {
		u64 next; /* read first: once the lock is free its memory may be, too */
		bool bad = get_user_u64(&next, (void __user *)(entry & ~(u64)PI));
		bool is_pending = (entry & ~(u64)PI) == (head.pending & ~(u64)PI);
		if (!is_pending && !lock_abandon(entry, &head, false))
			return;
		if (bad)
			return;
		entry = next;
		sched_point();
	}
	if (head.pending & ~(u64)PI)
		lock_abandon(head.pending, &head, true);
}

void robust_list_release(void)
{
	u64 head = (u64)current->robust_list;
	current->robust_list = NULL;
	if (head)
		walk(head);
}

s64 sys_set_robust_list(void __user *head, size_t len)
{
	if (len != sizeof(struct robust_list_head))
		return -EINVAL;
	current->robust_list = head;
	return 0;
}

/* ptrace(2), "Ptrace access mode checking", PTRACE_MODE_READ_REALCREDS. */
static bool may_look(const struct task *target)
{
	const struct creds *of = &target->creds, *by = &current->creds;
	bool same_uid = by->uid == of->uid && by->uid == of->euid && by->uid == of->suid;
	bool same_gid = by->gid == of->gid && by->gid == of->egid && by->gid == of->sgid;
	bool dumpable = !target->mm || target->mm->dumpable;
	return target->process == current->process || creds_root(by) ||
	       (same_uid && same_gid && dumpable);
}

s64 sys_get_robust_list(pid_t tid, u64 __user *head_out, size_t __user *len_out)
{
	spin_lock(&proc_lock);
	struct pid *pid = tid ? pid_find(tid) : current->pid;
	struct task *task = pid ? pid->task : NULL;
	u64 head = task ? (u64)task->robust_list : 0;
	int error = !task ? -ESRCH : may_look(task) ? 0 : -EPERM;
	spin_unlock(&proc_lock);
	if (error)
		return error;
	if (put_user_u64(len_out, sizeof(struct robust_list_head)) || put_user_u64(head_out, head))
		return -EFAULT;
	return 0;
}
