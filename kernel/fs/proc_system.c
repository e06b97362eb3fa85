/*
 * /proc files of the system as a whole. Formats: proc(5), byte for byte where
 * programs read them (BusyBox free, top, uptime, mount).
 */
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/irq.h"
#include "arch/time.h"
#include "dev/sysrq.h"
#include "fs/procfs.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/kmap.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "mm/walk.h"
#include "proc/sched.h"
#include "proc/process.h"
#include "trace/trace_proc.h"

enum { HEAP_CLASSES_MAX = 32, NSEC_PER_TICK = 10000000, AUDIT_SIZE = 8192 };

/* All memory of the heap's slabs counts as Slab, as on Linux. */
static int show_meminfo(struct text *text, const struct proc_node *node)
{
	struct page_stats p;
	(void)node;
	page_stats(&p);
	const struct {
		const char *name;
		u64 npages;
	} rows[] = {
		{"MemTotal", p.total},	{"MemFree", p.free},	{"MemAvailable", p.free},
		{"Buffers", 0},		{"Cached", p.file},	{"SwapCached", 0},
		{"SwapTotal", 0},	{"SwapFree", 0},	{"Dirty", 0},
		{"AnonPages", p.anon},	{"Shmem", p.file},	{"Slab", p.heap},
		{"SReclaimable", 0},	{"SUnreclaim", p.heap}, {"KernelStack", kstack_pages()},
		{"PageTables", p.tables}, {"CommitLimit", p.total},
		{"Committed_AS", p.anon + p.file}, 
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[20];
		snprintf(name, sizeof name, "%s:", rows[i].name);
		text_printf(text, "%-15s %8lu kB\n", name, rows[i].npages * (PAGE_SIZE / KIB));
	}
	return 0;
}

static u64 seconds(u64 ns)
{
	return ns / NSEC_PER_SEC;
}

static u64 hundredths(u64 ns)
{
	return ns % NSEC_PER_SEC / NSEC_PER_TICK;
}

static int show_uptime(struct text *text, const struct proc_node *node)
{
	u64 up = time_now_ns(), idle = 0;
	(void)node;
	for (u32 i = 0; i < ncpus; i++) {
		struct cpu_figures figures;
		sched_cpu_figures(i, &figures);
		idle += figures.idle_ns;
	}
	text_printf(text, "%lu.%02lu %lu.%02lu\n", seconds(up), hundredths(up), seconds(idle),
		    hundredths(idle));
	return 0;
}

static u32 count_tasks(void)
{
	u32 tasks = 0;
	struct process *process;
	spin_lock(&proc_lock);
	list_for_each(process, &all_processes, all_link)
		tasks += process_nthreads(process);
	spin_unlock(&proc_lock);
	return tasks;
}

static int show_loadavg(struct text *text, const struct proc_node *node)
{
	enum { LOAD_ONE = 2048 };
	u64 load[3];
	(void)node;
	sched_load(load);
	for (int i = 0; i < 3; i++)
		text_printf(text, "%lu.%02lu ", load[i] / LOAD_ONE,
			    load[i] % LOAD_ONE * 100 / LOAD_ONE);
	text_printf(text, "%u/%u %d\n", sched_nr_running(), count_tasks(), pid_last());
	return 0;
}

/* user nice system idle iowait irq softirq steal guest guest_nice, in ticks. */
static void stat_line(struct text *text, const char *name, const struct cpu_figures *f)
{
	text_printf(text, "%s %lu %lu %lu %lu 0 0 0 0 0 0\n", name, f->user_ns / NSEC_PER_TICK,
		    f->nice_ns / NSEC_PER_TICK, f->system_ns / NSEC_PER_TICK,
		    f->idle_ns / NSEC_PER_TICK);
}

static int show_stat(struct text *text, const struct proc_node *node)
{
	struct cpu_figures figures[MAX_CPUS], sum = {0};
	(void)node;
	for (u32 i = 0; i < ncpus; i++) {
		sched_cpu_figures(i, &figures[i]);
		sum.user_ns += figures[i].user_ns;
		sum.nice_ns += figures[i].nice_ns;
		sum.system_ns += figures[i].system_ns;
		sum.idle_ns += figures[i].idle_ns;
		sum.switches += figures[i].switches;
	}
	stat_line(text, "cpu ", &sum);
	for (u32 i = 0; i < ncpus; i++) {
		char name[16];
		snprintf(name, sizeof name, "cpu%u", i);
		stat_line(text, name, &figures[i]);
	}
	u64 by_line[ISA_LINES] = {0}, all = 0;
	for (u32 i = 0; i < IRQ_KINDS; i++) {
		for (u32 cpu = 0; cpu < ncpus; cpu++) {
			all += cpus[cpu].interrupts[i];
			if (i < ISA_LINES)
				by_line[i] += cpus[cpu].interrupts[i];
		}
	}
	text_printf(text, "intr %lu", all);
	for (u32 i = 0; i < ISA_LINES; i++)
		text_printf(text, " %lu", by_line[i]);
	text_printf(text, "\nctxt %lu\nbtime %lu\nprocesses %lu\nprocs_running %u\n"
			  "procs_blocked 0\n",
		    sum.switches, seconds(time_boot_epoch_ns()), pid_total(), sched_nr_running());
	return 0;
}

