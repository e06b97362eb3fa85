/*
 * fdflags - a descriptor and what it points to: which flag is whose.
 *
 * A descriptor is an index of the process's table. Its entry has a flag of its own, FD_CLOEXEC,
 * and points to an open file description, which has the offset and the status flags (O_APPEND,
 * O_NONBLOCK). Look for: what the old descriptor feels when the new one is moved and changed; that
 * no way to copy a descriptor hands FD_CLOEXEC on, but fork copies the table as it is; and that
 * only a new open makes a new description. Then how the calls differ, and what
 * /proc/self/fdinfo shows: the entry's flag and the description's flags in one number.
 * To think about: why must two processes that append to one log by fork share the offset? What
 * does O_NONBLOCK on a shell's terminal do to the shell?
 * In the kernel: kernel/fs/files.c (entries), kernel/fs/file.h (descriptions), kernel/fs/fcntl.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PLACE = 100, MOVED = 1234 };

static char path[64];
static int failures;

static long must(long result, const char *call)
{
	if (result < 0) {
		perror(call);
		exit(2);
	}
	return result;
}

/* The ways from a descriptor to another. */
static int by_dup(int fd)	{ return dup(fd); }
static int by_dup2(int fd)	{ return dup2(fd, PLACE); }
static int by_dup3(int fd)	{ return dup3(fd, PLACE, 0); }
static int by_dup3_cloexec(int fd) { return dup3(fd, PLACE, O_CLOEXEC); }
static int by_dupfd(int fd)	{ return fcntl(fd, F_DUPFD, PLACE); }
static int by_dupfd_cloexec(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, PLACE); }
static int by_open(int fd)	{ return fd < 0 ? -1 : open(path, O_RDWR); }

/* Here it is the child's descriptor, under the same number. */
static int by_fork(int fd)	{ return fd; }

static const struct way {
	const char *name;
	int (*copy)(int fd);
	bool shares, is_cloexec;
} ways[] = {
	{ "dup", by_dup, true, false },
	{ "dup2", by_dup2, true, false },
	{ "dup3", by_dup3, true, false },
	{ "dup3, O_CLOEXEC", by_dup3_cloexec, true, true },
	{ "F_DUPFD", by_dupfd, true, false },
	{ "F_DUPFD_CLOEXEC", by_dupfd_cloexec, true, true },
	{ "fork", by_fork, true, true },
	{ "a second open", by_open, false, false },
};

/* What is done to the new descriptor: whether it was close-on-exec. */
static bool change(int copy)
{
	bool was_cloexec = must(fcntl(copy, F_GETFD), "F_GETFD") & FD_CLOEXEC;

	must(lseek(copy, MOVED, SEEK_SET), "lseek");
	must(fcntl(copy, F_SETFL, O_APPEND | O_NONBLOCK), "F_SETFL");
	must(fcntl(copy, F_SETFD, was_cloexec ? 0 : FD_CLOEXEC), "F_SETFD");
	return was_cloexec;
}

static bool copy_and_change(const struct way *way, int fd)
{
	bool was_cloexec;
	int status, copy;
	pid_t pid;

	if (way->copy != by_fork) {
		copy = (int)must(way->copy(fd), way->name);
		was_cloexec = change(copy);
		close(copy);
		return was_cloexec;
	}
	pid = (pid_t)must(fork(), "fork");
	if (pid == 0)
		_exit(change(fd));
	must(waitpid(pid, &status, 0), "waitpid");
	must(WIFEXITED(status) && WEXITSTATUS(status) <= 1 ? 0 : -1, "child");
	return WEXITSTATUS(status);
}

static const char *answer(bool is, bool should_be)
{
	failures += is != should_be;
	return is ? "yes" : "no";
}

/* One row: the old descriptor is close-on-exec, at offset 0, without status flags. */
static void show_way(const struct way *way)
{
	int fd = (int)must(open(path, O_RDWR | O_CLOEXEC), "open");
	bool copy_was_cloexec = copy_and_change(way, fd);
	int flags = (int)must(fcntl(fd, F_GETFL), "F_GETFL");

	printf("%-17s %-7s %-9s %-11s %-12s %s\n", way->name,
	       answer(lseek(fd, 0, SEEK_CUR) == MOVED, way->shares),
	       answer(flags & O_APPEND, way->shares), answer(flags & O_NONBLOCK, way->shares),
	       answer(copy_was_cloexec, way->is_cloexec),
	       answer(fcntl(fd, F_GETFD) & FD_CLOEXEC, true));
	close(fd);
}

