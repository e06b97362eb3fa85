/*
 * The events of the trace: one row each. A row is all that an event needs: trace(NAME, ...) writes
 * it, and the text of its line comes from here, in the kernel, everywhere.
 *
 *	X(name, CATEGORY, "format")
 *
 * The format is printf's, for up to 8 values, each a u64: %ld a number, 0x%lx an address or flags,
 * %s a name that stands in the kernel itself (a rule, a kind). Values after a text: trace_text.
 * How to add an event: docs/tracing.md.
 */
#ifndef TRACE_EVENTS_H
#define TRACE_EVENTS_H

/* Categories, in the order of their bits: what /proc/sys/kernel/trace switches, word by word. */
#define TRACE_CATEGORIES(X) X(SYSCALL, syscall) X(SCHED, sched) X(PROCESS, process) \
	X(SIGNAL, signal) X(FAULT, fault) X(TREE, tree)

#define TRACE_EVENTS(X)                                                                         \
	X(enter, SYSCALL, "nr=%ld a=0x%lx,0x%lx,0x%lx,0x%lx,0x%lx,0x%lx")                       \
	X(text, SYSCALL, "arg=%ld")                                                             \
	X(leave, SYSCALL, "nr=%ld ret=%ld")                                                     \
	X(task, PROCESS, "tid=%ld tgid=%ld parent=%ld mm=%ld")                                  \
	X(fork, PROCESS, "child=%ld tgid=%ld mm=%ld flags=0x%lx")                               \
	X(exec, PROCESS, "mm=%ld")                                                              \
	X(exit, PROCESS, "status=0x%lx")                                                        \
	X(wait, PROCESS, "child=%ld status=0x%lx")                                              \
	X(switch, SCHED, "next=%ld state=%c")                                                   \
	X(wakeup, SCHED, "tid=%ld cpu=%ld")                                                     \
	X(signal, SIGNAL, "sig=%ld to=%ld code=%ld")                                            \
	X(deliver, SIGNAL, "sig=%ld handler=0x%lx")                                             \
	X(fault, FAULT, "va=0x%lx error=0x%lx ip=0x%lx rule=%s")                                \
	X(share, FAULT, "mm=%ld to=%ld level=%ld frame=0x%lx refs=%ld va=0x%lx")                \
	X(copy, FAULT, "mm=%ld level=%ld frame=0x%lx to=0x%lx va=0x%lx")                        \
	X(own, FAULT, "mm=%ld level=%ld frame=0x%lx va=0x%lx")                                  \
	X(page, FAULT, "mm=%ld va=0x%lx frame=0x%lx to=0x%lx")                                  \
	X(shootdown, FAULT, "mm=%ld cpus=0x%lx pages=%ld")                                      \
	X(tree_begin, TREE, "mm=%ld why=%s code=0x%lx data=0x%lx brk=0x%lx brk_end=0x%lx "      \
			    "stack=0x%lx")                                                      \
	X(tree_table, TREE, "level=%ld frame=0x%lx refs=%ld va=0x%lx")                          \
	X(tree_run, TREE, "in=0x%lx first=%ld n=%ld kind=%s bits=%s frame=0x%lx refs=%ld "      \
			  "step=%ld")                                                           \
	X(tree_end, TREE, "mm=%ld truncated=%ld")

#endif
