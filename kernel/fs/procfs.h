/*
 * /proc: a table of entries, each with a function that says what it shows. An
 * inode of /proc keeps only numbers (pid, start time, descriptor) and looks the
 * task up at each use, so a process may go while its files are open.
 */
#ifndef FS_PROCFS_H
#define FS_PROCFS_H

#include "fs/dentry.h"
#include "fs/readdir.h"
#include "lib/printf.h"

/*
 * Growing text; when memory runs out err is set and more is dropped. What may be long is shown in
 * parts: a show function that finds len beyond TEXT_PART leaves in `next` where it is to go on.
 */
struct text {
	char *bytes;
	size_t len, size;
	int err;
	u64 next; /* 0: show all from the start / there is no more */
};
enum { TEXT_PART = 3072 };
void text_printf(struct text *text, const char *fmt, ...) __printf(2, 3);
void text_add(struct text *text, const void *bytes, size_t n);
bool text_reserve(struct text *text, size_t n); /* room for n more bytes */

struct proc_node {
	const struct proc_entry *entry;
	pid_t pid;	/* 0: not of a process */
	u64 start_ns;	/* of that process: another with the same number differs */
	int fd;		/* for fd/N and fdinfo/N */
	bool thread;	/* below task/N: figures of the thread, not of its process */
};

/* What a union's member is follows from the type, and from `form`. */
enum proc_form { PROC_SHOWN, PROC_FIXED /* .text */, PROC_OPS };

struct proc_entry {
	const char *name;
	u32 mode;	/* type and permission bits */
	u8 form;	/* enum proc_form */
	u8 which;	/* for show functions of several files */
	bool look;	/* opening and reading needs proc_may_look */
	union {
		const char *text;	/* files and symlinks that always say the same */
		int (*show)(struct text *text, const struct proc_node *node); /* other text files */
		const struct file_ops *ops;				      /* other files */
		ssize_t (*link)(const struct proc_node *node, char *buf, size_t size); /* symlinks */
		const struct proc_entry *children; /* directories, or NULL; ended by a NULL name */
	};
	union { /* or NULL */
		ssize_t (*write)(const struct proc_node *node, const void __user *buf, size_t n);
		struct dentry *(*follow)(const struct proc_node *node); /* symlinks */
		/* directories: what is not among the children */
		struct dentry *(*lookup)(struct dentry *dir, const char *name, size_t len);
	};
	dir_fill *fill; /* emits what lookup finds, from PROC_DYNAMIC on */
};
enum { PROC_DYNAMIC = 256 };

static inline const struct proc_node *proc_node_of(const struct inode *inode)
{
	return inode->private;
}

/* A dentry for this entry in dir, whose numbers it takes except where node says otherwise. */
struct dentry *proc_dentry(struct dentry *dir, const char *name, size_t len,
			   const struct proc_node *node);

/* The whole name as a number, or -1. */
int proc_parse_number(const char *name, size_t len);

/* The node's task, or NULL if it has gone. Caller holds proc_lock. */
struct task;
struct task *proc_task(const struct proc_node *node);

/* Its address space, counted: NULL if it has gone or has none. may_look: -EACCES, -ESRCH. */
struct mm;
struct mm *proc_mm(const struct proc_node *node);
int proc_may_look(const struct proc_node *node);

extern const struct proc_entry proc_root_entry;		/* fs/proc_system.c */
extern const struct proc_entry proc_pid_entry, proc_thread_entry; /* fs/proc_pid.c */
extern const struct proc_entry proc_sys_entries[];	/* fs/proc_sys.c */
void proc_sys_add_provoke(void); /* /proc/sys/kernel/provoke (lib/provoke.c); at boot */
void proc_sys_init(void); /* from fs_init: numbers that the command line gives */
extern const struct file_ops pagemap_ops, kpagecount_ops; /* fs/proc_maps.c */

/* A text file's function, in the file that its name says. */
typedef int proc_show(struct text *text, const struct proc_node *node);
proc_show proc_show_mounts, proc_show_mountinfo;	/* fs/proc_system.c */
proc_show proc_show_cpuinfo;				/* fs/proc_cpuinfo.c */
proc_show proc_show_maps, proc_show_smaps;		/* fs/proc_maps.c */
proc_show proc_show_pagetable;				/* fs/proc_pagetable.c */
proc_show proc_show_stack, proc_show_wchan;		/* fs/proc_stack.c */
proc_show proc_show_status;				/* fs/proc_status.c */

/* fs/proc_links.c */
struct dentry *proc_pid_lookup(struct dentry *dir, const char *name, size_t len);
struct dentry *proc_thread_lookup(struct dentry *dir, const char *name, size_t len);
struct dentry *proc_fd_lookup(struct dentry *dir, const char *name, size_t len);
struct dentry *proc_fdinfo_lookup(struct dentry *dir, const char *name, size_t len);
dir_fill proc_pid_fill, proc_fd_fill;

struct dentry *proc_follow_exe(const struct proc_node *node);
struct dentry *proc_follow_cwd(const struct proc_node *node);
struct dentry *proc_follow_root(const struct proc_node *node);
/* The text of a symlink that follows an object: its path. */
ssize_t proc_link_object(const struct proc_node *node, char *buf, size_t size);

#endif
