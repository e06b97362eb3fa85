/*
 * Storm: readers of /proc while processes and threads come and go. What is read
 * is whole: a stat line has its fields, status its names, the regions of maps
 * are in order; of those that have gone meanwhile there is ENOENT or ESRCH,
 * nothing else; and a reader always finds itself.
 *
 * args: 10
 *
 * From proc(5).
 */
#include "storm.h"

enum { READERS = 3, CHURNERS = 3, ROUNDS = 10, TEXT = 16384 };

static atomic_int *reading;
static char self[PATH_MAX];

/* The length, or -1 when it has gone: that must not happen to `needed` files. */
static long read_file(const char *path, char *text, int needed)
{
	int fd = open(path, O_RDONLY);
	long n, length = 0;

	if (fd == -1) {
		CHECK_SAW(!needed && (errno == ENOENT || errno == ESRCH), errno);
		return -1;
	}
	while ((n = read(fd, text + length, (size_t)(TEXT - 1 - length))) > 0)
		length += n;
	CHECK_SAW(n == 0 || (!needed && (errno == ESRCH || errno == ENOENT)), errno);
	close(fd);
	text[length] = '\0';
	return n < 0 ? -1 : length;
}

static void check_stat(const char *text, long pid)
{
	const char *after = strrchr(text, ')');
	int fields = 2;

	CHECK_SAW(strtol(text, NULL, 10) == pid, pid);
	CHECK(after);
	if (!after)
		return;
	CHECK_SAW(after[1] == ' ' && strchr("RSDZTtXI", after[2]), after[2]);
	for (after++; *after; after++)
		fields += *after == ' ';
	CHECK_SAW(fields >= 44, fields);
}

static void check_status(const char *text, long pid)
{
	const char *at = strstr(text, "\nPid:\t");

	CHECK(!strncmp(text, "Name:\t", 6));
	CHECK(at && strtol(at + 6, NULL, 10) == pid);
	at = strstr(text, "\nThreads:\t");
	CHECK(at && strtol(at + 10, NULL, 10) >= 0);
}

static void check_maps(const char *text)
{
	unsigned long start, end, last = 0;

	for (const char *line = text; *line;) {
		const char *next = strchr(line, '\n');

		if (!next)
			break; /* cut off by the size of our buffer */
		if (sscanf(line, "%lx-%lx", &start, &end) != 2 || start < last || end <= start)
			CHECK_SAW(strstr(line, "[vsyscall]"), start);
		last = end;
		line = next + 1;
	}
}

static void list(const char *path, int needed)
{
	DIR *dir = opendir(path);
	int n = 0;

	if (!dir) {
		CHECK_SAW(!needed && (errno == ENOENT || errno == ESRCH), errno);
		return;
	}
	while (readdir(dir))
		n++;
	CHECK_SAW(!needed || n >= 3, n);
	closedir(dir);
}

/* Those that only must not hurt; pagetable is Tine's own, stack needs root. */
static void look_also(long pid, char *text)
{
	static const char *const names[] = { "smaps", "wchan", "pagetable", "stack", "environ" };
	char path[64];

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "/proc/%ld/%s", pid, names[i]);
		int fd = open(path, O_RDONLY);

		while (fd >= 0 && read(fd, text, TEXT) > 0)
			;
		close(fd);
	}
}

static void look_at(long pid, char *text)
{
	int needed = pid == getpid();
	char path[64], link[PATH_MAX];
	long n;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	if (read_file(path, text, needed) > 0)
		check_stat(text, pid);
	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	if (read_file(path, text, needed) > 0)
		check_status(text, pid);
	snprintf(path, sizeof(path), "/proc/%ld/maps", pid);
	if (read_file(path, text, needed) > 0)
		check_maps(text);
	snprintf(path, sizeof(path), "/proc/%ld/cmdline", pid);
	n = read_file(path, text, needed);
	CHECK(!needed || (n > 0 && strstr(text, "storm_procread")));
	snprintf(path, sizeof(path), "/proc/%ld/task", pid);
	list(path, needed);
	snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	list(path, needed);
	snprintf(path, sizeof(path), "/proc/%ld/exe", pid);
	n = readlink(path, link, sizeof(link));
	CHECK_SAW(n > 0 || (!needed && (errno == ENOENT || errno == ESRCH)), errno);
	look_also(pid, text);
}

static void system_files(char *text)
{
	CHECK(read_file("/proc/meminfo", text, 1) > 0 && !strncmp(text, "MemTotal:", 9));
	CHECK(read_file("/proc/stat", text, 1) > 0 && !strncmp(text, "cpu ", 4));
	CHECK(read_file("/proc/uptime", text, 1) > 0 && strtod(text, NULL) > 0);
	CHECK(read_file("/proc/loadavg", text, 1) > 0 && strchr(text, '/'));
}

/* Of all processes only those of this program are ours to judge: the pids above its own. */
static void reader(int first_pid)
{
	static char text[TEXT];

	for (long i = 0; i < rounds(ROUNDS); i++) {
		DIR *dir = opendir("/proc");
		struct dirent *entry;
		int me = 0;

		CHECK(dir);
		while (dir && (entry = readdir(dir))) {
			long pid = strtol(entry->d_name, NULL, 10);

			me |= pid == getpid();
			if (pid >= first_pid && pid < first_pid + 20000)
				look_at(pid, text);
		}
		CHECK(me);
		if (dir)
			closedir(dir);
		system_files(text);
	}
}

static void *come_and_go(void *unused)
{
	char *at = mmap(NULL, MIB(3), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at != MAP_FAILED) {
		at[0] = at[MIB(2)] = 1;
		spin(300);
		/* Piece by piece: what is not there any more may be another's by now. */
		munmap(at + PAGE, MIB(1));
		munmap(at, PAGE);
		munmap(at + PAGE + MIB(1), MIB(2) - PAGE);
	}
	close(open("/dev/null", O_RDONLY));
	return unused;
}

/* Processes that make threads, map, exec, and end in several ways. */
static void churn(int number)
{
	char *argv[] = { "storm_procread", "second", "life", NULL }, *envp[] = { NULL };
	unsigned seed = (unsigned)number + 1;

	while (*reading) {
		unsigned how = dice(&seed, 3);
		int status = -1;
		pid_t pid = MUST(fork());

		if (pid == 0) {
			start_threads(0, 2, come_and_go);
			if (how == 0)
				execve(self, argv, envp);
			if (how == 1)
				join_threads(0, 2);
			_exit(0);
		}
		CHECK_SAW(waitpid(pid, &status, 0) == pid && status == 0, status);
	}
}

static int first_pid;

static void body(int number)
{
	if (number >= READERS) {
		churn(number);
		return;
	}
	reader(first_pid);
	atomic_fetch_sub(reading, 1);
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return 0;
	storm_start(argc, argv);
	MUST(readlink("/proc/self/exe", self, sizeof(self) - 1));
	first_pid = getpid();
	reading = share(sizeof(*reading));
	*reading = READERS;
	run_processes(READERS + CHURNERS, body);
	say("what was read was whole");
	return storm_end();
}
