/*
 * Ids belong to each thread, as the kernel sees it: the raw calls change one
 * thread only; a new one begins with its maker's; groups, files and kill go by
 * the thread that calls. A thread's number names its process for getpgid and
 * getsid, and nobody for setpgid.
 *
 * native: no
 *
 * From credentials(7), pthreads(7) ("C library/kernel differences"), setpgid(2).
 */
#include "check.h"
#include <pthread.h>

static int step[2], answer[2];

static void await(int fd)
{
	char byte;

	MUST(read(fd, &byte, 1));
}

static void tell(int fd)
{
	MUST(write(fd, "x", 1));
}

static long euid(void)
{
	return syscall(SYS_geteuid);
}

static void *second(void *arg)
{
	VALUE_OF("a thread of a thread", euid());
	OK_OF("it cannot go back to root", syscall(SYS_setresuid, 0, 0, 0));
	return arg;
}

static void *first(void *arg)
{
	pthread_t other;
	pid_t *tid = arg;

	*tid = syscall(SYS_gettid);
	VALUE_OF("it begins with", euid());
	MUST(syscall(SYS_setgroups, 2, (gid_t[]){ 30, 40 }));
	MUST(syscall(SYS_setresgid, 50, 50, 50));
	MUST(syscall(SYS_setresuid, 1001, 1001, 1001));
	VALUE_OF("it is now", euid());
	VALUE_OF("its groups", syscall(SYS_getgroups, 0, NULL));
	OK_OF("it cannot read the file", open("secret", O_RDONLY));
	OK_OF("nor signal root's", kill(getppid(), 0));
	OK_OF("but its own process", kill(getpid(), 0));
	MUST(pthread_create(&other, NULL, second, NULL));
	pthread_join(other, NULL);
	tell(answer[1]);
	await(step[0]);
	return NULL;
}

static void threads(void)
{
	pthread_t thread;
	pid_t tid;

	MUST(pipe(step));
	MUST(pipe(answer));
	MUST(syscall(SYS_setgroups, 0, NULL));
	make_file("secret", 0600, "x", 1);
	MUST(pthread_create(&thread, NULL, first, &tid));
	await(answer[0]);
	VALUE_OF("the leader is still", euid());
	VALUE_OF("its groups", syscall(SYS_getgroups, 0, NULL));
	OK_OF("it reads the file", open("secret", O_RDONLY));
	YES_OF("group of the thread's number", getpgid(tid) == getpgrp());
	YES_OF("session of the thread's number", getsid(tid) == getsid(0));
	VALUE_OF("setpgid of it", setpgid(tid, 0));
	VALUE_OF("into its own", setpgid(0, tid) == -1 ? errno == EPERM : 0);
	tell(step[1]);
	pthread_join(thread, NULL);
	MUST(unlink("secret"));
}

int main(void)
{
	in_child("threads", threads);
	return 0;
}
