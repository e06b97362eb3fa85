/*
 * Copy-on-write at each level of the page-table tree: pages 4 KiB, 2 MiB, 1 GiB
 * and 512 GiB apart; parent and child write in each order, before and after
 * each other's end; untouched neighbours; unmapping and protecting in the child.
 *
 * guest: -m 64 -t 120
 *
 * Every cell is compared with a plain array. From fork(2), mmap(2).
 */
#include "check.h"

enum { CELLS = 4 };

static char *const BASE = (char *)0x300000000000;
static size_t stride;
static char *volatile base;

static volatile char *cell(int i)
{
	return base + i * stride + 40 * i;
}

static void fresh(void)
{
	char *at = mmap(BASE, CELLS * stride, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);

	MUST(at == MAP_FAILED ? -1 : 0);
	base = at;
	for (int i = 0; i < CELLS - 1; i++)
		*cell(i) = 'a' + i;		/* the last is not touched */
}

/* How many cells differ from `expected` ('0' for zero). */
static int differ(const char *expected)
{
	int wrong = 0;

	for (int i = 0; i < CELLS; i++)
		wrong += *cell(i) != (expected[i] == '0' ? 0 : expected[i]);
	return wrong;
}

/* The child writes at `child_at` ms, the parent at `parent_at`. */
static void order(const char *label, int child_at, int parent_at)
{
	int status, wrong;
	pid_t pid;

	fresh();
	pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(child_at);
		wrong = differ("abc0");
		*cell(1) = 'C';
		*cell(3) = 'D';
		wrong += differ("aCcD");
		sleep_ms(parent_at + 10);
		_exit(wrong + differ("aCcD"));
	}
	sleep_ms(parent_at);
	wrong = differ("abc0");
	*cell(0) = 'P';
	*cell(1) = 'Q';
	wrong += differ("PQc0");
	MUST(waitpid(pid, &status, 0));
	*cell(3) = 'R';
	wrong += differ("PQcR");
	say("  %s: wrong in the parent %d, in the child %d", label, wrong, WEXITSTATUS(status));
	MUST(munmap(base, CELLS * stride));
}

/* The child changes the map itself. */
static void child_changes(void)
{
	int status, wrong = 0;
	pid_t pid;

	fresh();
	pid = MUST(fork());
	if (pid == 0) {
		MUST(munmap(base, stride));
		MUST(mprotect(base + stride, stride, PROT_READ));
		MUST(madvise(base + 2 * stride, stride, MADV_DONTNEED));
		wrong += touch((void *)cell(0), TOUCH_READ) != SIGSEGV;
		wrong += touch((void *)cell(1), TOUCH_WRITE) != SIGSEGV;
		wrong += *cell(1) != 'b' || *cell(2) != 0;
		*cell(3) = 'x';
		MUST(munmap(base, CELLS * stride));
		_exit(wrong);
	}
	MUST(waitpid(pid, &status, 0));
	wrong = differ("abc0") + (touch((void *)cell(1), TOUCH_WRITE) != 0);
	say("  child unmaps, protects, drops: wrong %d, %d", wrong, WEXITSTATUS(status));
	MUST(munmap(base, CELLS * stride));
}

static void parent_changes(void)
{
	int status, wrong = 0;
	pid_t pid;

	fresh();
	pid = MUST(fork());
	if (pid == 0) {
		sleep_ms(30);
		wrong = differ("abc0");
		*cell(0) = 'x', *cell(3) = 'y';
		_exit(wrong + differ("xbcy"));
	}
	MUST(mprotect(base + stride, stride, PROT_NONE));
	MUST(munmap(base, stride));
	MUST(munmap(base + 2 * stride, 2 * stride));
	MUST(waitpid(pid, &status, 0));
	wrong = touch((void *)cell(1), TOUCH_READ) != SIGSEGV;
	say("  parent unmaps, protects: wrong %d, %d", wrong, WEXITSTATUS(status));
	MUST(munmap(base, CELLS * stride));
}

/* A kernel write (read(2) into it) must copy as a user write does. */
static void kernel_writes(void)
{
	int status, fds[2];
	pid_t pid;

	fresh();
	MUST(pipe(fds));
	MUST(write(fds[1], "KLMN", 4));
	pid = MUST(fork());
	if (pid == 0) {
		for (int i = 0; i < CELLS; i++)
			MUST(read(fds[0], (void *)cell(i), 1));
		_exit(differ("KLMN"));
	}
	MUST(waitpid(pid, &status, 0));
	say("  the kernel writes for the child: wrong %d, %d", differ("abc0"),
	    WEXITSTATUS(status));
	close(fds[0]), close(fds[1]);
	MUST(munmap(base, CELLS * stride));
}

int main(void)
{
	static const size_t strides[] = { PAGE, MIB(2), GIB(1), GIB(512) };
	static const char *const names[] = { "4 KiB", "2 MiB", "1 GiB", "512 GiB" };

	for (size_t i = 0; i < COUNT(strides); i++) {
		stride = strides[i];
		say("%s apart", names[i]);
		order("child first", 0, 30);
		order("parent first", 30, 0);
		order("together", 0, 0);
		child_changes();
		parent_changes();
		kernel_writes();
	}
	return 0;
}
