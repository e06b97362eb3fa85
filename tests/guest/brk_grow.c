/*
 * brk: the raw call's return, growing, shrinking, fresh zero pages, limits; and
 * each process's own break after fork.
 *
 * From brk(2), "C library/kernel differences".
 */
#include "check.h"

static uintptr_t brk_raw(uintptr_t to)
{
	return syscall(SYS_brk, to);
}

int main(void)
{
	uintptr_t start = brk_raw(0), base = (start + 2 * PAGE - 1) & -(uintptr_t)PAGE;
	char *p = (char *)base;
	int status;
	pid_t pid;

	YES_OF("brk(0) is the break", start != 0 && brk_raw(0) == start);
	YES_OF("grow", brk_raw(base + 10 * PAGE) == base + 10 * PAGE);
	YES_OF("it stays", brk_raw(0) == base + 10 * PAGE);
	say("new memory: %d %d", p[0], p[10 * PAGE - 1]);
	memset(p, 'x', 10 * PAGE);
	YES_OF("shrink", brk_raw(base + 4 * PAGE) == base + 4 * PAGE);
	say("above it: %s, below: %s", try_read(p + 4 * PAGE), try_read(p + 4 * PAGE - 1));
	YES_OF("grow again", brk_raw(base + 10 * PAGE) == base + 10 * PAGE);
	say("kept %c, new %d", p[4 * PAGE - 1], p[4 * PAGE]);
	YES_OF("to the middle of a page",
	       brk_raw(base + 10 * PAGE + 100) == base + 10 * PAGE + 100);
	say("that page: %s", try_write(p + 10 * PAGE + 99));
	YES_OF("below the start is refused", brk_raw(PAGE) == base + 10 * PAGE + 100);
	YES_OF("into the kernel is refused",
	       brk_raw((uintptr_t)in_kernel) == base + 10 * PAGE + 100);
	YES_OF("2^47 is refused", brk_raw(1UL << 47) == base + 10 * PAGE + 100);
	YES_OF("-1 is refused", brk_raw(-1UL) == base + 10 * PAGE + 100);
	/* A mapping in the way. */
	MUST(mmap(p + 20 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	     MAP_FAILED ? -1 : 0);
	YES_OF("through a mapping is refused", brk_raw(base + 30 * PAGE) == base + 10 * PAGE + 100);
	MUST(munmap(p + 20 * PAGE, PAGE));
	p[0] = 'p';
	pid = MUST(fork());
	if (pid == 0) {
		int kept = brk_raw(0) == base + 10 * PAGE + 100;

		p[0] = 'c';
		brk_raw(base + PAGE);
		_exit(kept && brk_raw(0) == base + PAGE ? 0 : 1);
	}
	MUST(waitpid(pid, &status, 0));
	say("child: %s", status_text(status));
	YES_OF("the parent's break is as before", brk_raw(0) == base + 10 * PAGE + 100);
	say("its memory too: %c %c", p[0], p[PAGE]);
	YES_OF("back to the start", brk_raw(start) == start);
	say("%s", try_read(p + PAGE));
	return 0;
}
