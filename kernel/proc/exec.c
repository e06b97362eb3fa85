/*
 * exec: replaces the program, keeps the process.
 *
 *	exec_run
 *	  exec_open       the file; for a script (#!) its interpreter, up to five deep
 *	  exec_read       the headers of it and of its dynamic linker, checked (elf.c)
 *	  exec_build      a new address space aside: segments, heap, stack (exec_image.c)
 *	  exec_be_alone   the other threads of the process end
 *	  exec_commit     cannot fail: the new address space takes the old one's place
 *
 * Until exec_commit the caller can go on as if nothing had been; whatever fails
 * is an errno. What commit keeps and resets follows execve(2):
 * descriptors marked close-on-exec go, caught signals become default; number,
 * parent, group, session, ids, directory, umask, nice, ignored signals and the
 * mask stay.
 *
 * Locks: none over the whole; each part takes its own. Sources: execve(2),
 * elf(5), psABI 3.4.1.
 */
#include "proc/exec.h"
#include "arch/cpu.h"
#include "fs/files.h"
#include "fs/inode.h"
#include "fs/path.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "mm/tree.h"
#include "mm/uaccess.h"
#include "proc/exec_args.h"
#include "proc/exec_image.h"
#include "proc/exit.h"
#include "proc/posix_timer.h"
#include "proc/process.h"
#include "syscall/syscalls.h"
#include "trace/trace.h"

enum { PATH_SIZE = 4096, HEAD_SIZE = 255, MAX_INTERPRETERS = 5 };

struct exec {
	char *path;		   /* what was asked for; PATH_SIZE bytes */
	struct strings args, envs;
	struct mm *mm;
	struct creds creds;	   /* set-user-ID and set-group-ID applied */
	va_t sp;
	struct files *files;	   /* if the descriptor table must stop being shared */
	struct sighand *sighand;   /* the same for handlers */
	struct image program, linker; /* linker: PT_INTERP's; its file is NULL if there is none */
	ssize_t head_len;
	char head[HEAD_SIZE + 1];  /* the first bytes of the file that is looked at */
};

/* Everything that exec holds; after a commit what it has handed over is NULL. */
static void exec_free(struct exec *e)
{
	if (e->mm)
		mm_put(e->mm);
	image_close(&e->program);
	image_close(&e->linker);
	if (e->files)
		files_put(e->files);
	if (e->sighand)
		sighand_put(e->sighand);
	strings_free(&e->args);
	strings_free(&e->envs);
	heap_free(e->path);
	heap_free(e);
}

static struct exec *exec_new(void)
{
	struct exec *e = heap_alloc(sizeof *e);
	if (!e)
		return NULL;
	memset(e, 0, offsetof(struct exec, program)); /* what follows is 3 KiB, and filled later */
	e->program.file = e->linker.file = NULL;
	e->path = heap_alloc(PATH_SIZE);
	if (!e->path) {
		heap_free(e);
		return NULL;
	}
	return e;
}

