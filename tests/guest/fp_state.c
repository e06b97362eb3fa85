/*
 * SSE and x87 state: each process has its own across switches, system calls
 * and fork.
 *
 * From System V AMD64 psABI 3.2.1 and 3.2.3, fork(2).
 */
#include "check.h"

enum { PROCESSES = 6, ROUNDS = 200 };

/* Puts a value in all 16 registers, lets others run, and compares. */
static int keep(uint64_t value)
{
	uint64_t in[2] = { value, ~value }, out[16][2];
	int wrong = 0;

	for (int round = 0; round < ROUNDS; round++) {
		long result;

		__asm__ volatile(
			"movdqu %[in], %%xmm0\n\t"
			"movdqa %%xmm0, %%xmm1\n\t" "movdqa %%xmm0, %%xmm2\n\t"
			"movdqa %%xmm0, %%xmm3\n\t" "movdqa %%xmm0, %%xmm4\n\t"
			"movdqa %%xmm0, %%xmm5\n\t" "movdqa %%xmm0, %%xmm6\n\t"
			"movdqa %%xmm0, %%xmm7\n\t" "movdqa %%xmm0, %%xmm8\n\t"
			"movdqa %%xmm0, %%xmm9\n\t" "movdqa %%xmm0, %%xmm10\n\t"
			"movdqa %%xmm0, %%xmm11\n\t" "movdqa %%xmm0, %%xmm12\n\t"
			"movdqa %%xmm0, %%xmm13\n\t" "movdqa %%xmm0, %%xmm14\n\t"
			"movdqa %%xmm0, %%xmm15\n\t"
			"mov $20000, %%edx\n"
			"1: dec %%edx\n\t" "jnz 1b\n\t"
			"syscall\n\t"
			"movdqu %%xmm0, (%[out])\n\t" "movdqu %%xmm1, 16(%[out])\n\t"
			"movdqu %%xmm2, 32(%[out])\n\t" "movdqu %%xmm3, 48(%[out])\n\t"
			"movdqu %%xmm4, 64(%[out])\n\t" "movdqu %%xmm5, 80(%[out])\n\t"
			"movdqu %%xmm6, 96(%[out])\n\t" "movdqu %%xmm7, 112(%[out])\n\t"
			"movdqu %%xmm8, 128(%[out])\n\t" "movdqu %%xmm9, 144(%[out])\n\t"
			"movdqu %%xmm10, 160(%[out])\n\t" "movdqu %%xmm11, 176(%[out])\n\t"
			"movdqu %%xmm12, 192(%[out])\n\t" "movdqu %%xmm13, 208(%[out])\n\t"
			"movdqu %%xmm14, 224(%[out])\n\t" "movdqu %%xmm15, 240(%[out])\n\t"
			: "=a"(result)
			: "a"((long)SYS_sched_yield), [in] "m"(in), [out] "r"(out)
			: "rcx", "rdx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
			  "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
			  "xmm13", "xmm14", "xmm15");
		for (int i = 0; i < 16; i++)
			wrong += memcmp(out[i], in, 16) != 0;
	}
	return wrong > 100 ? 100 : wrong;
}

/* x87 and mxcsr, over a fork: the child inherits, and changes only its own. */
static void over_fork(void)
{
	unsigned strange = 0x5f80, mxcsr;
	unsigned short control = 0x077f;
	uint64_t in[2] = { 0x1122334455667788, 0x99aabbccddeeff00 }, out[2];
	double pi = 3.25, top;
	long pid;
	int status;

	__asm__ volatile("ldmxcsr %[strange]\n\t" "fninit\n\t" "fldcw %[control]\n\t"
			 "fldl %[pi]\n\t" "movdqu %[in], %%xmm9\n\t"
			 "syscall\n\t"
			 "movdqu %%xmm9, %[out]\n\t" "fstpl %[top]\n\t" "fnstcw %[control]\n\t"
			 "stmxcsr %[mxcsr]\n\t"
			 : "=a"(pid), [out] "=m"(out), [top] "=m"(top), [control] "+m"(control),
			   [mxcsr] "=m"(mxcsr)
			 : "a"((long)SYS_fork), [strange] "m"(strange), [pi] "m"(pi), [in] "m"(in)
			 : "rcx", "r11", "memory", "xmm9");
	if (pid > 0)
		MUST(waitpid(pid, &status, 0));
	say("%s: xmm9 %s, top %g, control %#x, mxcsr %#x", pid == 0 ? "child" : "parent",
	    memcmp(in, out, 16) == 0 ? "kept" : "lost", top, control, mxcsr & ~0x3fu);
	__asm__ volatile("fninit");
	mxcsr = 0x1f80;
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	if (pid == 0)
		_exit(0);
}

int main(void)
{
	int status;

	over_fork();
	for (int i = 0; i < PROCESSES; i++)
		if (MUST(fork()) == 0)
			_exit(keep(0x0101010101010101 * (i + 1)));
	for (int i = 0; i < PROCESSES; i++) {
		MUST(wait(&status));
		say("registers lost: %s", status_text(status));
	}
	return 0;
}