static int show_interrupts(struct text *text, const struct proc_node *node)
{
	static const struct {
		u8 kind;
		const char *label, *what;
	} rows[] = {
		{IRQ_KEYBOARD, "1", " IO-APIC   1-edge      keyboard"},
		{IRQ_COM2, "3", " IO-APIC   3-edge      ttyS1"},
		{IRQ_COM1, "4", " IO-APIC   4-edge      ttyS0"},
		{IRQ_OF_TIMER, "LOC", " Local timer interrupts"},
		{IRQ_OF_KICK, "RES", " Rescheduling interrupts"},
		{IRQ_OF_CALL, "CAL", " Function call interrupts"},
		{IRQ_OF_FLUSH, "TLB", " TLB shootdowns"},
	};
	(void)node;
	text_printf(text, "    ");
	for (u32 cpu = 0; cpu < ncpus; cpu++)
		text_printf(text, "       CPU%-3u", cpu);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		text_printf(text, "\n%3s:", rows[i].label);
		for (u32 cpu = 0; cpu < ncpus; cpu++)
			text_printf(text, " %10u", cpus[cpu].interrupts[rows[i].kind]);
		text_printf(text, "  %s", rows[i].what);
	}
	text_printf(text, "\n");
	return 0;
}

static int show_vmstat(struct text *text, const struct proc_node *node)
{
	struct page_stats p;
	(void)node;
	page_stats(&p);
	text_printf(text, "nr_free_pages %lu\nnr_anon_pages %lu\nnr_file_pages %lu\nnr_shmem %lu\n"
			  "nr_page_table_pages %lu\nnr_kernel_stack %lu\npgpgin 0\npgpgout 0\n"
			  "pswpin 0\npswpout 0\n",
		    p.free, p.anon, p.file, p.file, p.tables, kstack_pages() * (PAGE_SIZE / KIB));
	return 0;
}

static int show_cmdline(struct text *text, const struct proc_node *node)
{
	(void)node;
	text_printf(text, "%s\n", boot_info.cmdline);
	return 0;
}

static int show_audit(struct text *text, const struct proc_node *node)
{
	(void)node;
	if (text_reserve(text, AUDIT_SIZE))
		text->len += MIN(audit_report(text->bytes, AUDIT_SIZE), (size_t)AUDIT_SIZE);
	return 0;
}

/* Tine's own: the heap by size of object. */
static int show_slabinfo(struct text *text, const struct proc_node *node)
{
	struct heap_class_stats classes[HEAP_CLASSES_MAX];
	size_t n = heap_stats(classes, HEAP_CLASSES_MAX);
	(void)node;
	text_printf(text, "# size objects slabs\n");
	for (size_t i = 0; i < n; i++)
		text_printf(text, "%6u %7lu %5lu\n", classes[i].size_bytes, classes[i].objects,
			    classes[i].slabs);
	return 0;
}

static ssize_t link_self(const struct proc_node *node, char *buf, size_t size)
{
	char number[16];
	(void)node;
	size_t n = MIN((size_t)snprintf(number, sizeof number, "%d", task_tgid(current)), size);
	memcpy(buf, number, n);
	return n;
}

static ssize_t link_thread_self(const struct proc_node *node, char *buf, size_t size)
{
	char path[40];
	(void)node;
	size_t n = snprintf(path, sizeof path, "%d/task/%d", task_tgid(current), task_tid(current));
	memcpy(buf, path, MIN(n, size));
	return MIN(n, size);
}

/* The first letter counts, as on Linux. */
static ssize_t write_sysrq(const struct proc_node *node, const void __user *buf, size_t n)
{
	u8 key;
	(void)node;
	if (n > 0 && copy_from_user(&key, buf, 1))
		return -EFAULT;
	if (n > 0)
		sysrq_run(key, true);
	return n;
}

/* Who has the major numbers: makedev(3). */
static const char devices[] = "Character devices:\n  1 mem\n  4 tty\n  4 ttyS\n  5 /dev/tty\n"
			      "  5 /dev/console\n\nBlock devices:\n";

#define TEXT(n, f) {.name = (n), .mode = S_IFREG | 0444, .show = (f)}
#define SAYS(n, t) {.name = (n), .mode = S_IFREG | 0444, .form = PROC_FIXED, .text = (t)}

static const struct proc_entry root_entries[] = {
	{.name = "self", .mode = S_IFLNK | 0777, .link = link_self},
	{.name = "thread-self", .mode = S_IFLNK | 0777, .link = link_thread_self},
	{.name = "mounts", .mode = S_IFLNK | 0777, .form = PROC_FIXED,
	 .text = "self/mounts"},
	TEXT("meminfo", show_meminfo),
	{.name = "kpagecount", .mode = S_IFREG | 0400, .form = PROC_OPS,
	 .ops = &kpagecount_ops},
	TEXT("uptime", show_uptime),
	TEXT("loadavg", show_loadavg),
	{.name = "trace", .mode = S_IFREG | 0400, .form = PROC_OPS, .ops = &trace_file_ops},
	SAYS("version", "Tine version 6.1.0-tine (x86_64) #1\n"),
	TEXT("cpuinfo", proc_show_cpuinfo),
	TEXT("stat", show_stat),
	SAYS("filesystems", "nodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tramfs\n"),
	SAYS("devices", devices),
	SAYS("partitions", ""),
	SAYS("diskstats", ""),
	TEXT("interrupts", show_interrupts),
	TEXT("vmstat", show_vmstat),
	TEXT("cmdline", show_cmdline),
	TEXT("audit", show_audit),
	{.name = "slabinfo", .mode = S_IFREG | 0400, .show = show_slabinfo},
	{.name = "sysrq-trigger", .mode = S_IFREG | 0200, .form = PROC_FIXED, .text = "",
	 .write = write_sysrq},
	{.name = "sys", .mode = S_IFDIR | 0555, .children = proc_sys_entries},
	{.name = NULL},
};

const struct proc_entry proc_root_entry = {
	.mode = S_IFDIR | 0555,
	.children = root_entries,
	.lookup = proc_pid_lookup,
	.fill = proc_pid_fill,
};
