/*
 * What the files of the benchmark program share: the clock, the median, how a figure and a failure
 * are printed, and the measures that main.c lists. Each measure is a function that prints one line
 * for each of its figures, or ends the process by fail(). It runs in a process of its own, newly
 * exec'd (main.c), so that no measure finds what another left.
 *
 * Time is CLOCK_MONOTONIC in ns; under QEMU's -icount shift=0 that is guest instructions.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	PAGE_BYTES = 4096,
	KIB = 1024,
	MIB = 1024 * 1024,
	BATCHES = 9,	/* of a short call: the figure is their median */
	MAX_ROUNDS = 64,
	PATH_BYTES = 256, /* little: a large .bss, or a heap, would change what exec and mmap cost */
};

struct options {
	unsigned divisor;	/* of all counts of rounds: large for a quick check of the program */
	size_t max_mib;		/* the largest process that is forked */
	int max_processes;	/* that are alive beside the one that forks */
};

extern struct options options;
extern char self[PATH_BYTES];	/* path of this program */

uint64_t now(void);
uint64_t median(uint64_t *values, int count);
int rounds(int wanted);		/* divided by options.divisor, at least 1 */
void report(const char *name, uint64_t value, const char *unit);
void report_sized(const char *name, size_t size, const char *size_unit, uint64_t value,
		  const char *unit);
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fail(const char *what);

uint64_t meminfo_kib(const char *key);
void *map(void *at, size_t bytes);
void touch(char *start, size_t bytes);
void make_pipe(int fd[2]);
pid_t fork_or_fail(void);
void wait_well(pid_t pid);

/*
 * ns of one call: the median of BATCHES batches, after one that warms up. Inlined with `call` into
 * each measure, so that the loop costs nothing of its own.
 */
static inline __attribute__((always_inline)) uint64_t per_call(int calls, void (*call)(void))
{
	uint64_t batch[BATCHES];
	uint64_t n = (uint64_t)rounds(calls);

	for (int b = -1; b < BATCHES; b++) {
		uint64_t start = now();

		for (uint64_t i = 0; i < n; i++)
			call();
		if (b >= 0)
			batch[b] = (now() - start) / n;
	}
	return median(batch, BATCHES);
}

/* calls.c */
void null_syscall(void);
void signal_delivery(void);
/* pipes.c */
void pipe_round_trip(void);
void pipe_bandwidth(void);
void context_switch(void);
/* files.c */
void file_create_unlink(void);
void file_open_close(void);
void file_stat(void);
void file_read_4KiB(void);
void file_write_4KiB(void);
/* threads.c */
void pthread_create_join(void);
void futex_wake(void);
void thread_ping(void);
/* memory.c */
void mmap_touch_munmap(void);
void anon_fault(void);
void cow_fault(void);
void cow_reuse_fault(void);
void touch_1GiB(void);
void exit_1GiB(void);
/* fork.c */
void fork_sizes(void);
void fork_processes(void);
void vfork_exit_wait(void);
/* exec.c */
void fork_exec_wait(void);
void vfork_exec_wait(void);
void posix_spawn_wait(void);
void exec_1MiB(void);
void exec_1MiB_read(void);
void shell_1000_true(void);
/* layouts.c */
void sparse(void);
void regions(void);
/* machine.c */
void machine_at_prompt(void);

#endif
