/*
 * clone with CLONE_VFORK, with and without CLONE_VM: the caller waits until
 * the child exits or execs; without the flag it runs on.
 *
 * From clone(2).
 */
#include "clone.h"

static volatile int *shared;

static int slow(void *unused)
{
	(void)unused;
	sleep_ms(60);
	shared[0] = 1;
	return 5;
}

static int exec_self(void *unused)
{
	static char *argv[] = { "clone_vfork", "sleep", NULL }, *envp[] = { NULL };

	(void)unused;
	sleep_ms(30);
	shared[0] = 1;
	execve("/proc/self/exe", argv, envp);
	return 1;
}

static void look(const char *label, unsigned long flags, int (*body)(void *))
{
	long pid;
	int first;

	shared[0] = 0;
	pid = MUST(raw_clone(flags | SIGCHLD, body, NULL));
	first = shared[0];
	say("%s: the child came first: %s", label, first ? "yes" : "no");
	if (body == exec_self)
		VALUE_OF("it still runs after exec", waitpid(pid, NULL, WNOHANG));
	reap(label, pid);
}

/* A signal to the waiting parent is kept until the child lets go. */
static volatile sig_atomic_t seen;

static void handler(int number)
{
	(void)number;
	seen = 1;
}

static int signal_parent(void *unused)
{
	(void)unused;
	kill(getppid(), SIGUSR1);
	sleep_ms(60);
	shared[0] = 1;
	shared[1] = seen;
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "sleep") == 0) {
		sleep_ms(200);
		return 6;
	}
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	MUST(shared == MAP_FAILED ? -1 : 0);
	look("neither", 0, slow);
	look("VM", CLONE_VM, slow);
	look("VFORK", CLONE_VFORK, slow);
	look("VFORK and VM", CLONE_VFORK | CLONE_VM, slow);
	look("VFORK and VM, exec", CLONE_VFORK | CLONE_VM, exec_self);
	look("VFORK, exec", CLONE_VFORK, exec_self);
	signal(SIGUSR1, handler);
	look("VFORK and VM, a signal to the parent", CLONE_VFORK | CLONE_VM, signal_parent);
	VALUE_OF("the handler ran while the child did", shared[1]);
	VALUE_OF("the handler ran", seen);
	munmap((void *)shared, PAGE);
	return 0;
}
