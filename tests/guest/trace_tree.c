/*
 * Snapshots of the trace (category tree) are the trees: entry by entry what /proc/PID/pagetable
 * shows at the same moment, counts included, for parent and child after fork and for the child
 * after a write. A tree that is too big is marked, and cut. Off, there are none.
 *
 * This process compares. The one that forks is another program, so that nothing that happens here
 * changes its counts; and all is read once before, so that no page here is new later.
 * tine-only: yes
 */
#include "check.h"

enum { MOST = 4000, TABLES = 600 };

static char text[8 << 20], line[MOST][2][64];
static int lines[2];
static volatile char written = 1;

static void slurp(const char *name)
{
	long have = 0, n = 0;
	int fd = MUST(open(name, O_RDONLY));

	while ((n = read(fd, text + have, sizeof(text) - 1 - have)) > 0)
		have += n;
	text[have] = '\0';
	close(fd);
}

static void put(const char *name, const char *words)
{
	int fd = MUST(open(name, O_WRONLY));
	MUST(write(fd, words, strlen(words)));
	close(fd);
}

/* One entry of one of the two trees. */
static void entry(int side, unsigned long va, int level, const char *kind, const char *bits, char w,
		  unsigned refs)
{
	if (lines[side] < MOST)
		snprintf(line[lines[side]++][side], 64, "%012lx %d %s %.3s %c %u", va, level, kind, bits, w,
			 strcmp(kind, "promise") ? refs : 0);
}

static unsigned long span(int level)
{
	return 4096ul << 9 * (level - 1);
}

/* Entries from /proc/PID/pagetable; docs/memory.md explains the lines. */
static void read_pagetable(pid_t pid)
{
	char name[64], kind[16], bits[4], w, *save, *refs_at;
	unsigned long va;
	unsigned first, last;
	int level, at;

	snprintf(name, sizeof(name), "/proc/%d/pagetable", pid);
	slurp(name);
	lines[0] = 0;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (sscanf(l, "%lx %d [%u%n", &va, &level, &first, &at) != 3)
			continue;
		last = first;
		sscanf(l + at, "-%u", &last);
		sscanf(strchr(l + at, ' '), " %*s %15s %3s", kind, bits);
		if (strcmp(kind, "table") == 0) {
			w = bits[0];
			strcpy(bits, "---");
		} else {
			w = *(strstr(strstr(l + at, kind), bits) + 4);
		}
		if (strcmp(kind, "reserved") == 0)
			strcpy(kind, "promise");
		refs_at = strstr(l, "refs ");
		for (unsigned i = first; i <= last; i++)
			entry(0, va + (i - first) * span(level), level, kind, bits, w,
			      refs_at ? strtoul(refs_at + 5, NULL, 10) : 0);
	}
}

struct table {
	unsigned long frame, va;
	int level;
};

