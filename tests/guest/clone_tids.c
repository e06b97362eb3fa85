/*
 * clone: CLONE_PARENT_SETTID, CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID and
 * CLONE_SETTLS, each set and clear, and with pointers that lead nowhere.
 *
 * From clone(2), set_tid_address(2), arch_prctl(2).
 */
#include "clone.h"

static volatile int in_parent, in_child_word;
static unsigned long tls_block[32] __attribute__((aligned(64)));

static int check_tid(void *unused)
{
	(void)unused;
	return in_child_word == syscall(SYS_getpid) ? 1 : in_child_word == -7 ? 2 : 3;
}

static long start(unsigned long flags, int (*body)(void *))
{
	in_parent = in_child_word = -7;
	return raw_clone_on(clone_stack + sizeof(clone_stack), flags | SIGCHLD, body, NULL,
			    (int *)&in_parent, (int *)&in_child_word, NULL);
}

static void parent_settid(void)
{
	long pid = start(0, check_tid);

	reap("no flag: the child's word (2 = untouched)", pid);
	YES_OF("no flag: parent's word untouched", in_parent == -7);
	pid = start(CLONE_PARENT_SETTID, check_tid);
	YES_OF("PARENT_SETTID: stored on return", in_parent == pid);
	reap("PARENT_SETTID", pid);
	/* Linux stores for the caller, and goes on if it cannot. */
	pid = raw_clone_on(clone_stack + sizeof(clone_stack), CLONE_PARENT_SETTID | SIGCHLD,
			   check_tid, NULL, (int *)8, NULL, NULL);
	YES_OF("PARENT_SETTID to nowhere still makes a child", pid > 0);
	reap("PARENT_SETTID to nowhere", pid);
}

static void child_settid(void)
{
	long pid = start(CLONE_CHILD_SETTID, check_tid);

	reap("CHILD_SETTID: the child's word (1 = its tid)", pid);
	YES_OF("CHILD_SETTID: the parent's copy untouched", in_child_word == -7);
	pid = start(CLONE_CHILD_SETTID | CLONE_VM, check_tid);
	reap("CHILD_SETTID and VM", pid);
	YES_OF("CHILD_SETTID and VM: the word is the tid", in_child_word == pid);
	pid = start(CLONE_CHILD_SETTID | CLONE_PARENT_SETTID, check_tid);
	reap("both", pid);
	YES_OF("both: parent's word", in_parent == pid);
	pid = raw_clone_on(clone_stack + sizeof(clone_stack), CLONE_CHILD_SETTID | SIGCHLD,
			   check_tid, NULL, NULL, (int *)8, NULL);
	reap("CHILD_SETTID to nowhere", pid);
}

static void child_cleartid(void)
{
	long pid = start(CLONE_CHILD_CLEARTID | CLONE_VM, check_tid);

	reap("CLEARTID and VM", pid);
	VALUE_OF("CLEARTID and VM: the word after exit", in_child_word);
	pid = start(CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | CLONE_VM, check_tid);
	reap("CLEARTID, SETTID and VM", pid);
	VALUE_OF("CLEARTID, SETTID and VM: the word after exit", in_child_word);
	pid = start(CLONE_CHILD_CLEARTID, check_tid);
	reap("CLEARTID without VM", pid);
	VALUE_OF("CLEARTID without VM: the parent's word", in_child_word);
	pid = raw_clone_on(clone_stack + sizeof(clone_stack),
			   CLONE_CHILD_CLEARTID | CLONE_VM | SIGCHLD, check_tid, NULL, NULL,
			   (int *)8, NULL);
	reap("CLEARTID to nowhere", pid);
}

static int read_tls(void *unused)
{
	unsigned long word;

	(void)unused;
	__asm__ volatile("mov %%fs:8, %0" : "=r"(word));
	return word == 0x5eed ? 11 : 12;
}

static void settls(void)
{
	unsigned long own_fs, now_fs;
	long pid;

	tls_block[0] = (unsigned long)tls_block;
	tls_block[1] = 0x5eed;
	__asm__ volatile("mov %%fs:0, %0" : "=r"(own_fs));
	pid = raw_clone_on(clone_stack + sizeof(clone_stack), CLONE_SETTLS | SIGCHLD, read_tls,
			   NULL, NULL, NULL, tls_block);
	reap("SETTLS (11 = new block)", pid);
	pid = raw_clone_on(clone_stack + sizeof(clone_stack), CLONE_VM | CLONE_SETTLS | SIGCHLD,
			   read_tls, NULL, NULL, NULL, tls_block);
	reap("SETTLS and VM", pid);
	pid = raw_clone_on(clone_stack + sizeof(clone_stack), SIGCHLD, read_tls, NULL, NULL, NULL,
			   tls_block);
	reap("no SETTLS (12 = the parent's)", pid);
	__asm__ volatile("mov %%fs:0, %0" : "=r"(now_fs));
	YES_OF("the parent's FS base is as before", own_fs == now_fs);
	VALUE_OF("SETTLS in the kernel half",
		 raw_clone_on(clone_stack + sizeof(clone_stack), CLONE_SETTLS | SIGCHLD, read_tls,
			      NULL, NULL, NULL, (void *)0xffff800000000000));
	VALUE_OF("SETTLS non-canonical",
		 raw_clone_on(clone_stack + sizeof(clone_stack), CLONE_SETTLS | SIGCHLD, read_tls,
			      NULL, NULL, NULL, (void *)0x8000000000000000));
}

int main(void)
{
	parent_settid();
	child_settid();
	child_cleartid();
	settls();
	YES_OF("set_tid_address gives the tid", syscall(SYS_set_tid_address, NULL) == getpid());
	YES_OF("gettid is getpid", syscall(SYS_gettid) == getpid());
	return 0;
}
