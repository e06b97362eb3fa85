/* What stat and status of /proc/PID both tell, and how it is gathered (fs/proc_status.c). */
#ifndef FS_PROC_FIGURES_H
#define FS_PROC_FIGURES_H

#include "fs/procfs.h"
#include "mm/walk.h"
#include "proc/process.h"
#include "proc/task.h"

enum { KIB_PER_PAGE = PAGE_SIZE / KIB };

/* What the address space says; zeros if the task has none. Takes mm->lock. */
struct mm_figures {
	struct mm_usage usage;
	struct mm_layout layout;
	va_t brk_start, brk;
	bool present;
};
struct mm_figures mm_figures(const struct proc_node *node);

/* proc_lock is held, so sighand does not go away. */
struct signal_figures {
	sigset_t pending, shared, blocked, ignored, caught;
};
struct signal_figures signal_figures(const struct task *task);

/* The letter of stat, and the words that status adds. */
const char *task_state_text(const struct task *task);

#endif
