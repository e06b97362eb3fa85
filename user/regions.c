/*
 * regions - what many separate mappings cost, and what fork adds to that.
 *
 * 30,000 mappings of one page, each with a hole behind it. Look for: Slab and MemFree (lines that
 * begin with #). Linux keeps a record for each region, and fork copies every record; Tine keeps
 * no list of regions: what is mapped is written in the page tables, which fork shares.
 * Both say the same in /proc/self/maps. In the kernel: kernel/mm/tree.c, kernel/proc/clone.c.
 * With -v: the figures at each stop.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REGIONS = 30000, PAGE_BYTES = 4096 };

struct figures {
	long slab, free;
};

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

static struct figures figures(const char *when)
{
	struct figures f = {
		figure("/proc/meminfo", "Slab:"), figure("/proc/meminfo", "MemFree:"),
	};

	if (verbose)
		printf("# %s: Slab %ld KiB, MemFree %ld KiB\n", when, f.slab, f.free);
	return f;
}

static void compare(const char *what, struct figures before, struct figures after)
{
	printf("# %s: Slab grew by %ld KiB, MemFree fell by %ld KiB\n", what,
	       after.slab - before.slab, before.free - after.free);
}

/* Lines of /proc/self/maps: what the process sees as its regions. */
static long count_regions(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	long count = 0;
	int c;

	must(maps ? 0 : -1, "/proc/self/maps");
	while ((c = getc(maps)) != EOF)
		count += c == '\n';
	fclose(maps);
	return count;
}

static void map_regions(char *memory)
{
	for (size_t i = 0; i < REGIONS; i++) {
		void *wanted = memory + i * 2 * PAGE_BYTES;
		void *got = mmap(wanted, PAGE_BYTES, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		must(got == MAP_FAILED ? -1 : 0, "mmap");
	}
}

int main(int argc, char **argv)
{
	struct figures before, mapped, forked;
	size_t len = (size_t)REGIONS * 2 * PAGE_BYTES;
	int go[2], done[2], status;
	char *memory = (char *)(UINT64_C(16) << 40);	/* far from all that libc and kernel map */
	char byte = 0;
	long count;
	pid_t pid;

	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	must(pipe(go), "pipe");
	must(pipe(done), "pipe");
	count = count_regions();
	before = figures("before");
	map_regions(memory);
	mapped = figures("mapped");
	relation("maps has 30,000 lines more", count_regions() - count == REGIONS);
	compare("mapping", before, mapped);

	pid = (pid_t)must(fork(), "fork");
	if (pid == 0) {
		must(write(done[1], &byte, 1), "write");
		must(read(go[0], &byte, 1), "read");
		_exit(count_regions() - count == REGIONS ? 0 : 1);
	}
	must(read(done[0], &byte, 1), "read");
	forked = figures("forked");
	compare("fork", mapped, forked);
	must(write(go[1], &byte, 1), "write");
	must(waitpid(pid, &status, 0), "waitpid");
	relation("the child has the same 30,000 in its maps", status == 0);
	must(munmap(memory, len), "munmap");
	relation("after munmap they are gone", count_regions() == count);
	figures("unmapped");
	return failures ? 1 : 0;
}
