/*
 * clone with and without CLONE_VM: whose memory the child writes, on which
 * stack it runs, and that mappings made or removed are shared or not.
 *
 * From clone(2).
 */
#include "clone.h"

static volatile int cell;
static char *volatile page;
static volatile unsigned long child_sp;

static int write_cell(void *value)
{
	int on_stack;

	cell = (int)(long)value;
	child_sp = (unsigned long)&on_stack;
	return 3;
}

static int map_page(void *unused)
{
	(void)unused;
	page = (char *)syscall(SYS_mmap, NULL, PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	page[0] = 'm';
	return 0;
}

static int unmap_page(void *unused)
{
	(void)unused;
	return syscall(SYS_munmap, page, PAGE) == 0 ? 0 : 1;
}

static int fault(void *unused)
{
	(void)unused;
	*nowhere = 1;
	return 0;
}

static void write_each_way(void)
{
	unsigned long low = (unsigned long)clone_stack, high = low + sizeof(clone_stack);

	cell = 1;
	reap("without VM", raw_clone(SIGCHLD, write_cell, (void *)2));
	VALUE_OF("cell after a child without VM", cell);
	reap("with VM", raw_clone(CLONE_VM | SIGCHLD, write_cell, (void *)3));
	VALUE_OF("cell after a child with VM", cell);
	YES_OF("the child ran on its stack", child_sp >= low && child_sp < high);
}

static void map_each_way(void)
{
	page = NULL;
	reap("mmap without VM", raw_clone(SIGCHLD, map_page, NULL));
	YES_OF("pointer stayed null", page == NULL);
	reap("mmap with VM", raw_clone(CLONE_VM | SIGCHLD, map_page, NULL));
	say("byte in the child's mapping: %c", page ? page[0] : '?');
	reap("munmap without VM", raw_clone(SIGCHLD, unmap_page, NULL));
	say("still mapped: %s", try_read(page));
	reap("munmap with VM", raw_clone(CLONE_VM | SIGCHLD, unmap_page, NULL));
	say("not mapped any more: %s", try_read(page));
}

/* Without CLONE_THREAD a fatal signal ends one process only. */
static void die_alone(void)
{
	reap("a fault in a child with VM", raw_clone(CLONE_VM | SIGCHLD, fault, NULL));
	cell = 5;
	VALUE_OF("the parent goes on", cell);
}

static int fork_inside(void *unused)
{
	int status = 0;
	long pid = syscall(SYS_fork);

	(void)unused;
	if (pid == 0) {
		cell = 77;
		syscall(SYS_exit, 4);
	}
	syscall(SYS_wait4, pid, &status, 0, NULL);
	return WEXITSTATUS(status);
}

int main(void)
{
	write_each_way();
	map_each_way();
	die_alone();
	cell = 6;
	reap("fork in a child with VM", raw_clone(CLONE_VM | SIGCHLD, fork_inside, NULL));
	VALUE_OF("cell after that fork's child", cell);
	return 0;
}
