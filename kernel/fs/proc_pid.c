/*
 * /proc/PID/{stat,statm,cmdline,environ,comm,auxv,limits}: figures of one
 * process, in the formats of proc(5); and the table of all files of /proc/PID.
 *
 * Each function takes the figures of the address space first (mm.lock sleeps),
 * then prints those of the task under proc_lock into kernel memory.
 */
#include "arch/cpu.h"
#include "arch/time.h"
#include "dev/tty.h"
#include "fs/files.h"
#include "fs/proc_figures.h"
#include "lib/string.h"
#include "mm/uaccess.h"

enum { NSEC_PER_TICK = 10000000, ARGS_MAX = 1 << 20 };

/* Fields 3 to 22 of proc(5), /proc/PID/stat: who, and what it has used. */
static void stat_first(struct text *text, struct task *task, bool thread)
{
	struct process *process = task->process;
	struct tty *tty = process->tty;
	struct pid *foreground = tty ? tty->pgrp : NULL;
	struct usage usage = thread ? task_usage(task) : process_usage(process);
	struct cpu_times times = usage_times(&usage);
	struct cpu_times child = usage_times(&process->child_usage);
	text_printf(text, "%d (%s) %c %d %d %d %lu %d %u ", task_tid(task), task->name,
		    *task_state_text(task), process->parent_number, process->pgrp->number,
		    process->session->number, tty ? tty_rdev(tty) : 0,
		    foreground ? foreground->number : -1, process->did_exec ? 0x400000u : 0x400040u);
	text_printf(text, "%lu %lu %lu %lu %lu %lu %lu %lu ", usage.minor_faults,
		    process->child_usage.minor_faults, usage.major_faults,
		    process->child_usage.major_faults, times.user_ns / NSEC_PER_TICK,
		    times.system_ns / NSEC_PER_TICK, child.user_ns / NSEC_PER_TICK,
		    child.system_ns / NSEC_PER_TICK);
	text_printf(text, "%d %d %u 0 %lu ", 20 + task->nice, task->nice,
		    process_nthreads(process), process->start_ns / NSEC_PER_TICK);
}

/* Fields 23 to 52: memory, signals, and the rest. Addresses only for who may look. */
static void stat_rest(struct text *text, struct task *task, const struct mm_figures *m, bool look)
{
	static const struct mm_layout hidden = {.code_start = 1, .code_end = 1}, none;
	const struct mm_layout *l = look ? &m->layout : m->present ? &hidden : &none;
	struct signal_figures s = signal_figures(task);
	text_printf(text, "%lu %lu %lu %lu %lu %lu 0 0 ", m->usage.mapped_pages * PAGE_SIZE,
		    m->usage.resident_pages, task_rlimit(task, RLIMIT_RSS), l->code_start,
		    l->code_end, l->stack_top);
	/* old 32-bit sets in decimal; wchan says only whether it sleeps */
	text_printf(text, "%u %u %u %u %d 0 0 %d %u 0 %u 0 0 0 ", (u32)s.pending & 0x7fffffff,
		    (u32)s.blocked & 0x7fffffff, (u32)s.ignored & 0x7fffffff,
		    (u32)s.caught & 0x7fffffff, look && task->state == TASK_SLEEPING,
		    task->process->exit_signal, task->cpu, task->policy);
	text_printf(text, "%lu %lu %lu %lu %lu %lu %lu %d\n", l->data_start, l->data_end,
		    look ? m->brk_start : 0, l->arg_start, l->arg_end, l->env_start, l->env_end,
		    look && task->state == TASK_ZOMBIE ? task->process->exit_status : 0);
}

static int show_stat(struct text *text, const struct proc_node *node)
{
	struct mm_figures m = mm_figures(node);
	bool look = proc_may_look(node) == 0;
	spin_lock(&proc_lock);
	struct task *task = proc_task(node);
	if (task) {
		stat_first(text, task, node->thread);
		stat_rest(text, task, &m, look);
	}
	spin_unlock(&proc_lock);
	return task ? 0 : -ESRCH;
}

static int show_statm(struct text *text, const struct proc_node *node)
{
	struct mm_figures m = mm_figures(node);
	const struct mm_usage *u = &m.usage;
	u64 code = (ROUND_UP(m.layout.code_end, PAGE_SIZE) -
		    ROUND_DOWN(m.layout.code_start, PAGE_SIZE)) / PAGE_SIZE;
	text_printf(text, "%lu %lu %lu %lu 0 %lu 0\n", u->mapped_pages, u->resident_pages,
		    u->file_pages, code, u->data_pages);
	return 0;
}

static int show_comm(struct text *text, const struct proc_node *node)
{
	spin_lock(&proc_lock);
	struct task *task = proc_task(node);
	if (task)
		text_printf(text, "%s\n", task->name);
	spin_unlock(&proc_lock);
	return task ? 0 : -ESRCH;
}

/* Its own process may name a task; a newline at the end stays, as on Linux. */
static ssize_t write_comm(const struct proc_node *node, const void __user *buf, size_t n)
{
	char name[TASK_NAME_LEN] = "";
	if (copy_from_user(name, buf, MIN(n, sizeof name - 1)))
		return -EFAULT;
	spin_lock(&proc_lock);
	struct task *task = proc_task(node);
	bool ours = task && task->process == current->process;
	if (ours)
		strlcpy(task->name, name, sizeof task->name);
	spin_unlock(&proc_lock);
	return !task ? -ESRCH : ours ? (ssize_t)n : -EINVAL;
}