static void relation(const char *what, bool holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "no");
	failures += !holds;
}

static bool is_cloexec(int fd)
{
	return must(fcntl(fd, F_GETFD), "F_GETFD") & FD_CLOEXEC;
}

/* What the calls do with the number that they are told. */
static void show_numbers(void)
{
	int fd = (int)must(open(path, O_RDWR | O_CLOEXEC), "open"), other;

	printf("\n");
	relation("dup takes the lowest free number", dup(fd) == fd + 1);
	close(fd + 1);
	relation("F_DUPFD takes the lowest from its argument on",
		 fcntl(fd, F_DUPFD, PLACE) == PLACE && fcntl(fd, F_DUPFD, PLACE) == PLACE + 1);
	other = (int)must(open("/dev/null", O_RDONLY), "open");
	relation("dup2 closes what was there before", dup2(fd, other) == other &&
		 lseek(other, 0, SEEK_END) == MOVED);
	relation("dup2 of a descriptor on itself changes nothing, so it stays close-on-exec",
		 dup2(fd, fd) == fd && is_cloexec(fd));
	relation("dup3 refuses that: EINVAL", dup3(fd, fd, O_CLOEXEC) < 0 && errno == EINVAL);
	relation("F_SETFL does not change how a file was opened: O_RDWR stays",
		 fcntl(fd, F_SETFL, O_RDONLY) == 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
	close(PLACE);
	close(PLACE + 1);
	close(other);
	close(fd);
}

/* The lines pos and flags; O_LARGEFILE, which a 64-bit kernel adds, is left out. */
static void show_fdinfo(const char *when, int fd)
{
	char name[64], line[128];
	long long pos = -1;
	unsigned flags = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	file = fopen(name, "re");
	must(file ? 0 : -1, name);
	while (fgets(line, sizeof(line), file)) {
		sscanf(line, "pos: %lld", &pos);
		sscanf(line, "flags: %o", &flags);
	}
	fclose(file);
	printf("%-34s pos %4lld  %s%s%s%s\n", when, pos,
	       (flags & O_ACCMODE) == O_RDWR ? "O_RDWR" : "?", flags & O_APPEND ? " O_APPEND" : "",
	       flags & O_NONBLOCK ? " O_NONBLOCK" : "", flags & O_CLOEXEC ? " O_CLOEXEC" : "");
}

static void show_descriptions(void)
{
	int fd = (int)must(open(path, O_RDWR | O_CLOEXEC), "open");
	int copy = (int)must(dup(fd), "dup");

	printf("\n");
	show_fdinfo("opened with O_CLOEXEC", fd);
	show_fdinfo("its copy by dup", copy);
	must(write(copy, "twelve bytes", 12), "write");
	must(fcntl(copy, F_SETFL, O_APPEND), "F_SETFL");
	show_fdinfo("after 12 bytes, O_APPEND: the copy", copy);
	show_fdinfo("and the first", fd);
	must(fcntl(fd, F_SETFD, 0), "F_SETFD");
	must(fcntl(copy, F_SETFD, FD_CLOEXEC), "F_SETFD");
	show_fdinfo("FD_CLOEXEC the other way: the copy", copy);
	show_fdinfo("and the first", fd);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	snprintf(path, sizeof(path), "/tmp/fdflags.%d", getpid());
	close((int)must(open(path, O_RDWR | O_CREAT | O_EXCL, 0600), "open"));
	must(truncate(path, MOVED), "truncate");
	printf("%-17s %-29s %-12s %s\n", "", "shared:", "the copy is", "the old one stays");
	printf("%-17s %-7s %-9s %-11s %-12s %s\n", "copied by", "offset", "O_APPEND", "O_NONBLOCK",
	       "FD_CLOEXEC", "FD_CLOEXEC");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		show_way(&ways[i]);
	show_numbers();
	show_descriptions();
	unlink(path);
	return failures ? 1 : 0;
}
