/*
 * What a handler finds in its ucontext: registers and flags, the mask to come
 * back to, the alternate stack, and for faults the vector, the error code and
 * the address, by which collectors of garbage and emulators tell reads from
 * writes. SS_AUTODISARM. Changes to mask and stack in the frame take effect.
 *
 * From sigaction(2), sigaltstack(2), getcontext(3), asm/sigcontext.h.
 */
#include "check.h"

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

enum { STACK_BYTES = 32 << 10 };

static ucontext_t seen;
static siginfo_t seen_info;
static volatile sig_atomic_t on_it, state_in_handler, set_in_handler;
static sigjmp_buf escape;
static char *stack;

static void keep(int number, siginfo_t *info, void *context)
{
	(void)number;
	memcpy(&seen, context, offsetof(ucontext_t, uc_sigmask) + 8);
	seen_info = *info;
	siglongjmp(escape, 1);
}

static void install(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	MUST(sigaction(number, &action, NULL));
}

static void show_fault(const char *label, volatile char *at)
{
	greg_t *regs = seen.uc_mcontext.gregs;

	say("%s: %s code %d, vector %lld, error %#llx, cr2 %s", label, signal_text(seen_info.si_signo),
	    seen_info.si_code, (long long)regs[REG_TRAPNO], (long long)regs[REG_ERR],
	    regs[REG_CR2] == (greg_t)at ? "is the address" : "is another");
}

static void fault(const char *label, volatile char *at, enum touch_kind kind)
{
	if (sigsetjmp(escape, 1) == 0) {
		if (kind == TOUCH_READ)
			(void)*at;
		else if (kind == TOUCH_WRITE)
			*at = 1;
		else
			((void (*)(void))(uintptr_t)at)();
	}
	show_fault(label, at);
}

static void faults(void)
{
	char *page = map_anon(3 * PAGE, PROT_READ | PROT_WRITE);

	install(SIGSEGV, keep, 0), install(SIGILL, keep, 0), install(SIGFPE, keep, 0);
	install(SIGTRAP, keep, 0);
	page[0] = 1;
	MUST(mprotect(page, PAGE, PROT_READ));
	MUST(munmap(page + PAGE, PAGE));
	fault("write to a page that is read-only", page + 5, TOUCH_WRITE);
	fault("read where nothing is", page + PAGE + 7, TOUCH_READ);
	fault("write where nothing is", page + PAGE + 9, TOUCH_WRITE);
	fault("run what is not to be run", page, TOUCH_EXEC);
	fault("read in the kernel", kernel_text, TOUCH_READ);
	if (sigsetjmp(escape, 1) == 0)
		fault("not canonical", non_canonical, TOUCH_READ);
	if (sigsetjmp(escape, 1) == 0)
		__asm__ volatile("ud2");
	show_fault("ud2", kernel_text);
	if (sigsetjmp(escape, 1) == 0)
		__asm__ volatile("xor %%edx, %%edx; mov $1, %%eax; xor %%ecx, %%ecx; div %%ecx"
				 : : : "eax", "ecx", "edx");
	show_fault("division by zero", kernel_text);
	if (sigsetjmp(escape, 1) == 0)
		__asm__ volatile("int3");
	show_fault("int3", kernel_text);
	if (sigsetjmp(escape, 1) == 0)
		__asm__ volatile("hlt");
	show_fault("hlt", kernel_text);
	MUST(munmap(page, PAGE));
	MUST(munmap(page + 2 * PAGE, PAGE));
}

/* Comes back, to see that what is changed in the frame counts. */
static void change(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;
	unsigned long block = 1UL << (SIGHUP - 1);

	(void)number, (void)info;
	memcpy(&seen, user, offsetof(ucontext_t, uc_sigmask) + 8);
	memcpy(&user->uc_sigmask, &block, 8);
	if (set_in_handler) {
		user->uc_stack.ss_sp = stack;
		user->uc_stack.ss_size = STACK_BYTES;
		user->uc_stack.ss_flags = 0;
	}
}