/* Bytes of the program's stack, as it left them. */
static int show_range(struct text *text, struct mm *mm, va_t start, va_t end)
{
	size_t n = end > start ? MIN(end - start, (size_t)ARGS_MAX) : 0;
	if (n && text_reserve(text, n))
		text->len += mm_read(mm, start, text->bytes + text->len, n);
	return 0;
}

static int show_cmdline(struct text *text, const struct proc_node *node)
{
	struct mm *mm = proc_mm(node);
	if (!mm)
		return 0;
	int err = show_range(text, mm, mm->layout.arg_start, mm->layout.arg_end);
	mm_put(mm);
	return err;
}

static int show_environ(struct text *text, const struct proc_node *node)
{
	struct mm *mm = proc_mm(node);
	if (!mm)
		return 0;
	int err = show_range(text, mm, mm->layout.env_start, mm->layout.env_end);
	mm_put(mm);
	return err;
}

static int show_auxv(struct text *text, const struct proc_node *node)
{
	struct mm_figures m = mm_figures(node);
	size_t n = 0;
	while (n + 2 < ARRAY_SIZE(m.layout.auxv) && m.layout.auxv[n])
		n += 2;
	if (m.present)
		text_add(text, m.layout.auxv, (n + 2) * sizeof m.layout.auxv[0]);
	return 0;
}

static void limit_value(char *buf, size_t size, u64 value)
{
	if (value == RLIM_INFINITY)
		strlcpy(buf, "unlimited", size);
	else
		snprintf(buf, size, "%lu", value);
}

static int show_limits(struct text *text, const struct proc_node *node)
{
	static const char *const names[RLIMIT_COUNT][2] = {
		{"Max cpu time", "seconds"}, {"Max file size", "bytes"},
		{"Max data size", "bytes"}, {"Max stack size", "bytes"},
		{"Max core file size", "bytes"}, {"Max resident set", "bytes"},
		{"Max processes", "processes"}, {"Max open files", "files"},
		{"Max locked memory", "bytes"}, {"Max address space", "bytes"},
		{"Max file locks", "locks"}, {"Max pending signals", "signals"},
		{"Max msgqueue size", "bytes"}, {"Max nice priority", ""},
		{"Max realtime priority", ""}, {"Max realtime timeout", "us"},
	};
	struct rlimit limits[RLIMIT_COUNT];
	spin_lock(&proc_lock);
	struct task *task = proc_task(node);
	if (task)
		memcpy(limits, task->process->rlimit, sizeof limits);
	spin_unlock(&proc_lock);
	if (!task)
		return -ESRCH;
	text_printf(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (int i = 0; i < RLIMIT_COUNT; i++) {
		char soft[24], hard[24];
		limit_value(soft, sizeof soft, limits[i].soft);
		limit_value(hard, sizeof hard, limits[i].hard);
		text_printf(text, "%-25s %-20s %-20s %-*s\n", names[i][0], soft, hard,
			    names[i][1][0] ? 10 : 0, names[i][1]);
	}
	return 0;
}

/* Text files of the usual mode, and those that only some may look into. */
#define TEXT(n, m, f) {.name = (n), .mode = S_IFREG | (m), .show = (f)}
#define LOOK(n, m, f) {.name = (n), .mode = S_IFREG | (m), .show = (f), .look = true}
#define LINK(n, f) {.name = (n), .mode = S_IFLNK | 0777, .link = proc_link_object, .follow = (f)}

/* task/ comes first: a thread's directory is the same table without it. */
static const struct proc_entry entries[] = {
	{.name = "task", .mode = S_IFDIR | 0555, .lookup = proc_thread_lookup,
	 .fill = proc_pid_fill},
	{.name = "fd", .mode = S_IFDIR | 0500, .lookup = proc_fd_lookup, .fill = proc_fd_fill},
	{.name = "fdinfo", .mode = S_IFDIR | 0555, .look = true, .lookup = proc_fdinfo_lookup,
	 .fill = proc_fd_fill},
	TEXT("stat", 0444, show_stat),
	TEXT("statm", 0444, show_statm),
	TEXT("status", 0444, proc_show_status),
	LOOK("maps", 0444, proc_show_maps),
	LOOK("smaps", 0444, proc_show_smaps),
	TEXT("cmdline", 0444, show_cmdline),
	LOOK("environ", 0400, show_environ),
	{.name = "comm", .mode = S_IFREG | 0644, .show = show_comm, .write = write_comm},
	LOOK("auxv", 0400, show_auxv),
	TEXT("limits", 0444, show_limits),
	TEXT("mounts", 0444, proc_show_mounts),
	TEXT("mountinfo", 0444, proc_show_mountinfo),
	{.name = "pagemap", .mode = S_IFREG | 0400, .form = PROC_OPS,
	 .ops = &pagemap_ops},
	LOOK("pagetable", 0444, proc_show_pagetable),
	LOOK("stack", 0400, proc_show_stack),
	TEXT("wchan", 0444, proc_show_wchan),
	LINK("exe", proc_follow_exe),
	LINK("cwd", proc_follow_cwd),
	LINK("root", proc_follow_root),
	{.name = NULL},
};

const struct proc_entry proc_pid_entry = {.mode = S_IFDIR | 0555, .children = entries};
const struct proc_entry proc_thread_entry = {.mode = S_IFDIR | 0555, .children = entries + 1};
