/*
 * The end of a process.
 */
#ifndef PROC_EXIT_H
#define PROC_EXIT_H

#include "lib/types.h"

struct task;
struct process;

/* Ends the current process; status as wait4 reports it. */
__noreturn void exit_process(int status);

/* CLD_EXITED, CLD_KILLED or CLD_DUMPED, for a status as wait4 reports it. */
int exit_code(int status);

/* What is due before a task leaves its address space (exit and exec). */
void exit_release_mm(struct task *task);

/* proc_lock held: a zombie's parent is told; reaped at once if it does not care. */
void process_notify_zombie(struct process *process);

#endif
