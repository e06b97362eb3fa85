/*
 * The switch of the trace and reading it: words, who may, lines that are whole however small the
 * reads, what was lost is counted, off takes everything away.
 *
 * docs/tracing.md has the words.
 * tine-only: yes
 */
#include "check.h"

static const char *const switch_name = "/proc/sys/kernel/trace";
static char text[4 << 20], other[4 << 20];

static long set(const char *words)
{
	int fd = open(switch_name, O_WRONLY);
	long n = fd < 0 ? -1 : write(fd, words, strlen(words));
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return n;
}

/* All of a file, by reads of n bytes. */
static long slurp(const char *name, char *to, size_t n)
{
	long have = 0, got;
	int fd = MUST(open(name, O_RDONLY));

	while ((got = read(fd, to + have, n)) > 0)
		have += got;
	MUST(got);
	to[have] = '\0';
	close(fd);
	return have;
}

static int shows(const char *words)
{
	slurp(switch_name, text, 256);
	say("# %.*s", (int)strcspn(text, "\n"), text);
	return !strcmp(text, words);
}

static int refused(const char *words, int error)
{
	return set(words) == -1 && errno == error;
}

static void words(void)
{
	expect("off at first", shows("off\n"));
	expect("a word", set("fault\n") > 0 && shows("fault\n"));
	expect("only it", set("signal") > 0 && shows("signal\n"));
	expect("one more", set("+sched") > 0 && shows("sched signal\n"));
	expect("one less, one more", set("-signal +process\n") > 0 && shows("sched process\n"));
	expect("commas", set("process,sched") > 0 && shows("sched process\n"));
	expect("all", set("all") > 0 && shows("syscall sched process signal fault tree\n"));
	expect("all but one", set("all -tree") > 0 && shows("syscall sched process signal fault\n"));
	expect("an unknown word", refused("syscall nonsense", EINVAL));
	expect("a sign without a word", refused("+", EINVAL));
	expect("a word too long", refused("syscallsyscall", EINVAL));
	expect("changed nothing", shows("syscall sched process signal fault\n"));
	expect("no host listens", refused("+stream", ENODEV));
	expect("none", set("none") > 0 && shows("none\n") && slurp("/proc/trace", text, 4096) > 0);
	expect("off", set("off") > 0 && shows("off\n") && slurp("/proc/trace", text, 4096) == 0);
	expect("off again", set("off") > 0);
	expect("all less all keeps it", set("fault") > 0 && set("-all") > 0 && shows("none\n"));
	expect("no word changes nothing", set("\n") > 0 && shows("none\n"));
	MUST(set("off"));
	char long_text[1000];
	memset(long_text, ' ', sizeof(long_text));
	int fd = MUST(open(switch_name, O_WRONLY));
	expect("too many words", write(fd, long_text, sizeof(long_text)) == -1 && errno == EINVAL);
	expect("a bad pointer", write(fd, nowhere, 4) == -1 && errno == EFAULT);
	close(fd);
}

static void rights(void)
{
	pid_t pid = MUST(fork());
	if (pid == 0) {
		MUST(setuid(1000));
		int wrong = !refused("off", EACCES);
		wrong |= open("/proc/trace", O_RDONLY) != -1 || errno != EACCES;
		_exit(wrong || open(switch_name, O_RDONLY) == -1);
	}
	int status;
	MUST(waitpid(pid, &status, 0));
	expect("only root switches it and reads what others do", status == 0);
}

/* SECONDS.NNNNNNNNN CPU TID EVENT ... with times that rise, and `lost N`. */
static int well_formed(const char *at, long *events, long *lost)
{
	double last = 0;

	*events = *lost = 0;
	while (*at) {
		const char *end = strchr(at, '\n');
		double time;
		int cpu, tid, used = 0;
		long n;
		char name[16];

		if (!end)
			return 0;
		if (sscanf(at, "lost %ld", &n) == 1) {
			*lost += n;
		} else {
			if (sscanf(at, "%lf %d %d %15[a-z]%n", &time, &cpu, &tid, name, &used) != 4 ||
			    time <= last)
				return 0;
			last = time;
			*events += 1;
		}
		at = end + 1;
	}
	return 1;
}

static void reading(void)
{
	long events, lost;

	MUST(set("all"));
	for (int i = 0; i < 20; i++)
		getppid();
	MUST(set("none"));
	long n = slurp("/proc/trace", text, sizeof(text));
	expect("lines are whole", well_formed(text, &events, &lost) && events > 40 && lost == 0);
	for (size_t part = 1; part < 300; part = part * 3 + 1)
		if (slurp("/proc/trace", other, part) != n || strcmp(text, other))
			say("# reads of %zu bytes", part);
	expect("small reads say the same", !strcmp(text, other));
	int fd = MUST(open("/proc/trace", O_RDONLY));
	expect("a bad pointer", read(fd, nowhere, 10) == -1 && errno == EFAULT);
	expect("and nothing has gone", read(fd, other, n) == n && !memcmp(other, text, n));
	expect("no seeking", lseek(fd, 0, SEEK_SET) == -1 && errno == ESPIPE);
	close(fd);

	/* To one's own end: each read is a traced call. */
	MUST(set("syscall"));
	slurp("/proc/trace", text, 1);
	expect("the reader comes to an end", well_formed(text, &events, &lost));
	fd = MUST(open("/proc/trace", O_RDONLY));
	read(fd, other, 10);
	MUST(set("off"));
	MUST(set("fault"));
	expect("rings that have gone end it", read(fd, other, sizeof(other)) < 400 &&
	       read(fd, other, sizeof(other)) == 0);
	close(fd);
	MUST(set("off"));
}

/* Every event is in the file or counted in it: what getppid adds is exactly that. */
static void losing(void)
{
	enum { CALLS = 5000 };
	long events[2], lost[2];

	MUST(set("syscall"));
	for (int i = 0; i < 2; i++) {
		for (int call = 0; call < i * CALLS; call++)
			syscall(SYS_getppid);
		int fd = MUST(open("/proc/trace", O_RDONLY));
		MUST(set("none"));
		long have = 0, n;
		while ((n = read(fd, text + have, 65536)) > 0)
			have += n;
		text[have] = '\0';
		close(fd);
		expect("whole", well_formed(text, &events[i], &lost[i]));
		say("# %ld events, %ld lost", events[i], lost[i]);
		MUST(set("off"));
		MUST(set("syscall"));
	}
	MUST(set("off"));
	expect("nothing lost of a few", lost[0] == 0);
	expect("the rest is counted",
	       events[1] + lost[1] == events[0] + lost[0] + 2 * CALLS && lost[1] > 2 * CALLS - 4096);
}

int main(void)
{
	words();
	rights();
	reading();
	losing();
	return failures != 0;
}
