/*
 * /proc/PID/stack and wchan: where in the kernel a task sleeps, by the names
 * of functions. Read off its kernel stack while it does not run (psABI 3.2.2:
 * rbp leads from frame to frame); if it wakes meanwhile, what is read stays
 * within its stack, and the names may be of another moment.
 */
#include "arch/thread.h"
#include "fs/procfs.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/kmap.h"
#include "proc/task.h"

enum { FRAMES_MAX = 16, SAVED_RBP = 5 /* words that thread_switch has pushed after it */ };

/* The return addresses, the innermost first; proc_lock is held, so the stack stays. */
static u32 task_frames(const struct task *task, va_t calls[FRAMES_MAX])
{
	va_t low = task->kstack_top - KSTACK_SIZE, high = (va_t)task_regs(task) - 2 * sizeof(va_t);
	va_t at = task->thread.rsp + SAVED_RBP * sizeof(va_t), rbp = 0;
	u32 n = 0;
	if ((task->state != TASK_SLEEPING && task->state != TASK_STOPPED) || task->on_cpu)
		return 0;
	if (at >= low && at < high)
		rbp = *(const va_t *)at;
	while (n < FRAMES_MAX && rbp % 8 == 0 && rbp >= low && rbp < high) {
		const va_t *frame = (const va_t *)rbp;
		calls[n++] = frame[1] - 1; /* in the call, not behind it */
		if (frame[0] <= rbp)
			break;
		rbp = frame[0];
	}
	return n;
}

static bool begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

/* What all sleeps have in common. */
static bool is_sleep(const char *name)
{
	return begins(name, "schedule") || begins(name, "thread_switch") ||
	       begins(name, "waitq_") || begins(name, "mutex_");
}

static int show_calls(struct text *text, const struct proc_node *node, bool all)
{
	va_t calls[FRAMES_MAX];
	spin_lock(&proc_lock);
	struct task *task = proc_task(node);
	u32 n = task ? task_frames(task, calls) : 0;
	spin_unlock(&proc_lock);
	for (u32 i = 0; i < n; i++) {
		u64 offset;
		const char *name = ksym_find(calls[i], &offset);
		if (all)
			text_printf(text, "[<0>] %pS\n", (void *)calls[i]);
		if (all || !name || is_sleep(name))
			continue;
		text_printf(text, "%s", name);
		return 0;
	}
	if (!all)
		text_printf(text, "0");
	return 0;
}

int proc_show_wchan(struct text *text, const struct proc_node *node)
{
	if (proc_may_look(node) == 0)
		return show_calls(text, node, false);
	text_printf(text, "0");
	return 0;
}

int proc_show_stack(struct text *text, const struct proc_node *node)
{
	return show_calls(text, node, true);
}
