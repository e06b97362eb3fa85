/*
 * threads - pthread_create and pthread_join are mmap, clone and futex.
 *
 * Look for: the same thread made twice, by the C library and by hand, with the same properties.
 * By hand: a stack and a block for __thread variables (mmap), one clone with the flags that the
 * library sets too, and a join: the kernel clears the word of CLONE_CHILD_CLEARTID when the
 * thread is gone and wakes who sleeps on it (futex); only then can the stack be unmapped.
 * To think about: why can the thread not unmap its own stack and then exit? Who frees the stack
 * of a detached thread, and what does the library need for that?
 * In the kernel: kernel/proc/clone.c, kernel/proc/futex.c, kernel/proc/exit.c. -v: the addresses.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096, STACK_BYTES = 16 * PAGE_BYTES, FD = 50, FUTEX_WAIT = 0 };

enum {
	FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
		CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
};

static bool verbose;
static int failures;
static __thread volatile int thread_local_variable;

/* What a thread finds out about itself; the shared memory carries it over. */
static struct report {
	long pid, tid;
	int thread_local_variable;
	uintptr_t stack;
} report;

static long must(long result, const char *call)
{
	if (result < 0) {
		perror(call);
		exit(2);
	}
	return result;
}

static void relation(const char *what, bool holds)
{
	printf("  %s: %s\n", what, holds ? "yes" : "no");
	failures += !holds;
}

/* The thread. Bare system calls only: the second time no C library knows of it. */
static void *body(void *argument)
{
	volatile char here = 0;

	report.pid = syscall(SYS_getpid);
	report.tid = syscall(SYS_gettid);
	report.thread_local_variable = ++thread_local_variable;
	report.stack = (uintptr_t)&here;
	syscall(SYS_dup2, STDOUT_FILENO, FD);
	return (char *)argument + 1;
}

/* The word is cleared a moment before the tid is free: up to 5 s for that. */
static bool comes_to_its_end(long tid)
{
	struct timespec moment = { .tv_nsec = 10 * 1000000L };

	for (int i = 0; i < 500; i++) {
		if (syscall(SYS_tgkill, getpid(), tid, 0) < 0)
			return errno == ESRCH;
		nanosleep(&moment, NULL);
	}
	return false;
}

static void check(const void *result)
{
	volatile char here;
	uintptr_t mine = (uintptr_t)&here;
	uintptr_t apart = report.stack > mine ? report.stack - mine : mine - report.stack;

	if (verbose)
		printf("# pid %ld, tid %ld, stack at %#lx (main: %#lx)\n", report.pid, report.tid,
		       (unsigned long)report.stack, (unsigned long)mine);
	relation("it has the pid of all", report.pid == getpid());
	relation("it has a tid of its own", report.tid != report.pid && report.tid > 0);
	relation("it has a stack of its own, in the same memory", apart > STACK_BYTES);
	relation("its __thread variable is its own", report.thread_local_variable == 1 &&
		 thread_local_variable == 100);
	relation("the descriptor that it opened is open here", close(FD) == 0);
	relation("its result has come back", result == (void *)42);
	relation("after the join its tid is gone", comes_to_its_end(report.tid));
	memset(&report, 0, sizeof(report));
}

static void by_library(void)
{
	pthread_t thread;
	void *result;

	printf("a thread by pthread_create\n");
	must(-pthread_create(&thread, NULL, body, (void *)41), "pthread_create");
	must(-pthread_join(thread, &result), "pthread_join");
	check(result);
}

/* What the library keeps of a thread, at the foot of its stack: musl's struct pthread, glibc's. */
struct thread {
	void *argument, *result;
	_Atomic int tid;	/* written by the kernel: the tid at the start, 0 at the end */
	void *tls[PAGE_BYTES / sizeof(void *)];
};

/* First C on the new stack. */
static void thread_main(struct thread *thread)
{
	thread->result = body(thread->argument);
}

/* Nothing is called after the registers are set, as a call may change them. */
static long clone_thread(struct thread *thread, void **tls)
{
	register void *r10 __asm__("r10") = &thread->tid;
	register void *r8 __asm__("r8") = tls;
	register struct thread *r12 __asm__("r12") = thread;
	long result;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r12, %%rdi\n\t"
			 "call *%%rbx\n\t"
			 "xor %%edi, %%edi\n\t"
			 "mov $60, %%eax\n\t"	/* exit: of this thread only */
			 "syscall\n"
			 "1:"
			 : "=a"(result)
			 : "a"(SYS_clone), "D"((long)FLAGS), "S"((char *)thread + STACK_BYTES),
			   "d"(&thread->tid), "r"(r10), "r"(r8), "b"(thread_main), "r"(r12)
			 : "rcx", "r11", "memory");
	return result;
}

static struct thread *create(void *argument)
{
	struct thread *thread = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void **tls;
	long result;

	must(thread == MAP_FAILED ? -1 : 0, "mmap");
	thread->argument = argument;
	/* __thread variables lie below the thread pointer, and there is a copy of it (psABI). */
	tls = &thread->tls[PAGE_BYTES / sizeof(void *) - 16];
	*tls = tls;
	result = clone_thread(thread, tls);
	errno = result < 0 ? (int)-result : 0;
	must(result < 0 ? -1 : 0, "clone");
	return thread;
}

/* The tid is the value to sleep on: a thread that has gone already is not waited for. */
static void *join(struct thread *thread)
{
	void *result;
	int tid;

	while ((tid = thread->tid) != 0)
		syscall(SYS_futex, &thread->tid, FUTEX_WAIT, tid, NULL, NULL, 0);
	result = thread->result;
	must(munmap(thread, STACK_BYTES), "munmap");
	return result;
}

static void by_hand(void)
{
	printf("the same thread by mmap, clone and futex\n");
	check(join(create((void *)41)));
}

int main(int argc, char **argv)
{
	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	thread_local_variable = 100;
	by_library();
	by_hand();
	return failures ? 1 : 0;
}
