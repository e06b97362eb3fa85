/*
 * Questions about the system and limits: uname, sysinfo, rlimits, priorities,
 * affinity, randomness, prctl; and reboot.
 *
 * Sources: the man pages of section 2 by these names.
 */
#include "arch/cpu.h"
#include "arch/reboot.h"
#include "arch/time.h"
#include "dev/dev.h"
#include "fs/random.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "proc/uts.h"
#include "syscall/syscalls.h"

/* LINUX-DIFF: release says which Linux's interface this is, for libcs that ask. */
struct utsname system_name = {
	.sysname = "Tine",
	.nodename = "tine",
	.release = "6.1.0-tine",
	.version = "#1",
	.machine = "x86_64",
	.domainname = "(none)",
};

s64 sys_uname(void __user *buf)
{
	return copy_to_user(buf, &system_name, sizeof system_name);
}

s64 sys_sethostname(const char __user *name, size_t len)
{
	char buf[UTS_LEN] = "";
	if (!creds_root(&current->creds))
		return -EPERM;
	if (len >= UTS_LEN)
		return -EINVAL;
	if (copy_from_user(buf, name, len))
		return -EFAULT;
	memcpy(system_name.nodename, buf, sizeof buf);
	return 0;
}

struct sysinfo { /* sys/sysinfo.h */
	s64 uptime;
	u64 loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	u16 procs, pad;
	u64 totalhigh, freehigh;
	u32 mem_unit;
	char end[4];
};
_Static_assert(sizeof(struct sysinfo) == 112, "struct sysinfo");

static u16 count_processes(void)
{
	u16 n = 0;
	struct process *process;
	spin_lock(&proc_lock);
	list_for_each(process, &all_processes, all_link)
		n++;
	spin_unlock(&proc_lock);
	return n;
}

s64 sys_sysinfo(void __user *buf)
{
	struct page_stats stats;
	struct sysinfo info = {.mem_unit = 1};
	page_stats(&stats);
	sched_load(info.loads);
	for (int i = 0; i < 3; i++)
		info.loads[i] <<= 5; /* from 1/2048 to 1/65536 */
	info.uptime = time_now_ns() / NSEC_PER_SEC;
	info.totalram = stats.total * PAGE_SIZE;
	info.freeram = stats.free * PAGE_SIZE;
	info.procs = count_processes();
	return copy_to_user(buf, &info, sizeof info);
}

/* 0 or why the new limit cannot be set: getrlimit(2). */
static int check_limit(const struct rlimit *old, const struct rlimit *new, u32 which)
{
	if (new->soft > new->hard)
		return -EINVAL;
	if (new->hard > old->hard && !creds_root(&current->creds))
		return -EPERM;
	if (which == RLIMIT_NOFILE && new->hard > 1048576) /* fs.nr_open */
		return -EPERM;
	return 0;
}

/* Both may be NULL. target: proc_lock held. */
static int change_limit(struct process *target, u32 which, const struct rlimit *new,
			struct rlimit *old)
{
	struct rlimit *limit = &target->rlimit[which];
	if (old)
		*old = *limit;
	if (!new)
		return 0;
	int error = check_limit(limit, new, which);
	if (!error)
		*limit = *new;
	return error;
}

s64 sys_prlimit64(pid_t pid, u32 which, const void __user *new_limit, void __user *old_limit)
{
	struct rlimit new, old;
	if (which >= RLIMIT_COUNT)
		return -EINVAL;
	if (new_limit && copy_from_user(&new, new_limit, sizeof new))
		return -EFAULT;
	spin_lock(&proc_lock);
	struct pid *number = pid ? pid_find(pid) : current->process->leader->pid;
	int error = -ESRCH;
	if (number && number->task) {
		const struct creds *from = &current->creds, *to = &number->task->creds;
		if (number->task->process == current->process || creds_root(from) ||
		    (from->uid == to->uid && from->uid == to->euid && from->uid == to->suid))
			error = change_limit(number->task->process, which,
					     new_limit ? &new : NULL, &old);
		else
			error = -EPERM;
	}
	spin_unlock(&proc_lock);
	if (error)
		return error;
	return old_limit ? copy_to_user(old_limit, &old, sizeof old) : 0;
}

s64 sys_getrlimit(u32 which, void __user *limit)
{
	return limit ? sys_prlimit64(0, which, NULL, limit) : -EFAULT;
}

s64 sys_setrlimit(u32 which, const void __user *limit)
{
	return limit ? sys_prlimit64(0, which, limit, NULL) : -EFAULT;
}

enum priority_which { PRIO_PROCESS, PRIO_PGRP, PRIO_USER };

static bool priority_selects(const struct process *process, int which, int who)
{
	switch (which) {
	case PRIO_PROCESS:
		return who ? task_tid(process->leader) == who : process == current->process;
	case PRIO_PGRP:
		return process->pgrp->number == (who ? who : current->process->pgrp->number);
	default:
		return process->leader->creds.uid == (who ? (u32)who : current->creds.uid);
	}
}

