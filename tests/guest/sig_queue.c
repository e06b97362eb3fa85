/*
 * Queues of signals: real-time ones keep number and siginfo of each, in order;
 * standard ones are pending once, with the siginfo of the first. Which comes
 * first: the thread's before the process's, faults' numbers before others, low
 * before high. RLIMIT_SIGPENDING. Who may make up which siginfo.
 *
 * From signal(7), sigqueue(3), rt_sigqueueinfo(2), getrlimit(2).
 */
#include "check.h"

enum { RT = 40, LOG = 64 };

static volatile int seen[LOG], values[LOG], codes[LOG];
static volatile sig_atomic_t nseen;
static volatile sig_atomic_t sender_ok = 1;

static void handler(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (nseen < LOG) {
		seen[nseen] = number;
		codes[nseen] = info->si_code;
		values[nseen++] = info->si_value.sival_int;
	}
	if (info->si_code == SI_QUEUE)
		sender_ok &= info->si_pid == getpid() && info->si_uid == getuid();
}

static void catch(int number)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	sigfillset(&action.sa_mask); /* handlers one after another, in order of delivery */
	MUST(sigaction(number, &action, NULL));
}

static void mask_all(int how)
{
	sigset_t set;

	sigfillset(&set);
	MUST(sigprocmask(how, &set, NULL));
}

static void send(int number, int value)
{
	MUST(sigqueue(getpid(), number, (union sigval){ .sival_int = value }));
}

static void show(const char *label)
{
	nseen = 0;
	mask_all(SIG_UNBLOCK);
	say("%s: %d", label, (int)nseen);
	for (int i = 0; i < nseen; i++)
		say("  %s, code %d, value %d", signal_text(seen[i]), codes[i],
		    codes[i] == SI_QUEUE ? values[i] : -1);
	mask_all(SIG_BLOCK);
}

static void order(void)
{
	sigset_t set;

	send(RT + 1, 10), send(RT, 1), send(RT + 1, 11), send(RT, 2), send(RT, 3);
	MUST(sigpending(&set));
	say("pending: %d %d %d", sigismember(&set, RT), sigismember(&set, RT + 1),
	    sigismember(&set, RT + 2));
	show("real-time signals");
	send(SIGUSR1, 1), send(SIGUSR1, 2), MUST(kill(getpid(), SIGUSR1));
	show("a standard signal three times");
	MUST(kill(getpid(), SIGUSR2)), send(SIGUSR2, 5);
	show("kill before sigqueue");
	send(RT, 7), MUST(kill(getpid(), RT)), send(RT, 8);
	show("a real-time signal by kill in between");
	send(SIGUSR1, 1), send(SIGTERM, 2), send(SIGSYS, 3), send(SIGHUP, 4), send(RT, 5);
	show("low before high, but SIGSYS first");
	send(SIGHUP, 1), MUST(syscall(SYS_tkill, getpid(), SIGTERM)), send(SIGSEGV, 2);
	show("the thread's first");
	YES_OF("sender's pid and uid", sender_ok);
}

static void ignored(void)
{
	send(RT, 1), send(RT, 2);
	signal(RT, SIG_IGN);
	catch(RT);
	show("ignored for a moment");
	signal(SIGUSR1, SIG_IGN);
	send(SIGUSR1, 1);
	catch(SIGUSR1);
	show("sent while ignored and blocked");
}

/* How many wait for processes of our user; others may be running. */
static long queued(void)
{
	char text[4096];
	int fd = MUST(open("/proc/self/status", O_RDONLY));
	long length = MUST(read(fd, text, sizeof(text) - 1));

	close(fd);
	text[length] = 0;
	return atol(strstr(text, "SigQ:") + 5);
}

