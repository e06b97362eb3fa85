/*
 * execve: another program in the same process.
 */
#ifndef PROC_EXEC_H
#define PROC_EXEC_H

#include "lib/types.h"

/* For pid 1: makes the current kernel task a user program. args: separated by
 * blanks. 0 with task_regs set, or -errno. */
int exec_init(const char *path, const char *args);

#endif