/* 20 - nice, so that the result is never negative; libc turns it back: getpriority(2). */
s64 sys_getpriority(int which, int who)
{
	s64 result = -ESRCH;
	struct process *process;
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	spin_lock(&proc_lock);
	list_for_each(process, &all_processes, all_link)
		if (!process->zombie && priority_selects(process, which, who))
			result = MAX(result, 20 - process->leader->nice);
	spin_unlock(&proc_lock);
	return result;
}

static int set_nice(struct process *process, int nice)
{
	const struct creds *from = &current->creds, *to = &process->leader->creds;
	if (!creds_root(from) && from->euid != to->uid && from->euid != to->euid)
		return -EPERM;
	if (!creds_root(from) && nice < process->leader->nice)
		return -EACCES;
	sched_set_nice(process->leader, nice);
	return 0;
}

s64 sys_setpriority(int which, int who, int nice)
{
	s64 result = -ESRCH;
	struct process *process;
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	nice = MAX(-20, MIN(nice, 19));
	spin_lock(&proc_lock);
	list_for_each(process, &all_processes, all_link) {
		if (process->zombie || !priority_selects(process, which, who))
			continue;
		int error = set_nice(process, nice);
		if (error || result == -ESRCH)
			result = error;
	}
	spin_unlock(&proc_lock);
	return result;
}

s64 sys_sched_yield(void)
{
	schedule();
	return 0;
}

static bool task_exists(pid_t pid)
{
	spin_lock(&proc_lock);
	struct pid *number = pid > 0 ? pid_find(pid) : NULL;
	bool exists = pid == 0 || (number && number->task);
	spin_unlock(&proc_lock);
	return exists;
}

/* One CPU runs so far: the mask must name it, and it is the answer. */
s64 sys_sched_setaffinity(pid_t pid, size_t size, const void __user *mask)
{
	u64 cpus_wanted = 0;
	if (copy_from_user(&cpus_wanted, mask, MIN(size, sizeof cpus_wanted)))
		return -EFAULT;
	if (!task_exists(pid))
		return -ESRCH;
	return cpus_wanted & 1 ? 0 : -EINVAL;
}

s64 sys_sched_getaffinity(pid_t pid, size_t size, void __user *mask)
{
	u64 all = 1;
	if (size < sizeof all || size % sizeof all)
		return -EINVAL;
	if (!task_exists(pid))
		return -ESRCH;
	return copy_to_user(mask, &all, sizeof all) ? -EFAULT : (s64)sizeof all;
}

s64 sys_getcpu(u32 __user *cpu, u32 __user *node, void __user *unused)
{
	(void)unused;
	if (cpu && put_user_u32(cpu, this_cpu()->id))
		return -EFAULT;
	if (node && put_user_u32(node, 0))
		return -EFAULT;
	return 0;
}

enum getrandom_flags { GRND_NONBLOCK = 1, GRND_RANDOM = 2, GRND_INSECURE = 4 };

s64 sys_getrandom(void __user *buf, size_t n, u32 flags)
{
	u8 bytes[256];
	size_t done = 0;
	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if ((flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	n = MIN(n, (size_t)INT32_MAX);
	while (done < n) {
		if (signal_pending(current) && done)
			break;
		size_t chunk = MIN(n - done, sizeof bytes);
		random_bytes(bytes, chunk);
		size_t left = copy_to_user_partial((char __user *)buf + done, bytes, chunk);
		done += chunk - left;
		if (left)
			return done ? (s64)done : -EFAULT;
		sched_point();
	}
	return done;
}

enum reboot_magic { MAGIC1 = 0xfee1dead, MAGIC2 = 672274793 };
enum reboot_command {
	RB_CAD_OFF = 0, RB_AUTOBOOT = 0x01234567, RB_HALT = 0xcdef0123, RB_POWER_OFF = 0x4321fedc,
	RB_CAD_ON = 0x89abcdef,
};

s64 sys_reboot(u32 magic1, u32 magic2, u32 command, void __user *arg)
{
	(void)arg;
	if (!creds_root(&current->creds))
		return -EPERM;
	if (magic1 != MAGIC1 || (magic2 != MAGIC2 && magic2 != 85072278 && magic2 != 369367448 &&
				 magic2 != 537993216))
		return -EINVAL;
	switch (command) {
	case RB_CAD_ON:
	case RB_CAD_OFF:
		return 0; /* Ctrl-Alt-Del is not looked for */
	case RB_AUTOBOOT:
		dev_drain();
		machine_restart();
	case RB_POWER_OFF:
		dev_drain();
		machine_power_off();
	case RB_HALT:
		kprintf("System halted.\n");
		dev_drain();
		machine_halt();
	default:
		return -EINVAL;
	}
}
