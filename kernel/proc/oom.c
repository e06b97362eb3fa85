/*
 * Out of memory where it must not be: in init, without which no process can go
 * on. Others that cannot have a frame in a page fault end themselves
 * (mm/fault.c); for init the process with the most memory ends in its place.
 *
 * Lock: proc_lock.
 */
#include "arch/cpu.h"
#include "mm/mm.h"
#include "mm/page.h"
#include "proc/process.h"

/* Pages that the end of a process would give back; none if it shares ours (vfork). */
static u32 pages_to_win(const struct process *process)
{
	struct task *task;
	list_for_each(task, &process->tasks, group_link)
		if (task->mm)
			return task->mm == current->mm ? 0 : pa_page(task->mm->root)->resident;
	return 0;
}

bool process_kill_largest(void)
{
	struct process *process, *largest = NULL;
	u32 most = 0;
	spin_lock(&proc_lock);
	list_for_each(process, &all_processes, all_link) {
		u32 resident = pages_to_win(process);
		if (resident > most) {
			most = resident;
			largest = process;
		}
	}
	if (largest)
		signal_send_process(largest, SIGKILL, NULL);
	spin_unlock(&proc_lock);
	if (largest)
		schedule(); /* let it end */
	return largest;
}
