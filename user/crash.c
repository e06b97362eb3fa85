/*
 * crash - a process that dies of a bug, and a parent that hears of it.
 *
 * Look for: what the parent learns (a signal, no exit status), and what it does not (where, and
 * why). To find that out: docs/debugging.md, "Why did this process die?". First
 * `echo 1 >/proc/sys/kernel/print-fatal-signals`, then `make gdb PROG=crash`.
 * To think about: the address is not 0, and it is still "the null pointer". Why?
 * In the kernel: fault_page in kernel/mm/fault.c, default_action in kernel/proc/deliver.c.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct fruit {
	const char *name;
	int price;
};

static const struct fruit fruits[] = {{"apple", 3}, {"pear", 4}, {"cherry", 9}};

static __attribute__((noinline)) const struct fruit *find(const char *name)
{
	for (size_t i = 0; i < sizeof(fruits) / sizeof(fruits[0]); i++)
		if (strcmp(fruits[i].name, name) == 0)
			return &fruits[i];
	return NULL;
}

static __attribute__((noinline)) int price_of(const char *name)
{
	const struct fruit *fruit = find(name);

	return fruit->price;	/* the bug: there may be none */
}

static void shop(void)
{
	static const char *const list[] = {"pear", "apple", "plum"};
	int sum = 0;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		sum += price_of(list[i]);
	printf("child: that makes %d\n", sum);
}

int main(void)
{
	struct rlimit no_core = {0, 0};
	int status = 0;
	pid_t pid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	setrlimit(RLIMIT_CORE, &no_core);
	printf("the child goes shopping\n");
	pid = fork();
	if (pid < 0) {
		perror("fork");
		return 2;
	}
	if (pid == 0) {
		shop();
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid) {
		perror("waitpid");
		return 2;
	}
	if (WIFSIGNALED(status))
		printf("parent: signal %d has ended it (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
	return WIFSIGNALED(status) ? 0 : 1;
}