/* Entries from the last snapshot of that kind in /proc/trace. Its address space; 0: none. */
static unsigned read_snapshot(const char *why, int *truncated)
{
	static struct table table[TABLES];
	struct table *t = table;
	unsigned mm = 0, first, n, refs, have = 0;
	unsigned long in;
	char word[32], kind[16], bits[8], *at = NULL, *save;

	slurp("/proc/trace");
	lines[1] = 0;
	snprintf(word, sizeof(word), "why=%s ", why);
	for (char *next = strstr(text, word); next; next = strstr(next + 1, word))
		at = next;
	if (!at)
		return 0;
	while (strncmp(at, "mm=", 3) != 0)
		at--;
	mm = atoi(at + 3);
	for (char *l = strtok_r(at, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *table_at = strstr(l, "tree table "), *run = strstr(l, "tree run ");
		if (table_at && have < TABLES) {
			t = &table[have++];
			sscanf(table_at, "tree table level=%d frame=%lx refs=%u va=%lx", &t->level,
			       &t->frame, &refs, &t->va);
		} else if (run) {
			sscanf(run, "tree run in=%lx first=%u n=%u kind=%15s bits=%7s frame=%*s refs=%u",
			       &in, &first, &n, kind, bits, &refs);
			for (t = table; t < table + have - 1 && t->frame != in;)
				t++;
			for (unsigned i = first; i < first + n; i++)
				entry(1, t->va + i * span(t->level), t->level, kind, bits, bits[3], refs);
		} else if (sscanf(l, "%*s %*s %*s tree end mm=%*u truncated=%d", truncated) == 1) {
			break;
		}
	}
	return mm;
}

static int same(const char *what, pid_t pid, const char *why)
{
	int truncated = -1, differ = 0;

	read_pagetable(pid);
	YES_OF(what, read_snapshot(why, &truncated) != 0 && truncated == 0);
	for (int i = 0; i < lines[0] || i < lines[1]; i++)
		if (i >= lines[0] || i >= lines[1] || strcmp(line[i][0], line[i][1]) != 0)
			if (differ++ < 5)
				say("# %d: pagetable %s, snapshot %s", i, i < lines[0] ? line[i][0] : "-",
				    i < lines[1] ? line[i][1] : "-");
	say("# %s: %d entries", what, lines[0]);
	return lines[0] > 10 && differ == 0;
}

/* The other program: forks when told, both wait; then the child writes, and both wait again. */
static int subject(int orders, int news)
{
	char c;
	MUST(read(orders, &c, 1));
	pid_t pid = syscall(SYS_fork);
	if (pid == 0) {
		pid = syscall(SYS_getpid);
		MUST(write(news, &pid, sizeof(pid)));
		MUST(read(orders, &c, 1));
		written = 2;
		MUST(write(news, &pid, sizeof(pid)));
		MUST(read(orders, &c, 1));
		syscall(SYS_exit_group, 0);
	}
	int status;
	MUST(waitpid(pid, &status, 0));
	return status;
}

static int trace_has(const char *words)
{
	slurp("/proc/trace");
	return strstr(text, words) != NULL;
}

/* More entries than a snapshot may have: every second page has another protection. */
static void big(void)
{
	char *area = mmap(NULL, MIB(4), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int truncated = -1;

	for (size_t at = 0; at < MIB(4); at += 2 * PAGE)
		MUST(mprotect(area + at, PAGE, PROT_READ | PROT_WRITE));
	put("/proc/sys/kernel/trace", "tree");
	pid_t pid = MUST(fork());
	if (pid == 0)
		_exit(0);
	MUST(waitpid(pid, NULL, 0));
	put("/proc/sys/kernel/trace", "none");
	YES(read_snapshot("fork-parent", &truncated) != 0);
	VALUE(truncated);
	if (truncated != 1)
		exit(1);
}

/* With category syscall on, mmap and its like leave a snapshot, too. */
static int after_mmap(void)
{
	int truncated, found;
	char words[32];

	put("/proc/sys/kernel/trace", "syscall tree");
	char *area = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	put("/proc/sys/kernel/trace", "none");
	snprintf(words, sizeof(words), "%012lx 1 promise rw- - 0", (unsigned long)area);
	YES(read_snapshot("call", &truncated) != 0);
	found = 0;
	for (int i = 0; i < lines[1]; i++)
		found |= strcmp(line[i][1], words) == 0;
	VALUE(found);
	return found;
}

int main(int argc, char **argv)
{
	int orders[2], news[2], ok;
	char to[16], from[16];
	pid_t child;

	if (argc == 4)
		return subject(atoi(argv[2]), atoi(argv[3]));
	MUST(pipe(orders));
	MUST(pipe(news));
	pid_t parent = MUST(fork());
	if (parent == 0) {
		snprintf(to, sizeof(to), "%d", orders[0]);
		snprintf(from, sizeof(from), "%d", news[1]);
		execl("/proc/self/exe", argv[0], "subject", to, from, NULL);
		_exit(127);
	}
	put("/proc/sys/kernel/trace", "tree");
	read_pagetable(getpid());
	read_snapshot("fork-parent", &(int){ 0 });
	same("# a trial", getpid(), "fork-parent");

	MUST(write(orders[1], "f", 1));
	MUST(read(news[0], &child, sizeof(child)));
	sleep_ms(20);
	ok = same("the parent after fork", parent, "fork-parent");
	ok &= same("the child after fork", child, "fork-child");
	MUST(write(orders[1], "w", 1));
	MUST(read(news[0], &child, sizeof(child)));
	ok &= same("the child after a write", child, "fault");
	MUST(write(orders[1], "e", 1));
	MUST(waitpid(parent, NULL, 0));
	put("/proc/sys/kernel/trace", "off");
	YES(ok && !trace_has("tree"));
	ok &= after_mmap();
	big();
	put("/proc/sys/kernel/trace", "off");
	return ok ? 0 : 1;
}
