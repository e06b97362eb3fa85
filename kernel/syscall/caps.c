/*
 * capget and capset, for programs that look at or give up what root may.
 *
 * LINUX-DIFF: there are no capabilities, only root (proc/creds.h). Who has
 * effective uid 0 has all of them, whoever has 0 as any of its ids has them
 * permitted; none is inheritable. capset to anything else is EPERM, as it would
 * be silently without effect.
 *
 * Lock: proc_lock for the ids of others. Source: capget(2).
 */
#include "arch/cpu.h"
#include "lib/errno.h"
#include "mm/uaccess.h"
#include "proc/pid.h"
#include "proc/task.h"
#include "syscall/syscalls.h"

enum cap_version { CAP_V1 = 0x19980330, CAP_V2 = 0x20071026, CAP_V3 = 0x20080522 };
#define ALL_CAPS 0x1ffffffffffull /* 0 to 40, as of Linux 6.1 */

struct cap_header {
	u32 version;
	s32 pid;
};

struct cap_sets {
	u64 effective, permitted, inheritable;
};

struct cap_data { /* the version says how many: the lower 32, then the upper */
	u32 effective, permitted, inheritable;
};

/* How many cap_data there are; for an unknown version the best known one is told. */
static s64 read_header(struct cap_header __user *user, struct cap_header *header)
{
	if (copy_from_user(header, user, sizeof *header))
		return -EFAULT;
	switch (header->version) {
	case CAP_V1:
		return 1;
	case CAP_V2: case CAP_V3:
		return 2;
	default:
		return put_user_u32(user, CAP_V3) ? -EFAULT : -EINVAL;
	}
}

static int caps_of(pid_t tid, struct cap_sets *sets)
{
	int error = -ESRCH;
	spin_lock(&proc_lock);
	struct pid *number = tid ? pid_find(tid) : current->pid;
	if (number && number->task) {
		const struct creds *c = &number->task->creds;
		bool permitted = c->uid == 0 || c->euid == 0 || c->suid == 0;
		*sets = (struct cap_sets){creds_root(c) ? ALL_CAPS : 0, permitted ? ALL_CAPS : 0, 0};
		error = 0;
	}
	spin_unlock(&proc_lock);
	return error;
}

s64 sys_capget(void __user *header_at, void __user *data_at)
{
	struct cap_header header;
	struct cap_sets sets;
	s64 n = read_header(header_at, &header);
	if (n < 0 || !data_at)
		return n == -EINVAL && !data_at ? 0 : MIN(n, 0);
	if (header.pid < 0)
		return -EINVAL;
	int error = caps_of(header.pid, &sets);
	if (error)
		return error;
	struct cap_data data[2] = {
		{sets.effective, sets.permitted, sets.inheritable},
		{sets.effective >> 32, sets.permitted >> 32, sets.inheritable >> 32},
	};
	return copy_to_user(data_at, data, n * sizeof data[0]);
}

s64 sys_capset(void __user *header_at, const void __user *data_at)
{
	struct cap_header header;
	struct cap_data data[2] = {0};
	struct cap_sets now;
	s64 n = read_header(header_at, &header);
	if (n < 0)
		return n;
	if (header.pid && header.pid != task_tid(current))
		return -EPERM;
	if (copy_from_user(data, data_at, n * sizeof data[0]))
		return -EFAULT;
	caps_of(0, &now);
	u64 effective = (data[0].effective | (u64)data[1].effective << 32) & ALL_CAPS;
	u64 permitted = (data[0].permitted | (u64)data[1].permitted << 32) & ALL_CAPS;
	u64 inheritable = (data[0].inheritable | (u64)data[1].inheritable << 32) & ALL_CAPS;
	bool same = effective == now.effective && permitted == now.permitted && !inheritable;
	return same ? 0 : -EPERM;
}
