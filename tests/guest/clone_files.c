/*
 * clone with and without CLONE_FILES: one descriptor table or two; and that
 * exec in the child gives it a table of its own.
 *
 * From clone(2), execve(2).
 */
#include "clone.h"

static int fd_a, fd_b = -1;

static int work(void *unused)
{
	(void)unused;
	close(fd_a);
	fd_b = dup2(1, 40);
	fcntl(40, F_SETFD, FD_CLOEXEC);
	return fd_b == 40 ? 0 : 1;
}

static void look(const char *label, unsigned long flags)
{
	fd_a = MUST(open("/dev/null", O_RDONLY));
	say("%s", label);
	reap("child", raw_clone(flags | SIGCHLD, work, NULL));
	OK_OF("descriptor that the child closed", fcntl(fd_a, F_GETFD));
	VALUE_OF("flags of the one that it made", fcntl(40, F_GETFD));
	close(fd_a);
	close(40);
}

/* The same description either way: its offset and flags are shared. */
static int seek_and_append(void *fd)
{
	lseek((int)(long)fd, 3, SEEK_SET);
	return fcntl((int)(long)fd, F_SETFL, O_APPEND);
}

static void description(void)
{
	int fd;

	make_file("clone_files.tmp", 0644, "abcdef", 6);
	fd = MUST(open("clone_files.tmp", O_RDWR));
	reap("child without FILES moves the offset", raw_clone(SIGCHLD, seek_and_append,
							       (void *)(long)fd));
	VALUE_OF("offset", lseek(fd, 0, SEEK_CUR));
	YES_OF("O_APPEND", (fcntl(fd, F_GETFL) & O_APPEND) != 0);
	close(fd);
	unlink("clone_files.tmp");
}

static int exec_self(void *unused)
{
	static char *argv[] = { "clone_files", "after-exec", NULL }, *envp[] = { NULL };

	(void)unused;
	execve("/proc/self/exe", argv, envp);
	return 1;
}

static void exec_unshares(void)
{
	fd_a = MUST(open("/dev/null", O_RDONLY | O_CLOEXEC));
	MUST(dup2(1, 41));
	reap("exec in a child with FILES", raw_clone(CLONE_FILES | SIGCHLD, exec_self, NULL));
	OK_OF("close-on-exec descriptor of the parent", fcntl(fd_a, F_GETFD));
	OK_OF("descriptor closed after exec", fcntl(41, F_GETFD));
	close(fd_a);
	close(41);
}

/* The child's exit does not close what a shared table holds. */
static int leave(void *unused)
{
	(void)unused;
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "after-exec") == 0)
		return close(41) == 0 ? 0 : 1;
	look("without FILES", 0);
	look("with FILES", CLONE_FILES);
	look("with FILES and VM", CLONE_FILES | CLONE_VM);
	description();
	exec_unshares();
	reap("a child with FILES exits", raw_clone(CLONE_FILES | SIGCHLD, leave, NULL));
	OK_OF("descriptor 1 after that", fcntl(1, F_GETFD));
	return 0;
}