static void limit(void)
{
	struct rlimit old, few;
	int pid = fork(), status;

	if (pid == 0) {
		MUST(getrlimit(RLIMIT_SIGPENDING, &old));
		few = (struct rlimit){ queued() + 3, old.rlim_max };
		MUST(setrlimit(RLIMIT_SIGPENDING, &few));
		for (int i = 0; i < 5; i++)
			VALUE_OF("sigqueue, limit 3", sigqueue(getpid(), RT, (union sigval){ .sival_int = i }));
		VALUE_OF("kill of a real-time signal", kill(getpid(), RT + 1));
		VALUE_OF("tkill of a real-time signal", syscall(SYS_tkill, getpid(), RT + 2));
		VALUE_OF("kill of a standard signal", kill(getpid(), SIGUSR1));
		VALUE_OF("sigqueue of a standard signal",
			 sigqueue(getpid(), SIGUSR2, (union sigval){ .sival_int = 9 }));
		show("at the limit");
		VALUE_OF("afterwards", sigqueue(getpid(), RT, (union sigval){ .sival_int = 6 }));
		show("afterwards");
		few.rlim_cur = 0;
		MUST(setrlimit(RLIMIT_SIGPENDING, &few));
		VALUE_OF("sigqueue, limit 0", sigqueue(getpid(), RT, (union sigval){ 0 }));
		VALUE_OF("kill, limit 0", kill(getpid(), RT));
		show("limit 0");
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	say("%s", status_text(status));
}

static long queue_info(pid_t pid, int number, int code)
{
	siginfo_t info = { .si_code = code };

	return syscall(SYS_rt_sigqueueinfo, pid, number, &info);
}

static long thread_info(pid_t tgid, pid_t tid, int number, int code)
{
	siginfo_t info = { .si_code = code };

	return syscall(SYS_rt_tgsigqueueinfo, tgid, tid, number, &info);
}

static void who_may(void)
{
	siginfo_t info = { .si_code = SI_QUEUE };
	pid_t self = getpid(), child = fork();

	if (child == 0) {
		for (;;)
			pause();
	}
	VALUE(queue_info(child, 0, SI_QUEUE));
	VALUE(queue_info(child, 0, SI_USER));
	VALUE(queue_info(child, 0, SI_TKILL));
	VALUE(queue_info(child, 0, SI_KERNEL));
	VALUE(queue_info(child, 0, SI_TIMER));
	VALUE(queue_info(child, 0, -100));
	VALUE(queue_info(self, 0, SI_USER));
	VALUE(queue_info(self, 0, SI_TKILL));
	VALUE(queue_info(self, 0, SI_KERNEL));
	VALUE(queue_info(self, 65, SI_QUEUE));
	VALUE(queue_info(self, -1, SI_QUEUE));
	VALUE(queue_info(0, 0, SI_QUEUE));
	VALUE(queue_info(-1, 0, SI_QUEUE));
	VALUE(queue_info(INT_MAX, 65, SI_QUEUE));
	VALUE(queue_info(INT_MAX, 0, SI_USER));
	VALUE(syscall(SYS_rt_sigqueueinfo, self, 0, nowhere));
	VALUE(thread_info(self, self, 0, SI_USER));
	VALUE(thread_info(child, child, 0, SI_USER));
	VALUE(thread_info(child, child, 0, SI_QUEUE));
	VALUE(thread_info(self, child, 0, SI_QUEUE));
	VALUE(thread_info(0, self, 0, SI_QUEUE));
	VALUE(thread_info(self, 0, 0, SI_QUEUE));
	VALUE(thread_info(child, -1, 0, SI_USER));
	VALUE(thread_info(self, self, 65, SI_QUEUE));
	memset((char *)&info + 48, 1, sizeof(info) - 48);
	VALUE_OF("more than is known, known code", syscall(SYS_rt_sigqueueinfo, self, 0, &info));
	info.si_code = -100;
	VALUE_OF("more than is known, unknown code", syscall(SYS_rt_sigqueueinfo, self, 0, &info));
	MUST(queue_info(self, RT, SI_KERNEL));
	MUST(queue_info(self, RT + 1, 55));
	MUST(queue_info(self, RT + 2, -100));
	MUST(thread_info(self, self, RT + 3, SI_ASYNCIO));
	show("codes come through");
	MUST(kill(child, SIGKILL));
	MUST(waitpid(child, NULL, 0));
	VALUE(syscall(SYS_tkill, INT_MAX, 65));
	VALUE(syscall(SYS_tkill, self, 65));
	VALUE(syscall(SYS_tkill, 0, 65));
	VALUE(syscall(SYS_tgkill, self, INT_MAX, -1));
	VALUE(syscall(SYS_tgkill, 0, self, 0));
}

static void inheritance(void)
{
	sigset_t set;
	int status, pid;

	send(RT, 1), send(SIGUSR1, 2);
	pid = MUST(fork());
	if (pid == 0) {
		MUST(sigpending(&set));
		say("in a child pending: %d %d", sigismember(&set, RT), sigismember(&set, SIGUSR1));
		send(RT + 1, 1), send(SIGUSR2, 1);
		MUST(syscall(SYS_tkill, getpid(), RT + 2));
		execl("/proc/self/exe", "sig_queue", "pending", NULL);
		_exit(1);
	}
	MUST(waitpid(pid, &status, 0));
	say("%s", status_text(status));
	show("in the parent");
}

int main(int argc, char **argv)
{
	sigset_t set;

	(void)argv;
	if (argc > 1) {
		MUST(sigpending(&set));
		say("after exec pending: %d %d %d %d", sigismember(&set, RT), sigismember(&set, RT + 1),
		    sigismember(&set, RT + 2), sigismember(&set, SIGUSR2));
		return 0;
	}
	mask_all(SIG_BLOCK);
	catch(SIGUSR1), catch(SIGUSR2), catch(SIGTERM), catch(SIGSYS), catch(SIGHUP), catch(SIGSEGV);
	for (int i = 0; i < 4; i++)
		catch(RT + i);
	order();
	ignored();
	limit();
	who_may();
	inheritance();
	return 0;
}
