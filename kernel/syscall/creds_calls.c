/*
 * The calls that show and change user and group ids: set*id, get*id, groups.
 *
 * All have one shape: a copy of the task's ids is changed and then committed
 * as a whole (creds_commit). Sources: credentials(7), setuid(2), setreuid(2),
 * setresuid(2), setfsuid(2), setgroups(2).
 */
#include "arch/cpu.h"
#include "lib/errno.h"
#include "mm/heap.h"
#include "mm/uaccess.h"
#include "proc/sched.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

#define UNCHANGED UINT32_MAX

s64 sys_getuid(void)
{
	return current->creds.uid;
}

s64 sys_geteuid(void)
{
	return current->creds.euid;
}

s64 sys_getgid(void)
{
	return current->creds.gid;
}

s64 sys_getegid(void)
{
	return current->creds.egid;
}

static bool is_root(void)
{
	return creds_root(&current->creds);
}

/* The three ids of a kind that setresuid(2) and its like change, and the one that follows. */
struct id_set {
	u32 *real, *effective, *saved, *file;
};

static struct id_set user_ids(struct creds *c)
{
	return (struct id_set){&c->uid, &c->euid, &c->suid, &c->fsuid};
}

static struct id_set group_ids(struct creds *c)
{
	return (struct id_set){&c->gid, &c->egid, &c->sgid, &c->fsgid};
}

/* A new id: root any; others one of the three they have. */
static bool may_take(u32 id, const struct id_set *own)
{
	return id == UNCHANGED || id == *own->real || id == *own->effective ||
	       id == *own->saved || is_root();
}

static s64 set_three(struct creds *new, struct id_set ids, u32 real, u32 effective, u32 saved)
{
	if (!may_take(real, &ids) || !may_take(effective, &ids) || !may_take(saved, &ids))
		return -EPERM;
	if (real != UNCHANGED)
		*ids.real = real;
	if (effective != UNCHANGED)
		*ids.effective = effective;
	if (saved != UNCHANGED)
		*ids.saved = saved;
	*ids.file = *ids.effective;
	return creds_commit(new);
}

s64 sys_setresuid(u32 ruid, u32 euid, u32 suid)
{
	struct creds new = current->creds;
	return set_three(&new, user_ids(&new), ruid, euid, suid);
}

s64 sys_setresgid(u32 rgid, u32 egid, u32 sgid)
{
	struct creds new = current->creds;
	return set_three(&new, group_ids(&new), rgid, egid, sgid);
}

/* The real one may become the real or effective one; the saved one follows the effective one
 * if the real one is set, or the effective one to something else than the real one. */
static s64 set_two(struct creds *new, struct id_set ids, u32 real, u32 effective)
{
	if (real == *ids.saved && real != *ids.real && real != *ids.effective && !is_root() &&
	    real != UNCHANGED)
		return -EPERM;
	u32 saved = UNCHANGED;
	if (real != UNCHANGED || (effective != UNCHANGED && effective != *ids.real))
		saved = effective != UNCHANGED ? effective : *ids.effective;
	return set_three(new, ids, real, effective, saved);
}

s64 sys_setreuid(u32 ruid, u32 euid)
{
	struct creds new = current->creds;
	return set_two(&new, user_ids(&new), ruid, euid);
}

s64 sys_setregid(u32 rgid, u32 egid)
{
	struct creds new = current->creds;
	return set_two(&new, group_ids(&new), rgid, egid);
}

/* Root changes all three; others the effective one, to the real or saved one. */
static s64 set_one(struct creds *new, struct id_set ids, u32 id)
{
	if (id == UNCHANGED)
		return -EINVAL;
	if (is_root())
		return set_three(new, ids, id, id, id);
	if (id != *ids.real && id != *ids.saved)
		return -EPERM;
	return set_three(new, ids, UNCHANGED, id, UNCHANGED);
}

s64 sys_setuid(u32 uid)
{
	struct creds new = current->creds;
	return set_one(&new, user_ids(&new), uid);
}

s64 sys_setgid(u32 gid)
{
	struct creds new = current->creds;
	return set_one(&new, group_ids(&new), gid);
}

/* The old one is the result whether it worked or not: setfsuid(2). */
static s64 set_file_id(struct creds *new, struct id_set ids, u32 id)
{
	u32 old = *ids.file;
	if (id != UNCHANGED && (id == old || may_take(id, &ids))) {
		*ids.file = id;
		creds_commit(new);
	}
	return old;
}

s64 sys_setfsuid(u32 uid)
{
	struct creds new = current->creds;
	return set_file_id(&new, user_ids(&new), uid);
}

s64 sys_setfsgid(u32 gid)
{
	struct creds new = current->creds;
	return set_file_id(&new, group_ids(&new), gid);
}

static s64 put_three(struct id_set ids, u32 __user *real, u32 __user *effective,
		     u32 __user *saved)
{
	if (put_user_u32(real, *ids.real) || put_user_u32(effective, *ids.effective) ||
	    put_user_u32(saved, *ids.saved))
		return -EFAULT;
	return 0;
}

s64 sys_getresuid(u32 __user *ruid, u32 __user *euid, u32 __user *suid)
{
	return put_three(user_ids(&current->creds), ruid, euid, suid);
}

s64 sys_getresgid(u32 __user *rgid, u32 __user *egid, u32 __user *sgid)
{
	return put_three(group_ids(&current->creds), rgid, egid, sgid);
}

s64 sys_getgroups(int size, u32 __user *list)
{
	const struct groups *groups = current->creds.groups;
	int count = groups ? groups->count : 0;
	if (size < 0)
		return -EINVAL;
	if (size == 0 || count == 0)
		return count;
	if (size < count)
		return -EINVAL;
	return copy_to_user(list, groups->gid, count * sizeof(u32)) ? -EFAULT : count;
}

/* Shell sort: ascending, as getgroups shows them. */
static void sort(u32 *gid, u32 count)
{
	for (u32 gap = count / 2; gap > 0; gap /= 2) {
		for (u32 i = gap; i < count; i++) {
			u32 id = gid[i], j = i;
			for (; j >= gap && gid[j - gap] > id; j -= gap)
				gid[j] = gid[j - gap];
			gid[j] = id;
		}
		sched_point();
	}
}

s64 sys_setgroups(int size, const u32 __user *list)
{
	if (!is_root())
		return -EPERM;
	if (size < 0 || size > NGROUPS_MAX)
		return -EINVAL;
	struct groups *groups = NULL;
	if (size > 0) {
		groups = heap_alloc(sizeof *groups + size * sizeof(u32));
		if (!groups)
			return -ENOMEM;
		groups->refs = 1;
		groups->count = size;
		if (copy_from_user(groups->gid, list, size * sizeof(u32))) {
			heap_free(groups);
			return -EFAULT;
		}
		sort(groups->gid, size);
	}
	creds_set_groups(groups);
	return 0;
}
