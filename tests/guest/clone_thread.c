/*
 * clone: CLONE_THREAD set and clear, by the bare call: whose pid and tid, who is
 * the parent, who can be waited for, which signal the exit sends, who gets
 * signals for the process and for the thread, /proc/self/task; then the other
 * flags that threads are made with, each set and clear where that shows.
 *
 * From clone(2), gettid(2), tgkill(2), wait(2), proc(5).
 */
#include "clone.h"

enum { THREAD = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD };
enum { FUTEX_WAIT = 0 };

/* What the child found; it has no C library: it shares its creator's thread pointer. */
static volatile struct {
	int pid, tid, ppid, pgrp, tasks_done;
} found;
static volatile int word, go;
static volatile int usr1_tid;
static volatile sig_atomic_t chld;

static long bare(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

static int look_round(void *unused)
{
	(void)unused;
	found.pid = (int)bare(SYS_getpid, 0, 0, 0);
	found.tid = (int)bare(SYS_gettid, 0, 0, 0);
	found.ppid = (int)bare(SYS_getppid, 0, 0, 0);
	found.pgrp = (int)bare(SYS_getpgrp, 0, 0, 0);
	while (!go)
		bare(SYS_sched_yield, 0, 0, 0);
	return 17;
}

/* The child clears `word` when it is gone: it is woken here. */
static void gone(int tid)
{
	register long none __asm__("r10") = 0;

	while (word == tid) {
		long result;

		__asm__ volatile("syscall"
				 : "=a"(result)
				 : "a"(SYS_futex), "D"(&word), "S"(FUTEX_WAIT), "d"(tid), "r"(none)
				 : "rcx", "r11", "memory");
	}
}

static int tasks(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

static void on_chld(int number)
{
	(void)number;
	chld++;
}

static void on_usr1(int number)
{
	(void)number;
	usr1_tid = (int)syscall(SYS_gettid);
}

/* `word` gets the tid before the call returns, and 0 when the child has gone. */
static long start(unsigned long flags, int (*body)(void *))
{
	go = chld = 0;
	memset((void *)&found, 0, sizeof(found));
	return MUST(raw_clone_on(clone_stack + sizeof(clone_stack),
				 flags | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID, body, NULL,
				 (int *)&word, (int *)&word, NULL));
}

static void look(const char *label, unsigned long flags)
{
	int status = 0;
	long tid = start(flags, look_round), got;

	say("%s", label);
	while (!found.pgrp)
		sched_yield();
	YES_OF("the result is its tid", found.tid == tid);
	YES_OF("PARENT_SETTID stored it", word == tid);
	YES_OF("its pid is the caller's", found.pid == getpid());
	YES_OF("its parent is the caller's parent", found.ppid == getppid());
	YES_OF("its process group is the caller's", found.pgrp == getpgrp());
	VALUE_OF("in /proc/self/task", tasks());
	VALUE_OF("kill(tid, 0)", kill((pid_t)tid, 0));
	VALUE_OF("tgkill(pid, tid, 0)", syscall(SYS_tgkill, getpid(), tid, 0));
	go = 1;
	gone((int)tid);
	sleep_ms(20);
	VALUE_OF("its word after its exit", word);
	got = wait4(-1, &status, __WALL, NULL);
	say("wait: %s", got == -1 ? errno_text(errno) : status_text(status));
	VALUE_OF("SIGCHLD", chld);
	VALUE_OF("in /proc/self/task after its exit", tasks());
	VALUE_OF("tgkill after its exit", syscall(SYS_tgkill, getpid(), tid, 0));
}

/* For a thread, or for the process while the first thread blocks it: the other one runs it. */
static void signals(void)
{
	sigset_t usr1;
	long tid = start(THREAD, look_round);

	while (!found.pgrp)
		sched_yield();
	usr1_tid = 0;
	MUST(syscall(SYS_tgkill, getpid(), tid, SIGUSR1));
	while (!usr1_tid)
		sched_yield();
	YES_OF("tgkill to the thread: it ran the handler", usr1_tid == tid);
	usr1_tid = 0;
	MUST(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1));
	YES_OF("tgkill to the first: it ran the handler, at once", usr1_tid == getpid());
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	MUST(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &usr1, NULL, 8));
	usr1_tid = 0;
	MUST(kill(getpid(), SIGUSR1));
	while (!usr1_tid)
		sched_yield();
	YES_OF("kill while the first blocks it: the other ran the handler", usr1_tid == tid);
	VALUE_OF("tgkill to a wrong group", syscall(SYS_tgkill, getppid(), tid, SIGUSR1));
	VALUE_OF("tgkill to group 0", syscall(SYS_tgkill, 0, tid, SIGUSR1));
	VALUE_OF("tkill 0", syscall(SYS_tkill, 0, SIGUSR1));
	MUST(syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &usr1, NULL, 8));
	go = 1;
	gone((int)tid);
}

static unsigned long block[8] = { 0, 0x5eed };

static int thread_block(void *unused)
{
	unsigned long seen;

	(void)unused;
	__asm__ volatile("mov %%fs:8, %0" : "=r"(seen));
	found.pid = seen == 0x5eed ? 1 : 2;
	return 0;
}

static int move_and_close(void *fd)
{
	bare(SYS_chdir, (long)"/", 0, 0);
	bare(SYS_close, (long)fd, 0, 0);
	return 0;
}

/* A thread may have files and a directory of its own. */
static void not_shared(const char *label, unsigned long flags)
{
	int fd = MUST(open("/dev/null", O_RDONLY)), home = MUST(open(".", O_RDONLY));
	char cwd[PATH_MAX];
	long tid;

	word = 0;
	tid = MUST(raw_clone_on(clone_stack + sizeof(clone_stack),
				flags | THREAD | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
				move_and_close, (void *)(long)fd, (int *)&word, (int *)&word,
				NULL));
	gone((int)tid);
	say("%s: the descriptor is open here: %s, the directory is the thread's: %s", label,
	    fcntl(fd, F_GETFD) == 0 ? "yes" : "no",
	    getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/") ? "yes" : "no");
	close(fd);
	MUST(fchdir(home));
	close(home);
}

int main(void)
{
	struct sigaction count = { .sa_handler = on_chld, .sa_flags = SA_RESTART };
	struct sigaction note = { .sa_handler = on_usr1, .sa_flags = SA_RESTART };
	long tid;

	MUST(sigaction(SIGCHLD, &count, NULL));
	MUST(sigaction(SIGUSR1, &note, NULL));
	look("without THREAD", CLONE_VM | CLONE_SIGHAND | SIGCHLD);
	look("with THREAD", THREAD);
	look("with THREAD, an exit signal: ignored", THREAD | SIGCHLD);
	look("with THREAD and PARENT", THREAD | CLONE_PARENT);
	look("as C libraries make them", THREAD | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM |
					 CLONE_DETACHED);
	signals();
	tid = MUST(raw_clone_on(clone_stack + sizeof(clone_stack),
				THREAD | CLONE_SETTLS | CLONE_PARENT_SETTID |
				CLONE_CHILD_CLEARTID, thread_block, NULL, (int *)&word,
				(int *)&word, block));
	gone((int)tid);
	VALUE_OF("SETTLS (1 = the new block)", found.pid);
	not_shared("neither FILES nor FS", 0);
	not_shared("FILES", CLONE_FILES);
	not_shared("FS", CLONE_FS);
	not_shared("FILES and FS", CLONE_FILES | CLONE_FS);
	return 0;
}
