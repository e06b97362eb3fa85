/*
 * /proc/PID/{stat,statm,status,cmdline,environ,comm,auxv,limits}: figures of
 * one process, in the formats of proc(5).
 *
 * Each function takes the figures of the address space first (mm.lock sleeps),
 * then prints those of the task under proc_lock into kernel memory.
 */
#include "arch/cpu.h"
#include "arch/time.h"
#include "dev/tty.h"
#include "fs/files.h"
#include "fs/procfs.h"
#include "lib/string.h"
#include "mm/uaccess.h"
#include "mm/walk.h"
#include "proc/process.h"
#include "proc/task.h"

enum { NSEC_PER_TICK = 10000000, KIB_PER_PAGE = 4, ARGS_MAX = 1 << 20 };

/* What the address space says; zeros if the task has none. */
struct mm_figures {
	struct mm_usage usage;
	struct mm_layout layout;
	va_t brk_start, brk;
	bool present;
};

static struct mm_figures mm_figures(const struct proc_node *node)
{
	struct mm_figures f = {.present = false};
	struct mm *mm = proc_mm(node);
	if (!mm)
		return f;
	mm_usage(mm, &f.usage);
	f.layout = mm->layout;
	f.brk_start = mm->brk_start;
	f.brk = mm->brk;
	f.present = true;
	mm_put(mm);
	return f;
}

/* The letter of /proc/PID/stat, and the words that /proc/PID/status adds. */
static const char *state_text(const struct task *task)
{
	static const char *const text[] = {
		[TASK_RUNNING] = "R (running)", [TASK_SLEEPING] = "S (sleeping)",
		[TASK_STOPPED] = "T (stopped)", [TASK_ZOMBIE] = "Z (zombie)",
	};
	bool disk = task->state == TASK_SLEEPING && !task->wake_on_signal;
	return disk ? "D (disk sleep)" : text[task->state];
}

struct signal_figures {
	sigset_t pending, shared, blocked, ignored, caught;
};

/* proc_lock is held, so sighand does not go away. */
static struct signal_figures signal_figures(const struct task *task)
{
	struct signal_figures f = {.blocked = task->blocked};
	struct sighand *sighand = task->sighand;
	if (!sighand)
		return f;
	spin_lock(&sighand->lock);
	f.pending = task->pending.set;
	f.shared = task->process->pending.set;
	for (int sig = 1; sig <= NSIG; sig++) {
		u64 handler = sighand->action[sig].handler;
		if (handler == SIG_IGN)
			f.ignored |= sig_bit(sig);
		else if (handler != SIG_DFL)
			f.caught |= sig_bit(sig);
	}
	spin_unlock(&sighand->lock);
	return f;
}

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
		    *state_text(task), process->parent_number, process->pgrp->number,
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

/* Fields 23 to 52: memory, signals, and the rest. */
static void stat_rest(struct text *text, struct task *task, const struct mm_figures *m)
{
	struct signal_figures s = signal_figures(task);
	text_printf(text, "%lu %lu %lu %lu %lu %lu 0 0 ", m->usage.mapped_pages * PAGE_SIZE,
		    m->usage.resident_pages, task_rlimit(task, RLIMIT_RSS), m->layout.code_start,
		    m->layout.code_end, m->layout.stack_top);
	/* LINUX-DIFF: old 32-bit sets in decimal, as there; wchan is always 0 */
	text_printf(text, "%u %u %u %u 0 0 0 %d %u 0 %u 0 0 0 ", (u32)s.pending & 0x7fffffff,
		    (u32)s.blocked & 0x7fffffff, (u32)s.ignored & 0x7fffffff,
		    (u32)s.caught & 0x7fffffff, task->process->exit_signal, task->cpu,
		    task->policy);
	text_printf(text, "%lu %lu %lu %lu %lu %lu %lu %d\n", m->layout.data_start,
		    m->layout.data_end, m->brk_start, m->layout.arg_start, m->layout.arg_end,
		    m->layout.env_start, m->layout.env_end,
		    task->state == TASK_ZOMBIE ? task->process->exit_status : 0);
}

static int show_stat(struct text *text, const struct proc_node *node)
{
	struct mm_figures m = mm_figures(node);
	spin_lock(&proc_lock);
	struct task *task = proc_task(node);
	if (task) {
		stat_first(text, task, node->thread);
		stat_rest(text, task, &m);
	}
	spin_unlock(&proc_lock);
	return task ? 0 : -ESRCH;
}

static int show_statm(struct text *text, const struct proc_node *node)
{
	struct mm_figures m = mm_figures(node);
	u64 code = (m.layout.code_end - m.layout.code_start + PAGE_SIZE - 1) / PAGE_SIZE;
	u64 data = (m.brk - m.layout.data_start + PAGE_SIZE - 1) / PAGE_SIZE;
	text_printf(text, "%lu %lu 0 %lu 0 %lu 0\n", m.usage.mapped_pages, m.usage.resident_pages,
		    code, data);
	return 0;
}

