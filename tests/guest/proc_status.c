/*
 * Figures of /proc/PID/{status,stat,statm,smaps,limits,fdinfo,mountinfo}: they fit each other, and
 * what the process does. /proc/stat, cpuinfo, meminfo and /proc/sys: their form.
 *
 * native: no
 *
 * From proc(5).
 */
#define _GNU_SOURCE
#include "check.h"

#include <sched.h>
#include <sys/prctl.h>

static char text[1 << 20];

/* Reads it all; "" if it cannot. */
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

/* The number after "\nNAME:" of what slurp has read; -2: no such line. */
static long field(const char *name)
{
	char label[64], *at;

	snprintf(label, sizeof(label), "\n%s:", name);
	at = strstr(text, label);
	return at ? atol(at + strlen(label)) : -2;
}

static const char *word(const char *name)
{
	static char value[64];
	char label[64], *at;

	snprintf(label, sizeof(label), "\n%s:\t", name);
	at = strstr(text, label);
	value[0] = '\0';
	if (at)
		sscanf(at + strlen(label), "%63s", value);
	return value;
}

static void status_lines(void)
{
	static const char *const names[] = {
		"Umask", "State", "Tgid", "Ngid", "Pid", "PPid", "TracerPid", "Uid", "Gid", "FDSize",
		"Groups", "NStgid", "NSpid", "NSpgid", "NSsid", "VmPeak", "VmSize", "VmLck", "VmPin",
		"VmHWM", "VmRSS", "RssAnon", "RssFile", "RssShmem", "VmData", "VmStk", "VmExe",
		"VmLib", "VmPTE", "VmSwap", "HugetlbPages", "CoreDumping", "THP_enabled", "Threads",
		"SigQ", "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm",
		"CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters",
		"Cpus_allowed", "Cpus_allowed_list", "Mems_allowed", "Mems_allowed_list",
		"voluntary_ctxt_switches", "nonvoluntary_ctxt_switches",
	};
	const char *last = slurp("/proc/self/status");

	for (size_t i = 0; i < COUNT(names); i++) {
		char label[64], *at;

		snprintf(label, sizeof(label), "\n%s:\t", names[i]);
		at = strstr(text, label);
		if (!at || at < last)
			say("status: no %s in its place", names[i]);
		last = at ? at : last;
	}
	YES_OF("NSpid is Pid", field("NSpid") == getpid());
	YES_OF("NSpgid", field("NSpgid") == getpgrp());
	YES_OF("NSsid", field("NSsid") == getsid(0));
	YES_OF("FDSize", field("FDSize") >= 64 && field("FDSize") % 64 == 0);
	say("NoNewPrivs %ld, Seccomp %ld", field("NoNewPrivs"), field("Seccomp"));
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	slurp("/proc/self/status");
	say("NoNewPrivs %ld", field("NoNewPrivs"));
}

static void affinity(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	MUST(sched_setaffinity(0, sizeof(set), &set));
	slurp("/proc/self/status");
	say("Cpus_allowed_list %s", word("Cpus_allowed_list"));
	YES_OF("Cpus_allowed", strtoul(word("Cpus_allowed"), NULL, 16) == 1);
}

