/*
 * /proc/PID/task: who is in it, what each thread's directory holds, names and
 * states of threads, the figures that are a thread's own, thread-self; and all
 * that when the first thread has gone. From proc(5), prctl(2) PR_SET_NAME.
 */
#include "futex.h"
#include <sys/prctl.h>

static char text[8192];

static long slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	long have = 0, n;

	if (fd == -1)
		return -1;
	while ((n = read(fd, text + have, sizeof(text) - 1 - have)) > 0)
		have += n;
	text[have] = '\0';
	close(fd);
	return n == -1 ? -1 : have;
}

static long slurp_of(pid_t pid, pid_t tid, const char *name)
{
	char path[80];

	if (tid)
		snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, name);
	else
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return slurp(path);
}

static long field(const char *name)
{
	char *at = strstr(text, name);

	return at ? atol(at + strlen(name)) : -2;
}

/* Field n (from 3 on) of stat. */
static long stat_field(pid_t pid, pid_t tid, int n)
{
	char *at;

	if (slurp_of(pid, tid, "stat") == -1)
		return -2;
	at = strrchr(text, ')') + 2;
	for (int i = 3; i < n; i++)
		at = strchr(at, ' ') + 1;
	return atol(at);
}

/* How many entries /proc/PID/task has, and how many of the tids. */
static int entries(pid_t pid, const pid_t *tids, int n, int *known)
{
	char path[40];
	DIR *dir;
	int sum = 0;
	struct dirent *e;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	*known = 0;
	if (!dir)
		return -1;
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		sum++;
		for (int i = 0; i < n; i++)
			*known += atoi(e->d_name) == tids[i];
	}
	closedir(dir);
	return sum;
}

static uint32_t word;
enum { THREADS = 3 };

static void directory(struct sleeper *s)
{
	pid_t tids[THREADS + 1] = { getpid() };
	int known;

	for (int i = 0; i < THREADS; i++)
		tids[i + 1] = s[i].tid;
	VALUE_OF("entries", entries(getpid(), tids, THREADS + 1, &known));
	VALUE_OF("known", known);
	VALUE_OF("the same by a thread's number", entries(s[1].tid, tids, THREADS + 1, &known));
	slurp_of(getpid(), 0, "status");
	VALUE_OF("Threads", field("\nThreads:"));
	VALUE_OF("num_threads", stat_field(getpid(), 0, 20));
	VALUE_OF("num_threads of a thread", stat_field(getpid(), s[0].tid, 20));
	slurp_of(getpid(), s[1].tid, "status");
	YES_OF("a thread's Pid", field("\nPid:") == s[1].tid);
	YES_OF("its Tgid", field("\nTgid:") == getpid());
	YES_OF("its PPid", field("\nPPid:") == getppid());
	YES_OF("it sleeps", strstr(text, "\nState:\tS (sleeping)") != NULL);
	YES_OF("the first runs", task_state(getpid(), getpid()) == 'R');
}

static void files(pid_t tid)
{
	static const char *const names[] = { "stat", "statm", "status", "maps", "cmdline", "environ",
		"comm", "auxv", "limits", "mounts", "pagemap", "exe", "cwd", "root", "fd", "fdinfo",
		"fd/1", "task", "nothing" };
	char path[80];
	struct stat st;

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "/proc/self/task/%d/%s", tid, names[i]);
		OK_OF(names[i], lstat(path, &st));
	}
	snprintf(path, sizeof(path), "/proc/self/task/%d", getppid());
	OK_OF("another process's number", stat(path, &st));
	OK_OF("no number", stat("/proc/self/task/x", &st));
	OK_OF("init's threads", stat("/proc/1/task/1", &st));
}

static long write_to(const char *path, const char *name)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	long n = fd == -1 ? -1 : write(fd, name, strlen(name));

	close(fd);
	return n;
}

static void say_name(const char *label, pid_t tid)
{
	slurp_of(getpid(), tid, "comm");
	text[strcspn(text, "\n")] = '\0';
	say("%s: [%s]", label, text);
}

static void names(struct sleeper *s)
{
	char path[80], name[16] = "";

	MUST(prctl(PR_SET_NAME, "the first"));
	say_name("the process's name is the first thread's", 0);
	say_name("a thread has its maker's", s[0].tid);
	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", s[0].tid);
	VALUE_OF("write 7 bytes", write_to(path, "another"));
	say_name("the thread", s[0].tid);
	say_name("its neighbour", s[1].tid);
	say_name("the process", 0);
	VALUE_OF("write 20 bytes", write_to(path, "0123456789abcdefghij"));
	say_name("the thread", s[0].tid);
	slurp_of(getpid(), s[0].tid, "stat");
	YES_OF("so in stat", strstr(text, "(0123456789abcde)") != NULL);
	VALUE_OF("the own", write_to("/proc/self/comm", "own"));
	MUST(prctl(PR_GET_NAME, name));
	say("prctl: %s", name);
	VALUE_OF("thread-self", write_to("/proc/thread-self/comm", "again"));
	say_name("the process", 0);
	pid_t pid = MUST(fork());
	if (pid == 0)
		_exit(write_to(path, "child's") == -1 && errno == EINVAL ? 1 : 2);
	MUST(waitpid(pid, &(int){ 0 }, 0) == pid ? 0 : -1);
	pid = MUST(fork());
	if (pid == 0) {
		snprintf(path, sizeof(path), "/proc/%d/comm", getppid());
		_exit(write_to(path, "child's") == -1 ? errno == EINVAL : 2);
	}
	int status;
	MUST(waitpid(pid, &status, 0));
	say("a child may not (1 = EINVAL): %s", status_text(status));
}

