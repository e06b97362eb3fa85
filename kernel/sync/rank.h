/*
 * The ranks of all locks: a CPU (or a task, for mutexes) that holds a lock may
 * take only locks of a higher rank. Two locks of one rank are taken together
 * only by spin_lock_second, in the order of their addresses. docs/locking.md says what each
 * one guards.
 *
 * Mutexes come first: no mutex is taken under a spinlock, because it sleeps.
 */
#ifndef SYNC_RANK_H
#define SYNC_RANK_H

enum lock_rank {
	RANK_NONE = 0,

	/* mutexes (sleep) */
	RANK_MOUNT = 12,	/* mount and umount: one at a time */
	RANK_RENAME = 14,	/* super.rename_lock: names moved between directories */
	RANK_FILE_POS = 16,	/* file.pos_lock: the offset, while read or write use it */
	RANK_INODE_DIR = 20,	/* inode.lock of a directory: its names; parents before children */
	RANK_ALONE = 22,	/* one CPU runs alone (sched_alone_begin) */
	RANK_TRACE = 23,	/* switching the trace, reading its rings */
	RANK_INODE = 24,	/* inode.lock of a file: size, pages */
	RANK_PIPE = 28,		/* pipe.lock */
	RANK_MM = 32,		/* mm.lock: the tree, brk; faults take it under any of the above */
	RANK_INODE_PAGES = 34,	/* inode.pages_lock: which pages a file has */

	/* spinlocks (interrupts off) */
	RANK_PROC = 50,		/* proc_lock: process tree, pids, groups, sessions */
	RANK_MMS = 51,		/* the list of address spaces */
	RANK_FILES = 52,	/* files.lock: a descriptor table */
	RANK_FS = 54,		/* fs.lock: cwd and umask */
	RANK_DENTRY = 56,	/* chains of names, read by path lookup; two: in order of address */
	RANK_INODES = 57,	/* the list of all inodes; the list of mounts */
	RANK_LOCKS = 58,	/* locks on files: fcntl and flock */
	RANK_SOCKET = 59,	/* socket_lock: names, peers and queues of all sockets */
	RANK_TTY = 60,		/* tty.lock: line discipline state */
	RANK_SIGHAND = 64,	/* sighand.lock: handlers and pending signals */
	RANK_SIG_USERS = 66,	/* how many signals each user has pending */
	RANK_FUTEX = 68,	/* a bucket of sleeping futexes */
	RANK_WAITQ = 70,	/* waitq.lock */
	RANK_TIMER = 74,	/* the timer queue */
	RANK_RUNQ = 78,		/* a run queue */
	RANK_KMAP = 82,		/* kernel mappings: stacks, large blocks */
	RANK_KMAP_TABLES = 83,	/* the page tables of those */
	RANK_HEAP = 84,		/* a heap cache */
	RANK_PAGE = 86,		/* the free list of frames */
	RANK_LOG = 90,		/* kernel log ring */
	RANK_CONSOLE = 92,	/* serial and VGA output */
	RANK_TRACE_STREAM = 94,	/* a line of the trace on its way to the host: under any other */
};

#endif
