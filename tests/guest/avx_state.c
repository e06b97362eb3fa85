/*
 * AVX state: the upper halves of the ymm registers belong to a process as the
 * lower ones do, across switches, fork, exec and signals, and a handler finds
 * them in the frame of its signal.
 *
 * From Intel SDM vol. 1, 13.1 and 14.2 (what a program asks before it uses AVX),
 * sigreturn(2), Linux's asm/sigcontext.h (struct _fpx_sw_bytes).
 */
#include "check.h"
#include <cpuid.h>
#include <stdbool.h>
#include <ucontext.h>

enum { AVX_BITS = 1 << 27 | 1 << 28, SOFTWARE = 464, AVX_AT = 576 };

struct ymm { uint64_t word[4]; } __attribute__((aligned(32)));

static struct ymm mine = { { 0x1111, 0x2222, 0x3333, 0x4444 } };

static void set(const struct ymm *from)
{
	__asm__ volatile("vmovdqa %0, %%ymm7" :: "m"(*from));
}

static int is(const struct ymm *wanted)
{
	struct ymm found;

	__asm__ volatile("vmovdqa %%ymm7, %0" : "=m"(found));
	return memcmp(&found, wanted, sizeof(found)) == 0;
}

static bool os_saves_it(void)
{
	unsigned a, b, c, d;

	__cpuid(1, a, b, c, d);
	if ((c & AVX_BITS) != AVX_BITS)
		return false;
	__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return (a & 6) == 6;
}

/* Two processes that take turns, each with its own value. */
static int over_switches(void)
{
	int wrong = 0, status;
	pid_t child = fork();
	struct ymm value = { { (uint64_t)getpid(), 2, 3, (uint64_t)getpid() } };

	for (int i = 0; i < 300; i++) {
		long result = SYS_sched_yield;
		struct ymm after;

		__asm__ volatile("vmovdqa %2, %%ymm7\n\tsyscall\n\tvmovdqa %%ymm7, %1"
				 : "+a"(result), "=m"(after) : "m"(value) : "rcx", "r11", "memory");
		wrong += memcmp(&after, &value, sizeof(value)) != 0;
	}
	if (child == 0)
		_exit(wrong > 0);
	MUST(waitpid(child, &status, 0));
	return wrong + status;
}

static volatile bool clean_in_handler, in_frame, marked;

static void handler(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	char *image = (char *)u->uc_mcontext.fpregs;
	struct { uint32_t magic1, size_all; uint64_t features; uint32_t size; } marks;
	struct ymm other = { { 9, 9, 9, 9 } };
	uint32_t magic2;

	(void)sig;
	(void)info;
	clean_in_handler = is(&(struct ymm){ { 0 } });
	memcpy(&marks, image + SOFTWARE, sizeof(marks));
	memcpy(&magic2, image + marks.size, sizeof(magic2));
	marked = marks.magic1 == 0x46505853 && magic2 == 0x46505845 && (marks.features & 7) == 7;
	in_frame = memcmp(image + AVX_AT + 7 * 16, &mine.word[2], 16) == 0;
	memcpy(image + AVX_AT + 7 * 16, &(uint64_t[]){ 0x5555, 0x6666 }, 16);
	set(&other);
}

static void over_signals(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	struct ymm changed = { { 0x1111, 0x2222, 0x5555, 0x6666 } };
	long result = SYS_tkill;
	struct ymm after;

	MUST(sigaction(SIGUSR1, &action, NULL));
	__asm__ volatile("vmovdqa %2, %%ymm7\n\tsyscall\n\tvmovdqa %%ymm7, %1"
			 : "+a"(result), "=m"(after)
			 : "m"(mine), "D"(getpid()), "S"(SIGUSR1) : "rcx", "r11", "memory");
	YES(clean_in_handler);
	YES(marked);
	YES(in_frame);
	expect("what the handler wrote into the frame is in the register",
	       memcmp(&after, &changed, sizeof(after)) == 0);
}

int main(int argc, char **argv)
{
	pid_t child;
	int status;

	if (argc > 1)
		return !is(&(struct ymm){ { 0 } });
	YES(os_saves_it());
	set(&mine);
	child = fork();
	if (child == 0)
		_exit(!is(&mine));
	MUST(waitpid(child, &status, 0));
	expect("the child of fork has the parent's", status == 0);
	expect("each process keeps its own", over_switches() == 0);
	child = fork();
	if (child == 0) {
		set(&mine);
		execv("/proc/self/exe", (char *[]){ argv[0], "again", NULL });
		_exit(2);
	}
	MUST(waitpid(child, &status, 0));
	expect("exec clears them", status == 0);
	over_signals();
	return 0;
}
