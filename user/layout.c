/*
 * layout - where the parts of a program are in its address space, and what each may be used for.
 *
 * Look for: text, data, bss, heap, mapping and stack in that order; the rights of each as
 * /proc/self/maps has them; a write to text, which is SIGSEGV; one frame of text under two
 * processes that exec the same program. -v prints the addresses and the whole of maps.
 * In the kernel: kernel/proc/exec.c makes the layout, kernel/mm/fault.c says no to the write.
 * Needs root for the frames: exit 77 where they are hidden.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

extern char etext[], edata[], end[];	/* from the linker: where each part ends */

static int in_data = 1;
static int in_bss;

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

/* The rights in the line of maps that has the address: "rwxp" or "" when no line has it. */
static const char *rights_of(const void *address)
{
	static char rights[5];
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];

	must(maps ? 0 : -1, "/proc/self/maps");
	rights[0] = '\0';
	while (fgets(line, sizeof(line), maps)) {
		uintptr_t from, to;
		char found[5];

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &from, &to, found) != 3)
			continue;
		if (from <= (uintptr_t)address && (uintptr_t)address < to)
			strcpy(rights, found);
	}
	fclose(maps);
	return rights;
}

static void part(const char *name, const void *address, const char *rights)
{
	static uintptr_t previous;
	const char *found = rights_of(address);

	if (verbose)
		printf("# %-8s %p %s\n", name, address, found);
	printf("%-8s rights %s, above the part before it: ", name, found);
	printf("%s\n", (uintptr_t)address > previous ? "yes" : "no");
	failures += strcmp(found, rights) != 0 || (uintptr_t)address <= previous;
	previous = (uintptr_t)address;
}

static void show_parts(void)
{
	/* bare brk: libc uses it too, but its malloc would hide where the heap is */
	char *heap = (char *)syscall(SYS_brk, 0);
	char *mapping = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int on_stack;

	must((char *)syscall(SYS_brk, heap + PAGE_BYTES) == heap + PAGE_BYTES ? 0 : -1, "brk");
	must(mapping == MAP_FAILED ? -1 : 0, "mmap");
	part("text", (void *)show_parts, "r-xp");
	part("data", &in_data, "rw-p");
	part("bss", &in_bss, "rw-p");
	part("heap", heap, "rw-p");
	part("mapping", mapping, "rw-p");
	part("stack", &on_stack, "rw-p");
	relation("text ends before data, data before bss",
		 (char *)show_parts < etext && (char *)&in_data < edata && (char *)&in_bss < end &&
		 (char *)&in_bss >= edata);
}

static void show_write_to_text(void)
{
	pid_t pid = (pid_t)must(fork(), "fork");
	int status;

	if (pid == 0) {
		*(volatile char *)(uintptr_t)show_parts = 0;
		_exit(0);
	}
	must(waitpid(pid, &status, 0), "waitpid");
	relation("a write to text is SIGSEGV", WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static uint64_t text_frame(void)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	off_t index = (off_t)((uintptr_t)text_frame / PAGE_BYTES);

	if (fd >= 0 && pread(fd, &entry, sizeof(entry), index * (off_t)sizeof(entry)) < 0)
		entry = 0;
	close(fd);
	return entry & ((UINT64_C(1) << 55) - 1);
}

static int show_shared_text(void)
{
	uint64_t frame = text_frame(), other = 0;
	int ends[2];
	pid_t pid;

	if (frame == 0) {
		printf("/proc/self/pagemap hides the frames: run as root\n");
		return 77;
	}
	must(pipe(ends), "pipe");
	pid = (pid_t)must(fork(), "fork");
	if (pid == 0) {
		dup2(ends[1], 1);
		execl("/proc/self/exe", "layout", "--frame", (char *)NULL);
		_exit(127);
	}
	must(waitpid(pid, NULL, 0), "waitpid");
	must(read(ends[0], &other, sizeof(other)), "read");
	if (verbose)
		printf("# frame of text: here %#" PRIx64 ", there %#" PRIx64 "\n", frame, other);
	relation("text is the same frame in a process that execs the same file", frame == other);
	return failures ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--frame") == 0) {
		uint64_t frame = text_frame();

		return write(1, &frame, sizeof(frame)) != sizeof(frame);
	}
	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (verbose) {
		FILE *maps = fopen("/proc/self/maps", "re");
		char line[512];

		while (maps && fgets(line, sizeof(line), maps))
			printf("# %s", line);
	}
	show_parts();
	show_write_to_text();
	return show_shared_text();
}
