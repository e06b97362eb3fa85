/*
 * /proc/sys: names and limits of the kernel that programs ask for, all read-only
 * but the host name, which is as sethostname(2) sets it; the switch of the trace
 * (trace/trace_switch.c); and a few numbers that root changes, which are words of
 * memory where they are used.
 * Source: proc(5); Linux's Documentation/admin-guide/sysctl.
 */
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "dev/sysrq.h"
#include "fs/procfs.h"
#include "fs/random.h"
#include "lib/provoke.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "proc/task.h"
#include "proc/uts.h"
#include "proc/watchdog.h"
#include "trace/trace_proc.h"

/* A field of struct utsname. */
static int show_name(struct text *text, const struct proc_node *node)
{
	text_printf(text, "%s\n", (const char *)&system_name + UTS_LEN * node->entry->which);
	return 0;
}

/* Up to the first newline. */
static ssize_t write_hostname(const struct proc_node *node, const void __user *buf, size_t n)
{
	char name[UTS_LEN] = "";
	(void)node;
	if (copy_from_user(name, buf, MIN(n, sizeof name - 1)))
		return -EFAULT;
	for (char *end = name; *end; end++)
		if (*end == '\n')
			*end = '\0';
	memcpy(system_name.nodename, name, sizeof name);
	return n;
}

/* RFC 4122, version 4: random but for six bits. */
static void show_uuid(struct text *text, const u8 id[16])
{
	for (int i = 0; i < 16; i++) {
		u8 byte = i == 6 ? (id[i] & 0x0f) | 0x40 : i == 8 ? (id[i] & 0x3f) | 0x80 : id[i];
		text_printf(text, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", byte);
	}
	text_printf(text, "\n");
}

static int show_random_uuid(struct text *text, const struct proc_node *node)
{
	u8 id[16];
	(void)node;
	random_bytes(id, sizeof id);
	show_uuid(text, id);
	return 0;
}

/* One and the same from the first read on. */
static int show_boot_id(struct text *text, const struct proc_node *node)
{
	static u64 boot_id[2]; /* proc_lock */
	u64 id[2];
	(void)node;
	random_bytes(id, sizeof id);
	spin_lock(&proc_lock);
	if (!boot_id[0])
		memcpy(boot_id, id, sizeof id);
	memcpy(id, boot_id, sizeof id);
	spin_unlock(&proc_lock);
	show_uuid(text, (const u8 *)id);
	return 0;
}

enum number { NUMBER_FATAL_SIGNALS, NUMBER_SYSRQ, NUMBER_WATCHDOG, NUMBER_HUNG_TASK, NUMBER_NMI };
static const struct {
	u32 *value;
	u32 max;
	const char *option; /* of the command line */
} numbers[] = {
	[NUMBER_FATAL_SIGNALS] = {&fatal_signals_printed, 1, "print-fatal-signals"},
	[NUMBER_SYSRQ] = {&sysrq_enabled, 511, "sysrq"},
	[NUMBER_WATCHDOG] = {&watchdog_seconds, 3600, "watchdog"},
	[NUMBER_HUNG_TASK] = {&hung_task_seconds, 3600, "hung_task"},
	[NUMBER_NMI] = {&watchdog_by_nmi, 1, "nmi_watchdog"},
};

/* False: it is no number, or not one that is allowed. */
static bool set_number(u32 which, const char *digits)
{
	const char *end;
	u64 value = parse_u64(digits, &end, 10);
	if (end == digits || (*end && *end != '\n') || value > numbers[which].max)
		return false;
	*numbers[which].value = (u32)value;
	return true;
}

void proc_sys_init(void)
{
	char value[16];
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++)
		if (boot_option(numbers[i].option, value, sizeof value))
			set_number(i, value);
}

static int show_number(struct text *text, const struct proc_node *node)
{
	text_printf(text, "%u\n", *numbers[node->entry->which].value);
	return 0;
}

static ssize_t write_number(const struct proc_node *node, const void __user *buf, size_t n)
{
	char digits[16] = "";
	if (copy_from_user(digits, buf, MIN(n, sizeof digits - 1)))
		return -EFAULT;
	return set_number(node->entry->which, digits) ? (ssize_t)n : -EINVAL;
}

enum uts_field { UTS_SYSNAME, UTS_NODENAME, UTS_RELEASE, UTS_VERSION }; /* struct utsname */

#define NAME(n, w) {.name = (n), .mode = S_IFREG | 0444, .which = (w), .show = show_name}
#define FILE(n, f) {.name = (n), .mode = S_IFREG | 0444, .show = (f)}
#define SAYS(n, t) {.name = (n), .mode = S_IFREG | 0444, .form = PROC_FIXED, .text = (t)}
#define NUMBER(n, w)                                                                   \
	{.name = (n), .mode = S_IFREG | 0644, .which = (w), .show = show_number,            \
	 .write = write_number}
#define FOLDER(n, c) {.name = (n), .mode = S_IFDIR | 0555, .children = (c)}

static const struct proc_entry random_entries[] = {
	FILE("boot_id", show_boot_id),
	SAYS("entropy_avail", "256\n"),
	SAYS("poolsize", "256\n"),
	FILE("uuid", show_random_uuid),
	{.name = NULL},
};

static struct proc_entry kernel_entries[] = {
	SAYS("cap_last_cap", "40\n"),
	SAYS("core_pattern", "core\n"),
	{.name = "hostname", .mode = S_IFREG | 0644, .which = UTS_NODENAME,
	 .show = show_name, .write = write_hostname},
	NUMBER("hung_task_timeout_secs", NUMBER_HUNG_TASK),
	SAYS("ngroups_max", "65536\n"),
	NAME("osrelease", UTS_RELEASE),
	NAME("ostype", UTS_SYSNAME),
	SAYS("pid_max", "32768\n"),
	NUMBER("print-fatal-signals", NUMBER_FATAL_SIGNALS),
	FOLDER("random", random_entries),
	NUMBER("sysrq", NUMBER_SYSRQ),
	SAYS("threads-max", "32768\n"),
	{.name = "trace", .mode = S_IFREG | 0644, .show = trace_show_switch,
	 .write = trace_write_switch},
	NAME("version", UTS_VERSION),
	NUMBER("watchdog_thresh", NUMBER_WATCHDOG),
	{.name = NULL, /* proc_sys_add_provoke */
	 .mode = S_IFREG | 0600, .show = provoke_show, .write = provoke_write},
	{.name = NULL},
};
_Static_assert(PID_MAX == 32768 && NGROUPS_MAX == 65536, "what kernel_entries say");

void proc_sys_add_provoke(void)
{
	kernel_entries[ARRAY_SIZE(kernel_entries) - 2].name = "provoke";
}

static const struct proc_entry vm_entries[] = {
	SAYS("overcommit_memory", "1\n"), /* memory is promised without a limit */
	{.name = NULL},
};

static const struct proc_entry fs_entries[] = {
	SAYS("file-max", "9223372036854775807\n"),
	SAYS("nr_open", "1048576\n"),
	SAYS("pipe-max-size", "1048576\n"),
	{.name = NULL},
};

const struct proc_entry proc_sys_entries[] = {
	FOLDER("fs", fs_entries),
	FOLDER("kernel", kernel_entries),
	FOLDER("vm", vm_entries),
	{.name = NULL},
};
