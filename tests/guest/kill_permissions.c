/*
 * Who may signal whom: every pair of real, effective and saved user ids of
 * sender and target; root; SIGCONT within the session; groups of processes of
 * which only some may be signalled; signal 0; tgkill.
 *
 * native: no
 *
 * From kill(2), tgkill(2), credentials(7).
 */
#include "check.h"

static const unsigned ids[][3] = {
	{ 0, 0, 0 }, { 1, 1, 1 }, { 2, 2, 2 }, { 1, 2, 2 }, { 1, 2, 1 }, { 2, 1, 1 }, { 3, 1, 2 },
	{ 1, 1, 0 }, { 0, 1, 1 },
};

/* A child with these ids that waits to be killed. */
static pid_t target(const unsigned id[3], int session, int group)
{
	int ready[2];
	char byte;
	pid_t pid;

	MUST(pipe(ready));
	pid = MUST(fork());
	if (pid == 0) {
		if (session)
			MUST(setsid());
		else if (group >= 0)
			MUST(setpgid(0, group));
		MUST(setresuid(id[0], id[1], id[2]));
		MUST(write(ready[1], "r", 1));
		for (;;)
			pause();
	}
	MUST(read(ready[0], &byte, 1));
	close(ready[0]), close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	MUST(waitpid(pid, &status, 0));
}

static long try(const unsigned from[3], pid_t to, int sig, int thread)
{
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0) {
		MUST(setresuid(from[0], from[1], from[2]));
		errno = 0;
		if ((thread ? syscall(SYS_tgkill, to, to, sig) : kill(to, sig)) == 0)
			errno = 0;
		_exit(errno);
	}
	MUST(waitpid(pid, &status, 0));
	return WEXITSTATUS(status);
}

static const char *text(long error)
{
	return error ? errno_text(error) : "ok";
}

int main(void)
{
	const unsigned *one = ids[1], *two = ids[2];
	pid_t a, b, c;

	for (size_t t = 0; t < COUNT(ids); t++) {
		a = target(ids[t], 0, -1);
		for (size_t f = 0; f < COUNT(ids); f++)
			say("%u %u %u to %u %u %u: kill 0 %s, tgkill %s, SIGCONT %s", ids[f][0], ids[f][1],
			    ids[f][2], ids[t][0], ids[t][1], ids[t][2], text(try(ids[f], a, 0, 0)),
			    text(try(ids[f], a, 0, 1)), text(try(ids[f], a, SIGCONT, 0)));
		end(a);
	}

	a = target(two, 1, -1);
	say("SIGCONT to another session: %s", text(try(one, a, SIGCONT, 0)));
	say("SIGURG to another session: %s", text(try(one, a, SIGURG, 0)));
	say("a wrong signal: %s", text(try(one, a, 65, 0)));
	end(a);

	a = target(one, 0, 0);
	b = target(two, 0, a);
	c = target(one, 0, a);
	say("a group, one of two users: %s", text(try(one, -a, 0, 0)));
	say("the other: %s", text(try(two, -a, 0, 0)));
	say("a third: %s", text(try((unsigned[]){ 9, 9, 9 }, -a, 0, 0)));
	say("everyone, by one who may signal nobody: %s, a wrong signal %s",
	    text(try((unsigned[]){ 9, 9, 9 }, -1, 0, 0)),
	    text(try((unsigned[]){ 9, 9, 9 }, -1, 65, 0)));
	say("SIGTERM by one: %s", text(try(one, -a, SIGTERM, 0)));
	MUST(waitpid(a, NULL, 0));
	MUST(waitpid(c, NULL, 0));
	VALUE_OF("the other's is still there", waitpid(b, NULL, WNOHANG));
	end(b);
	return 0;
}
