/*
 * One line in the kernel's log for each process that a signal ends: which
 * signal, why or by whom, and where the program was. Only on request, by
 * /proc/sys/kernel/print-fatal-signals or the option print-fatal-signals=1.
 *
 *	crash[12]: SIGSEGV (SEGV_MAPERR) at 0x0 writing, ip 0x401136 main+0x16 (user/crash.c:12) ...
 *	sleep[13]: SIGTERM sent by 7 (sh), ip ...
 *
 * Entry point: fatal_signal_report, from delivery (proc/deliver.c), with no lock
 * held. What stands behind ip is as in a panic's report.
 * Sources: sigaction(2) for the names; Linux's kernel.print-fatal-signals, which
 * prints registers instead.
 */
#include "arch/cpu.h"
#include "fs/inode.h"
#include "lib/lines.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/fault.h"
#include "mm/walk.h"
#include "proc/process.h"

u32 fatal_signals_printed;

static const char signal_names[][7] = {
	"0", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
	"USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU",
	"URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
};

static const struct {
	u8 signal, code;
	char name[12];
} code_names[] = {
	{SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR"}, {SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR"},
	{SIGBUS, BUS_ADRALN, "BUS_ADRALN"}, {SIGBUS, BUS_ADRERR, "BUS_ADRERR"},
	{SIGFPE, FPE_INTDIV, "FPE_INTDIV"}, {SIGFPE, FPE_FLTINV, "FPE_FLTINV"},
	{SIGILL, ILL_ILLOPN, "ILL_ILLOPN"}, {SIGTRAP, TRAP_BRKPT, "TRAP_BRKPT"},
	{SIGTRAP, TRAP_TRACE, "TRAP_TRACE"},
};

enum { LINE_SIZE = 256, NAME_SIZE = 128 };

struct report {
	char text[LINE_SIZE];
	size_t len;
};

static __printf(2, 3) void add(struct report *report, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	report->len += vsnprintf(report->text + report->len, LINE_SIZE - report->len, fmt, args);
	report->len = MIN(report->len, (size_t)LINE_SIZE - 1);
	va_end(args);
}

static bool is_fault(int sig, const struct siginfo *info)
{
	return (sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL ||
		sig == SIGTRAP) && info->code > 0; /* 0 and less: sent by a program */
}

/* An exception of the program's own: what it is called, and what it touched. */
static void add_fault(struct report *report, int sig, const struct siginfo *info)
{
	const struct fault_regs *fault = &current->fault;
	const char *name = "SI_KERNEL";
	for (size_t i = 0; i < ARRAY_SIZE(code_names); i++)
		if (code_names[i].signal == sig && code_names[i].code == info->code)
			name = code_names[i].name;
	add(report, " (%s)", name);
	if (info->code != SI_KERNEL)
		add(report, " at 0x%lx", info->addr);
	if (fault->vector == FAULT_VECTOR && (sig == SIGSEGV || sig == SIGBUS))
		add(report, " %s", fault->error_code & FAULT_FETCH ? "executing" :
		    fault->error_code & FAULT_WRITE ? "writing" : "reading");
}

static void add_sender(struct report *report, const struct siginfo *info)
{
	bool by_user = info->code == SI_USER || info->code == SI_QUEUE || info->code == SI_TKILL;
	if (!by_user || info->pid == 0) {
		add(report, " from the kernel");
		return;
	}
	spin_lock(&proc_lock);
	const struct pid *pid = pid_find(info->pid);
	const struct task *task = pid ? pid->task : NULL;
	if (task && task->process == current->process)
		add(report, " sent by itself");
	else
		add(report, " sent by %d (%s)", info->pid, task ? task->name : "gone");
	spin_unlock(&proc_lock);
}

/* "function+0x12 (file:line)" if the root archive has a table of the program's lines, else
 * "name+0x123": the file that the code is from, and where in it. */
static void add_file_place(struct report *report, va_t ip, const struct region *region)
{
	char path[NAME_SIZE];
	struct line line;
	if (region->start > ip || !inode_path(region->inode, path, sizeof path))
		return;
	const char *name = strrchr(path, '/') + 1;
	if (!lines_find(name, region->inode->size_bytes, ip, &line) || !line.function) {
		add(report, " %s+0x%lx", name, ip - region->start + region->offset_bytes);
		return;
	}
	add(report, " %s+0x%lx", line.function, ip - line.start);
	if (line.line)
		add(report, " (%s:%u)", line.file, line.line);
}

static void add_place(struct report *report, va_t ip)
{
	struct region region;
	add(report, ", ip 0x%lx", ip);
	if (!mm_next_region(current->mm, ip, &region) || !region.inode)
		return;
	add_file_place(report, ip, &region);
	inode_put(region.inode);
}

void fatal_signal_report(const struct regs *regs, int sig, const struct siginfo *info)
{
	const struct process *process = current->process;
	struct report report = {.len = 0};
	if (process->exiting || process->execing)
		return; /* it ends already, and this is how its threads are told */
	add(&report, "%s[%d]: ", current->name, task_tid(current));
	if (sig < (int)ARRAY_SIZE(signal_names))
		add(&report, "SIG%s", signal_names[sig]);
	else
		add(&report, "signal %d", sig);
	if (is_fault(sig, info))
		add_fault(&report, sig, info);
	else
		add_sender(&report, info);
	add_place(&report, regs->rip);
	add(&report, ", sp 0x%lx, pid %d parent %d", regs->rsp, task_tgid(current),
	    process->parent_number);
	kprintf("%s\n", report.text);
}
