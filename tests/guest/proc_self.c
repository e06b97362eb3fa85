/*
 * /proc/self: status, stat, maps, cmdline, exe, fd, and another process's as it
 * sleeps, stops and becomes a zombie. Only what holds everywhere is printed.
 *
 * From proc(5).
 */
#include "check.h"

static char text[65536];

/* Reads it all; -1 with errno. */
static long slurp(const char *name)
{
	int fd = open(name, O_RDONLY);
	long have = 0, n;

	if (fd == -1)
		return -1;
	while ((n = read(fd, text + have, sizeof(text) - 1 - have)) > 0)
		have += n;
	text[have] = '\0';
	close(fd);
	return n == -1 ? -1 : have;
}

static long field(const char *name)
{
	char *at = strstr(text, name);

	return at ? atol(at + strlen(name)) : -2;
}

static void status_file(void)
{
	MUST(slurp("/proc/self/status"));
	YES_OF("status: starts with Name", strncmp(text, "Name:\tproc_self\n", 16) == 0);
	YES_OF("status: Pid", field("\nPid:") == getpid());
	YES_OF("status: Tgid", field("\nTgid:") == getpid());
	YES_OF("status: PPid", field("\nPPid:") == getppid());
	YES_OF("status: running", strstr(text, "\nState:\tR") != NULL);
	YES_OF("status: Uid", field("\nUid:") == (long)getuid());
	YES_OF("status: VmSize and VmRSS", field("\nVmSize:") > 0 && field("\nVmRSS:") > 0);
}

static void stat_file(pid_t pid, const char *label)
{
	char name[64], state = '?', *end;
	int ppid = 0, group = 0, session = 0;

	snprintf(name, sizeof(name), "/proc/%d/stat", pid);
	if (slurp(name) == -1) {
		say("%s: %s", label, errno_text(errno));
		return;
	}
	end = strrchr(text, ')');
	sscanf(end + 1, " %c %d %d %d", &state, &ppid, &group, &session);
	say("%s: pid %s, name %s, state %c, parent %s, group %s, session %s", label,
	    atoi(text) == pid ? "yes" : "no", strstr(text, "(proc_self)") ? "yes" : "no", state,
	    ppid == (pid == getpid() ? getppid() : getpid()) ? "yes" : "no",
	    group == getpgrp() ? "yes" : "no", session == getsid(0) ? "yes" : "no");
}

/* How a mapping that holds `address` is protected, or "none". */
static const char *protection(const void *address)
{
	static char flags[8];

	MUST(slurp("/proc/self/maps"));
	for (char *line = text; *line; line = strchr(line, '\n') + 1) {
		unsigned long start, end;

		if (sscanf(line, "%lx-%lx %4s", &start, &end, flags) != 3)
			return "a line that cannot be read";
		if ((unsigned long)address >= start && (unsigned long)address < end)
			return flags;
	}
	return "none";
}

static void maps_file(void)
{
	static int data = 1;
	int stack, ordered = 1;
	char *p = map_anon(3 * PAGE, PROT_READ | PROT_WRITE);
	unsigned long start, end, last = 0;

	say("maps: text %s", protection((void *)(uintptr_t)maps_file));
	say("maps: constants %s", protection("x"));
	say("maps: data %s", protection(&data));
	say("maps: stack %s", protection(&stack));
	MUST(mprotect(p + PAGE, PAGE, PROT_NONE));
	say("maps: %s", protection(p));
	say("maps: %s", protection(p + PAGE));
	MUST(munmap(p + PAGE, PAGE));
	say("maps: %s", protection(p + PAGE));
	MUST(slurp("/proc/self/maps"));
	for (char *line = text; *line; line = strchr(line, '\n') + 1) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2)
			break;
		ordered &= start >= last && end > start && start % PAGE == 0;
		last = end;
	}
	YES_OF("maps: in order", ordered);
	YES_OF("maps: names the program", strstr(text, "/proc_self\n") != NULL);
	munmap(p, 3 * PAGE);
}

static void descriptors(void)
{
	char name[32], target[512];
	int fd, count = 0, again = 0, extra;
	long length;
	DIR *dir;
	struct dirent *entry;

	make_file("proc.tmp", 0644, "file", 4);
	fd = MUST(open("proc.tmp", O_RDONLY));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	length = MUST(readlink(name, target, sizeof(target) - 1));
	target[length] = '\0';
	YES_OF("fd: names the file", strcmp(strrchr(target, '/'), "/proc.tmp") == 0);
	extra = open(name, O_RDONLY);
	YES_OF("fd: opens it", extra >= 0 && read(extra, target, 10) == 4);
	close(extra);
	dir = opendir("/proc/self/fd");
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	close(fd);
	VALUE_OF("fd: closed", readlink(name, target, sizeof(target)));
	dir = opendir("/proc/self/fd");
	while ((entry = readdir(dir)))
		again += entry->d_name[0] != '.';
	closedir(dir);
	VALUE_OF("fd: one fewer after close", count - again);
	MUST(unlink("proc.tmp"));
}

static void others(void)
{
	int status;
	siginfo_t info;
	pid_t pid;

	stat_file(getpid(), "own");
	pid = MUST(fork());
	if (pid == 0)
		for (;;)
			sleep_ms(1000);
	sleep_ms(30);
	stat_file(pid, "a child asleep");
	MUST(kill(pid, SIGSTOP));
	MUST(waitpid(pid, &status, WUNTRACED));
	stat_file(pid, "stopped");
	MUST(kill(pid, SIGKILL));
	MUST(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	stat_file(pid, "a zombie");
	MUST(waitpid(pid, &status, 0));
	stat_file(pid, "reaped");
}

int main(int argc, char **argv)
{
	char link[512], number[16];
	long length;

	if (argc > 1) {
		length = MUST(slurp("/proc/self/cmdline"));
		VALUE_OF("cmdline: length", length);
		say("cmdline: %s|%s|%s", text, text + strlen(text) + 1,
		    text + strlen(text) + 2 + strlen(argv[1]));
		return 0;
	}
	if (MUST(fork()) == 0) {
		status_file();
		execl("/proc/self/exe", "proc_self", "one", "two words", (char *)NULL);
	}
	MUST(wait(NULL));
	length = MUST(readlink("/proc/self/exe", link, sizeof(link) - 1));
	link[length] = '\0';
	YES_OF("exe: names the program", strcmp(strrchr(link, '/'), "/proc_self") == 0);
	length = MUST(readlink("/proc/self", link, sizeof(link) - 1));
	link[length] = '\0';
	snprintf(number, sizeof(number), "%d", getpid());
	YES_OF("/proc/self is the pid", strcmp(link, number) == 0);
	maps_file();
	descriptors();
	others();
	VALUE(open("/proc/1000000000/stat", O_RDONLY));
	VALUE(open("/proc/self/none", O_RDONLY));
	YES_OF("meminfo", slurp("/proc/meminfo") > 0 && strstr(text, "MemTotal:") == text &&
			  field("MemFree:") > 0 && field("MemAvailable:") > 0 &&
			  strstr(text, "PageTables:"));
	YES_OF("uptime and loadavg", slurp("/proc/uptime") > 0 && atof(text) > 0 &&
				     slurp("/proc/loadavg") > 0 && strchr(text, '/'));
	return 0;
}
