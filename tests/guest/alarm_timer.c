/*
 * The alarm clock: alarm, setitimer and getitimer with ITIMER_REAL; what is
 * left, what is returned, intervals, exec keeps it and fork does not.
 *
 * From alarm(2), setitimer(2), fork(2), execve(2).
 */
#include "check.h"

static volatile sig_atomic_t rings;

static void ring(int sig)
{
	(void)sig;
	rings++;
}

static struct itimerval in_ms(long value, long interval)
{
	return (struct itimerval){
		.it_interval = {interval / 1000, interval % 1000 * 1000},
		.it_value = {value / 1000, value % 1000 * 1000},
	};
}

static void alarms(void)
{
	VALUE(alarm(100));
	VALUE(alarm(50));
	VALUE(alarm(0));
	VALUE(alarm(0));
	alarm(1);
	VALUE(pause());
	YES(rings == 1);
}

static void intervals(void)
{
	struct itimerval timer = in_ms(30, 20), old;

	rings = 0;
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	while (rings < 5)
		pause();
	YES_OF("it rings again and again", rings >= 5);
	OK(getitimer(ITIMER_REAL, &old));
	YES(old.it_interval.tv_sec == 0 && old.it_interval.tv_usec == 20000);
	YES(old.it_value.tv_sec == 0 && old.it_value.tv_usec <= 20000);
	timer = in_ms(0, 0);
	OK_OF("stopped", setitimer(ITIMER_REAL, &timer, &old));
	YES(old.it_interval.tv_usec == 20000);
	OK(getitimer(ITIMER_REAL, &old));
	YES(old.it_value.tv_sec == 0 && old.it_value.tv_usec == 0);
	rings = 0;
	sleep_ms(100);
	YES_OF("silent now", rings == 0);
}

/* Without a time there is no interval either, and SIGALRM from elsewhere starts nothing. */
static void interval_alone(void)
{
	struct itimerval timer = in_ms(0, 10), old;

	OK_OF("an interval alone", setitimer(ITIMER_REAL, &timer, NULL));
	OK(getitimer(ITIMER_REAL, &old));
	VALUE_OF("its interval", old.it_interval.tv_usec);
	rings = 0;
	raise(SIGALRM);
	sleep_ms(100);
	VALUE_OF("rings", rings);
}

static void errors(void)
{
	struct itimerval timer = in_ms(10, 0);

	VALUE(setitimer(99, &timer, NULL));
	VALUE(getitimer(99, &timer));
	timer.it_value.tv_usec = 1000000;
	VALUE_OF("a million microseconds", setitimer(ITIMER_REAL, &timer, NULL));
	timer = in_ms(10, 0);
	timer.it_interval.tv_sec = -1;
	VALUE_OF("a negative interval", setitimer(ITIMER_REAL, &timer, NULL));
	VALUE_OF("from null + 8", setitimer(ITIMER_REAL, (void *)nowhere, NULL));
	VALUE_OF("to the kernel", getitimer(ITIMER_REAL, (void *)in_kernel));
}

static void children(void)
{
	int status;
	pid_t pid;

	alarm(100);
	pid = MUST(fork());
	if (pid == 0)
		_exit(alarm(0)); /* not inherited: 0 */
	MUST(waitpid(pid, &status, 0));
	say("left in a child: %d", WEXITSTATUS(status));
	pid = MUST(fork());
	if (pid == 0) {
		alarm(100);
		execl("/proc/self/exe", "alarm_timer", "left", NULL);
		_exit(127);
	}
	MUST(waitpid(pid, &status, 0));
	say("left after exec: %d", WEXITSTATUS(status));
	alarm(0);
	pid = MUST(fork());
	if (pid == 0) {
		signal(SIGALRM, SIG_DFL);
		alarm(1);
		pause();
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	YES_OF("the default action", WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "left"))
		return alarm(0);
	signal(SIGALRM, ring);
	alarms();
	intervals();
	interval_alone();
	errors();
	children();
	return 0;
}
