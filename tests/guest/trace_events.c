/*
 * What stands in the trace: each rule of a page fault where it is provoked; the tables and pages of
 * a fork; processes, signals, switches; system calls with their texts, and memory that is not there.
 *
 * docs/tracing.md has the events.
 * tine-only: yes
 */
#include "check.h"

static char text[4 << 20];
static sigjmp_buf back;

static void set(const char *words)
{
	int fd = MUST(open("/proc/sys/kernel/trace", O_WRONLY));

	MUST(write(fd, words, strlen(words)));
	close(fd);
}

/* Stops the trace and reads it; begin: from an empty one. */
static void begin(const char *words)
{
	set("off");
	set(words);
}

static void end(void)
{
	long have = 0, n;

	set("none");
	int fd = MUST(open("/proc/trace", O_RDONLY));
	while ((n = read(fd, text + have, 65536)) > 0)
		have += n;
	text[have] = '\0';
	close(fd);
}

/* A line of this task (0: any) that has what is wanted in it: the rest of it, or NULL. */
static __attribute__((format(printf, 2, 3))) const char *line(pid_t tid, const char *format, ...)
{
	char wanted[200];
	va_list args;

	va_start(args, format);
	vsnprintf(wanted, sizeof(wanted), format, args);
	va_end(args);
	for (char *at = text; (at = strstr(at, wanted)); at++) {
		char *start = at;
		int cpu, from;

		while (start > text && start[-1] != '\n')
			start--;
		if (sscanf(start, "%*d.%*d %d %d", &cpu, &from) == 2 && (!tid || from == tid))
			return at + strlen(wanted);
	}
	say("# no line of %d with: %s", tid, wanted);
	return NULL;
}

#define has(...) (line(__VA_ARGS__) != NULL)

static void on_fault(int sig)
{
	siglongjmp(back, sig);
}

static char peek(char *at)
{
	return *(volatile char *)at;
}

static void poke(char *at)
{
	*(volatile char *)at = 1;
}

static int rule(const void *at, int error, const char *name)
{
	const char *rest = line(gettid(), " fault va=0x%lx error=0x%x ip=0x", (long)at, error);
	char found[16] = "";

	if (rest)
		sscanf(rest, "%*x rule=%15s", found);
	return !strcmp(found, name);
}

static __attribute__((noinline)) char *deep(void)
{
	char *volatile at = (char *)__builtin_frame_address(0) - 200 * 1024;

	poke(at);
	return at;
}

static void rules(void)
{
	char *p = map_anon(4 * PAGE, PROT_READ | PROT_WRITE);
	char *read_only = map_anon(PAGE, PROT_READ);
	int fd = MUST(memfd_create("trace", 0));
	MUST(ftruncate(fd, PAGE));
	char *file = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	begin("fault");
	poke(p);
	peek(p + PAGE);
	poke(p + PAGE);
	peek(file);
	char *stack = deep();
	if (!sigsetjmp(back, 1))
		poke(read_only);
	if (!sigsetjmp(back, 1))
		peek(nowhere);
	if (!sigsetjmp(back, 1))
		peek(file + PAGE);
	end();
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	expect("untouched", rule(p, 6, "untouched"));
	expect("zero", rule(p + PAGE, 4, "zero"));
	expect("copy", rule(p + PAGE, 7, "copy"));
	expect("page", has(gettid(), " page mm=") && has(0, " va=0x%lx frame=0x", (long)p + PAGE));
	expect("file", rule(file, 4, "file"));
	expect("grow", rule(stack, 6, "grow"));
	expect("access", rule(read_only, 6, "access"));
	expect("segv", rule(nowhere, 4, "segv"));
	expect("bus", rule(file + PAGE, 4, "bus"));
	close(fd);
}

static void forks(void)
{
	char *p = map_anon(2 * PAGE, PROT_READ | PROT_WRITE);
	int status, mm, child_mm;

	poke(p);
	begin("fault process sched");
	pid_t pid = MUST(fork());
	if (pid == 0) {
		poke(p);
		_exit(7);
	}
	MUST(waitpid(pid, &status, 0));
	poke(p);
	end();
	const char *task = line(0, " task tid=%d tgid=%d parent=%d mm=", getpid(), getpid(), getppid());
	mm = task ? atoi(task) : 0;
	const char *fork_line = line(getpid(), " fork child=%d tgid=%d mm=", pid, pid);
	child_mm = fork_line ? atoi(fork_line) : 0;
	expect("task", task && strstr(task, " \"trace_events\"\n"));
	expect("fork", child_mm > mm && mm > 0 && has(getpid(), " mm=%d flags=0x11\n", child_mm));
	expect("share", has(getpid(), " share mm=%d to=%d level=3 frame=0x", mm, child_mm));
	expect("the stack's page", has(getpid(), " page mm=%d va=0x7ff", child_mm));
	expect("copy, top down", has(pid, " copy mm=%d level=3 frame=0x", child_mm) &&
	       has(pid, " copy mm=%d level=2 frame=0x", child_mm) &&
	       has(pid, " copy mm=%d level=1 frame=0x", child_mm));
	expect("the child's page", has(pid, " page mm=%d va=0x%lx frame=0x", child_mm, (long)p));
	expect("its rule", has(pid, " fault va=0x%lx error=0x7 ip=0x", (long)p));
	expect("own", has(getpid(), " own mm=%d level=1 frame=0x", mm));
	expect("reuse", rule(p, 7, "reuse"));
	expect("exit", has(pid, " exit status=0x700\n"));
	expect("wait", has(getpid(), " wait child=%d status=0x700\n", pid));
	expect("switch to it", has(0, " switch next=%d state=", pid));
	expect("and away for good", has(pid, " switch next=") && strstr(text, " state=Z\n"));
	expect("first fork, then what the child does, exit, wait",
	       strstr(text, " fork ") < strstr(text, " copy ") &&
	       strstr(text, " copy ") < strstr(text, " exit ") &&
	       strstr(text, " exit ") < strstr(text, " wait "));
}

