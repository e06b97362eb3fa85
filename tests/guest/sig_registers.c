/*
 * sigreturn: every general register, the flags, SSE and x87 state come back
 * after a handler that destroys them; the red zone below the stack pointer is
 * not touched; the handler's stack is aligned.
 *
 * From sigreturn(2), System V AMD64 psABI 3.2.2 and 3.4.1.
 */
#include "check.h"

static volatile sig_atomic_t seen, dirty_flags, strange_mxcsr;

/* Only stores the stack pointer that it gets. */
extern void align_handler(int number);
static unsigned long handler_sp __attribute__((used));
__asm__(".text\nalign_handler:\n\tmov %rsp, handler_sp(%rip)\n\tret");

static void handler(int number)
{
	unsigned mxcsr = 0x7f80;
	unsigned long flags;

	(void)number;
	seen++;
	__asm__ volatile("pushf; pop %0" : "=r"(flags));
	dirty_flags += (flags & 0x400) != 0;		/* the direction flag */
	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	strange_mxcsr = mxcsr & ~0x3f;
	mxcsr = 0x7f80;
	__asm__ volatile("ldmxcsr %0\n\t"
			 "pcmpeqd %%xmm0, %%xmm0\n\t" "pcmpeqd %%xmm1, %%xmm1\n\t"
			 "pcmpeqd %%xmm7, %%xmm7\n\t" "pcmpeqd %%xmm8, %%xmm8\n\t"
			 "pcmpeqd %%xmm15, %%xmm15\n\t"
			 "fninit\n\t" "fldz\n\t"
			 : : "m"(mxcsr)
			 : "xmm0", "xmm1", "xmm7", "xmm8", "xmm15");
}

/* Fills 14 registers, calls kill, and gives back how many differ after it. */
static long general_registers(void)
{
	long pid = getpid(), wrong;

	__asm__ volatile("push %%rbp\n\t"
			 "mov $0x1111111111111111, %%rbx\n\t" "lea 1(%%rbx), %%rbp\n\t"
			 "lea 2(%%rbx), %%r8\n\t" "lea 3(%%rbx), %%r9\n\t"
			 "lea 4(%%rbx), %%r10\n\t" "lea 5(%%rbx), %%r12\n\t"
			 "lea 6(%%rbx), %%r13\n\t" "lea 7(%%rbx), %%r14\n\t"
			 "lea 8(%%rbx), %%r15\n\t" "lea 9(%%rbx), %%rdx\n\t"
			 "mov $62, %%eax\n\t"
			 "syscall\n\t"
			 "sub %%rbx, %%rbp\n\t" "sub %%rbx, %%r8\n\t" "sub %%rbx, %%r9\n\t"
			 "sub %%rbx, %%r10\n\t" "sub %%rbx, %%r12\n\t" "sub %%rbx, %%r13\n\t"
			 "sub %%rbx, %%r14\n\t" "sub %%rbx, %%r15\n\t" "sub %%rbx, %%rdx\n\t"
			 "add %%rbp, %%rax\n\t" "add %%r8, %%rax\n\t" "add %%r9, %%rax\n\t"
			 "add %%r10, %%rax\n\t" "add %%r12, %%rax\n\t" "add %%r13, %%rax\n\t"
			 "add %%r14, %%rax\n\t" "add %%r15, %%rax\n\t" "add %%rdx, %%rax\n\t"
			 "sub $45, %%rax\n\t"
			 "mov $0x1111111111111111, %%rcx\n\t"
			 "sub %%rcx, %%rbx\n\t"
			 "or %%rbx, %%rax\n\t"
			 "pop %%rbp\n\t"
			 : "=a"(wrong)
			 : "D"(pid), "S"((long)SIGUSR1)
			 : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
			   "r15", "cc", "memory");
	return wrong;
}

/* A fault comes between two instructions: rcx, r11 and the flags count too. */
static void skip_fault(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)info;
	handler(number);
	user->uc_mcontext.gregs[REG_RIP] += 2;		/* the length of ud2 */
}

