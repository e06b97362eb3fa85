/*
 * One line in the kernel's log for each process that a signal ends: which
 * signal, why or by whom, and where the program was. Only on request, by
 * /proc/sys/kernel/print-fatal-signals or the option print-fatal-signals=1.
 *
 *	crash[12]: SIGSEGV (SEGV_MAPERR) at 0x0 writing, ip 0x401136 crash+0x1136, sp ...
 *	sleep[13]: SIGTERM sent by 7 (sh), ip ...
 *
 * Entry point: fatal_signal_report, from delivery (proc/deliver.c), with no lock
 * held. What stands behind ip is the file and the offset in it, for addr2line.
 * Sources: sigaction(2) for the names; Linux's kernel.print-fatal-signals, which
 * prints registers instead.
 */
#include "arch/cpu.h"
#include "fs/inode.h"
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

struct line {
	char text[LINE_SIZE];
	size_t len;
};

static __printf(2, 3) void add(struct line *line, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	line->len += vsnprintf(line->text + line->len, LINE_SIZE - line->len, fmt, args);
	line->len = MIN(line->len, (size_t)LINE_SIZE - 1);
	va_end(args);
}

static bool is_fault(int sig, const struct siginfo *info)
{
	return (sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL ||
		sig == SIGTRAP) && info->code > 0; /* 0 and less: sent by a program */
}

/* An exception of the program's own: what it is called, and what it touched. */
static void add_fault(struct line *line, int sig, const struct siginfo *info)
{
	const struct fault_regs *fault = &current->fault;
	const char *name = "SI_KERNEL";
	for (size_t i = 0; i < ARRAY_SIZE(code_names); i++)
		if (code_names[i].signal == sig && code_names[i].code == info->code)
			name = code_names[i].name;
	add(line, " (%s)", name);
	if (info->code != SI_KERNEL)
		add(line, " at 0x%lx", info->addr);
	if (fault->vector == FAULT_VECTOR && (sig == SIGSEGV || sig == SIGBUS))
		add(line, " %s", fault->error_code & FAULT_FETCH ? "executing" :
		    fault->error_code & FAULT_WRITE ? "writing" : "reading");
}

static void add_sender(struct line *line, const struct siginfo *info)
{
	bool by_user = info->code == SI_USER || info->code == SI_QUEUE || info->code == SI_TKILL;
	if (!by_user || info->pid == 0) {
		add(line, " from the kernel");
		return;
	}
	spin_lock(&proc_lock);
	const struct pid *pid = pid_find(info->pid);
	const struct task *task = pid ? pid->task : NULL;
	if (task && task->process == current->process)
		add(line, " sent by itself");
	else
		add(line, " sent by %d (%s)", info->pid, task ? task->name : "gone");
	spin_unlock(&proc_lock);
}

/* "name+0x123": the file that the code is from, and where in it. */
static void add_place(struct line *line, va_t ip)
{
	struct region region;
	char path[NAME_SIZE];
	add(line, ", ip 0x%lx", ip);
	if (!mm_next_region(current->mm, ip, &region) || !region.inode)
		return;
	if (region.start <= ip && inode_path(region.inode, path, sizeof path))
		add(line, " %s+0x%lx", strrchr(path, '/') + 1,
		    ip - region.start + region.offset_bytes);
	inode_put(region.inode);
}

void fatal_signal_report(const struct regs *regs, int sig, const struct siginfo *info)
{
	const struct process *process = current->process;
	struct line line = {.len = 0};
	if (process->exiting || process->execing)
		return; /* it ends already, and this is how its threads are told */
	add(&line, "%s[%d]: ", current->name, task_tid(current));
	if (sig < (int)ARRAY_SIZE(signal_names))
		add(&line, "SIG%s", signal_names[sig]);
	else
		add(&line, "signal %d", sig);
	if (is_fault(sig, info))
		add_fault(&line, sig, info);
	else
		add_sender(&line, info);
	add_place(&line, regs->rip);
	add(&line, ", sp 0x%lx, pid %d parent %d", regs->rsp, task_tgid(current),
	    process->parent_number);
	kprintf("%s\n", line.text);
}
