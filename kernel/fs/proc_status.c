/*
 * /proc/PID/status, field by field as proc(5) has them, and the figures that
 * /proc/PID/stat shows in another form (fs/proc_figures.h).
 *
 * The figures of the address space are taken first (mm.lock sleeps); those of
 * the task are printed under proc_lock, into kernel memory.
 */
#include "fs/proc_figures.h"

#include "arch/cpu.h"
#include "fs/files.h"
#include "lib/string.h"

#define CAPS_ALL ((1ull << 41) - 1) /* what Linux 6.1 knows */

struct mm_figures mm_figures(const struct proc_node *node)
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

const char *task_state_text(const struct task *task)
{
	static const char *const text[] = {
		[TASK_RUNNING] = "R (running)", [TASK_SLEEPING] = "S (sleeping)",
		[TASK_STOPPED] = "T (stopped)", [TASK_ZOMBIE] = "Z (zombie)",
	};
	bool disk = task->state == TASK_SLEEPING && !task->wake_on_signal;
	return disk ? "D (disk sleep)" : text[task->state];
}

struct signal_figures signal_figures(const struct task *task)
{
	struct signal_figures f = {.blocked = task->blocked};
	struct sighand *sighand = task->sighand;
	if (!sighand)
		return f;
	spin_lock(&sighand->lock);
	f.pending = task->pending.set;
	f.shared = task->process->pending.set;
	for (int sig = 1; sig <= NSIG; sig++) {
		u64 handler = sighand_action(sighand, sig)->handler;
		if (handler == SIG_IGN)
			f.ignored |= sig_bit(sig);
		else if (handler != SIG_DFL)
			f.caught |= sig_bit(sig);
	}
	spin_unlock(&sighand->lock);
	return f;
}

static void show_who(struct text *text, const struct task *task)
{
	const struct creds *c = &task->creds;
	const struct process *process = task->process;
	char name[2 * TASK_NAME_LEN], *at = name;
	for (const char *from = task->name; *from; from++) { /* a name stays on its line */
		if (*from == '\n' || *from == '\\')
			*at++ = '\\';
		*at++ = *from == '\n' ? 'n' : *from;
	}
	*at = '\0';
	text_printf(text, "Name:\t%s\n", name);
	if (task->fs)
		text_printf(text, "Umask:\t%04o\n", task->fs->umask);
	text_printf(text, "State:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		    task_state_text(task), task_tgid(task), task_tid(task),
		    process->parent_number);
	text_printf(text, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t%u\nGroups:\t",
		    c->uid, c->euid, c->suid, c->fsuid, c->gid, c->egid, c->sgid, c->fsgid,
		    task->files ? files_size(task->files) : 0);
	for (u32 i = 0; c->groups && i < c->groups->count; i++)
		text_printf(text, "%u ", c->groups->gid[i]);
	text_printf(text, "%s\nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n",
		    c->groups && c->groups->count ? "" : " ", task_tgid(task), task_tid(task),
		    process->pgrp->number, process->session->number);
}

static void show_memory(struct text *text, const struct mm_figures *m)
{
	const struct mm_usage *u = &m->usage;
	const struct mm_layout *l = &m->layout;
	u64 stack_kib = (l->stack_top - l->stack_bottom) / KIB;
	u64 data_kib = u->data_pages * KIB_PER_PAGE;
	u64 exec_kib = u->exec_pages * KIB_PER_PAGE;
	u64 code_kib = MIN((ROUND_UP(l->code_end, PAGE_SIZE) - ROUND_DOWN(l->code_start, PAGE_SIZE)) /
			   KIB, exec_kib);
	const struct {
		const char *name;
		u64 kib;
	} rows[] = {
		{"VmPeak", u->peak_mapped_pages * KIB_PER_PAGE},
		{"VmSize", u->mapped_pages * KIB_PER_PAGE},
		{"VmLck", u->locked_pages * KIB_PER_PAGE}, {"VmPin", 0},
		{"VmHWM", u->peak_pages * KIB_PER_PAGE},
		{"VmRSS", u->resident_pages * KIB_PER_PAGE},
		{"RssAnon", (u->resident_pages - u->file_pages) * KIB_PER_PAGE},
		{"RssFile", 0}, {"RssShmem", u->file_pages * KIB_PER_PAGE}, /* all is tmpfs */
		{"VmData", data_kib - MIN(stack_kib, data_kib)}, {"VmStk", stack_kib},
		{"VmExe", code_kib}, {"VmLib", exec_kib - code_kib},
		{"VmPTE", u->table_pages * KIB_PER_PAGE}, {"VmSwap", 0}, {"HugetlbPages", 0},
	};
	if (!m->present)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		text_printf(text, "%s:\t%8lu kB\n", rows[i].name, rows[i].kib);
	text_printf(text, "CoreDumping:\t0\nTHP_enabled:\t0\n");
}

static void show_signals(struct text *text, struct task *task)
{
	struct signal_figures s = signal_figures(task);
	text_printf(text, "Threads:\t%u\nSigQ:\t%lu/%lu\nSigPnd:\t%016lx\nShdPnd:\t%016lx\n"
			  "SigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
		    process_nthreads(task->process), signal_queued_by(task->creds.uid),
		    task_rlimit(task, RLIMIT_SIGPENDING),
		    s.pending, s.shared, s.blocked, s.ignored, s.caught);
}

/* "0-2,5" */
static void show_cpu_list(struct text *text, u32 mask)
{
	const char *separator = "";
	for (u32 first = 0; first < MAX_CPUS; first++) {
		u32 last = first;
		if (!(mask >> first & 1))
			continue;
		while (last + 1 < MAX_CPUS && mask >> (last + 1) & 1)
			last++;
		text_printf(text, last > first ? "%s%u-%u" : "%s%u", separator, first, last);
		separator = ",";
		first = last;
	}
}

/* There are no capabilities: root has all. Those that it may take on again count as permitted. */
static void show_rights(struct text *text, const struct task *task)
{
	const struct creds *c = &task->creds;
	u32 allowed = task->cpus_allowed & (UINT32_MAX >> (MAX_CPUS - ncpus));
	bool any_root = c->uid == 0 || c->euid == 0 || c->suid == 0;
	text_printf(text, "CapInh:\t%016x\nCapPrm:\t%016llx\nCapEff:\t%016llx\nCapBnd:\t%016llx\n"
			  "CapAmb:\t%016x\nNoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\n",
		    0, any_root ? CAPS_ALL : 0, creds_root(c) ? CAPS_ALL : 0, CAPS_ALL, 0,
		    c->no_new_privs);
	text_printf(text, "Cpus_allowed:\t%0*x\nCpus_allowed_list:\t", (ncpus + 3) / 4,
		    allowed);
	show_cpu_list(text, allowed);
	text_printf(text, "\nMems_allowed:\t1\nMems_allowed_list:\t0\n"
			  "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
		    task->usage.voluntary_switches, task->usage.involuntary_switches);
}

int proc_show_status(struct text *text, const struct proc_node *node)
{
	struct mm_figures m = mm_figures(node);
	spin_lock(&proc_lock);
	struct task *task = proc_task(node);
	if (task) {
		show_who(text, task);
		show_memory(text, &m);
		show_signals(text, task);
		show_rights(text, task);
	}
	spin_unlock(&proc_lock);
	return task ? 0 : -ESRCH;
}
