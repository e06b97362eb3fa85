/*
 * getitimer, setitimer, alarm, times, getrusage, sysinfo, clock queries, umask, sync family:
 * arguments, relations, what fork and exec keep. Pages: getitimer(2), alarm(2), times(2),
 * getrusage(2), sysinfo(2), clock_getres(2), sync(2), fsync(2), gettimeofday(2), time(2).
 *
 * native: no
 */
#include "spec.h"
#include <sys/sysinfo.h>

static void interval_timers(void)
{
	struct itimerval set = { { 0, 0 }, { 100, 500000 } }, got, old;

	for (int which = 0; which < 3; which++) {
		MUST(syscall(SYS_getitimer, which, &got));
		say("timer %d: %ld.%06ld every %ld.%06ld", which, (long)got.it_value.tv_sec,
		    (long)got.it_value.tv_usec, (long)got.it_interval.tv_sec, (long)got.it_interval.tv_usec);
		VALUE(syscall(SYS_setitimer, which, &set, &old));
		MUST(syscall(SYS_getitimer, which, &got));
		YES(got.it_value.tv_sec == 100 || (got.it_value.tv_sec == 99 && which == 0));
		set.it_interval.tv_sec = 7;
		VALUE(syscall(SYS_setitimer, which, &set, &old));
		YES(old.it_value.tv_sec >= 99 && old.it_interval.tv_sec == 0);
		MUST(syscall(SYS_getitimer, which, &got));
		VALUE(got.it_interval.tv_sec);
		pid_t pid = MUST(fork());
		if (pid == 0) {
			MUST(syscall(SYS_getitimer, which, &got));
			say("a child has none: %ld %ld", (long)got.it_value.tv_sec, (long)got.it_interval.tv_sec);
			_exit(0);
		}
		MUST(waitpid(pid, NULL, 0));
		VALUE_OF("NULL disarms", syscall(SYS_setitimer, which, NULL, &old));
		YES(old.it_value.tv_sec >= 99);
		set.it_interval.tv_sec = 0;
	}
	VALUE(syscall(SYS_getitimer, 3, &got));
	VALUE(syscall(SYS_getitimer, -1, &got));
	VALUE(syscall(SYS_getitimer, 0, nowhere));
	VALUE(syscall(SYS_setitimer, 3, &set, NULL));
	VALUE(syscall(SYS_setitimer, 0, nowhere, NULL));
	set.it_value.tv_usec = 1000000;
	VALUE(syscall(SYS_setitimer, 0, &set, NULL));
	set.it_value.tv_usec = -1;
	VALUE(syscall(SYS_setitimer, 0, &set, NULL));
	set.it_value = (struct timeval){ -1, 0 };
	VALUE(syscall(SYS_setitimer, 0, &set, NULL));
	set.it_value = (struct timeval){ 5, 0 };
	set.it_interval.tv_usec = 1000000;
	VALUE(syscall(SYS_setitimer, 0, &set, NULL));
	set.it_interval.tv_usec = 0;
	VALUE_OF("set, but the old one cannot be told", syscall(SYS_setitimer, 0, &set, nowhere));
	MUST(syscall(SYS_getitimer, 0, &got));
	YES(got.it_value.tv_sec > 0);
}

static void alarms(void)
{
	struct itimerval got;

	VALUE(alarm(0));
	VALUE(alarm(50));
	VALUE(alarm(60) >= 49);
	MUST(getitimer(ITIMER_REAL, &got));
	VALUE_OF("one timer with setitimer's", got.it_value.tv_sec >= 59);
	got.it_value = (struct timeval){ 0, 400000 };
	MUST(setitimer(ITIMER_REAL, &got, NULL));
	VALUE_OF("less than a second is one", alarm(0));
	got.it_value = (struct timeval){ 2, 900000 };
	MUST(setitimer(ITIMER_REAL, &got, NULL));
	VALUE_OF("rounded to the nearest", alarm(0));
	VALUE(alarm(0));
	MUST(alarm(77));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		VALUE_OF("a child has no alarm", alarm(0));
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	VALUE_OF("the parent's runs", alarm(0) > 70);
}

