/*
 * Storm: a user without rights calls the kernel with rsp and rbp that point to kernel stacks, while
 * threads come and go, so that stacks are mapped and unmapped all the time; and root asks all CPUs
 * where they are. That NMI must not believe these registers (kernel/lib/frames.c).
 *
 * args: 40
 * tine-only: yes
 */
#include "storm.h"
#include <sys/syscall.h>

enum { LOOKS = 60, THREADS = 200, SLOTS = 600, SLOT = 4 * PAGE };
#define KMAP_START 0xffffc00000000000 /* kernel/arch/pte.h */

/* getpid some times, with these two registers. */
static void call_with(unsigned long rsp)
{
	__asm__ volatile("mov %%rsp, %%r12\n\tmov %%rbp, %%r13\n\t"
			 "mov %0, %%rsp\n\tmov %0, %%rbp\n\t"
			 "mov %1, %%eax\n\tsyscall\n\tmov %1, %%eax\n\tsyscall\n\t"
			 "mov %%r12, %%rsp\n\tmov %%r13, %%rbp"
			 : : "r"(rsp), "i"(SYS_getpid)
			 : "rax", "rcx", "r11", "r12", "r13", "memory");
}

static void caller(void)
{
	MUST(setuid(1000));
	for (unsigned long i = 0;; i++)
		call_with(KMAP_START + i % SLOTS * SLOT + SLOT - PAGE - 16);
}

static void *thread(void *arg)
{
	sleep_us(2000);
	return arg;
}

static void maker(void)
{
	pthread_t threads[THREADS];

	for (;;) {
		int n = 0;
		while (n < THREADS && pthread_create(&threads[n], NULL, thread, NULL) == 0)
			n++;
		while (n > 0)
			pthread_join(threads[--n], NULL);
	}
}

int main(int argc, char **argv)
{
	pid_t child[4];

	storm_start(argc, argv);
	for (unsigned i = 0; i < COUNT(child); i++) {
		child[i] = MUST(fork());
		if (child[i] == 0)
			i % 2 ? maker() : caller();
	}
	int fd = MUST(open("/proc/sysrq-trigger", O_WRONLY));
	for (int i = 0; i < rounds(LOOKS); i++) {
		CHECK(write(fd, "l", 1) == 1);
		sleep_us(1000);
	}
	close(fd);
	for (unsigned i = 0; i < COUNT(child); i++) {
		MUST(kill(child[i], SIGKILL));
		CHECK(waitpid(child[i], NULL, 0) == child[i]);
	}
	return storm_end();
}
