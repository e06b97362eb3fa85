/*
 * The way into the kernel and out of it: the shortest system call, and a signal to oneself.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile sig_atomic_t handled;
static pid_t me;

static void call_getppid(void)
{
	syscall(SYS_getppid);
}

/* null_syscall: getppid() through the C library's syscall(): entry, dispatch, return. No work. */
void null_syscall(void)
{
	report("null_syscall", per_call(2000, call_getppid), "ns");
}

static void on_signal(int signo)
{
	(void)signo;
	handled++;
}

static void signal_me(void)
{
	kill(me, SIGUSR1);
}

/*
 * signal_delivery: kill() of oneself, the handler's frame, the handler (which counts), sigreturn.
 * Not the wake-up of a process that sleeps.
 */
void signal_delivery(void)
{
	me = getpid();
	if (sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = on_signal }, NULL) < 0)
		fail("sigaction");
	uint64_t ns = per_call(1000, signal_me);
	if (handled != rounds(1000) * (BATCHES + 1))
		fail("signal_delivery: a signal was not handled");
	report("signal_delivery", ns, "ns");
}