static void status_memory(struct text *text, const struct mm_figures *m)
{
	if (!m->present)
		return;
	text_printf(text, "VmPeak:\t%8lu kB\nVmSize:\t%8lu kB\nVmHWM:\t%8lu kB\nVmRSS:\t%8lu kB\n",
		    m->usage.mapped_pages * KIB_PER_PAGE, m->usage.mapped_pages * KIB_PER_PAGE,
		    m->usage.peak_pages * KIB_PER_PAGE, m->usage.resident_pages * KIB_PER_PAGE);
	text_printf(text, "VmData:\t%8lu kB\nVmExe:\t%8lu kB\nVmPTE:\t%8lu kB\n",
		    (m->brk - m->brk_start) / KIB,
		    (m->layout.code_end - m->layout.code_start) / KIB,
		    m->usage.table_pages * KIB_PER_PAGE);
}

static void status_who(struct text *text, struct task *task)
{
	const struct creds *c = &task->creds;
	u32 umask = task->fs ? task->fs->umask : 0;
	char name[2 * TASK_NAME_LEN], *at = name;
	for (const char *from = task->name; *from; from++) { /* a name stays on its line */
		if (*from == '\n' || *from == '\\')
			*at++ = '\\';
		*at++ = *from == '\n' ? 'n' : *from;
	}
	*at = '\0';
	text_printf(text, "Name:\t%s\nUmask:\t%04o\nState:\t%s\nTgid:\t%d\nNgid:\t0\n"
			  "Pid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		    name, umask, state_text(task), task_tgid(task), task_tid(task),
		    task->process->parent_number);
	text_printf(text, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t64\nGroups:\t",
		    c->uid, c->euid, c->suid, c->fsuid, c->gid, c->egid, c->sgid, c->fsgid);
	for (u32 i = 0; c->groups && i < c->groups->count; i++)
		text_printf(text, "%u ", c->groups->gid[i]);
	text_printf(text, "\n");
}

static void status_signals(struct text *text, struct task *task)
{
	struct signal_figures s = signal_figures(task);
	text_printf(text, "Threads:\t%u\nSigQ:\t%lu/%lu\nSigPnd:\t%016lx\nShdPnd:\t%016lx\n"
			  "SigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
		    process_nthreads(task->process), signal_queued_by(task->creds.uid),
		    task_rlimit(task, RLIMIT_SIGPENDING),
		    s.pending, s.shared, s.blocked, s.ignored, s.caught);
	text_printf(text, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
		    task->usage.voluntary_switches, task->usage.involuntary_switches);
}

static int show_status(struct text *text, const struct proc_node *node)
{
	struct mm_figures m = mm_figures(node);
	spin_lock(&proc_lock);
	struct task *task = proc_task(node);
	if (task) {
		status_who(text, task);
		status_memory(text, &m);
		status_signals(text, task);
	}
	spin_unlock(&proc_lock);
	return task ? 0 : -ESRCH;
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
	int err = proc_may_look(node);
	struct mm *mm = err ? NULL : proc_mm(node);
	if (!mm)
		return err;
	err = show_range(text, mm, mm->layout.env_start, mm->layout.env_end);
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
		text_printf(text, "%-25s %-20s %-20s %-10s\n", names[i][0], soft, hard, names[i][1]);
	}
	return 0;
}

/* task/ comes first: a thread's directory is the same table without it. */
static const struct proc_entry entries[] = {
	{.name = "task", .mode = S_IFDIR | 0555, .lookup = proc_thread_lookup,
	 .fill = proc_pid_fill},
	{.name = "fd", .mode = S_IFDIR | 0500, .lookup = proc_fd_lookup, .fill = proc_fd_fill},
	{.name = "fdinfo", .mode = S_IFDIR | 0555, .lookup = proc_fdinfo_lookup,
	 .fill = proc_fd_fill},
	{.name = "stat", .mode = S_IFREG | 0444, .show = show_stat},
	{.name = "statm", .mode = S_IFREG | 0444, .show = show_statm},
	{.name = "status", .mode = S_IFREG | 0444, .show = show_status},
	{.name = "maps", .mode = S_IFREG | 0444, .show = proc_show_maps},
	{.name = "cmdline", .mode = S_IFREG | 0444, .show = show_cmdline},
	{.name = "environ", .mode = S_IFREG | 0400, .show = show_environ},
	{.name = "comm", .mode = S_IFREG | 0644, .show = show_comm,
	 .write = write_comm},
	{.name = "auxv", .mode = S_IFREG | 0400, .show = show_auxv},
	{.name = "limits", .mode = S_IFREG | 0444, .show = show_limits},
	{.name = "mounts", .mode = S_IFREG | 0444, .show = proc_show_mounts},
	{.name = "pagemap", .mode = S_IFREG | 0400, .ops = &pagemap_ops},
	{.name = "exe", .mode = S_IFLNK | 0777, .link = proc_link_object, .follow = proc_follow_exe},
	{.name = "cwd", .mode = S_IFLNK | 0777, .link = proc_link_object, .follow = proc_follow_cwd},
	{.name = "root", .mode = S_IFLNK | 0777, .link = proc_link_object,
	 .follow = proc_follow_root},
	{.name = NULL},
};

const struct proc_entry proc_pid_entry = {.mode = S_IFDIR | 0555, .children = entries};
const struct proc_entry proc_thread_entry = {.mode = S_IFDIR | 0555, .children = entries + 1};