static char *skip_blanks(char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/*
 * "#! interpreter [argument]": the interpreter becomes the program, and the
 * arguments become: interpreter, the argument if any, path of the script, the
 * others. execve(2), "Interpreter scripts". interpreter points into e->head.
 */
static int parse_script(struct exec *e, const char *script, char **interpreter)
{
	e->head[e->head_len] = '\0';
	char *line = skip_blanks(e->head + 2);
	char *end = strchr(line, '\n');
	if (!end) {
		/* The line goes on: at least the interpreter's name must be whole. */
		if (e->head_len == HEAD_SIZE && !strchr(line, ' ') && !strchr(line, '\t'))
			return -ENOEXEC;
		end = line + strlen(line);
	}
	while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	if (!*line)
		return -ENOEXEC;
	char *argument = line;
	while (*argument && *argument != ' ' && *argument != '\t')
		argument++;
	if (*argument) {
		*argument++ = '\0';
		argument = skip_blanks(argument);
	}
	*interpreter = line;

	strings_drop_first(&e->args);
	int error = strings_add_first(&e->args, script);
	if (!error && *argument)
		error = strings_add_first(&e->args, argument);
	if (!error)
		error = strings_add_first(&e->args, line);
	return error;
}

/* Opens the program at the end of the chain of interpreters: e->program.file, e->head. */
static int exec_open(struct exec *e)
{
	char script[HEAD_SIZE + 1];
	const char *path = e->path;
	for (int depth = 0;; depth++) {
		struct file *file = file_open_exec(AT_FDCWD, path);
		if (IS_ERR(file))
			return PTR_ERR(file);
		e->program.file = file;
		e->head_len = file_read_kernel(file, e->head, HEAD_SIZE, 0);
		if (e->head_len < 0)
			return e->head_len;
		if (e->head_len < 2 || e->head[0] != '#' || e->head[1] != '!')
			return 0;
		if (depth == MAX_INTERPRETERS)
			return -ELOOP;
		char *interpreter;
		int error = parse_script(e, path, &interpreter);
		if (error)
			return error;
		strlcpy(script, interpreter, sizeof script);
		path = script;
		image_close(&e->program);
	}
}

static int exec_read(struct exec *e)
{
	int error = image_read(&e->program, e->head, e->head_len);
	return error ? error : image_open_linker(&e->program, &e->linker);
}

static int exec_build(struct exec *e)
{
	e->mm = mm_new();
	if (!e->mm)
		return -ENOMEM;
	int error = image_map_program(e->mm, &e->program);
	if (!error && e->linker.file)
		error = image_map_linker(e->mm, &e->linker);
	if (error)
		return error;
	struct inode *inode = e->program.file->inode;
	mutex_lock(&inode->lock); /* a chown on its way takes S_ISUID away: both or neither */
	/* LINUX-DIFF: also where the directory is shared with another process (CLONE_FS). */
	u32 dropped = inode->super->flags & MS_NOSUID ? S_ISUID | S_ISGID : 0;
	bool secure = creds_for_exec(&e->creds, inode->mode & ~dropped, inode->uid, inode->gid);
	mutex_unlock(&inode->lock);
	e->mm->dumpable = !secure;
	struct stack_contents contents = {&e->args, &e->envs, e->path, &e->program, &e->linker,
					  &e->creds, secure};
	s64 sp = stack_build(e->mm, &contents);
	if (sp < 0)
		return sp;
	e->sp = sp;
	if (tree_over_limit(e->mm, 0))
		return -ENOMEM;

	/* Tables shared with other tasks (CLONE_FILES, CLONE_SIGHAND) stop being so. */
	if (files_users(current->files) > 1 && !(e->files = files_copy(current->files)))
		return -ENOMEM;
	if (current->sighand->refs > 1 && !(e->sighand = sighand_copy(current->sighand)))
		return -ENOMEM;
	return 0;
}

/* The process keeps its number: a thread that execs takes the leader's place. proc_lock held. */
static void become_leader(struct process *process)
{
	struct task *old = process->leader;
	struct pid *number = old->pid;
	old->pid = current->pid;
	current->pid = number;
	number->task = current;
	old->pid->task = old;
	process->leader = current;
	task_reap(old);
}

/* All others are sent SIGKILL, in one step with the claim: who comes second must not get back
 * to user mode. -EINTR: we are second, to an exit or another exec, and have ours. */
static int claim_process(struct process *process)
{
	spin_lock(&proc_lock);
	bool late = process->exiting || process->execing;
	if (!late) {
		process->execing = current;
		process_kill_others(process);
	}
	spin_unlock(&proc_lock);
	return late ? -EINTR : 0;
}

/* All other threads end. -EINTR if somebody else makes the whole process end first. */
static int exec_be_alone(void)
{
	struct process *process = current->process;
	struct waiter w;
	if (process->ntasks == 1 && process->leader == current)
		return 0; /* only we could make more */
	waitq_join(&process->alone_wait, &w);
	int error = claim_process(process);
	if (error) {
		waitq_leave(&w);
		return error;
	}
	/* Read without proc_lock: who makes it 1 wakes us after, and lets go of proc_lock before
	 * we go on below. A thread that is being made now gets its SIGKILL from clone. */
	while (process->ntasks > 1 && !error)
		error = waitq_sleep_quiet(&w, true);
	waitq_leave(&w);

	spin_lock(&proc_lock);
	process->execing = NULL;
	if (!error && process->leader != current)
		become_leader(process);
	spin_unlock(&proc_lock);
	return error;
}

/* The CPU goes over to the new address space; the old one is let go of. */
static void replace_mm(struct exec *e)
{
	struct task *task = current;
	struct mm *old = task->mm;
	exit_release_mm(task);
	e->mm->exe = e->program.file;
	spin_lock(&proc_lock);
	task->mm = e->mm;
	mm_switch(e->mm);
	spin_unlock(&proc_lock);
	e->mm = NULL;
	e->program.file = NULL;
	if (old)
		mm_put(old);
	vfork_release(task);
}

/* What only the threads of this process had in common is our own, now that they have ended. */
static void replace_shared_tables(struct exec *e)
{
	struct task *task = current;
	struct files *files = task->files;
	struct sighand *sighand = task->sighand;
	spin_lock(&proc_lock);
	if (e->files && files_users(files) > 1)
		task->files = e->files;
	if (e->sighand && sighand->refs > 1)
		task->sighand = e->sighand;
	spin_unlock(&proc_lock);
	if (task->files != files)
		e->files = files; /* exec_free lets go of the old ones, or of needless copies */
	if (task->sighand != sighand)
		e->sighand = sighand;
}

static void reset_machine(struct exec *e)
{
	struct regs *regs = task_regs(current);
	const struct image *first = e->linker.file ? &e->linker : &e->program;
	*regs = (struct regs){
		.orig_rax = NO_SYSCALL,
		.rip = first->elf.entry + first->bias,
		.cs = 0x33, /* the user's segments, arch/gdt.c */
		.ss = 0x2b,
		.rflags = 0x202, /* interrupts on */
		.rsp = e->sp,
	};
	thread_reset(&current->thread);
	thread_load(&current->thread);
}

/* The point of no return has passed: nothing here may fail. */
static void exec_commit(struct exec *e)
{
	struct task *task = current;
	spin_lock(&proc_lock); /* /proc may be looking */
	task_set_name(task, e->path);
	spin_unlock(&proc_lock);
	creds_commit(&e->creds); /* cannot fail: the real uid stays */
	replace_mm(e);
	replace_shared_tables(e);
	files_close_on_exec(task->files);
	sighand_reset_for_exec(task->sighand);
	posix_timers_end(task->process);
	task->altstack = (struct sigaltstack){0};
	spin_lock(&proc_lock);
	task->process->did_exec = true;
	task->process->exit_signal = SIGCHLD;
	if (!task->mm->dumpable)
		task->process->parent_death_signal = 0;
	spin_unlock(&proc_lock);
	reset_machine(e);
	trace_text(exec, task->name, strlen(task->name), task->mm->number);
	if (trace_on(TRACE_TREE))
		trace_tree(task->mm, "exec");
}

/* From e->path and the strings to the new program. */
static int exec_run(struct exec *e)
{
	int error = creds_check_exec();
	if (!error)
		error = exec_open(e);
	if (!error)
		error = exec_read(e);
	if (!error)
		error = exec_build(e);
	if (!error)
		error = exec_be_alone();
	if (!error)
		exec_commit(e);
	return error;
}

s64 sys_execve(const char __user *path, const va_t __user *argv, const va_t __user *envp)
{
	struct exec *e = exec_new();
	if (!e)
		return -ENOMEM;
	ssize_t len = copy_string_from_user(e->path, path, PATH_SIZE);
	int error = len < 0 ? len : len == 0 ? -ENOENT : 0;
	if (!error)
		error = strings_add_from_user(&e->args, argv);
	if (!error)
		error = strings_add_from_user(&e->envs, envp);
	if (!error && e->args.count == 0)
		error = strings_add(&e->args, ""); /* no program without argv[0]: execve(2) */
	if (!error)
		error = exec_run(e);
	exec_free(e);
	return error;
}

int exec_init(const char *path, const char *args)
{
	struct exec *e = exec_new();
	if (!e)
		return -ENOMEM;
	strlcpy(e->path, path, PATH_SIZE);
	int error = strings_add(&e->args, path);
	while (!error && *args) {
		char word[256];
		size_t n = 0;
		while (*args == ' ')
			args++;
		while (*args && *args != ' ' && n < sizeof word - 1)
			word[n++] = *args++;
		word[n] = '\0';
		if (n > 0)
			error = strings_add(&e->args, word);
	}
	if (!error)
		error = strings_add(&e->envs, "HOME=/");
	if (!error)
		error = strings_add(&e->envs, "TERM=linux");
	if (!error)
		error = exec_run(e);
	exec_free(e);
	return error;
}
