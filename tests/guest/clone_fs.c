/*
 * clone with and without CLONE_FS: whose working directory and umask change;
 * and that exec in the child parts them.
 *
 * From clone(2).
 */
#include "clone.h"

static int go_down(void *unused)
{
	(void)unused;
	umask(031);
	return chdir("clone_fs.dir") == 0 ? 0 : 1;
}

static void look(const char *label, unsigned long flags, int home)
{
	mode_t mask;
	char cwd[512] = "?";
	const char *last;

	umask(022);
	say("%s", label);
	reap("child", raw_clone(flags | SIGCHLD, go_down, NULL));
	mask = umask(022);
	say("parent's umask: %03o", mask);
	MUST(getcwd(cwd, sizeof(cwd)) ? 0 : -1);
	last = strrchr(cwd, '/');
	YES_OF("parent's directory is the child's", strcmp(last, "/clone_fs.dir") == 0);
	MUST(fchdir(home));
}

static int parent_moves(void *unused)
{
	char cwd[512] = "?";

	(void)unused;
	sleep_ms(150);
	if (!getcwd(cwd, sizeof(cwd)))
		return 2;
	return strcmp(strrchr(cwd, '/'), "/clone_fs.dir") == 0;
}

static void other_way(const char *label, unsigned long flags, int home)
{
	long pid = MUST(raw_clone(flags | SIGCHLD, parent_moves, NULL));

	MUST(chdir("clone_fs.dir"));
	reap(label, pid);
	MUST(fchdir(home));
}

int main(void)
{
	int home = MUST(open(".", O_RDONLY | O_DIRECTORY));
	mode_t mask = umask(022);

	MUST(mkdir("clone_fs.dir", 0755));
	look("without FS", 0, home);
	look("with FS", CLONE_FS, home);
	look("with FS and VM", CLONE_FS | CLONE_VM, home);
	other_way("parent moves, child without FS sees it", 0, home);
	other_way("parent moves, child with FS sees it", CLONE_FS, home);
	MUST(rmdir("clone_fs.dir"));
	umask(mask);
	close(home);
	return 0;
}
