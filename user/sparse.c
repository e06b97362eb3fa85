/*
 * sparse - what page tables cost when the pages in use lie far apart.
 *
 * 8,192 pages, 1 MiB apart: a table of 4 KiB for every two pages. Look for: the tables that
 * touching the pages makes; those that fork adds (lines that begin with #: Linux copies every
 * table, Tine shares the tree and adds one); that the child's writes end the sharing, so that
 * both kernels come to the same; and that exec and exit let go of them.
 * In the kernel: kernel/proc/clone.c, kernel/mm/tree.c. With -v: the figures at each stop.
 *
 * The counts are of the whole machine, and a Linux beside us has other programs:
 * native: no
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGES = 8192, STEP_BYTES = 1 << 20 };
enum { TABLES_KIB = PAGES / 2 * 4, OTHERS_KIB = 2048 };	/* what others may do meanwhile */

static bool verbose;
static int failures;

static long must(long result, const char *call)
{
	if (result < 0) {
		perror(call);
		exit(2);
	}
	return result;
}

static void relation(const char *what, bool holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "no");
	failures += !holds;
}

/* The number behind a name such as "PageTables:" in a file of /proc, in KiB. */
static long figure(const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	char line[256];
	long kib = -1;

	must(file ? 0 : -1, path);
	while (kib < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0)
			kib = atol(line + strlen(name));
	fclose(file);
	return must(kib, name);
}

static long tables_kib(const char *when)
{
	long all = figure("/proc/meminfo", "PageTables:");
	long own = figure("/proc/self/status", "VmPTE:");

	if (verbose)
		printf("# %s: PageTables %ld KiB, VmPTE %ld KiB\n", when, all, own);
	return all;
}

/* Linux counts tables as free a moment after it let go of them (RCU): up to 5 s for that. */
static bool comes_down_to(long limit_kib, const char *when)
{
	struct timespec moment = { .tv_nsec = 50 * 1000000L };

	for (int i = 0; i < 100 && figure("/proc/meminfo", "PageTables:") >= limit_kib; i++)
		nanosleep(&moment, NULL);
	return tables_kib(when) < limit_kib;
}

static void write_pages(volatile char *memory)
{
	for (size_t i = 0; i < PAGES; i++)
		memory[i * STEP_BYTES] = 1;
}

static void step(int go, int done)
{
	char byte = 0;

	must(write(done, &byte, 1), "write");
	if (must(read(go, &byte, 1), "read") != 1)
		_exit(2);
}

/* Stops three times: as forked, with its pages written, as a new program. */
static void child(char *memory, int go, int done)
{
	char go_text[16], done_text[16];

	step(go, done);
	write_pages(memory);
	step(go, done);
	snprintf(go_text, sizeof(go_text), "%d", go);
	snprintf(done_text, sizeof(done_text), "%d", done);
	execl("/proc/self/exe", "sparse", "--child", go_text, done_text, (char *)NULL);
	_exit(127);
}

static void let_go_on(int go, int done)
{
	char byte = 0;

	if (go >= 0)
		must(write(go, &byte, 1), "write");
	if (must(read(done, &byte, 1), "read") != 1) {
		printf("the child is gone\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	long before, mapped, touched, forked, written;
	int go[2], done[2], status;
	char *memory;
	pid_t pid;

	if (argc == 4 && strcmp(argv[1], "--child") == 0) {
		step(atoi(argv[2]), atoi(argv[3]));
		return 0;
	}
	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	must(pipe(go), "pipe");
	must(pipe(done), "pipe");
	before = tables_kib("before");
	memory = mmap(NULL, (size_t)PAGES * STEP_BYTES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(memory == MAP_FAILED ? -1 : 0, "mmap");
	madvise(memory, (size_t)PAGES * STEP_BYTES, MADV_NOHUGEPAGE);	/* where there are such */
	mapped = tables_kib("mapped");
	relation("mapping 8 GiB takes next to no tables", mapped - before < OTHERS_KIB);
	write_pages(memory);
	touched = tables_kib("touched");
	relation("touching a page in each MiB takes a table for every two",
		 touched - mapped > TABLES_KIB - OTHERS_KIB && touched - mapped < TABLES_KIB + OTHERS_KIB);

	pid = (pid_t)must(fork(), "fork");
	if (pid == 0)
		child(memory, go[0], done[1]);
	let_go_on(-1, done[0]);
	forked = tables_kib("forked");
	printf("# fork added %ld KiB of tables (Linux doubles them, Tine shares them)\n", forked - touched);
	let_go_on(go[1], done[0]);
	written = tables_kib("written by the child");
	relation("once the child has written all pages, it has tables of its own",
		 written - touched > TABLES_KIB - OTHERS_KIB);
	relation("and not more than that", written - touched < TABLES_KIB + OTHERS_KIB);
	let_go_on(go[1], done[0]);
	relation("after its exec they are gone",
		 comes_down_to(touched + OTHERS_KIB, "execed by the child"));
	must(write(go[1], "x", 1), "write");
	must(waitpid(pid, &status, 0), "waitpid");
	relation("the child has ended well", status == 0);
	must(munmap(memory, (size_t)PAGES * STEP_BYTES), "munmap");
	relation("after munmap those of the parent are gone",
		 comes_down_to(before + OTHERS_KIB, "unmapped"));
	return failures ? 1 : 0;
}
