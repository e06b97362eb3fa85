/*
 * User and group ids: inherited by clone, changed by set*id and exec, let go of
 * by exit. The calls are in syscall/creds_calls.c.
 *
 * Lock: proc_lock for the list of users, and for each change of the ids of a
 * task that others can see. Sources: credentials(7), execve(2), getrlimit(2).
 */
#include "proc/creds.h"
#include "arch/cpu.h"
#include "fs/inode.h"
#include "lib/errno.h"
#include "mm/heap.h"
#include "mm/mm.h"
#include "proc/task.h"

static struct list users = LIST_INIT(users); /* proc_lock; those with tasks */

/* One more task of this user; NULL: out of memory. proc_lock held. */
static struct user *user_join(u32 uid)
{
	struct user *user;
	list_for_each(user, &users, link) {
		if (user->uid == uid) {
			user->ntasks++;
			return user;
		}
	}
	user = heap_zalloc(sizeof *user);
	if (!user)
		return NULL;
	user->uid = uid;
	user->ntasks = 1;
	list_append(&users, &user->link);
	return user;
}

static void user_leave(struct user *user)
{
	if (--user->ntasks > 0)
		return;
	list_remove(&user->link);
	heap_free(user);
}

void creds_leave_user(struct creds *creds)
{
	user_leave(creds->user);
	creds->user = NULL;
}

static void groups_put(struct groups *groups)
{
	if (groups && --groups->refs == 0)
		heap_free(groups);
}

void creds_put_groups(struct creds *creds)
{
	struct groups *groups = creds->groups;
	if (!groups)
		return;
	spin_lock(&proc_lock); /* /proc may be looking */
	creds->groups = NULL;
	spin_unlock(&proc_lock);
	groups_put(groups);
}

bool creds_in_group(const struct creds *creds, u32 gid)
{
	const struct groups *groups = creds->groups;
	if (creds->fsgid == gid)
		return true;
	u32 low = 0, high = groups ? groups->count : 0;
	while (low < high) {
		u32 middle = (low + high) / 2;
		if (groups->gid[middle] == gid)
			return true;
		if (groups->gid[middle] < gid)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

int creds_init(struct creds *creds)
{
	spin_lock(&proc_lock);
	creds->user = user_join(0);
	spin_unlock(&proc_lock);
	return creds->user ? 0 : -ENOMEM;
}

static bool limit_holds(const struct creds *creds)
{
	return creds->uid != 0 && !creds_root(creds);
}

int creds_fork(struct creds *child)
{
	struct creds *creds = &current->creds;
	int error = 0;
	spin_lock(&proc_lock);
	if (limit_holds(creds) && creds->user->ntasks >= task_rlimit(current, RLIMIT_NPROC))
		error = -EAGAIN;
	else
		creds->user->ntasks++;
	spin_unlock(&proc_lock);
	if (error)
		return error;
	*child = *creds;
	child->over_nproc = false;
	if (child->groups)
		child->groups->refs++;
	return 0;
}

int creds_check_exec(void)
{
	struct creds *creds = &current->creds;
	if (!creds->over_nproc)
		return 0;
	spin_lock(&proc_lock);
	creds->over_nproc = creds->user->ntasks > task_rlimit(current, RLIMIT_NPROC);
	spin_unlock(&proc_lock);
	return creds->over_nproc ? -EAGAIN : 0;
}

int creds_commit(const struct creds *new)
{
	struct task *task = current;
	struct creds *old = &task->creds;
	struct creds next = *new;
	bool other_rights = next.euid != old->euid || next.egid != old->egid ||
			    next.fsuid != old->fsuid || next.fsgid != old->fsgid;
	spin_lock(&proc_lock);
	if (next.uid != old->uid) {
		next.user = user_join(next.uid);
		if (!next.user) {
			spin_unlock(&proc_lock);
			return -EAGAIN;
		}
		user_leave(old->user);
		next.over_nproc = next.uid != 0 && /* even without this task */
				  next.user->ntasks - 1 > task_rlimit(task, RLIMIT_NPROC);
	}
	*old = next;
	if (other_rights) { /* prctl(2): what could let others meddle with it */
		task->mm->dumpable = false;
		task->process->parent_death_signal = 0;
	}
	spin_unlock(&proc_lock);
	return 0;
}

void creds_set_groups(struct groups *groups)
{
	struct groups *old = current->creds.groups;
	spin_lock(&proc_lock);
	current->creds.groups = groups;
	spin_unlock(&proc_lock);
	groups_put(old);
}

bool creds_for_exec(struct creds *new, u32 mode, u32 uid, u32 gid)
{
	*new = current->creds;
	if ((mode & S_ISUID) && !new->no_new_privs)
		new->euid = uid;
	if ((mode & S_ISGID) && (mode & 010) && !new->no_new_privs)
		new->egid = gid;
	bool secure = new->euid != new->uid || new->egid != new->gid;
	if (new->no_new_privs) {
		new->euid = new->uid;
		new->egid = new->gid;
	}
	new->suid = new->fsuid = new->euid;
	new->sgid = new->fsgid = new->egid;
	return secure;
}
