/*
 * clone: each combination that clone(2) lists with EINVAL, and flags of the
 * namespaces and the like.
 *
 * CLONE_THREAD: threads_basic.c and its like. The namespace flags
 * are asked for in combinations that are EINVAL on any Linux.
 * From clone(2), ERRORS.
 */
#include "clone.h"

static int leave(void *unused)
{
	(void)unused;
	return 0;
}

static void refused(const char *label, unsigned long flags)
{
	long pid;

	errno = 0;
	pid = raw_clone(flags | SIGCHLD, leave, NULL);
	if (pid == -1)
		say("%s: %s", label, errno_text(errno));
	else
		reap(label, pid);
}

int main(void)
{
	refused("SIGHAND without VM", CLONE_SIGHAND);
	refused("SIGHAND without VM, FILES, FS", CLONE_SIGHAND | CLONE_FILES | CLONE_FS);
	refused("FS with NEWNS", CLONE_FS | CLONE_NEWNS);
	refused("FS with NEWUSER", CLONE_FS | CLONE_NEWUSER);
	refused("PIDFD with PARENT_SETTID", CLONE_PIDFD | CLONE_PARENT_SETTID);
	refused("PIDFD with DETACHED", CLONE_PIDFD | CLONE_DETACHED);
	refused("DETACHED alone is ignored", CLONE_DETACHED);
	refused("SIGHAND with VM", CLONE_SIGHAND | CLONE_VM);
	refused("VM alone", CLONE_VM);
	refused("FS and FILES", CLONE_FS | CLONE_FILES);
	refused("everything shared", CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND);
	refused("everything shared, VFORK",
		CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_VFORK);
	/* The upper half of the flags is not looked at by clone (it is by clone3). */
	refused("bits above 32", 0xff00000000UL << 8);
	/* glibc's clone refuses a null stack; the call takes it as "the caller's". */
	{
		int status;
		long pid = MUST(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));

		if (pid == 0)
			_exit(13);
		MUST(waitpid(pid, &status, 0));
		say("null stack: %s", status_text(status));
	}
	VALUE_OF("wait for one more", wait4(-1, NULL, __WALL, NULL));
	return 0;
}
