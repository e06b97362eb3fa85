/*
 * /proc/PID/stack and wchan: where in the kernel a task sleeps, by the names
 * of functions (lib/frames.h).
 */
#include "fs/procfs.h"
#include "lib/frames.h"
#include "proc/task.h"

enum { FRAMES_MAX = 16 };

static int show_calls(struct text *text, const struct proc_node *node, bool all)
{
	va_t calls[FRAMES_MAX];
	spin_lock(&proc_lock);
	struct task *task = proc_task(node);
	u32 n = task ? frames_of_task(task, calls, FRAMES_MAX) : 0;
	spin_unlock(&proc_lock);
	const va_t *at = calls;
	char name[KSYM_NAME];
	bool known = !all && frames_wchan(&at, &n, name);
	for (u32 i = 0; all && i < n; i++)
		text_printf(text, "[<0>] %pS\n", (void *)calls[i]);
	if (!all)
		text_printf(text, "%s", known ? name : "0");
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
