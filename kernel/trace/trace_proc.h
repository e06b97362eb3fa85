/* The trace's files in /proc, for its tables. */
#ifndef TRACE_TRACE_PROC_H
#define TRACE_TRACE_PROC_H

#include "fs/procfs.h"

extern const struct file_ops trace_file_ops;	/* /proc/trace (trace_read.c) */

/* /proc/sys/kernel/trace (trace_switch.c) */
int trace_show_switch(struct text *text, const struct proc_node *node);
ssize_t trace_write_switch(const struct proc_node *node, const void __user *buf, size_t n);

#endif
