/*
 * fuzz.h: chance and the bare system call, for fuzzers of system calls.
 *
 * Numbers come from struct fuzz alone, addresses lie in an arena at a fixed place,
 * in two pages that all processes share, or nowhere. Nothing here needs a libc or
 * TLS: threads of a fuzzer may have neither.
 *
 * Entry points: roll, bits, SYS, address, word, pid, signo, brief, poke.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "futex.h"
#include <stdatomic.h>

enum { ARENA_PAGES = 256, PIDS = 64, KINDS = 32, MAX_FD = 24 };
#define ARENA ((char *)0x10000000000)

struct shared {
	atomic_int pids[PIDS], stop;
	atomic_long good[KINDS], bad[KINDS];
};

struct fuzz {
	unsigned seed;
	int budget; /* calls to make; a child gets half of what is left */
	char *altstack;
};

static struct shared *shared __attribute__((unused));
/* Futexes between processes. */
#define WORDS ((int *)(ARENA - 16 * PAGE))
static int private_words[16];
static char *program __attribute__((unused));

/* ---- Chance -------------------------------------------------------------------------------- */

static unsigned roll(struct fuzz *f, unsigned sides)
{
	f->seed ^= f->seed << 13;
	f->seed ^= f->seed >> 17;
	f->seed ^= f->seed << 5;
	return (f->seed >> 7) % sides;
}

static unsigned long bits(struct fuzz *f)
{
	return (unsigned long)roll(f, 1 << 24) << 40 ^ (unsigned long)roll(f, 1 << 24) << 20 ^
	       roll(f, 1 << 24);
}

static long sys(long number, long a, long b, long c, long d, long e, long g)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = g;
	long result;

	__asm__ volatile("syscall" : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#define SYS6(n, a, b, c, d, e, g, ...) \
	sys((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(g))
#define SYS(...) SYS6(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* Anything a call may be given; never memory that the fuzzer itself needs. */
static char *address(struct fuzz *f)
{
	static const unsigned long bad[] = {
		0, 8, 0x7ffffffff000, 0x7fffffffeffc, 0x7fffffffefff, 0x800000000000,
		0xffff800000000000, 0xffff888000001000, 0xffffffff81000000, -4096ul, -1ul, -8ul,
		(unsigned long)ARENA - 4, (unsigned long)ARENA + ARENA_PAGES * 4096ul - 4,
	};

	switch (roll(f, 10)) {
	case 0:
		return (char *)bad[roll(f, COUNT(bad))];
	case 1:
		return ARENA + roll(f, ARENA_PAGES * PAGE); /* mostly not aligned */
	case 2:
		return (char *)&WORDS[roll(f, 64)];
	case 3:
		return ARENA + (roll(f, ARENA_PAGES) + 1) * PAGE - 8; /* across two pages */
	default:
		return ARENA + roll(f, ARENA_PAGES) * PAGE + roll(f, 512) * 8;
	}
}

static inline void *word(struct fuzz *f)
{
	switch (roll(f, 4)) {
	case 0:
		return address(f);
	case 1:
		return &private_words[roll(f, 16)];
	default:
		return &WORDS[roll(f, 8)];
	}
}

static inline long pid(struct fuzz *f)
{
	unsigned uid[3];
	long chosen;

	switch (roll(f, 16)) {
	case 0:
		return 0;
	case 1:
		return roll(f, 2) ? 99999999 : INT_MIN;
	case 2:
		return SYS(SYS_getpid);
	case 3:
		/* All that it may signal: not while it may signal the supervisor. */
		if (SYS(SYS_getresuid, uid, uid + 1, uid + 2) == 0 && uid[0] && uid[1] && uid[2])
			return -1;
		return 0;
	case 4:
		chosen = -shared->pids[roll(f, PIDS)];
		return chosen == -1 ? 0 : chosen;
	default:
		return shared->pids[roll(f, PIDS)];
	}
}

static inline int signo(struct fuzz *f)
{
	static const int often[] = { SIGUSR1, SIGUSR2, SIGSTOP, SIGCONT, SIGTSTP, SIGCHLD, SIGALRM,
				     SIGURG, 34, 40, 64 };

	if (roll(f, 40) == 0)
		return SIGKILL;
	return roll(f, 3) ? often[roll(f, COUNT(often))] : (int)roll(f, 67);
}

static inline struct timespec brief(struct fuzz *f)
{
	if (roll(f, 30) == 0)
		return (struct timespec){ (long)bits(f), (long)bits(f) };
	return (struct timespec){ 0, roll(f, 3000000) };
}

/* Reads a byte anywhere, and writes it if told to; the SIGSEGV handler goes on at poke_end. */
extern char poke_begin[], poke_end[];
char poke(void *at, int store);
__asm__("poke: poke_begin: mov (%rdi), %al\n\t"
	"test %esi, %esi\n\t"
	"jz poke_end\n\t"
	"mov %sil, (%rdi)\n"
	"poke_end: ret\n");

#endif