static long registers_at_fault(void)
{
	unsigned long rax = 1, rcx = 2, r11 = 3, flags = 0;

	__asm__ volatile("mov $0xaaaa, %%eax\n\t" "mov $0xcccc, %%ecx\n\t"
			 "mov $0x1111, %%r11d\n\t"
			 "movq $0x5a5a, -64(%%rsp)\n\t"
			 "movq $0xa5a5, -120(%%rsp)\n\t"
			 "stc\n\t" "std\n\t"
			 "ud2\n\t"
			 "mov -64(%%rsp), %%rdx\n\t" "mov -120(%%rsp), %%rsi\n\t"
			 "pushf\n\t" "pop %3\n\t" "cld\n\t"
			 "sub $0x5a5a, %%rdx\n\t" "sub $0xa5a5, %%rsi\n\t"
			 "or %%rdx, %%rax\n\t" "or %%rsi, %%rax\n\t"
			 "mov %%rcx, %1\n\t" "mov %%r11, %2\n\t"
			 : "=&a"(rax), "=&r"(rcx), "=&r"(r11), "=&r"(flags)
			 : : "rcx", "rdx", "rsi", "r11", "cc", "memory");
	say("at a fault: rax %#lx, rcx %#lx, r11 %#lx, CF %s, DF %s", rax, rcx, r11,
	    flags & 1 ? "set" : "clear", flags & 0x400 ? "set" : "clear");
	return 0;
}

static void sse_registers(void)
{
	unsigned strange = 0x5f80, mxcsr = 0;
	unsigned short control = 0x077f, control_after = 0;
	uint64_t in[2] = { 0x0123456789abcdef, 0xfedcba9876543210 }, out[5][2];
	double seven = 7.5, top = 0;
	long result;

	__asm__ volatile("ldmxcsr %[strange]\n\t" "fninit\n\t" "fldcw %[control]\n\t"
			 "fldl %[seven]\n\t"
			 "movdqu %[in], %%xmm0\n\t" "movdqa %%xmm0, %%xmm1\n\t"
			 "movdqa %%xmm0, %%xmm7\n\t" "movdqa %%xmm0, %%xmm8\n\t"
			 "movdqa %%xmm0, %%xmm15\n\t"
			 "syscall\n\t"
			 "stmxcsr %[mxcsr]\n\t" "fnstcw %[after]\n\t" "fstpl %[top]\n\t"
			 "movdqu %%xmm0, (%[out])\n\t" "movdqu %%xmm1, 16(%[out])\n\t"
			 "movdqu %%xmm7, 32(%[out])\n\t" "movdqu %%xmm8, 48(%[out])\n\t"
			 "movdqu %%xmm15, 64(%[out])\n\t"
			 : "=a"(result), [mxcsr] "=m"(mxcsr), [after] "=m"(control_after),
			   [top] "=m"(top)
			 : "a"((long)SYS_kill), "D"((long)getpid()), "S"((long)SIGUSR1),
			   [strange] "m"(strange), [control] "m"(control), [seven] "m"(seven),
			   [in] "m"(in), [out] "r"(out)
			 : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm7", "xmm8", "xmm15");
	for (int i = 0; i < 5; i++)
		YES_OF("an SSE register is as before", memcmp(out[i], in, 16) == 0);
	say("mxcsr %#x, x87 control %#x, top of stack %g", mxcsr, control_after, top);
	__asm__ volatile("fninit");
	mxcsr = 0x1f80;
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
}

int main(void)
{
	struct sigaction action = { .sa_handler = handler };

	MUST(sigaction(SIGUSR1, &action, NULL));
	VALUE_OF("general registers that changed", general_registers());
	VALUE_OF("handler ran", seen);
	sse_registers();
	VALUE_OF("handler ran", seen);
	say("mxcsr in the handler: %#x", strange_mxcsr);
	action.sa_sigaction = skip_fault;
	action.sa_flags = SA_SIGINFO;
	MUST(sigaction(SIGILL, &action, NULL));
	registers_at_fault();
	signal(SIGUSR2, align_handler);
	MUST(kill(getpid(), SIGUSR2));
	VALUE_OF("stack pointer at the handler's entry, mod 16", handler_sp % 16);
	VALUE_OF("direction flag set in a handler", dirty_flags);
	return 0;
}