static void usage(void)
{
	struct rusage self, children, thread;
	struct tms before, after;
	long ticks;

	VALUE(syscall(SYS_getrusage, 0, &self));
	VALUE(syscall(SYS_getrusage, -1, &children));
	VALUE(syscall(SYS_getrusage, 1, &thread));
	VALUE(syscall(SYS_getrusage, 2, &self));
	VALUE(syscall(SYS_getrusage, -2, &self));
	VALUE(syscall(SYS_getrusage, 0, nowhere));
	YES(self.ru_maxrss > 0 && self.ru_minflt > 0);
	VALUE(self.ru_ixrss + self.ru_idrss + self.ru_isrss + self.ru_nswap + self.ru_msgsnd + self.ru_msgrcv +
	      self.ru_nsignals);
	VALUE(syscall(SYS_times, nowhere));
	YES(syscall(SYS_times, NULL) > 0);
	ticks = times(&before);
	VALUE(sysconf(_SC_CLK_TCK));
	pid_t pid = MUST(fork());
	if (pid == 0) {
		spin_cpu_ms(60);
		_exit(0);
	}
	MUST(waitpid(pid, NULL, 0));
	spin_cpu_ms(30);
	YES_OF("ticks of real time", times(&after) - ticks >= 5);
	YES_OF("children's", after.tms_cutime + after.tms_cstime - before.tms_cutime - before.tms_cstime >= 5);
	YES_OF("own", after.tms_utime + after.tms_stime - before.tms_utime - before.tms_stime >= 2);
	MUST(getrusage(RUSAGE_CHILDREN, &children));
	YES(children.ru_utime.tv_sec * 1000000 + children.ru_utime.tv_usec +
	    children.ru_stime.tv_usec >= 50000);
	YES(children.ru_maxrss > 0);
}

static void system_state(void)
{
	struct sysinfo info;
	struct timespec t;

	memset(&info, 0x55, sizeof(info));
	VALUE(syscall(SYS_sysinfo, &info));
	YES(info.uptime < 10000);
	YES((unsigned long)info.totalram * info.mem_unit > 60000000UL);
	YES(info.freeram < info.totalram && info.freeram > 0);
	YES(info.totalswap == 0 && info.freeswap == 0);
	YES(info.totalhigh == 0 && info.freehigh == 0 && info.mem_unit == 1);
	YES(info.procs > 0 && info.procs < 500);
	VALUE(syscall(SYS_sysinfo, nowhere));
	MUST(clock_gettime(CLOCK_BOOTTIME, &t));
	YES(labs(t.tv_sec - (long)info.uptime) <= 1);
	VALUE(syscall(SYS_sync));
	VALUE(fsync(-1));
	VALUE(fdatasync(-1));
	VALUE(syscall(SYS_syncfs, -1));
	int fd = MUST(open(".", O_RDONLY));
	VALUE(fsync(fd));
	VALUE(fdatasync(fd));
	VALUE(syscall(SYS_syncfs, fd));
	close(fd);
	VALUE(syscall(SYS_time, nowhere));
	YES(syscall(SYS_time, NULL) > 1000000000L);
	VALUE(syscall(SYS_gettimeofday, nowhere, NULL));
	VALUE(syscall(SYS_gettimeofday, NULL, NULL));
	int zone[2] = { 7, 7 };
	VALUE(syscall(SYS_gettimeofday, NULL, zone));
	say("%d %d", zone[0], zone[1]);
}

static void clocks(void)
{
	struct timespec t;

	for (int clock = -1; clock < 13; clock++) {
		char label[40];
		if (clock >= 8 && clock <= 10)
			continue;  /* depend on a clock chip */
		snprintf(label, sizeof(label), "clock_getres of %d", clock);
		VALUE_OF(label, syscall(SYS_clock_getres, clock, &t));
		snprintf(label, sizeof(label), "clock_gettime of %d", clock);
		VALUE_OF(label, syscall(SYS_clock_gettime, clock, &t));
	}
	VALUE(syscall(SYS_clock_getres, CLOCK_MONOTONIC, NULL));
	VALUE(syscall(SYS_clock_getres, CLOCK_MONOTONIC, nowhere));
	VALUE(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, NULL));
	VALUE(syscall(SYS_clock_settime, CLOCK_MONOTONIC, &t));
	VALUE(syscall(SYS_clock_settime, CLOCK_BOOTTIME, &t));
	VALUE(syscall(SYS_clock_settime, 99, &t));
	t = (struct timespec){ 1, 1000000000 };
	VALUE(syscall(SYS_clock_settime, CLOCK_REALTIME, &t));
	t = (struct timespec){ -1, 0 };
	VALUE(syscall(SYS_clock_settime, CLOCK_REALTIME, &t));
}

int main(void)
{
	spec_enter();
	interval_timers();
	alarms();
	usage();
	system_state();
	clocks();
	spec_leave();
	return 0;
}
