/*
 * Faults as signals: SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGTRAP with si_code
 * and si_addr, recovery by siglongjmp, and death by each without a handler or
 * with the signal blocked or ignored.
 *
 * From sigaction(2), signal(7), sigsetjmp(3).
 */
#include "check.h"

static sigjmp_buf escape;
static volatile sig_atomic_t code;
static void *volatile address;
static char *page;
static char *volatile read_only;

static void handler(int number, siginfo_t *info, void *context)
{
	(void)context;
	code = info->si_code;
	address = info->si_addr;
	siglongjmp(escape, number);
}

static void divide(void)
{
	volatile int zero = 0;

	__asm__ volatile("cltd; idivl %1" : : "a"(1), "m"(zero) : "edx");
}

static void overflow(void)
{
	volatile int minus_one = -1;

	__asm__ volatile("cltd; idivl %1" : : "a"(INT_MIN), "m"(minus_one) : "edx");
}

static void undefined(void) { __asm__ volatile("ud2"); }
static void breakpoint(void) { __asm__ volatile("int3"); }
static void privileged(void) { __asm__ volatile("cli"); }
static void halt(void) { __asm__ volatile("hlt"); }
static void move_cr(void) { __asm__ volatile("mov %%cr3, %%rax" : : : "rax"); }
static void port_in(void) { __asm__ volatile("in $0x60, %%al" : : : "rax"); }
static void bad_interrupt(void) { __asm__ volatile("int $0x0e"); }
static void bad_selector(void) { __asm__ volatile("mov %0, %%ds" : : "r"(0x1234)); }
static void read_null(void) { (void)*(volatile char *)(nowhere - 8); }
static void write_null(void) { *(nowhere - 8) = 1; }
static void read_kernel(void) { (void)*(volatile char *)in_kernel; }
static void write_kernel_text(void) { *kernel_text = 1; }
static void read_far(void) { (void)*(volatile char *)non_canonical; }
static void write_read_only(void) { *read_only = 1; }
static void jump_null(void) { ((void (*)(void))(uintptr_t)(nowhere - 8))(); }
static void jump_kernel(void) { ((void (*)(void))(uintptr_t)in_kernel)(); }
static void jump_data(void) { ((void (*)(void))(uintptr_t)page)(); }

static void stack_far(void)
{
	__asm__ volatile("mov %%rsp, %%rbx\n\t" "mov %0, %%rsp\n\t" "push %%rax\n\t"
			 "mov %%rbx, %%rsp" : : "r"(nowhere - 8) : "rbx", "memory");
}

static const char *code_text(int number)
{
	static char text[16];

	if (number == SIGSEGV && code == SEGV_MAPERR)
		return "SEGV_MAPERR";
	if (number == SIGSEGV && code == SEGV_ACCERR)
		return "SEGV_ACCERR";
	if (number == SIGFPE && code == FPE_INTDIV)
		return "FPE_INTDIV";
	if (number == SIGILL && code == ILL_ILLOPN)
		return "ILL_ILLOPN";
	if (code == SI_KERNEL)
		return "SI_KERNEL";
	snprintf(text, sizeof(text), "code %d", code);
	return text;
}

static const char *address_text(void)
{
	return address == NULL ? "null" : address == page ? "the page" :
	       address == in_kernel ? "in the kernel" : address == kernel_text ? "kernel text" :
	       address == non_canonical ? "non-canonical" : "another";
}

static void catch(const char *label, void (*body)(void), int tell_address)
{
	int number = sigsetjmp(escape, 1);

	if (number == 0) {
		body();
		say("%s: nothing", label);
	} else {
		say("%s: %s, %s%s%s", label, signal_text(number), code_text(number),
		    tell_address ? ", address " : "", tell_address ? address_text() : "");
	}
}

static void caught(void)
{
	catch("read null", read_null, 1);
	catch("write null", write_null, 1);
	catch("read the kernel", read_kernel, 1);
	catch("write kernel text", write_kernel_text, 1);
	catch("read non-canonical", read_far, 1);
	catch("write read-only", write_read_only, 1);
	catch("jump to null", jump_null, 1);
	catch("jump to the kernel", jump_kernel, 1);
	catch("jump to data", jump_data, 1);
	catch("divide by zero", divide, 0);
	catch("divide overflow", overflow, 0);
	catch("ud2", undefined, 0);
	catch("int3", breakpoint, 0);
	catch("cli", privileged, 0);
	catch("hlt", halt, 0);
	catch("mov from cr3", move_cr, 0);
	catch("in", port_in, 0);
	catch("int 14", bad_interrupt, 0);
	catch("a selector beyond the table", bad_selector, 0);
	for (int i = 0; i < 1000; i++) {
		if (sigsetjmp(escape, 1) == 0)
			write_null();
	}
	catch("the thousandth and first", write_null, 1);
}

static void death(void (*body)(void), const char *label)
{
	in_child(label, body);
}

static void blocked_fault(void)
{
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	write_null();
}

static void ignored_fault(void)
{
	signal(SIGSEGV, SIG_IGN);
	write_null();
}

int main(void)
{
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	page = map_anon(PAGE, PROT_READ);
	read_only = page;
	(void)*(volatile char *)page;
	for (size_t i = 0; i < COUNT(numbers); i++)
		MUST(sigaction(numbers[i], &action, NULL));
	caught();
	for (size_t i = 0; i < COUNT(numbers); i++)
		signal(numbers[i], SIG_DFL);
	death(write_null, "write null, default");
	death(divide, "divide, default");
	death(undefined, "ud2, default");
	death(breakpoint, "int3, default");
	death(privileged, "cli, default");
	death(jump_kernel, "jump to the kernel, default");
	death(stack_far, "push with no stack, default");
	death(blocked_fault, "write null, blocked");
	death(ignored_fault, "write null, ignored");
	/* The handler's own stack is bad: there is no way to deliver. */
	MUST(sigaction(SIGSEGV, &action, NULL));
	death(stack_far, "push with no stack, a handler");
	munmap(page, PAGE);
	return 0;
}
