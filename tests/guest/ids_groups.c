/*
 * Process ids, process groups and sessions: getpid, getppid, setpgid, getpgid,
 * getpgrp, setsid, getsid, with every error.
 *
 * From getpid(2), setpgid(2), setsid(2), getsid(2).
 */
#include "check.h"

/* A child that waits for a byte, and the pipe to give it by. */
struct waiting {
	pid_t pid;
	int go;
};

static struct waiting start(void (*first)(void))
{
	struct waiting child;
	int go[2], ready[2];
	char byte;

	MUST(pipe(go));
	MUST(pipe(ready));
	child.pid = MUST(fork());
	if (child.pid == 0) {
		close(go[1]);
		if (first)
			first();
		MUST(write(ready[1], "r", 1));
		MUST(read(go[0], &byte, 1));
		_exit(0);
	}
	close(go[0]);
	MUST(read(ready[0], &byte, 1));
	close(ready[0]), close(ready[1]);
	child.go = go[1];
	return child;
}

static void stop(struct waiting child)
{
	close(child.go);
	MUST(kill(child.pid, SIGKILL));
	MUST(waitpid(child.pid, NULL, 0));
}

static void new_session(void)
{
	MUST(setsid());
}

static void groups(void)
{
	struct waiting one = start(NULL), two = start(NULL), alone = start(new_session);

	YES_OF("a child is in our group", getpgid(one.pid) == getpgrp());
	YES_OF("getpgid(0) is getpgrp", getpgid(0) == getpgrp());
	VALUE_OF("make it a leader", setpgid(one.pid, 0));
	YES_OF("it is", getpgid(one.pid) == one.pid);
	VALUE_OF("again", setpgid(one.pid, one.pid));
	VALUE_OF("add another", setpgid(two.pid, one.pid));
	YES_OF("it is in", getpgid(two.pid) == one.pid);
	VALUE_OF("to a group that is not there", setpgid(two.pid, 1 << 30));
	VALUE_OF("to the group of another's session", setpgid(two.pid, alone.pid));
	VALUE_OF("a child in another session", setpgid(alone.pid, getpgrp()));
	VALUE_OF("negative group", setpgid(two.pid, -1));
	VALUE_OF("negative process", setpgid(-1, 0));
	VALUE_OF("a process that is not there", setpgid(1 << 30, 0));
	VALUE_OF("the parent", setpgid(getppid(), 0));
	VALUE_OF("getpgid of none", getpgid(1 << 30));
	VALUE_OF("getpgid, negative", getpgid(-1));
	VALUE_OF("getsid of none", getsid(1 << 30));
	VALUE_OF("getsid, negative", getsid(-1));
	YES_OF("getsid(0) is ours", getsid(0) == getsid(getpid()));
	YES_OF("its session is its pid", getsid(alone.pid) == alone.pid);
	YES_OF("its group is its pid", getpgid(alone.pid) == alone.pid);
	VALUE_OF("back to our group", setpgid(two.pid, getpgrp()));
	stop(one), stop(two), stop(alone);
	VALUE_OF("after it is reaped", getpgid(one.pid));
}

static void exec_self(void)
{
	char *argv[] = { "ids_groups", "child", NULL };

	execve("/proc/self/exe", argv, NULL);
}

static void after_exec(void)
{
	int fds[2];
	char byte;
	pid_t pid;

	MUST(pipe2(fds, O_CLOEXEC));
	pid = MUST(fork());
	if (pid == 0)
		exec_self();
	close(fds[1]);
	MUST(read(fds[0], &byte, 1));		/* the end of file comes with exec */
	close(fds[0]);
	VALUE_OF("a child that has called exec", setpgid(pid, 0));
	MUST(waitpid(pid, NULL, 0));
}

static void sessions(void)
{
	pid_t session = setsid();

	YES_OF("setsid returns the pid", session == getpid());
	YES_OF("session and group are it", getsid(0) == session && getpgrp() == session);
	VALUE_OF("setsid again", setsid());
	VALUE_OF("a session leader in another group", setpgid(0, getppid()));
	VALUE_OF("a session leader in its own", setpgid(0, 0));
}

static void leader(void)
{
	MUST(setpgid(0, 0));
	VALUE_OF("setsid by a group leader", setsid());
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		sleep_ms(300);
		return 0;
	}
	YES_OF("pid stays the same", getpid() == getpid());
	YES_OF("pid is positive", getpid() > 0);
	groups();
	after_exec();
	in_child("sessions", sessions);
	in_child("leader", leader);
	return 0;
}
