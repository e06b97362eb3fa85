/*
 * Who a task acts for: user and group ids, and what a user has running.
 *
 * Each task has ids of its own, as on Linux; libcs keep those of all threads
 * equal. A task changes only its own, under proc_lock (creds_commit), so others
 * may read them under that lock. There are no capabilities: who has effective
 * uid 0 may do all (LINUX-DIFF). Source: credentials(7).
 */
#ifndef PROC_CREDS_H
#define PROC_CREDS_H

#include "lib/list.h"

enum { NGROUPS_MAX = 65536 };

/* Supplementary groups, in ascending order; shared by all that came by fork. */
struct groups {
	_Atomic u32 refs;
	u32 count;
	u32 gid[];
};

/* The tasks of one real uid, zombies too: RLIMIT_NPROC. */
struct user {
	u32 uid;
	u32 ntasks;	  /* proc_lock */
	struct list link; /* proc_lock */
};

struct creds {
	u32 uid, euid, suid, fsuid; /* real, effective, saved, for file access */
	u32 gid, egid, sgid, fsgid;
	struct groups *groups;	    /* counted; NULL: none */
	struct user *user;	    /* counts this task */
	bool no_new_privs;	    /* prctl(2): exec does not change ids */
	bool over_nproc;	    /* set*uid went beyond RLIMIT_NPROC: exec looks again */
};

/* May the task with these credentials act as root? (No capabilities.) */
static inline bool creds_root(const struct creds *creds)
{
	return creds->euid == 0;
}

/* Is it the group for file access, or a supplementary one? */
bool creds_in_group(const struct creds *creds, u32 gid);

/* The rule of setpriority(2), sched_setaffinity(2) and the like: our effective uid is the other's
 * real or effective one, or root's. */
static inline bool creds_may_schedule(const struct creds *us, const struct creds *other)
{
	return creds_root(us) || us->euid == other->uid || us->euid == other->euid;
}

/* The ids of pid 1: root. 0, -ENOMEM. */
int creds_init(struct creds *creds);

/* Those of a child of the current task. -EAGAIN beyond RLIMIT_NPROC. */
int creds_fork(struct creds *child);

/* The current task goes on with these; groups and user are found anew or stay. -EAGAIN: no memory
 * for what a new real uid needs. */
int creds_commit(const struct creds *new);

/* Other supplementary groups for the current task: a new list, which it takes over, or NULL. */
void creds_set_groups(struct groups *groups);

/* What the current task would be when it runs a program of this mode, owner and group; true if
 * the program must beware of who runs it (AT_SECURE): its ids are not all the user's own. */
bool creds_for_exec(struct creds *new, u32 mode, u32 uid, u32 gid);

/* -EAGAIN: a set*uid has made the user's tasks too many, and they still are: execve(2). */
int creds_check_exec(void);

/* Letting go, in two parts: the groups by the task itself at exit, which may sleep; and
 * its place among its user's tasks, when it is reaped (proc_lock held). */
void creds_put_groups(struct creds *creds);
void creds_leave_user(struct creds *creds);

#endif
