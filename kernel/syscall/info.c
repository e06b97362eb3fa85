/*
 * The system as a whole: uname, sysinfo, randomness, the log, reboot.
 *
 * Sources: the man pages of section 2 by these names.
 */
#include "arch/cpu.h"
#include "arch/reboot.h"
#include "arch/time.h"
#include "dev/dev.h"
#include "fs/random.h"
#include "lib/errno.h"
#include "lib/log.h"
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

static s64 set_uts_name(char *to, const char __user *name, size_t len)
{
	char buf[UTS_LEN] = "";
	if (!creds_root(&current->creds))
		return -EPERM;
	if (len >= UTS_LEN)
		return -EINVAL;
	if (copy_from_user(buf, name, len))
		return -EFAULT;
	memcpy(to, buf, sizeof buf);
	return 0;
}

s64 sys_sethostname(const char __user *name, size_t len)
{
	return set_uts_name(system_name.nodename, name, len);
}

s64 sys_setdomainname(const char __user *name, size_t len)
{
	return set_uts_name(system_name.domainname, name, len);
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

/* Threads, as on Linux. */
static u16 count_tasks(void)
{
	u16 n = 0;
	struct process *process;
	spin_lock(&proc_lock);
	list_for_each(process, &all_processes, all_link)
		n += MAX(process->ntasks, 1u);
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
	info.sharedram = stats.file * PAGE_SIZE; /* as tmpfs there */
	info.procs = count_tasks();
	return copy_to_user(buf, &info, sizeof info);
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

enum syslog_action {
	LOG_CLOSE = 0, LOG_OPEN = 1, LOG_READ = 2, LOG_READ_ALL = 3, LOG_READ_CLEAR = 4, LOG_CLEAR = 5,
	LOG_CONSOLE_OFF = 6, LOG_CONSOLE_ON = 7, LOG_CONSOLE_LEVEL = 8, LOG_SIZE_UNREAD = 9,
	LOG_SIZE_BUFFER = 10,
};

/* The log from *position on, at most len bytes. */
static s64 log_to_user(u64 *position, char __user *buf, size_t len)
{
	char text[256];
	size_t done = 0, n;
	while (done < len && (n = log_read(position, text, MIN(len - done, sizeof text)))) {
		if (copy_to_user(buf + done, text, n))
			return -EFAULT;
		done += n;
	}
	return done;
}

/* LINUX-DIFF: lines have no <level>; READ does not wait; the console's level stays. */
s64 sys_syslog(int action, char __user *buf, int len)
{
	static u64 read_to, cleared_to; /* races between two readers only repeat or skip text */
	u64 size, end = log_end(&size), wanted = len > 0 ? MIN((u64)len, end) : 0;
	u64 from = MAX(cleared_to, end - wanted);
	bool reads = action == LOG_READ || action == LOG_READ_ALL || action == LOG_READ_CLEAR;
	s64 n = 0;
	if (action != LOG_READ_ALL && action != LOG_SIZE_BUFFER && !creds_root(&current->creds))
		return -EPERM;
	if (action < LOG_CLOSE || action > LOG_SIZE_BUFFER || (reads && (!buf || len < 0)) ||
	    (action == LOG_CONSOLE_LEVEL && (len < 1 || len > 8)))
		return -EINVAL;
	if (action == LOG_SIZE_BUFFER)
		return size;
	if (action == LOG_SIZE_UNREAD)
		return end - MAX(read_to, end - MIN(end, size));
	if (reads)
		n = log_to_user(action == LOG_READ ? &read_to : &from, buf, len);
	if (n >= 0 && (action == LOG_READ_CLEAR || action == LOG_CLEAR))
		cleared_to = end;
	return n;
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
