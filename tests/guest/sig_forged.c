/*
 * sigreturn from a frame that was tampered with: registers that a user may
 * change are changed, privileges are not gained, nonsense is a SIGSEGV, and the
 * kernel lives.
 *
 * From sigreturn(2), getcontext(3).
 */
#include "check.h"

static void (*tamper)(ucontext_t *);

static void handler(int number, siginfo_t *info, void *context)
{
	(void)number, (void)info;
	tamper(context);
}

static void nothing(ucontext_t *user) { (void)user; }
static void far_rip(ucontext_t *user) { user->uc_mcontext.gregs[REG_RIP] = (long)non_canonical; }
static void kernel_rip(ucontext_t *user) { user->uc_mcontext.gregs[REG_RIP] = (long)kernel_text; }
static void edge_rip(ucontext_t *user) { user->uc_mcontext.gregs[REG_RIP] = 1L << 47; }
static void null_rip(ucontext_t *user) { user->uc_mcontext.gregs[REG_RIP] = 0; }
static void far_rsp(ucontext_t *user) { user->uc_mcontext.gregs[REG_RSP] = (long)non_canonical; }
static void kernel_rsp(ucontext_t *user) { user->uc_mcontext.gregs[REG_RSP] = (long)in_kernel; }
static void strange_flags(ucontext_t *user) { user->uc_mcontext.gregs[REG_EFL] |= 0x3000 | 0x4000; }

/* Interrupts off and I/O rights on, in the flags: neither may come true. */
static void io_flags(ucontext_t *user)
{
	user->uc_mcontext.gregs[REG_EFL] &= ~0x200L;
	user->uc_mcontext.gregs[REG_EFL] |= 0x3000;
}

static void far_fpstate(ucontext_t *user)
{
	user->uc_mcontext.fpregs = (void *)non_canonical;
}

static void null_fpstate(ucontext_t *user)
{
	user->uc_mcontext.fpregs = NULL;
}

/* Blocks SIGUSR1 and, if it could, SIGKILL from the frame. */
static void all_blocked(ucontext_t *user)
{
	memset(&user->uc_sigmask, 0xff, 8);
}

static void run(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	unsigned long flags;

	MUST(sigaction(SIGUSR1, &action, NULL));
	MUST(kill(getpid(), SIGUSR1));
	__asm__ volatile("pushf; pop %0" : "=r"(flags));
	say("  came back: interrupts %s, I/O level %lu", flags & 0x200 ? "on" : "off",
	    flags >> 12 & 3);
	if (tamper == io_flags || tamper == strange_flags)
		__asm__ volatile("in $0x60, %%al" : : : "rax");
	if (tamper == all_blocked)
		kill(getpid(), SIGKILL);
}

static void attempt(const char *label, void (*how)(ucontext_t *))
{
	tamper = how;
	in_child(label, run);
}

static void attempt_killed(const char *label, void (*how)(ucontext_t *))
{
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0) {
		tamper = how;
		run();
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	YES_OF(label, WIFSIGNALED(status));
}

/* No frame at all: whatever lies on the stack. */
static void bare_sigreturn(void)
{
	char zeroes[1024] = "";

	__asm__ volatile("mov %0, %%rsp\n\t" "mov $15, %%eax\n\t" "syscall\n\t" "hlt"
			 : : "r"(zeroes + 16) : "memory");
	__builtin_unreachable();
}

static void lost_stack(void)
{
	__asm__ volatile("mov %0, %%rsp\n\t" "mov $15, %%eax\n\t" "syscall\n\t" "hlt"
			 : : "r"(in_kernel) : "memory");
	__builtin_unreachable();
}

/* Unknown numbers of system calls. */
static void numbers(void)
{
	VALUE_OF("system call 1000", syscall(1000));
	VALUE_OF("system call 100000", syscall(100000));
	VALUE_OF("system call -1", syscall(-1));
	VALUE_OF("system call INT_MIN", syscall(INT_MIN));
}

int main(void)
{
	attempt("untouched", nothing);
	attempt("instruction pointer non-canonical", far_rip);
	attempt("in the kernel", kernel_rip);
	attempt("at 2^47", edge_rip);
	attempt("null", null_rip);
	/* Hardware gives a stack fault (SIGBUS), QEMU a protection fault. */
	attempt_killed("stack pointer non-canonical", far_rsp);
	attempt("stack pointer in the kernel", kernel_rsp);
	attempt("I/O level and nested task in the flags", strange_flags);
	attempt("no interrupts and an I/O level", io_flags);
	attempt("SSE state nowhere", far_fpstate);
	attempt("no SSE state", null_fpstate);
	attempt("everything blocked", all_blocked);
	in_child("sigreturn without a frame", bare_sigreturn);
	in_child("sigreturn without a stack", lost_stack);
	numbers();
	return 0;
}