static void memory(void)
{
	enum { LENGTH = 8 << 20, COARSE = 512 }; /* Linux counts RSS in batches, per thread */
	long size[7], before, peak;
	char *p;

	slurp("/proc/self/statm");
	for (char *at = text, **end = &at, **i = end; i == end; i = NULL)
		for (int k = 0; k < 7; k++)
			size[k] = strtol(at, end, 10);
	slurp("/proc/self/status");
	YES_OF("statm: size", size[0] * 4 == field("VmSize"));
	YES_OF("statm: text and data", size[3] * 4 == field("VmExe") &&
	       size[5] * 4 == field("VmData") + field("VmStk"));
	YES_OF("VmRSS is of three parts",
	       field("VmRSS") == field("RssAnon") + field("RssFile") + field("RssShmem"));
	YES_OF("not below the peaks", field("VmPeak") >= field("VmSize") &&
	       field("VmHWM") >= field("VmRSS"));
	YES_OF("VmStk", field("VmStk") >= 16 && field("VmStk") <= 256);

	before = field("VmSize");
	p = map_anon(LENGTH, PROT_READ | PROT_WRITE);
	memset(p, 1, LENGTH / 2);
	slurp("/proc/self/status");
	YES_OF("mapped: VmSize", field("VmSize") == before + LENGTH / 1024);
	YES_OF("mapped: VmData", field("VmData") >= LENGTH / 1024);
	YES_OF("touched: RssAnon", field("RssAnon") >= LENGTH / 2048 - COARSE);
	peak = field("VmPeak");
	munmap(p, LENGTH);
	slurp("/proc/self/status");
	YES_OF("unmapped: VmSize", field("VmSize") == before);
	YES_OF("unmapped: VmPeak stays", field("VmPeak") == peak && peak >= before + LENGTH / 1024);
	YES_OF("unmapped: VmHWM stays", field("VmHWM") >= LENGTH / 2048 - COARSE);
}

/* Of the region that begins at `start`: the value of a row in smaps. */
static long row(const void *start, const char *name)
{
	char line[32];

	slurp("/proc/self/smaps");
	snprintf(line, sizeof(line), "%08lx-", (unsigned long)start);
	char *at = strstr(text, line);
	if (!at)
		return -3;
	memmove(text, at, strlen(at) + 1);
	return field(name);
}

static void child_waits(int read_end)
{
	char c;

	_exit(read(read_end, &c, 1));
}

static void smaps_file(void)
{
	enum { PAGES = 16 };
	int end[2];
	long sum = 0;
	char *p = mmap((char *)0x100000000000, PAGES * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	memset(p, 1, PAGES * PAGE / 2);
	say("smaps: Size %ld, Rss %ld, Pss %ld", row(p, "Size"), row(p, "Rss"), row(p, "Pss"));
	say("smaps: Anonymous %ld, Private_Dirty %ld, Shared_Dirty %ld", row(p, "Anonymous"),
	    row(p, "Private_Dirty"), row(p, "Shared_Dirty"));
	MUST(mlock(p, PAGES * PAGE / 2));
	say("locked: Locked %ld, %s", row(p, "Locked"), strstr(text, " lo ") ? "lo" : "not lo");
	slurp("/proc/self/status");
	say("locked: VmLck %ld", field("VmLck"));
	MUST(munlock(p, PAGES * PAGE / 2));
	MUST(pipe(end));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		close(end[1]);
		child_waits(end[0]);
	}
	say("forked: Rss %ld, Pss %ld, Private_Dirty %ld, Shared_Dirty %ld", row(p, "Rss"),
	    row(p, "Pss"), row(p, "Private_Dirty"), row(p, "Shared_Dirty"));
	close(end[0]);
	close(end[1]);
	MUST(waitpid(pid, NULL, 0));
	say("alone: Pss %ld, Private_Dirty %ld", row(p, "Pss"), row(p, "Private_Dirty"));
	munmap(p, PAGES * PAGE);

	slurp("/proc/self/smaps");
	char *gate = strstr(text, "[vsyscall]"); /* of the kernel, and not in VmSize */
	if (gate)
		*gate = '\0';
	for (char *at = text; (at = strstr(at, "\nSize:")) != NULL; at++)
		sum += atol(at + 6);
	slurp("/proc/self/status");
	YES_OF("smaps: Size adds up to VmSize", sum == field("VmSize"));
}

static void fdinfo_files(void)
{
	char name[64];
	int fd = MUST(open("/dev/null", O_RDWR | O_APPEND | O_CLOEXEC));
	int other = MUST(dup(fd));

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	slurp(name);
	say("fdinfo: starts with pos: %s, flags %s", strncmp(text, "pos:\t0\n", 7) ? "no" : "yes",
	    word("flags"));
	YES_OF("fdinfo: mnt_id and ino", field("mnt_id") >= 0 && field("ino") > 0);
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", other);
	slurp(name);
	say("fdinfo of its copy: flags %s", word("flags"));
	struct stat st;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	MUST(lstat(name, &st));
	say("fd: mode %o, size %ld", (unsigned)st.st_mode, (long)st.st_size);
	close(fd);
	close(other);
}

