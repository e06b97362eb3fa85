/*
 * User and group ids, umask, nice and priorities, times, getrusage, uname.
 *
 * From getuid(2), umask(2), nice(2), getpriority(2), times(2), getrusage(2),
 * uname(2).
 */
#include "check.h"

#include <time.h>

static void ids(void)
{
	YES_OF("real and effective user are the same", getuid() == geteuid());
	YES_OF("real and effective group are the same", getgid() == getegid());
}

static void masks(void)
{
	mode_t old = umask(022);
	struct stat status;
	int fd;

	VALUE_OF("umask gives the last", umask(077));
	VALUE_OF("umask keeps nine bits", (umask(07777), umask(0)));
	umask(027);
	fd = MUST(open("ids.tmp", O_CREAT | O_WRONLY, 0777));
	MUST(fstat(fd, &status));
	say("file made with 0777 under 027: %04o", status.st_mode & 07777);
	close(fd);
	MUST(unlink("ids.tmp"));
	MUST(mkdir("ids.dir", 0777));
	MUST(stat("ids.dir", &status));
	say("folder made with 0777 under 027: %04o", status.st_mode & 0777);
	MUST(rmdir("ids.dir"));
	umask(old);
}

/* In a child: it cannot always be undone. */
static void priorities(void)
{
	int status;
	pid_t pid;

	errno = 0;
	VALUE_OF("nice(0)", nice(0));
	VALUE_OF("nice(5)", nice(5));
	VALUE_OF("getpriority", getpriority(PRIO_PROCESS, 0));
	VALUE_OF("raw getpriority (20 - nice)", syscall(SYS_getpriority, PRIO_PROCESS, 0));
	VALUE_OF("nice(100) stops at", nice(100));
	pid = MUST(fork());
	if (pid == 0)
		_exit(getpriority(PRIO_PROCESS, 0));
	MUST(waitpid(pid, &status, 0));
	say("the child's: %s", status_text(status));
	VALUE(setpriority(PRIO_PROCESS, getpid(), 19));
	VALUE(getpriority(PRIO_PROCESS, getpid()));
	VALUE(setpriority(PRIO_PROCESS, 0, 100));
	VALUE(getpriority(PRIO_PROCESS, 0));
	VALUE(getpriority(PRIO_PROCESS, 1 << 30));
	VALUE(getpriority(9, 0));
	VALUE(setpriority(9, 0, 0));
	VALUE(setpriority(PRIO_PROCESS, 1 << 30, 5));
}

/* By CPU time: a busy host gives less of it than time passes. */
static void spin(long ms)
{
	for (clock_t until = clock() + ms * (CLOCKS_PER_SEC / 1000); clock() < until;)
		;
}

static void used_time(void)
{
	struct rusage self, children;
	struct tms before, after;
	clock_t start = times(&before);

	YES_OF("times returns a time", start != (clock_t)-1);
	if (MUST(fork()) == 0) {
		spin(150);
		_exit(0);
	}
	MUST(wait(NULL));
	spin(150);
	YES_OF("clock ticks are hundredths", times(&after) - start >= 29);
	YES_OF("own time has grown", after.tms_utime + after.tms_stime >
				     before.tms_utime + before.tms_stime);
	YES_OF("children's time has grown", after.tms_cutime + after.tms_cstime > 0);
	MUST(getrusage(RUSAGE_SELF, &self));
	MUST(getrusage(RUSAGE_CHILDREN, &children));
	YES_OF("getrusage: own time", self.ru_utime.tv_sec * 1000000 + self.ru_utime.tv_usec +
	       self.ru_stime.tv_sec * 1000000 + self.ru_stime.tv_usec > 50000);
	YES_OF("getrusage: children's time", children.ru_utime.tv_sec * 1000000 +
	       children.ru_utime.tv_usec + children.ru_stime.tv_usec > 50000);
	VALUE(syscall(SYS_getrusage, 5, &self));
	VALUE(syscall(SYS_getrusage, RUSAGE_SELF, nowhere));
	VALUE(syscall(SYS_getrusage, RUSAGE_SELF, in_kernel));
	VALUE(syscall(SYS_times, nowhere));
	YES_OF("times(NULL)", syscall(SYS_times, NULL) != -1);
}

static void faults(void)
{
	struct rusage before, after;
	char *page = map_anon(64 * PAGE, PROT_READ | PROT_WRITE);

	MUST(getrusage(RUSAGE_SELF, &before));
	for (int i = 0; i < 64; i++)
		page[i * PAGE] = 1;
	MUST(getrusage(RUSAGE_SELF, &after));
	YES_OF("minor faults are counted", after.ru_minflt > before.ru_minflt);
	munmap(page, 64 * PAGE);
}

static void names(void)
{
	struct utsname name;

	VALUE(uname(&name));
	say("machine: %s", name.machine);
	YES_OF("sysname", name.sysname[0] != '\0');
	YES_OF("nodename fits", memchr(name.nodename, 0, sizeof(name.nodename)) != NULL);
	YES_OF("release", name.release[0] != '\0');
	VALUE(syscall(SYS_uname, NULL));
	VALUE(syscall(SYS_uname, nowhere));
	VALUE(syscall(SYS_uname, in_kernel));
}

int main(void)
{
	ids();
	masks();
	in_child("priorities", priorities);
	used_time();
	faults();
	names();
	return 0;
}
