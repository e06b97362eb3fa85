/*
 * clone3: the size of its structure, each argument that is EINVAL, and each
 * field at work.
 *
 * CLONE_THREAD: threads_basic.c and its like. From clone(2).
 */
#include "check.h"

struct args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	uint64_t set_tid, set_tid_size, cgroup;
	uint64_t unknown[2];
};

enum { V0 = 64, V1 = 80, V2 = 88 };

static struct args base(void)
{
	struct args args = { .exit_signal = SIGCHLD };

	return args;
}

/* The child, if there is one, leaves at once with status 30. */
static void call(const char *label, void *args, size_t size)
{
	long pid = syscall(SYS_clone3, args, size);
	int status;

	if (pid == 0)
		_exit(30);
	if (pid == -1) {
		say("%s: %s", label, errno_text(errno));
		return;
	}
	MUST(wait4(pid, &status, __WALL, NULL));
	say("%s: %s", label, status_text(status));
}

static void sizes(void)
{
	struct args args = base();
	char *edge = map_before_hole(PAGE) + PAGE - V2;
	static char page[2 * PAGE];

	call("size 0", &args, 0);
	call("size 63", &args, V0 - 1);
	call("size 64", &args, V0);
	call("size 80", &args, V1);
	call("size 88", &args, V2);
	call("larger, zeroes beyond", &args, sizeof(args));
	args.unknown[1] = 1;
	call("larger, not zero beyond", &args, sizeof(args));
	memcpy(page, &args, V2);
	call("a page", page, PAGE);
	call("a page and one", page, PAGE + 1);
	call("size -1", page, -1);
	args = base();
	memcpy(edge, &args, V2);
	call("ends at a mapping's end", edge, V2);
	call("crosses a mapping's end", edge + 1, V2);
	call("null", NULL, V2);
	call("kernel half", (void *)0xffff888000000000, V2);
	call("non-canonical", (void *)0x8000000000000000, V2);
	munmap(edge - PAGE + V2, PAGE);
}

#define BAD(label, ...)                                  \
	do {                                             \
		struct args args = base();               \
		__VA_ARGS__;                             \
		call(label, &args, V2);                  \
	} while (0)

static void invalid(void)
{
	static char stack[PAGE];

	BAD("exit signal in flags", args.flags = SIGCHLD);
	BAD("exit signal 65", args.exit_signal = 65);
	BAD("exit signal 255", args.exit_signal = 255);
	BAD("exit signal 256", args.exit_signal = 256);
	BAD("exit signal 2^32 + SIGCHLD", args.exit_signal = 0x100000000 | SIGCHLD);
	BAD("stack without size", args.stack = (uintptr_t)stack);
	BAD("size without stack", args.stack_size = sizeof(stack));
	BAD("stack in the kernel half",
	    args.stack = 0xffff888000000000, args.stack_size = sizeof(stack));
	BAD("set_tid without size", args.set_tid = (uintptr_t)stack);
	BAD("set_tid_size without set_tid", args.set_tid_size = 1);
	BAD("set_tid_size 33", args.set_tid = (uintptr_t)stack, args.set_tid_size = 33);
	BAD("unknown flag", args.flags = 1ULL << 63);
	BAD("unknown flag 2^40", args.flags = 1ULL << 40);
	BAD("DETACHED", args.flags = 0x00400000);
	BAD("SIGHAND without VM", args.flags = CLONE_SIGHAND);
	BAD("SIGHAND with CLEAR_SIGHAND",
	    args.flags = CLONE_SIGHAND | CLONE_VM | 0x100000000ULL);
	BAD("FS with NEWNS", args.flags = CLONE_FS | CLONE_NEWNS);
	BAD("PARENT with an exit signal", args.flags = CLONE_PARENT);
}

static void fields(void)
{
	volatile int parent_word = 0, child_word = 0;
	struct args args = base();
	long pid;
	int status;

	args.parent_tid = (uintptr_t)&parent_word;
	args.child_tid = (uintptr_t)&child_word;
	args.flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID;
	pid = MUST(syscall(SYS_clone3, &args, V0));
	if (pid == 0)
		_exit(child_word == getpid() ? 31 : 32);
	YES_OF("parent's word", parent_word == pid);
	YES_OF("parent's copy of the child's word", child_word == 0);
	MUST(waitpid(pid, &status, 0));
	say("child's word: %s", status_text(status));
	BAD("exit signal 0", args.exit_signal = 0);
	BAD("exit signal SIGUSR2", args.exit_signal = SIGUSR2);
	BAD("FILES and FS", args.flags = CLONE_FILES | CLONE_FS);
}

/* The stack grows down from stack + stack_size. */
static void own_stack(void)
{
	char *stack = map_anon(4 * PAGE, PROT_READ | PROT_WRITE);
	struct args args = base();
	long pid;
	int status;

	args.flags = CLONE_VM | CLONE_VFORK;
	args.stack = (uintptr_t)stack;
	args.stack_size = 4 * PAGE;
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "push $33\n\t"
			 "mov %%rsp, %%rdi\n\t"
			 "sub %%rbx, %%rdi\n\t"
			 "shr $4, %%rdi\n\t"
			 "and $0xff, %%edi\n\t"
			 "mov $60, %%eax\n\t"
			 "syscall\n"
			 "1:"
			 : "=a"(pid)
			 : "a"(SYS_clone3), "D"(&args), "S"(V0), "b"(stack)
			 : "rcx", "r11", "memory");
	MUST(pid < 0 ? -1 : 0);
	MUST(waitpid(pid, &status, 0));
	say("a push on the new stack, offset / 16 mod 256: %s", status_text(status));
	VALUE_OF("the word that was pushed", *(long *)(stack + 4 * PAGE - 8));
	munmap(stack, 4 * PAGE);
}

int main(void)
{
	signal(SIGUSR2, SIG_IGN);
	sizes();
	invalid();
	fields();
	own_stack();
	VALUE_OF("wait for one more", wait4(-1, NULL, __WALL, NULL));
	return 0;
}
