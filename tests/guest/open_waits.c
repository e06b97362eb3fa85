/*
 * While a thread waits in open (of a fifo), the number that it will get is taken
 * but not open: EBADF for calls that use it, EBUSY for dup2, not in a child, not
 * given to others; close_range and exec leave it alone; and it is free again
 * when a signal ends the wait, and open once there is a writer.
 * Pages: open(2), dup(2) (EBUSY), fork(2), close_range(2).
 */
#include "check.h"
#include <pthread.h>

static volatile pid_t tid;
static volatile int opened, opened_errno;

static void *opener(void *unused)
{
	(void)unused;
	tid = syscall(SYS_gettid);
	opened = open("waits.fifo", O_RDONLY);
	opened_errno = errno;
	return NULL;
}

static void on_signal(int number)
{
	(void)number;
}

static pthread_t start(void)
{
	pthread_t thread;

	tid = 0;
	MUST(-pthread_create(&thread, NULL, opener, NULL));
	UNTIL(tid != 0);
	till_asleep(getpid(), tid);
	return thread;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct pollfd entry = { .events = POLLIN };
	struct stat st;
	int status, next, other;
	char byte, number[12];

	if (argc == 2) {
		VALUE_OF("after exec", fcntl(atoi(argv[1]), F_GETFD));
		MUST(unlink("waits.fifo"));
		return 0;
	}
	MUST(sigaction(SIGUSR1, &action, NULL));
	MUST(mkfifo("waits.fifo", 0600));
	next = MUST(dup(0));
	MUST(close(next));
	pthread_t thread = start();
	VALUE(close(next));
	VALUE(read(next, &byte, 1));
	VALUE(fcntl(next, F_GETFD));
	VALUE(fcntl(next, F_SETFD, FD_CLOEXEC));
	VALUE(fstat(next, &st));
	VALUE(dup(next));
	VALUE(syscall(SYS_dup2, 0, next));
	VALUE(syscall(SYS_dup3, 0, next, O_CLOEXEC));
	VALUE(dup2(next, 50));
	VALUE(dup2(next, next));
	entry.fd = next;
	VALUE(poll(&entry, 1, 0));
	say("revents %d", entry.revents);
	other = MUST(dup(0));
	YES_OF("dup takes the one after", other == next + 1);
	VALUE(syscall(436, next, next, 0));
	VALUE_OF("still taken", syscall(SYS_dup2, 0, next));
	VALUE(syscall(436, next, next, 4));
	pid_t pid = MUST(fork());
	if (pid == 0)
		_exit(dup(0) == next && fcntl(next, F_GETFD) == 0 ? 0 : 1);
	MUST(waitpid(pid, &status, 0));
	say("the child has it free: %s", status_text(status));
	MUST(syscall(SYS_tgkill, getpid(), tid, SIGUSR1));
	MUST(-pthread_join(thread, NULL));
	say("open after a signal: %d %s", opened, errno_text(opened_errno));
	YES_OF("the number is free", dup(0) == next);
	MUST(close(next));
	thread = start();
	int writer = MUST(open("waits.fifo", O_WRONLY));
	MUST(-pthread_join(thread, NULL));
	YES_OF("open has it", opened == next);
	VALUE(fcntl(next, F_GETFD));
	VALUE(close(next));
	YES_OF("the writer came after the other", writer == other + 1);
	MUST(close(writer));
	start();
	snprintf(number, sizeof(number), "%d", next);
	execl("/proc/self/exe", "open_waits", number, NULL);
	say("no exec: %s", errno_text(errno));
	return 1;
}
