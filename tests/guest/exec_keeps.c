/*
 * execve: what a process keeps and what is reset.
 *
 * Kept: pid, ppid, group, session, cwd, umask, nice, ignored signals, mask,
 * pending signals, descriptors and offsets. Reset: caught signals, SSE control
 * word, memory; closed: descriptors with FD_CLOEXEC. From execve(2).
 */
#include "exec.h"

static void handler(int number)
{
	(void)number;
}

static unsigned mxcsr(void)
{
	unsigned value;

	__asm__ volatile("stmxcsr %0" : "=m"(value));
	return value & ~0x3fu;		/* without the sticky flags */
}

static void compare(const char *label, long before, long after)
{
	say("%s kept: %s", label, before == after ? "yes" : "no");
}

static int child(char **argv)
{
	struct sigaction action;
	sigset_t set;
	char cwd[512] = "";
	unsigned short x87;

	compare("pid", atol(argv[2]), getpid());
	compare("ppid", atol(argv[3]), getppid());
	compare("group", atol(argv[4]), getpgrp());
	compare("session", atol(argv[5]), getsid(0));
	say("umask: %03o", umask(022));
	errno = 0;
	VALUE_OF("nice", getpriority(PRIO_PROCESS, 0));
	MUST(getcwd(cwd, sizeof(cwd)) ? 0 : -1);
	say("cwd ends: %s", strrchr(cwd, '/'));
	MUST(sigaction(SIGUSR1, NULL, &action));
	YES_OF("caught signal is default", action.sa_handler == SIG_DFL);
	MUST(sigaction(SIGUSR2, NULL, &action));
	YES_OF("ignored signal is ignored", action.sa_handler == SIG_IGN);
	MUST(sigprocmask(SIG_BLOCK, NULL, &set));
	YES_OF("blocked signal is blocked", sigismember(&set, SIGTERM));
	YES_OF("other signal is not", !sigismember(&set, SIGHUP));
	MUST(sigpending(&set));
	YES_OF("pending signal is pending", sigismember(&set, SIGTERM));
	VALUE_OF("descriptor 60, offset", lseek(60, 0, SEEK_CUR));
	VALUE_OF("descriptor 60, flags", fcntl(60, F_GETFD));
	VALUE_OF("descriptor 61 (close-on-exec)", fcntl(61, F_GETFD));
	VALUE_OF("descriptor 62 (flag taken off)", fcntl(62, F_GETFD));
	VALUE_OF("descriptor 63 (dup of 61)", fcntl(63, F_GETFD));
	say("mxcsr: %#x", mxcsr());
	__asm__ volatile("fnstcw %0" : "=m"(x87));
	say("x87 control word: %#x", x87);
	say("old mapping: %s", try_read((void *)strtoul(argv[6], NULL, 16)));
	return 0;
}

static void prepare_and_exec(void)
{
	unsigned strange = 0x5f80;
	unsigned short strange_x87 = 0x077f;
	char words[6][24], *argv[] = { "exec_keeps", "child", words[0], words[1], words[2],
				       words[3], words[4], NULL }, *envp[] = { NULL };
	char *mapping = mmap((void *)0x123400000000, PAGE, PROT_READ,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	sigset_t set;
	int fd;

	MUST(setsid());
	MUST(mkdir("exec_keeps.dir", 0755));
	make_file("exec_keeps.tmp", 0644, "0123456789", 10);
	fd = MUST(open("exec_keeps.tmp", O_RDONLY));
	MUST(lseek(fd, 4, SEEK_SET));
	MUST(dup2(fd, 60));
	MUST(dup3(fd, 61, O_CLOEXEC));
	MUST(dup3(fd, 62, O_CLOEXEC));
	MUST(fcntl(62, F_SETFD, 0));
	MUST(dup2(61, 63));
	close(fd);
	umask(035);
	nice(3);
	MUST(chdir("exec_keeps.dir"));
	signal(SIGUSR1, handler);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	MUST(sigprocmask(SIG_BLOCK, &set, NULL));
	MUST(kill(getpid(), SIGTERM));
	snprintf(words[0], 24, "%d", getpid());
	snprintf(words[1], 24, "%d", getppid());
	snprintf(words[2], 24, "%d", getpgrp());
	snprintf(words[3], 24, "%d", getsid(0));
	snprintf(words[4], 24, "%lx", (unsigned long)mapping);
	__asm__ volatile("ldmxcsr %0" : : "m"(strange));
	__asm__ volatile("fldcw %0" : : "m"(strange_x87));
	execve("/proc/self/exe", argv, envp);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return child(argv);
	in_child("child", prepare_and_exec);
	MUST(rmdir("exec_keeps.dir"));
	MUST(unlink("exec_keeps.tmp"));
	return 0;
}
