/*
 * Threads and the calls that take numbers: waits see only the group, signals can
 * be sent by any number of it, groups and sessions are found by it; the first
 * thread gone; exec from a thread that is not the first, and who is then who; and
 * the word of CLONE_CHILD_CLEARTID at exit, exec and for two who wait.
 *
 * From wait(2), kill(2), tgkill(2), getpgid(2), execve(2), set_tid_address(2).
 */
#include "clone.h"
#include "futex.h"

static uint32_t word;
static int *note; /* shared with children */
static char self[PATH_MAX];

static void *make_child(void *pid)
{
	*(pid_t *)pid = fork();
	if (*(pid_t *)pid == 0)
		_exit(4);
	return NULL;
}

static void waits(void)
{
	struct sleeper s;
	pthread_t thread;
	pid_t pid;
	int status;

	start(&s, &word, FUTEX_WAIT | PRIVATE, 0, 0, NULL);
	VALUE_OF("wait for an own thread", waitpid(s.tid, &status, 0));
	VALUE_OF("with __WALL", waitpid(s.tid, &status, __WALL));
	VALUE_OF("with __WCLONE", waitpid(s.tid, &status, __WCLONE));
	VALUE_OF("for anybody", waitpid(-1, &status, __WALL));
	finish(&s, 1, &word, NULL);
	MUST(-pthread_create(&thread, NULL, make_child, &pid));
	MUST(-pthread_join(thread, NULL));
	YES_OF("another thread's child", waitpid(pid, &status, 0) == pid && status == 4 << 8);
}

static void *sleep_long(void *unused)
{
	note[0] = syscall(SYS_gettid);
	for (;;)
		pause();
	return unused;
}

static pid_t child_with_thread(int first_leaves)
{
	pthread_t thread;
	pid_t pid;

	note[0] = 0;
	pid = MUST(fork());
	if (pid == 0) {
		setpgid(0, 0);
		MUST(-pthread_create(&thread, NULL, sleep_long, NULL));
		if (first_leaves)
			syscall(SYS_exit, 5);
		for (;;)
			pause();
	}
	while (!*(volatile int *)&note[0])
		sleep_ms(5);
	till_asleep(pid, note[0]);
	while (first_leaves && task_state(pid, pid) != 'Z')
		sleep_ms(5);
	return pid;
}

static void numbers(int first_leaves)
{
	pid_t pid = child_with_thread(first_leaves), tid = note[0];
	struct rlimit limit;
	int status;

	say("%s:", first_leaves ? "its first thread gone" : "a child of two threads");
	VALUE_OF("wait for its thread", waitpid(tid, &status, WNOHANG));
	VALUE_OF("wait for it", waitpid(pid, &status, WNOHANG));
	VALUE_OF("waitid", waitid(P_PID, pid, &(siginfo_t){ 0 }, WEXITED | WNOHANG | WNOWAIT));
	VALUE_OF("kill it by the thread's number", kill(tid, 0));
	VALUE_OF("tgkill", syscall(SYS_tgkill, pid, tid, 0));
	VALUE_OF("tgkill, swapped", syscall(SYS_tgkill, tid, pid, 0));
	VALUE_OF("tgkill of the first", syscall(SYS_tgkill, pid, pid, 0));
	VALUE_OF("tkill", syscall(SYS_tkill, tid, 0));
	VALUE_OF("a group by the thread's number", kill(-tid, 0));
	YES_OF("getpgid of the thread", getpgid(tid) == pid);
	YES_OF("getsid of the thread", getsid(tid) == getsid(0));
	YES_OF("getpriority of the thread", getpriority(PRIO_PROCESS, tid) == 0);
	YES_OF("prlimit of the thread", prlimit(tid, RLIMIT_NOFILE, NULL, &limit) == 0);
	VALUE_OF("SIGTERM to the thread's number", kill(tid, SIGTERM));
	MUST(waitpid(pid, &status, 0));
	say("it: %s", status_text(status));
}

static void *exec_self(void *word_)
{
	note[0] = syscall(SYS_gettid);
	execl(self, "thread_group", word_, (char *)NULL);
	return NULL;
}

/* In the new program: the one thread has the process's number; the other number is free. */
static int after_exec(void)
{
	char path[64];
	int fd;

	if (syscall(SYS_gettid) != getpid() || note == NULL)
		return 1;
	snprintf(path, sizeof(path), "/proc/self/task/%d", getpid());
	if (access(path, F_OK) || kill(getpid(), 0))
		return 2;
	fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY);
	if (fd == -1 || openat(fd, "1", O_RDONLY) != -1)
		return 3;
	return 42;
}

static void execs(int first_leaves)
{
	pid_t pid, old;
	int status;

	note[0] = 0;
	pid = MUST(fork());
	if (pid == 0) {
		pthread_t thread;

		MUST(-pthread_create(&thread, NULL, sleep_long, NULL));
		sleep_ms(30);
		MUST(-pthread_create(&thread, NULL, exec_self, "again"));
		if (first_leaves)
			syscall(SYS_exit, 5);
		for (;;)
			pause();
	}
	VALUE_OF("exec from another thread", waitpid(pid, &status, 0) == pid);
	say("then: %s", status_text(status));
	old = note[0];
	YES_OF("its old number is free", old != pid && kill(old, 0) == -1 && errno == ESRCH);
}

/* Raw threads with CLONE_CHILD_CLEARTID on a word that two sleep on. */
static int leave_soon(void *unused)
{
	(void)unused;
	sleep_ms(150);
	return 0;
}

static int exec_soon(void *unused)
{
	(void)unused;
	sleep_ms(150);
	syscall(SYS_execve, self, (char *[]){ "thread_group", "nothing", NULL }, environ);
	return 1;
}

static void cleared(const char *label, int (*body)(void *))
{
	static volatile uint32_t tid_word;
	struct sleeper s[2];
	long pid;

	tid_word = 1;
	for (int i = 0; i < 2; i++)
		start(&s[i], (void *)&tid_word, FUTEX_WAIT, 1, 0, NULL);
	pid = raw_clone_on(clone_stack + sizeof(clone_stack),
			   CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD, body, NULL, NULL,
			   (int *)&tid_word, NULL);
	VALUE_OF(label, settle(s, 2, 1));
	VALUE_OF("the word", tid_word);
	reap("the child", pid);
	finish(s, 2, (void *)&tid_word, NULL);
}

/* Nobody else has the memory: the word stays. */
static void not_cleared(void)
{
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0) {
		note[1] = 77;
		syscall(SYS_set_tid_address, &note[1]);
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	VALUE_OF("shared memory, but not the address space", note[1]);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "nothing"))
		return 43;
	note = shared_memory(PAGE);
	if (argc > 1)
		return after_exec();
	MUST(readlink("/proc/self/exe", self, sizeof(self) - 1));
	waits();
	numbers(0);
	numbers(1);
	execs(0);
	execs(1);
	cleared("woken by an exit", leave_soon);
	cleared("woken by an exec", exec_soon);
	not_cleared();
	return 0;
}
