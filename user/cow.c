/*
 * cow - copy-on-write: after fork both processes have the same frame, until one of them writes.
 *
 * Look for: the number of the frame under one page (from /proc/self/pagemap) in parent and child,
 * before and after a write on each side, and which writes were page faults (getrusage). -v prints
 * the frames and their counts (/proc/kpagecount). There Linux says 2 after fork and Tine still 1:
 * Linux has copied the page table, so two entries point to the frame; in Tine both processes
 * share the table itself, and its one entry is the one reference.
 * In the kernel: kernel/mm/fault.c, kernel/mm/tree.c. Needs root: exit 77 where frames are hidden.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

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

static uint64_t read_entry(const char *path, uint64_t index)
{
	uint64_t entry = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || pread(fd, &entry, sizeof(entry), (off_t)(index * sizeof(entry))) != sizeof(entry)) {
		printf("cannot read %s: run as root\n", path);
		exit(77);
	}
	close(fd);
	return entry;
}

static uint64_t frame_of(const volatile char *page)
{
	uint64_t entry = read_entry("/proc/self/pagemap", (uintptr_t)page / PAGE_BYTES);
	uint64_t frame = entry & ((UINT64_C(1) << 55) - 1);

	if (frame == 0) {
		printf("/proc/self/pagemap hides the frames: run as root\n");
		exit(77);
	}
	return frame;
}

static void show(const char *when, uint64_t frame)
{
	if (verbose)
		printf("# %s: frame %#lx, count %lu\n", when, (unsigned long)frame,
		       (unsigned long)read_entry("/proc/kpagecount", frame));
}

/* Page faults that one write takes. */
static long faults_of_write(volatile char *page, char value)
{
	struct rusage before, after;

	must(getrusage(RUSAGE_SELF, &after), "getrusage");	/* touches its own page first */
	must(getrusage(RUSAGE_SELF, &before), "getrusage");
	*page = value;
	must(getrusage(RUSAGE_SELF, &after), "getrusage");
	return after.ru_minflt - before.ru_minflt;
}

static void child(volatile char *page, uint64_t original)
{
	uint64_t frame = frame_of(page);

	show("child, after fork", frame);
	relation("child: reads what the parent wrote", *page == 'p');
	relation("child: the frame is the same as the parent's", frame == original);
	relation("child: its first write is a page fault", faults_of_write(page, 'c') >= 1);
	relation("child: its second write is none", faults_of_write(page, 'C') == 0);
	frame = frame_of(page);
	show("child, after its write", frame);
	relation("child: after its write the frame is another", frame != original);
	exit(failures ? 1 : 0);
}

int main(int argc, char **argv)
{
	volatile char *page;
	uint64_t original;
	int status;
	pid_t pid;

	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(page == MAP_FAILED ? -1 : 0, "mmap");
	*page = 'p';
	original = frame_of(page);
	show("parent, before fork", original);

	pid = (pid_t)must(fork(), "fork");
	if (pid == 0)
		child(page, original);
	must(waitpid(pid, &status, 0), "waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		return 77;
	relation("child: all as it should be", status == 0);
	show("parent, after the child's exit", frame_of(page));
	relation("parent: its frame is still the one from before fork", frame_of(page) == original);
	relation("parent: its page does not have what the child wrote", *page == 'p');
	*page = 'P';
	show("parent, after its write", frame_of(page));
	relation("parent: alone again, it writes without a copy", frame_of(page) == original);
	relation("parent: and its next write is no page fault", faults_of_write(page, 'q') == 0);
	return failures ? 1 : 0;
}
