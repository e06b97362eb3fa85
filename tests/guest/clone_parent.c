/*
 * clone with and without CLONE_PARENT: who is the new process's parent, who
 * can wait for it and who gets SIGCHLD.
 *
 * From clone(2).
 */
#include "clone.h"

static volatile sig_atomic_t signals;

static void count(int number)
{
	(void)number;
	signals++;
}

static int leave(void *parent)
{
	return getppid() == (pid_t)(long)parent ? 42 : 1;
}

/* The middle process makes one more, and passes its pid up. */
static void middle(unsigned long flags, int out, pid_t expected)
{
	long pid = MUST(raw_clone(flags | SIGCHLD, leave, (void *)(long)expected));
	int status = 0, answer[2] = { (int)pid, 0 };
	long waited;

	sleep_ms(30);
	waited = waitpid(pid, &status, 0);
	answer[1] = waited == pid ? WEXITSTATUS(status) : -errno;
	MUST(write(out, answer, sizeof(answer)));
	_exit(0);
}

static void look(const char *label, unsigned long flags)
{
	int fds[2], answer[2], status;
	pid_t self = getpid(), pid;

	say("%s", label);
	MUST(pipe(fds));
	signals = 0;
	pid = MUST(fork());
	if (pid == 0)
		middle(flags, fds[1], flags & CLONE_PARENT ? self : getpid());
	while (read(fds[0], answer, sizeof(answer)) == -1 && errno == EINTR)
		;
	say("the middle one's wait: %s", answer[1] < 0 ? errno_text(-answer[1]) : "done");
	if (answer[1] >= 0)
		say("status: %d", answer[1]);
	VALUE_OF("the first one's wait for the middle", waitpid(pid, &status, 0) == pid);
	if (waitpid(answer[0], &status, 0) == answer[0])
		say("the first one's wait for the last: %s", status_text(status));
	else
		say("the first one's wait for the last: %s", errno_text(errno));
	close(fds[0]), close(fds[1]);
	YES_OF("signals for each child", signals >= 1);
}

int main(void)
{
	struct sigaction action = { .sa_handler = count, .sa_flags = SA_RESTART };

	MUST(sigaction(SIGCHLD, &action, NULL));
	look("without PARENT", 0);
	look("with PARENT", CLONE_PARENT);
	VALUE_OF("wait for one more", wait(NULL));
	return 0;
}
