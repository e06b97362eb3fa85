/*
 * How files of /proc are read: in small pieces, from anywhere, again from the start; of a process
 * that ends meanwhile, of a zombie, and of one with 30,000 regions.
 *
 * From proc(5).
 */
#include "check.h"

static char whole[8 << 20], again[8 << 20];

static long read_all(int fd, char *to, size_t size, size_t piece)
{
	size_t have = 0;
	ssize_t n;

	while (have + piece < size && (n = read(fd, to + have, piece)) > 0)
		have += n;
	to[have] = '\0';
	return have;
}

/* The same text in pieces of each size, and by pread of any part. */
static void pieces(const char *name)
{
	static const size_t sizes[] = { 1, 7, 100, 4096, 1 << 20 };
	int fd = MUST(open(name, O_RDONLY)), same = 1;
	long length = read_all(fd, whole, sizeof(whole), 1 << 16);

	for (size_t i = 0; i < COUNT(sizes); i++) {
		MUST(lseek(fd, 0, SEEK_SET));
		same &= read_all(fd, again, sizeof(again), sizes[i]) == length &&
			memcmp(whole, again, length) == 0;
	}
	say("%s: the same in pieces: %s", name, same ? "yes" : "no");
	same = 1;
	for (long at = length - 1; at >= 0; at -= 1 + length / 50) {
		long n = pread(fd, again, 40, at);

		same &= n > 0 && memcmp(again, whole + at, n) == 0;
	}
	say("%s: the same by pread: %s, at the end %ld, beyond %ld", name, same ? "yes" : "no",
	    (long)pread(fd, again, 40, length), (long)pread(fd, again, 40, length + 5000));
	say("%s: lseek to 10 and on: %s", name, lseek(fd, 10, SEEK_SET) == 10 &&
	    read(fd, again, 5) == 5 && memcmp(again, whole + 10, 5) == 0 &&
	    lseek(fd, 0, SEEK_CUR) == 15 ? "yes" : "no");
	close(fd);
}

static const char *const files[] = {
	"stat", "statm", "status", "cmdline", "comm", "limits", "wchan", "maps", "smaps",
};

static int open_of(pid_t pid, const char *file)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/%d/%s", pid, file);
	return open(name, O_RDONLY);
}

static void gone(void)
{
	int fd[COUNT(files)], end[2];
	char c;
	struct stat st;
	MUST(pipe(end));
	pid_t pid = MUST(fork());

	if (pid == 0) {
		close(end[1]);
		_exit(read(end[0], &c, 1));
	}
	for (size_t i = 0; i < COUNT(files); i++)
		fd[i] = MUST(open_of(pid, files[i]));
	int folder = MUST(open_of(pid, ""));
	kill(pid, SIGKILL);
	UNTIL(task_state(pid, pid) == 'Z');
	for (size_t i = 0; i < COUNT(files); i++) {
		long n = read(fd[i], again, 100);

		say("zombie: read %s: %s", files[i], n > 0 ? "text" : n == 0 ? "nothing" : errno_text(errno));
	}
	MUST(waitpid(pid, NULL, 0));
	for (size_t i = 0; i < COUNT(files); i++) {
		MUST(lseek(fd[i], 0, SEEK_SET));
		VALUE_OF(files[i], read(fd[i], again, 100));
		close(fd[i]);
	}
	VALUE_OF("gone: open", openat(folder, "stat", O_RDONLY));
	VALUE_OF("gone: stat", fstatat(folder, "stat", &st, 0));
	VALUE_OF("gone: open by name", open_of(pid, "stat"));
	close(folder);
	close(end[0]);
	close(end[1]);
}

/* Every second page may not be written, so no two neighbours are one region. */
static void many_regions(void)
{
	enum { PAGES = 60000 };
	long lines = 0, ordered = 1;
	unsigned long last = 0, start, stop;
	char *p = map_anon((size_t)PAGES * PAGE, PROT_READ | PROT_WRITE);

	for (long i = 0; i < PAGES; i += 2)
		MUST(mprotect(p + i * PAGE, PAGE, PROT_READ));
	int fd = MUST(open("/proc/self/maps", O_RDONLY));
	MUST(read_all(fd, whole, sizeof(whole), 4096));
	for (char *line = whole; *line; line = strchr(line, '\n') + 1) {
		lines++;
		MUST(sscanf(line, "%lx-%lx", &start, &stop) == 2 ? 0 : -1);
		ordered &= start >= last;
		last = stop;
	}
	YES_OF("60,000 regions: a line each", lines >= PAGES && lines < PAGES + 40);
	YES_OF("60,000 regions: in order", ordered);
	YES_OF("60,000 regions: pread late in it",
	       pread(fd, again, 60, 2000000) > 0 && memcmp(again, whole + 2000000, 60) == 0);
	close(fd);
	munmap(p, (size_t)PAGES * PAGE);
}

int main(void)
{
	char name[16] = "";
	int fd;

	pieces("/proc/self/maps");
	pieces("/proc/self/limits");
	pieces("/proc/self/environ");
	pieces("/proc/filesystems");
	gone();
	many_regions();

	fd = MUST(open("/proc/self/comm", O_RDWR));
	VALUE_OF("write comm", write(fd, "another name that is long", 25));
	MUST(lseek(fd, 0, SEEK_SET));
	VALUE_OF("read comm", read(fd, name, sizeof(name)));
	say("%.15s", name);
	close(fd);
	return 0;
}
