/*
 * /proc/PID/pagetable: what fork shares, who shares it, and what a write makes one's own again.
 * Reading a long file of /proc takes no memory for the whole of it; a shared hostname.
 *
 * docs/memory.md explains the lines.
 * tine-only: yes
 */
#include "check.h"

static char text[4 << 20];

static char *slurp(const char *name)
{
	long have = 0, n = 0;
	int fd = open(name, O_RDONLY);

	while (fd >= 0 && (n = read(fd, text + have, sizeof(text) - 1 - have)) > 0)
		have += n;
	text[have] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

/* The line of this process's table or run that begins with address and level; "" if none. */
static const char *line_at(pid_t pid, const void *address, int level)
{
	static char line[256];
	char name[64], start[64];

	snprintf(name, sizeof(name), "/proc/%d/pagetable", pid);
	slurp(name);
	snprintf(start, sizeof(start), "\n%012lx  %*s%d [", (unsigned long)address, 2 * (4 - level), "",
		 level);
	char *at = strstr(text, start);
	line[0] = '\0';
	if (at)
		sscanf(at, "\n%255[^\n]", line);
	say("# %s", line);
	return line;
}

static int has(const char *line, const char *word)
{
	return strstr(line, word) != NULL;
}

static pid_t start_child(int end[2], char *touch_at)
{
	int ready[2];
	char c;
	MUST(pipe(end));
	MUST(pipe(ready));
	pid_t pid = MUST(fork());

	if (pid == 0) {
		close(end[1]);
		if (touch_at)
			*touch_at = 2;
		MUST(write(ready[1], "r", 1));
		_exit(read(end[0], &c, 1));
	}
	close(end[0]);
	MUST(read(ready[0], &c, 1));
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end_child(pid_t pid, int end[2])
{
	close(end[1]);
	MUST(waitpid(pid, NULL, 0));
}

static void sharing(char *p)
{
	int end[2];
	char child[32], us[32];

	expect("one table each, writable", has(line_at(getpid(), p, 4), " table         W  refs 1"));
	expect("a run of pages",
	       has(line_at(getpid(), p, 1), " [0-9]       40K  anon      rw- W  refs 1"));
	expect("then memory that was only promised",
	       has(line_at(getpid(), p + 10 * PAGE, 1), " [10-511]  2008K  reserved  rw- -"));
	expect("3 GiB of it are three entries of level 3",
	       has(line_at(getpid(), p + (1 << 30), 3), " [1-3]            3G  reserved  rw- -"));

	pid_t pid = start_child(end, NULL);
	snprintf(child, sizeof(child), "  refs 2, also of %d", pid);
	snprintf(us, sizeof(us), "  refs 2, also of %d", getpid());
	expect("after fork the subtree is the child's, too",
	       has(line_at(getpid(), p, 4), " table         -") && has(text, child));
	expect("and the child says that it is ours", has(line_at(pid, p, 4), us));
	expect("below it nothing is counted twice", has(line_at(getpid(), p, 3), " W  refs 1"));
	end_child(pid, end);

	pid = start_child(end, p);
	expect("after a write of the child the pages are shared one by one",
	       has(line_at(getpid(), p, 4), "refs 1") &&
	       has(line_at(getpid(), p + PAGE, 1), "refs 2"));
	expect("but for the one written",
	       has(line_at(pid, p, 1), " [0]          4K  anon      rw- W  refs 1"));
	end_child(pid, end);
}

static long kib(const char *name)
{
	char *at = strstr(slurp("/proc/meminfo"), name);

	return at ? atol(at + strlen(name)) : -1;
}

/* What is free while a file of 60,000 lines is half read. */
static void long_files(void)
{
	enum { PAGES = 60000, LENGTH = PAGES * 4096 };
	char *p = map_anon(LENGTH, PROT_READ | PROT_WRITE);

	for (long i = 0; i < PAGES; i += 2)
		MUST(mprotect(p + i * PAGE, PAGE, PROT_READ));
	memset(text, 0, sizeof(text));
	long before = kib("MemFree:");
	for (int i = 0; i < 2; i++) {
		int fd = MUST(open(i ? "/proc/self/pagetable" : "/proc/self/maps", O_RDONLY));
		long have = 0, n;

		while (have < 1 << 20 && (n = read(fd, text, 4096)) > 0)
			have += n;
		expect(i ? "pagetable takes no memory" : "maps takes no memory",
		       before - kib("MemFree:") < 64);
		close(fd);
	}
	munmap(p, LENGTH);
}

int main(void)
{
	char *p = mmap((char *)0x100000000000, 4ul << 30, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	MUST(p == MAP_FAILED ? -1 : 0);
	memset(p, 1, 10 * PAGE);
	memset(text, 1, sizeof(text));
	sharing(p);
	munmap(p, 4ul << 30);
	long_files();

	char host[65];
	int fd = MUST(open("/proc/sys/kernel/hostname", O_WRONLY));
	MUST(write(fd, "prong\n", 6));
	close(fd);
	MUST(gethostname(host, sizeof(host)));
	expect("the host name can be written", strcmp(host, "prong") == 0);
	return failures != 0;
}
