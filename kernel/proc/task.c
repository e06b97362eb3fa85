/*
 * Tasks: allocation and the end of one, and pid 1.
 *
 * Who holds a task: the scheduler, until the CPU has left its stack for good
 * (finish_switch), and its number, until it is reaped (proc/wait.c). The last
 * of the two frees it. A process lives as long as any task of it.
 */
#include "proc/task.h"
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/time.h"
#include "fs/files.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/kmap.h"
#include "mm/page.h"
#include "proc/exec.h"
#include "proc/process.h"
#include "trace/trace.h"

struct list all_processes = LIST_INIT(all_processes);
struct process *init_process;

struct task *task_alloc(void)
{
	struct task *task = heap_zalloc(sizeof *task);
	if (!task)
		return NULL;
	task->kstack_top = kstack_alloc();
	if (!task->kstack_top) {
		heap_free(task);
		return NULL;
	}
	thread_init(&task->thread, (void *)task_stack_start(task));
	task->refs = 2;
	task->cpus_allowed = UINT32_MAX;
	list_init(&task->runq_link);
	list_init(&task->group_link);
	signal_queue_init(&task->pending);
	return task;
}

void task_put(struct task *task)
{
	if (--task->refs > 0)
		return;
	kstack_free(task->kstack_top);
	if (task->process && --task->process->refs == 0)
		heap_free(task->process);
	heap_free(task);
}

void task_set_name(struct task *task, const char *path)
{
	const char *slash = strrchr(path, '/');
	strlcpy(task->name, slash ? slash + 1 : path, sizeof task->name);
}

struct process *process_new(struct task *leader)
{
	struct process *process = heap_alloc(sizeof *process);
	if (!process)
		return NULL;
	memset(process, 0, offsetof(struct process, rlimit));
	process->leader = leader;
	leader->process = process;
	process->refs = process->ntasks = process->nlive = 1;
	process->exit_signal = SIGCHLD;
	process->start_ns = time_now_ns();
	list_init(&process->tasks);
	list_init(&process->children);
	list_init(&process->sibling_link);
	list_init(&process->all_link);
	list_init(&process->pgrp_link);
	list_init(&process->session_link);
	waitq_init(&process->child_wait);
	waitq_init(&process->alone_wait);
	signal_queue_init(&process->pending);
	list_init(&process->forks);
	return process;
}

void process_join_pgrp(struct process *process, struct pid *pgrp)
{
	struct pid *old = process->pgrp;
	pid_get(pgrp);
	process->pgrp = pgrp;
	list_remove(&process->pgrp_link);
	list_append(&pgrp->group_members, &process->pgrp_link);
	if (old)
		pid_put(old);
}

void process_join_session(struct process *process, struct pid *session)
{
	struct pid *old = process->session;
	pid_get(session);
	process->session = session;
	process->tty = NULL;
	list_remove(&process->session_link);
	list_append(&session->session_members, &process->session_link);
	if (old)
		pid_put(old);
}

/* Limits of pid 1, which all inherit: those of a Debian login, NPROC and the like by memory. */
static void set_limits(struct process *process)
{
	struct page_stats stats;
	page_stats(&stats);
	u64 max_tasks = stats.total / 16;
	for (int i = 0; i < RLIMIT_COUNT; i++)
		process->rlimit[i] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	process->rlimit[RLIMIT_STACK].soft = 8 * MIB;
	process->rlimit[RLIMIT_CORE].soft = 0;
	process->rlimit[RLIMIT_NOFILE] = (struct rlimit){1024, 4096};
	process->rlimit[RLIMIT_NPROC] = (struct rlimit){max_tasks, max_tasks};
	process->rlimit[RLIMIT_SIGPENDING] = (struct rlimit){max_tasks, max_tasks};
	process->rlimit[RLIMIT_MEMLOCK] = (struct rlimit){8 * MIB, 8 * MIB};
	process->rlimit[RLIMIT_MSGQUEUE] = (struct rlimit){819200, 819200};
	process->rlimit[RLIMIT_NICE] = (struct rlimit){0, 0};
	process->rlimit[RLIMIT_RTPRIO] = (struct rlimit){0, 0};
}

/* What pid 1 runs before it is a user program. */
static void start_init(void)
{
	static char path[256];
	if (!boot_option("init", path, sizeof path))
		strlcpy(path, "/init", sizeof path);
	kprintf("starting %s\n", path);
	files_open_console();
	int error = exec_init(path, boot_init_args());
	if (error)
		panic("cannot run %s: error %d; is it in the initramfs, a static x86-64 program?",
		      path, -error);
	thread_enter_user(task_regs(current));
}

__cold void proc_start_init(void)
{
	struct task *task = task_alloc();
	struct process *process = task ? process_new(task) : NULL;
	if (!process)
		panic("too little memory to start pid 1");
	task->files = files_new();
	task->fs = fs_new();
	task->sighand = sighand_new();
	task->pid = pid_alloc();
	if (!task->files || !task->fs || !task->sighand || !task->pid || creds_init(&task->creds))
		panic("too little memory to start pid 1");
	set_limits(process);
	task_set_name(task, "init");

	spin_lock(&proc_lock);
	task->pid->task = task;
	list_append(&process->tasks, &task->group_link);
	list_append(&all_processes, &process->all_link);
	process_join_session(process, task->pid);
	process_join_pgrp(process, task->pid);
	init_process = process;
	spin_unlock(&proc_lock);

	trace_task(task);
	thread_init_kernel(task, start_init);
	sched_start(task);
}