static void *spin(void *go)
{
	while (!*(volatile int *)go)
		;
	return NULL;
}

/* Time and faults: the process's are the sum, the thread's its own. */
static void own_figures(struct sleeper *s)
{
	volatile int go = 0;
	pthread_t thread;

	MUST(-pthread_create(&thread, NULL, spin, (void *)&go));
	UNTIL(stat_field(getpid(), 0, 14) >= 5);
	go = 1;
	MUST(-pthread_join(thread, NULL));
	YES_OF("the process has worked", stat_field(getpid(), 0, 14) >= 5);
	YES_OF("its first thread has not", stat_field(getpid(), getpid(), 14) < 20);
	YES_OF("nor a sleeper", stat_field(getpid(), s[0].tid, 14) == 0);
	YES_OF("faults: the sum", stat_field(getpid(), 0, 10) > stat_field(getpid(), s[0].tid, 10));
}

static void *thread_self(void *unused)
{
	char path[80], wanted[80];
	long n = MUST(readlink("/proc/thread-self", path, sizeof(path) - 1));

	path[n] = '\0';
	snprintf(wanted, sizeof(wanted), "%d/task/%ld", getpid(), syscall(SYS_gettid));
	YES_OF("thread-self", strcmp(path, wanted) == 0);
	slurp("/proc/thread-self/stat");
	YES_OF("its stat", atol(text) == syscall(SYS_gettid));
	slurp("/proc/self/stat");
	YES_OF("that of self", atol(text) == getpid());
	return unused;
}

static pid_t *shared_tid;
static uint32_t *shared_word;

static void *outlive(void *unused)
{
	*shared_tid = syscall(SYS_gettid);
	while (*(volatile uint32_t *)shared_word == 0)
		futex(shared_word, FUTEX_WAIT, 0, NULL, NULL, 0);
	_exit(0);
	return unused;
}

/* A process whose first thread is a zombie, and another sleeps. */
static void leader_gone(void)
{
	pid_t pid, tids[2];
	pthread_t thread;
	int known, status;

	shared_tid = shared_memory(PAGE);
	shared_word = (uint32_t *)shared_tid + 1;
	pid = MUST(fork());
	if (pid == 0) {
		MUST(-pthread_create(&thread, NULL, outlive, NULL));
		syscall(SYS_exit, 3);
	}
	while (!*(volatile pid_t *)shared_tid || task_state(pid, pid) != 'Z')
		sleep_ms(5);
	till_asleep(pid, *shared_tid);
	tids[0] = pid;
	tids[1] = *shared_tid;
	VALUE_OF("first thread gone: entries", entries(pid, tids, 2, &known));
	VALUE_OF("known", known);
	say("states: %c and %c", task_state(pid, pid), task_state(pid, tids[1]));
	slurp_of(pid, 0, "status");
	VALUE_OF("Threads", field("\nThreads:"));
	YES_OF("a zombie in its status", strstr(text, "\nState:\tZ (zombie)") != NULL);
	VALUE_OF("its cmdline", slurp_of(pid, 0, "cmdline"));
	YES_OF("the other's is there", slurp_of(pid, tids[1], "cmdline") > 0);
	VALUE_OF("nothing to wait for", waitpid(pid, &status, WNOHANG));
	VALUE_OF("kill(pid, 0)", kill(pid, 0));
	VALUE_OF("tgkill of the other", syscall(SYS_tgkill, pid, tids[1], 0));
	*shared_word = 1;
	futex(shared_word, FUTEX_WAKE, 1, NULL, NULL, 0);
	MUST(waitpid(pid, &status, 0));
	say("it ends: %s", status_text(status));
	YES_OF("and has gone", slurp_of(pid, 0, "stat") == -1);
	munmap(shared_tid, PAGE);
}

int main(void)
{
	struct sleeper s[THREADS];
	pthread_t thread;

	for (int i = 0; i < THREADS; i++)
		start(&s[i], &word, FUTEX_WAIT | PRIVATE, 0, 0, NULL);
	directory(s);
	files(s[2].tid);
	names(s);
	own_figures(s);
	MUST(-pthread_create(&thread, NULL, thread_self, NULL));
	MUST(-pthread_join(thread, NULL));
	finish(s, THREADS, &word, NULL);
	leader_gone();
	return 0;
}
