/*
 * si_code and si_addr of the faults that sig_fault leaves out: SIGBUS beyond the
 * end of a mapped file, PROT_NONE and write-only memory, the single step, the
 * x87's exceptions one by one; SIGCHLD's codes; and that the address of SIGFPE
 * and SIGILL is that of the instruction.
 *
 * From sigaction(2), mmap(2), Intel SDM vol. 1, 8.5.
 */
#include "check.h"

static sigjmp_buf escape;
static volatile sig_atomic_t number_seen, code_seen, status_seen;
static void *volatile addr_seen;
static volatile greg_t rip_seen;

static void handler(int number, siginfo_t *info, void *context)
{
	number_seen = number;
	code_seen = info->si_code;
	addr_seen = info->si_addr;
	rip_seen = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	siglongjmp(escape, 1);
}

static void report(const char *label, const void *at)
{
	say("%s: %s, code %d, address %s", label, signal_text(number_seen), (int)code_seen,
	    addr_seen == at ? "right" : addr_seen == (void *)rip_seen ? "the instruction" :
	    addr_seen ? "another" : "null");
	number_seen = 0;
}

static void access_to(const char *label, volatile char *at, int write)
{
	if (sigsetjmp(escape, 1) == 0) {
		if (write)
			*at = 1;
		else
			(void)*at;
	}
	if (number_seen)
		report(label, (void *)at);
	else
		say("%s: nothing", label);
}

static void memory(void)
{
	char *page, *none = map_anon(PAGE, PROT_NONE);
	int fd;

	make_file("file", 0600, "text", 4);
	fd = MUST(open("file", O_RDWR));
	page = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	access_to("within the file's last page", page + 100, 1);
	access_to("read beyond the file", page + PAGE + 3, 0);
	access_to("write beyond the file", page + 2 * PAGE, 1);
	MUST(munmap(page, 3 * PAGE));
	page = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	access_to("private, beyond the file", page + PAGE, 0);
	access_to("private, write to read-only", page, 1);
	access_to("private, write to read-only beyond the file", page + PAGE, 1);
	MUST(munmap(page, 2 * PAGE));
	close(fd), unlink("file");
	access_to("PROT_NONE, read", none, 0);
	access_to("PROT_NONE, write", none + 5, 1);
	MUST(munmap(none, PAGE));
}

static void step(void)
{
	if (sigsetjmp(escape, 1) == 0)
		__asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; nop; nop; nop" : : : "memory", "cc");
	report("single step", NULL);
}

/* One exception open, then an operation that raises it, and a wait for it. */
#define X87(label, mask, operation)                                                            \
	do {                                                                                   \
		unsigned short control = 0x037f & ~(mask);                                     \
		if (sigsetjmp(escape, 1) == 0) {                                               \
			__asm__ volatile("fninit; fldcw %0; " operation "; fwait" : : "m"(control),    \
					 "m"(zero), "m"(huge), "m"(tiny), "m"(three) : "memory");   \
			say(label ": nothing");                                                \
		} else {                                                                       \
			report(label, NULL);                                                   \
		}                                                                              \
		__asm__ volatile("fninit");                                                    \
	} while (0)

static void x87(void)
{
	static double zero = 0, huge = 1e308, tiny = 1e-308, three = 3;

	X87("invalid", 1, "fldz; fldz; fdivp");
	X87("division by zero", 4, "fld1; fdivl %1");
	X87("overflow", 8, "fldl %2; fmull %2; fstpl -8(%%rsp)");
	X87("underflow", 16, "fldl %3; fmull %3; fstpl -8(%%rsp)");
	X87("inexact", 32, "fld1; fdivl %4");
}

static void on_child(int number, siginfo_t *info, void *context)
{
	(void)number, (void)context;
	code_seen = info->si_code;
	status_seen = info->si_status;
}

static void child_code(const char *label, pid_t pid, int send, int options)
{
	sigset_t block, old;

	sigemptyset(&block), sigaddset(&block, SIGCHLD);
	MUST(sigprocmask(SIG_BLOCK, &block, &old));
	code_seen = 0;
	if (send)
		MUST(kill(pid, send));
	MUST(waitpid(pid, NULL, options));
	while (!code_seen)
		sigsuspend(&old);
	say("%s: code %d, status %d", label, (int)code_seen, (int)status_seen);
	MUST(sigprocmask(SIG_SETMASK, &old, NULL));
}

static void children(void)
{
	struct sigaction action = { .sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART };
	pid_t pid;

	MUST(sigaction(SIGCHLD, &action, NULL));
	if ((pid = MUST(fork())) == 0)
		for (;;)
			pause();
	child_code("stopped", pid, SIGSTOP, WUNTRACED);
	child_code("continued", pid, SIGCONT, WCONTINUED);
	child_code("killed", pid, SIGKILL, 0);
	if ((pid = MUST(fork())) == 0) {
		sleep_ms(20);
		_exit(7);
	}
	child_code("exited", pid, 0, 0);
}

int main(void)
{
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	for (size_t i = 0; i < COUNT(numbers); i++)
		MUST(sigaction(numbers[i], &action, NULL));
	memory();
	step();
	x87();
	children();
	return 0;
}
