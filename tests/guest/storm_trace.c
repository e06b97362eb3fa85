/*
 * Storm: the trace is switched on and off, and read in small parts, while threads and processes on
 * all CPUs do what it is to write down. What is read is lines, whole, in order of time; what the
 * others do is not changed by it; no memory is lost.
 *
 * args: 10
 * tine-only: yes
 */
#include "storm.h"

enum { WORKERS = 3, SWITCHERS = 2, READERS = 2, ROUNDS = 200 };

static const char *const words[] = {
	"all", "off", "syscall", "syscall fault", "none", "+sched", "-syscall", "off", "process signal",
	"+fault", "-all", "all -tree", "off",
};
static atomic_int *working;
static char unread[8192]; /* a reader's, up to the first newline that has not come yet */

static void set(const char *word)
{
	int fd = open("/proc/sys/kernel/trace", O_WRONLY);
	ssize_t n = write(fd, word, strlen(word));

	CHECK_SAW(n == (ssize_t)strlen(word), errno); /* memory for the rings is there */
	close(fd);
}

static void switcher(unsigned seed)
{
	while (*working) {
		set(words[dice(&seed, COUNT(words))]);
		if (dice(&seed, 4) == 0)
			sleep_us(dice(&seed, 2000));
	}
}

/* The lines in a piece of text; what is left of the last, which is not whole, comes to its start. */
static size_t check_lines(char *text, double *last)
{
	char *end;

	for (; (end = strchr(text, '\n')); text = end + 1) {
		double time;
		int cpu, tid;
		char name[16];

		if (!strncmp(text, "lost ", 5))
			continue;
		CHECK(sscanf(text, "%lf %d %d %15[a-z]", &time, &cpu, &tid, name) == 4);
		CHECK(time > *last && cpu < 32 && strlen(name) >= 3);
		*last = time;
	}
	size_t left = strlen(text);
	memmove(unread, text, left + 1);
	return left;
}

static void reader(unsigned seed)
{
	while (*working) {
		int fd = open("/proc/trace", O_RDONLY);
		double last = 0;
		size_t have = 0;
		ssize_t n;

		while ((n = read(fd, unread + have, 1 + dice(&seed, 3000))) > 0) {
			unread[have + n] = '\0';
			have = check_lines(unread, &last);
		}
		CHECK_SAW(n == 0, errno);
		close(fd);
	}
}

static void *thread(void *arg)
{
	char *page = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 4; i++)
		page[i * PAGE] = (char)i;
	munmap(page, 4 * PAGE);
	return arg;
}

/* Each round forks, writes what is shared, sends a signal, makes a thread. */
static void worker(void)
{
	static char data[8 * PAGE];
	pthread_t other;

	for (long round = rounds(ROUNDS); round > 0; round--) {
		int status, end[2];
		char got[40];
		pid_t pid;

		memset(data, (int)round, sizeof(data));
		CHECK(pipe(end) == 0);
		pid = fork();
		if (pid == 0) {
			data[PAGE] = 1;
			write(end[1], "a text that is longer than 32 bytes", 36);
			kill(getpid(), SIGTERM);
			_exit(1);
		}
		CHECK(read(end[0], got, sizeof(got)) == 36);
		CHECK(!strcmp(got, "a text that is longer than 32 bytes"));
		CHECK(waitpid(pid, &status, 0) == pid && status == SIGTERM);
		CHECK(data[PAGE] == (char)round);
		CHECK(pthread_create(&other, NULL, thread, NULL) == 0);
		CHECK(pthread_join(other, NULL) == 0);
		close(end[0]);
		close(end[1]);
	}
	atomic_fetch_sub(working, 1);
}

int main(int argc, char **argv)
{
	storm_start(argc, argv);
	working = share(sizeof(*working));
	*working = WORKERS;
	for (unsigned i = 0; i < WORKERS + SWITCHERS + READERS; i++) {
		if (MUST(fork()) == 0) {
			if (i < WORKERS)
				worker();
			else if (i < WORKERS + SWITCHERS)
				switcher(i);
			else
				reader(i);
			_exit(0);
		}
	}
	for (unsigned i = 0; i < WORKERS + SWITCHERS + READERS; i++)
		CHECK(wait(NULL) > 0);
	set("off");
	return storm_end();
}
