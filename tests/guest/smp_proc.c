/*
 * Everything below /proc/PID is read while the processes exec, make threads,
 * rename themselves, map and unmap files, open and close, and exit. What is
 * read is whole, or the process is gone. proc(5).
 *
 * Arguments: processes (60).
 * guest: -c 4 -t 120
 */
#include "check.h"
#include <pthread.h>
#include <sys/prctl.h>

enum { READERS = 3 };

static const char *const files[] = {
	"stat", "statm", "status", "maps", "cmdline", "environ", "comm", "auxv", "limits", "mounts",
	"fdinfo/1", "task", "fd", "fdinfo",
};
static const char *const links[] = {"exe", "cwd", "root", "fd/0", "fd/1", "fd/3"};

/* 0, or an errno that the end of a process does not explain. */
static int bad(long result)
{
	return result < 0 && errno != ENOENT && errno != ESRCH && errno != EACCES &&
			       errno != EINVAL /* mounts of a zombie on Linux */
		       ? errno
		       : 0;
}

/* Lines hold no byte but text (cmdline and its like may hold NULs, and auxv all). */
static int clean(const char *bytes, ssize_t n, const char *file)
{
	if (strcmp(file, "stat") != 0 && strcmp(file, "status") != 0 && strcmp(file, "comm") != 0)
		return 1;
	for (ssize_t i = 0; i < n; i++)
		if ((unsigned char)bytes[i] < ' ' && bytes[i] != '\n' && bytes[i] != '\t')
			return 0;
	return n <= 0 || bytes[n - 1] == '\n';
}

static int read_file(pid_t pid, const char *file)
{
	static char bytes[65536];
	char path[60];
	snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return bad(fd);
	struct stat st;
	int error = bad(fstat(fd, &st));
	if (!error && S_ISREG(st.st_mode)) {
		ssize_t n = read(fd, bytes, sizeof bytes);
		error = bad(n);
		if (!clean(bytes, n, file))
			error = EDOM;
	}
	close(fd);
	return error;
}

static int list(pid_t pid, const char *name)
{
	char path[60];
	struct dirent *entry;
	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	DIR *dir = opendir(path);
	if (!dir)
		return bad(-1);
	errno = 0;
	while ((entry = readdir(dir)))
		;
	int error = errno ? bad(-1) : 0;
	closedir(dir);
	return error;
}

static int look(pid_t pid, unsigned i)
{
	char path[60], target[300];
	snprintf(path, sizeof path, "/proc/%d/%s", pid, links[i % COUNT(links)]);
	int error = bad(readlink(path, target, sizeof target));
	if (!error)
		error = read_file(pid, files[i % COUNT(files)]);
	if (!error)
		error = list(pid, i % 2 ? "fd" : "task");
	return error;
}

/* Until the pipe ends: all processes with numbers from `first` on that are there. */
static int reader(int end, pid_t first, unsigned me)
{
	struct pollfd over = {.fd = end, .events = POLLIN};
	for (unsigned i = me;; i++) {
		if (poll(&over, 1, 0) != 0)
			return 0;
		DIR *dir = opendir("/proc");
		struct dirent *entry;
		while (dir && (entry = readdir(dir))) {
			pid_t pid = atoi(entry->d_name);
			int error = pid > first ? look(pid, i++) : 0;
			if (error) {
				say("# %d: %s", i % (int)COUNT(files), errno_text(error));
				return 1;
			}
		}
		if (dir)
			closedir(dir);
	}
}

static void *idle(void *arg)
{
	char name[16];
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "%.*s", 1 + i % 15, "abcdefghijklmnop");
		prctl(PR_SET_NAME, name);
		sched_yield();
	}
	return arg;
}

static void live(int i)
{
	pthread_t thread;
	int fd = open("mapped", O_RDWR);
	if (pthread_create(&thread, NULL, idle, NULL) == 0 && i % 3)
		pthread_join(thread, NULL);
	for (int j = 0; j < 20; j++) {
		char *at = mmap(NULL, 4 * PAGE, PROT_READ, j % 2 ? MAP_SHARED : MAP_PRIVATE, fd, 0);
		close(dup(fd));
		munmap(at, 4 * PAGE);
	}
	if (i % 2)
		execl("/proc/self/exe", "self", "end", (char *)NULL);
	_exit(0);
}

/* The mapped file is cut and removed again and again: pages lose their file, files go. */
static void change_file(void)
{
	int fd = MUST(open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600));
	MUST(ftruncate(fd, 8 * PAGE));
	MUST(ftruncate(fd, PAGE));
	MUST(ftruncate(fd, 4 * PAGE));
	MUST(unlink("mapped"));
	MUST(close(fd));
	fd = MUST(open("mapped", O_RDWR | O_CREAT, 0600));
	MUST(ftruncate(fd, 4 * PAGE));
	MUST(close(fd));
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 60, over[2], failed = 0, status, done = 0;
	if (argc > 1 && strcmp(argv[1], "end") == 0)
		return 0;
	MUST(pipe(over));
	change_file();
	pid_t readers[READERS], self = getpid();
	for (int i = 0; i < READERS; i++) {
		readers[i] = MUST(fork());
		if (readers[i] == 0) {
			close(over[1]);
			_exit(reader(over[0], self, i));
		}
	}
	for (int i = 0; i < n; i++) {
		if (MUST(fork()) == 0)
			live(i);
		if (i >= 4) {
			MUST(waitpid(-1, &status, 0));
			done += status == 0;
		}
		change_file();
	}
	close(over[1]);
	while (wait(&status) > 0)
		done += status == 0;
	failed = n + READERS - done;
	VALUE(failed);
	OK(unlink("mapped"));
	return 0;
}
