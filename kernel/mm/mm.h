/*
 * Address spaces. A struct mm is the root of one tree (mm/tree.h), a lock, and
 * the few numbers that the tree does not hold: where the heap ends, where the
 * program's parts began. There is no list of regions.
 *
 * Key letters: l mm->lock, a atomic, c constant after exec has committed.
 */
#ifndef MM_MM_H
#define MM_MM_H

#include "arch/pte.h"
#include "lib/list.h"
#include "sync/mutex.h"

struct file;

/* Where exec put the parts of the program; /proc shows it. */
struct mm_layout {
	va_t code_start, code_end, data_start, data_end;
	va_t stack_bottom, stack_top; /* l: the bottom moves down (mm/fault.c) */
	va_t arg_start, arg_end, env_start, env_end;
	u64 auxv[40]; /* pairs, ended by AT_NULL */
};

enum mm_locks { LOCKS_NONE, LOCKS_OWN, LOCKS_STALE /* the parent's: mlock(2) is not inherited */ };

struct mm {
	_Atomic u32 users;	/* tasks that share it (CLONE_VM, vfork), and lookers-on (/proc) */
	_Atomic u32 loaded;	/* CPUs whose CR3 holds root, one bit each */
	u64 number;		/* c: its own for ever: futexes know it by this */
	struct mutex lock;	/* RANK_MM */
	pa_t root;		/* c: the PML4 */
	va_t brk_start, brk;	/* l */
	va_t map_hint;		/* l: below it mmap looks for a gap first */
	va_t touched_up_to;	/* l: where the last first touch of a page ended */
	u32 touched_in_row;	/* l: so many before it lie side by side */
	u64 peak_resident;	/* l: in pages */
	u64 peak_mapped;	/* l: in pages; before what has been unmapped since */
	u8 locks;		/* l: enum mm_locks: what PTE_LOCKED in the tree means */
	u8 lock_future;		/* l: flags of mlockall(MCL_FUTURE) */
	bool keeps_empty;	/* l: there may be empty tables at the end of the map area */
	bool tree_changed;	/* l: tables or pages copied or taken back since its last snapshot
				 * (trace/trace_tree.c) */
	bool dumpable;		/* prctl(2): may others of the same user look into it? */
	struct list all_link;	/* mms_lock */
	struct file *exe;	/* c: counted by file_exec_get; /proc/PID/exe */
	struct mm_layout layout; /* c, but for stack_bottom */
};

struct mm *mm_new(void);			/* empty; NULL when out of memory */
struct mm *mm_fork(struct mm *parent, va_t stack); /* shares the tree (tree_share) */
struct mm *mm_get(struct mm *mm);
void mm_put(struct mm *mm);			/* the last user lets go of the tree */

/* For loops over all there are, in the order in which they were made: the one after mm, which is
 * put; NULL begins and ends. */
struct mm *mm_next(struct mm *mm);

/* Makes it the one whose tree this CPU uses; NULL: the kernel's own. Interrupts off. */
void mm_switch(struct mm *mm);

/* The mm of a task, counted, for a looker-on (/proc); NULL if it has none. Takes proc_lock. */
struct task;
struct mm *task_mm_get(struct task *task);

#endif