static void show_stack(const char *label, const stack_t *now)
{
	say("%s: %s, flags %#x, size %zu", label, !now->ss_sp ? "none" : now->ss_sp == stack ? "ours" :
	    "another", (unsigned)now->ss_flags, now->ss_size);
}

static void show_current(const char *label)
{
	stack_t now;

	MUST(syscall(SYS_sigaltstack, NULL, &now));
	show_stack(label, &now);
}

static void frames(void)
{
	sigset_t set;
	unsigned long mask;

	sigemptyset(&set), sigaddset(&set, SIGTERM), sigaddset(&set, 50);
	MUST(sigprocmask(SIG_SETMASK, &set, NULL));
	install(SIGUSR1, change, 0);
	MUST(raise(SIGUSR1));
	memcpy(&mask, &seen.uc_sigmask, 8);
	say("mask in the frame: %#lx", mask);
	YES_OF("uc_link is null", !seen.uc_link);
	YES_OF("flags: interrupts on, no direction", (seen.uc_mcontext.gregs[REG_EFL] & 0x600) == 0x200);
	YES_OF("code and stack segments", (seen.uc_mcontext.gregs[REG_CSGSFS] & 0xffff) == 0x33 &&
	       (seen.uc_mcontext.gregs[REG_CSGSFS] >> 48 & 0xffff) == 0x2b);
	YES_OF("there is FPU state, aligned", seen.uc_mcontext.fpregs &&
	       (uintptr_t)seen.uc_mcontext.fpregs % 64 == 0);
	MUST(syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, 8));
	say("mask afterwards: %#lx", mask);
	set_in_handler = 1;
	MUST(raise(SIGUSR1));
	show_current("set by the frame");
	set_in_handler = 0;
	MUST(raise(SIGUSR1));
	show_stack("then in the frame", &seen.uc_stack);
}

static int is_on_stack(const void *at)
{
	return (const char *)at >= stack && (const char *)at < stack + STACK_BYTES;
}

static void look(int number, siginfo_t *info, void *context)
{
	stack_t now, other = { .ss_sp = stack, .ss_size = STACK_BYTES / 2, .ss_flags = 0 };
	char here = 0;

	(void)number, (void)info;
	memcpy(&seen, context, offsetof(ucontext_t, uc_sigmask) + 8);
	on_it = is_on_stack(&here);
	MUST(syscall(SYS_sigaltstack, NULL, &now));
	show_stack("  in the handler", &now);
	if (set_in_handler)
		VALUE_OF("  another is set", syscall(SYS_sigaltstack, &other, NULL));
}

static void autodisarm(void)
{
	stack_t new = { .ss_sp = stack, .ss_size = STACK_BYTES, .ss_flags = SS_AUTODISARM };

	VALUE_OF("SS_AUTODISARM", syscall(SYS_sigaltstack, &new, NULL));
	show_current("set");
	install(SIGUSR1, look, SA_ONSTACK);
	for (set_in_handler = 0; set_in_handler < 2; set_in_handler++) {
		MUST(raise(SIGUSR1));
		say("  on the stack: %d", (int)on_it);
		show_stack("  in the frame", &seen.uc_stack);
		show_current("  afterwards");
	}
	install(SIGUSR1, look, 0);
	set_in_handler = 0;
	MUST(raise(SIGUSR1));
	show_current("a handler on the ordinary stack, afterwards");
	new.ss_flags = (int)(SS_AUTODISARM | SS_ONSTACK);
	VALUE_OF("with SS_ONSTACK", syscall(SYS_sigaltstack, &new, NULL));
	show_current("set");
	new.ss_flags = (int)(SS_AUTODISARM | SS_DISABLE);
	VALUE_OF("with SS_DISABLE", syscall(SYS_sigaltstack, &new, NULL));
	show_current("set");
}

int main(void)
{
	stack = malloc(STACK_BYTES);
	show_current("at first");
	faults();
	frames();
	autodisarm();
	return 0;
}
