/*
 * The FPU state in a signal frame that its handler has changed: the program goes
 * on with what is there, and a frame that the CPU cannot load is a SIGSEGV.
 *
 * From sigreturn(2), Linux's asm/sigcontext.h (struct _fpx_sw_bytes), Intel SDM
 * vol. 1, 13.4 (the image that XRSTOR takes) and 13.8.1 (when it faults).
 */
#include "check.h"
#include <ucontext.h>

enum { XMM7 = 160 + 7 * 16, SOFTWARE = 464, HEADER = 512, IMAGE = 4096 };

static void (*change)(ucontext_t *, char *image);

static void handler(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)number, (void)info;
	change(user, (char *)user->uc_mcontext.fpregs);
}

static void set_xmm7(char *image, char value) { memset(image + XMM7, value, 16); }

static void nothing(ucontext_t *user, char *image) { (void)user, (void)image; }

static void other_value(ucontext_t *user, char *image)
{
	(void)user;
	set_xmm7(image, 2);
}

/* Without its marks the image is what FXSAVE writes. */
static void no_marks(ucontext_t *user, char *image)
{
	(void)user;
	set_xmm7(image, 3);
	memset(image + SOFTWARE, 0, 48);
	memset(image + HEADER, 0xff, 64); /* not looked at then */
}

static void none_in_use(ucontext_t *user, char *image)
{
	(void)user;
	set_xmm7(image, 4);
	memset(image + HEADER, 0, 8);
}

static void unknown_states(ucontext_t *user, char *image)
{
	(void)user;
	memset(image + HEADER, 0xff, 8);
}

static void strange_header(ucontext_t *user, char *image)
{
	(void)user;
	memset(image + HEADER + 16, 0xff, 8);
}

/* Elsewhere: in memory that is made when it is read, over the end of a page, or nowhere. */
static char *moved_to(ucontext_t *user, const char *image, size_t at)
{
	static char *area;

	if (!area)
		area = (char *)MUST(mmap(NULL, 4 * IMAGE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	memcpy(area + at, image, 1024);
	user->uc_mcontext.fpregs = (void *)(area + at);
	return area + at;
}

static void moved(ucontext_t *user, char *image)
{
	set_xmm7(moved_to(user, image, IMAGE - 256), 5);
}

static void moved_and_shared(ucontext_t *user, char *image)
{
	set_xmm7(moved_to(user, image, IMAGE - 256), 6);
	if (fork() == 0)
		_exit(0);
	wait(NULL);
}

static void not_aligned(ucontext_t *user, char *image)
{
	moved_to(user, image, 8);
}

static void half_there(ucontext_t *user, char *image)
{
	char *at = moved_to(user, image, IMAGE - 256);

	MUST(munmap(at + 256, IMAGE));
}

static void untouched(ucontext_t *user, char *image)
{
	(void)image;
	user->uc_mcontext.fpregs = (void *)MUST(
		mmap(NULL, IMAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static void in_the_kernel(ucontext_t *user, char *image)
{
	(void)image;
	user->uc_mcontext.fpregs = (void *)in_kernel;
}

static void at_the_edge(ucontext_t *user, char *image)
{
	(void)image;
	user->uc_mcontext.fpregs = (void *)0x7fffffffefc0;
}

static void run(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	char value[16], after[16];
	long result = SYS_tgkill;

	memset(value, 1, sizeof(value));
	MUST(sigaction(SIGUSR1, &action, NULL));
	__asm__ volatile("movdqu %2, %%xmm7\n\tsyscall\n\tmovdqu %%xmm7, %1"
			 : "+a"(result), "=m"(after)
			 : "m"(value), "D"(getpid()), "S"(gettid()), "d"(SIGUSR1)
			 : "rcx", "r11", "memory", "xmm7");
	say("  came back: xmm7 has %d to %d", after[0], after[15]);
}

static void attempt(const char *label, void (*how)(ucontext_t *, char *))
{
	change = how;
	in_child(label, run);
}

int main(void)
{
	attempt("untouched", nothing);
	attempt("another value", other_value);
	attempt("FXSAVE's part only", no_marks);
	attempt("no state in use", none_in_use);
	attempt("states that there are not", unknown_states);
	attempt("a header that is not zero", strange_header);
	attempt("moved", moved);
	attempt("moved, and shared with a child", moved_and_shared);
	attempt("not aligned", not_aligned);
	attempt("half of it unmapped", half_there);
	attempt("zeros that nobody wrote", untouched);
	attempt("in the kernel", in_the_kernel);
	attempt("at the edge of user memory", at_the_edge);
	return 0;
}