static void mountinfo_file(void)
{
	int lines = 0, good = 0, root = 0;

	slurp("/proc/self/mountinfo");
	for (char *line = text; *line; line = strchr(line, '\n') + 1) {
		unsigned id, parent, major, minor;
		char from[256], place[256];

		lines++;
		if (sscanf(line, "%u %u %u:%u %255s %255s", &id, &parent, &major, &minor, from,
			   place) == 6 && strstr(line, " - "))
			good++;
		root += strcmp(place, "/") == 0;
	}
	YES_OF("mountinfo: all lines are good", lines > 0 && good == lines);
	YES_OF("mountinfo: the root is there", root >= 1);
}

static unsigned long long counter(const char *name)
{
	char *at = strstr(slurp("/proc/stat"), name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void system_files(void)
{
	unsigned long long switches = counter("\nctxt "), interrupts = counter("\nintr ");
	long ncpus = sysconf(_SC_NPROCESSORS_ONLN), n = 0;
	unsigned load[6], a, b, c;

	for (int i = 0; i < 5; i++)
		sleep_ms(2);
	YES_OF("stat: ctxt counts", switches > 0 && counter("\nctxt ") >= switches + 5);
	YES_OF("stat: intr counts", interrupts > 0 && counter("\nintr ") > interrupts);
	YES_OF("stat: begins with cpu", strncmp(slurp("/proc/stat"), "cpu  ", 5) == 0);
	slurp("/proc/cpuinfo");
	for (char *at = text; (at = strstr(at, "processor\t: ")) != NULL; at++)
		n++;
	YES_OF("cpuinfo: all CPUs", n >= ncpus);
	YES_OF("cpuinfo: flags", strstr(text, "\nflags\t\t: fpu ") && strstr(text, " sse2 ") &&
	       strstr(text, " lm "));
	YES_OF("cpuinfo: popcnt as CPUID says",
	       !!strstr(text, " popcnt") == !!__builtin_cpu_supports("popcnt"));
	slurp("/proc/meminfo");
	YES_OF("meminfo: free of total", field("MemFree") > 0 && strncmp(text, "MemTotal:  ", 11) == 0 &&
	       atol(text + 9) > field("MemFree"));
	say("loadavg: %d fields", sscanf(slurp("/proc/loadavg"), "%u.%u %u.%u %u.%u %u/%u %u", load,
					 load + 1, load + 2, load + 3, load + 4, load + 5, &a, &b, &c));
	slurp("/proc/interrupts");
	YES_OF("interrupts: all CPUs", strstr(text, "CPU0") && strstr(text, "\nLOC:"));
}

static void sys_files(void)
{
	char id[64], host[65] = "";

	MUST(gethostname(host, 64));
	slurp("/proc/sys/kernel/hostname");
	YES_OF("hostname", strncmp(text, host, strlen(host)) == 0 && text[strlen(host)] == '\n');
	say("ngroups_max %ld", atol(slurp("/proc/sys/kernel/ngroups_max")));
	YES_OF("pid_max", atol(slurp("/proc/sys/kernel/pid_max")) >= 32768);
	snprintf(id, sizeof(id), "%s", slurp("/proc/sys/kernel/random/uuid"));
	say("uuid: %zu bytes, version %c, dashes %c%c%c%c", strlen(id), id[14], id[8], id[13], id[18],
	    id[23]);
	YES_OF("uuid: another one each time", strcmp(id, slurp("/proc/sys/kernel/random/uuid")));
	snprintf(id, sizeof(id), "%s", slurp("/proc/sys/kernel/random/boot_id"));
	YES_OF("boot_id: always the same", strlen(id) == 37 &&
	       strcmp(id, slurp("/proc/sys/kernel/random/boot_id")) == 0);
	YES_OF("nr_open", atol(slurp("/proc/sys/fs/nr_open")) >= 65536);
}

int main(void)
{
	status_lines();
	affinity();
	memory();
	smaps_file();
	fdinfo_files();
	mountinfo_file();
	system_files();
	sys_files();
	return 0;
}