static void execs(void)
{
	begin("process syscall");
	pid_t pid = MUST(fork());
	if (pid == 0) {
		execl("/bin/busybox", "true", "a\tb", NULL);
		_exit(1);
	}
	MUST(waitpid(pid, NULL, 0));
	end();
	expect("exec", has(pid, " exec mm=") && strstr(text, " \"busybox\"\n"));
	expect("its path", has(pid, " text arg=0 \"/bin/busybox\"\n"));
	expect("its arguments", has(pid, " text arg=1 \"true\"\n") &&
	       has(pid, " text arg=1 \"a\\tb\"\n"));
}

static void on_usr1(int sig)
{
	(void)sig;
}

static void signals(void)
{
	signal(SIGUSR1, on_usr1);
	begin("signal");
	raise(SIGUSR1);
	end();
	expect("signal", has(getpid(), " signal sig=10 to=%d code=-6\n", getpid()));
	expect("deliver", has(getpid(), " deliver sig=10 handler=0x%lx\n", (long)on_usr1));
	signal(SIGUSR1, SIG_DFL);
	pid_t pid = MUST(fork());
	if (pid == 0)
		_exit(pause());
	set("signal");
	MUST(kill(pid, SIGUSR1));
	MUST(waitpid(pid, NULL, 0));
	end();
	expect("the default action", has(pid, " deliver sig=10 handler=0x0\n"));
	expect("SIGCHLD is not kept", !strstr(text, " signal sig=17"));
}

static void calls(void)
{
	static const char long_text[] = "0123456789012345678901234567890123456789";
	char *p = map_anon(2 * PAGE, PROT_READ | PROT_WRITE), buf[64];
	int end_of[2];
	MUST(pipe(end_of));
	strcpy(p + PAGE - 5, "/tmp"); /* its NUL is the last byte that there is */
	MUST(munmap(p + PAGE, PAGE));
	begin("syscall");
	write(end_of[1], "a\"\\\n\001\377", 6);
	read(end_of[0], buf, sizeof(buf));
	write(end_of[1], long_text, 32);
	write(end_of[1], long_text, 33);
	write(end_of[1], "", 0);
	access(p + PAGE - 5, F_OK);
	access(nowhere, F_OK);
	access(in_kernel, F_OK);
	access(non_canonical, F_OK);
	syscall(1000, 1, 2, 3, 4, 5, 6);
	struct iovec parts[] = {{"one", 3}, {nowhere, 9}, {(char *)long_text, 2}};
	writev(end_of[1], parts, 1);
	writev(end_of[1], parts, 3);
	writev(end_of[1], (struct iovec *)nowhere, 3);
	syscall(SYS_write, end_of[1], p, -1L);
	end();
	expect("enter", has(getpid(), " enter nr=1000 a=0x1,0x2,0x3,0x4,0x5,0x6\n"));
	expect("leave", has(getpid(), " leave nr=1000 ret=-38\n"));
	const char *first = strstr(text, " text arg=1 \"a\\\"\\\\\\n\\001\\377\"\n");
	expect("escapes, going in and coming out", first && strstr(first + 1, " text arg=1 \"a\\\"\\\\\\n\\001\\377\"\n"));
	expect("32 bytes", has(getpid(), " text arg=1 \"%.32s\"\n", long_text));
	expect("33 are cut", has(getpid(), " text arg=1 \"%.32s\"...\n", long_text));
	expect("none", has(getpid(), " text arg=1 \"\"\n"));
	expect("a string up to the end of memory", has(getpid(), " text arg=0 \"/tmp\"\n"));
	const char *tmp = strstr(text, "\"/tmp\"\n");
	expect("no text of what is not there",
	       tmp && strstr(tmp, " text arg=0 ") == strstr(tmp, " text arg=0 \"/proc/sys/kernel/tr"));
	expect("writev's parts", has(getpid(), " text arg=1 \"one\"\n") &&
	       has(getpid(), " text arg=1 \"01\"\n"));
}

/* A text that is not in memory stays out: tracing does not bring it in. */
static void no_side_effects(void)
{
	char *p = map_anon(PAGE, PROT_READ | PROT_WRITE);
	unsigned char there = 1;

	begin("syscall fault");
	write(-1, p, 10);
	end();
	MUST(mincore(p, PAGE, &there));
	expect("untouched memory stays so", !(there & 1) && !strstr(text, "\\000"));
}

int main(void)
{
	rules();
	forks();
	execs();
	signals();
	calls();
	no_side_effects();
	set("off");
	return failures != 0;
}
