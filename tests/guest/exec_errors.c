/*
 * execve: the errors, and that the caller goes on after each.
 *
 * ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG, ENOEXEC, EFAULT, E2BIG,
 * ETXTBSY. From execve(2).
 */
#include "exec.h"

static void paths(void)
{
	char *argv[] = { "x", NULL };
	static char long_name[300], long_path[5000];

	memset(long_name, 'n', sizeof(long_name) - 1);
	for (size_t i = 0; i + 1 < sizeof(long_path); i++)
		long_path[i] = i % 2 ? '/' : '.';
	make_file("exec.text", 0755, "just words\n", 11);
	make_file("exec.empty", 0755, "", 0);
	make_file("exec.plain", 0644, "\177ELF", 4);
	make_file("exec.short", 0755, "\177ELF", 4);
	MUST(mkdir("exec.dir", 0755));
	MUST(symlink("exec.loop2", "exec.loop1"));
	MUST(symlink("exec.loop1", "exec.loop2"));
	MUST(symlink("exec.gone", "exec.dangling"));

	VALUE(execve("./not-there", argv, NULL));
	VALUE(execve("", argv, NULL));
	VALUE(execve("exec.dir/not-there", argv, NULL));
	VALUE(execve("not-there/exec.text", argv, NULL));
	VALUE(execve("exec.text/x", argv, NULL));
	VALUE(execve("exec.text/", argv, NULL));
	VALUE(execve("exec.dir", argv, NULL));
	VALUE(execve("/dev/null", argv, NULL));
	VALUE(execve("exec.plain", argv, NULL));
	VALUE(execve("exec.text", argv, NULL));
	VALUE(execve("exec.empty", argv, NULL));
	VALUE(execve("exec.short", argv, NULL));
	VALUE(execve("exec.loop1", argv, NULL));
	VALUE(execve("exec.dangling", argv, NULL));
	VALUE(execve(long_name, argv, NULL));
	VALUE(execve(long_path, argv, NULL));
	MUST(unlink("exec.text")), MUST(unlink("exec.empty")), MUST(unlink("exec.plain"));
	MUST(unlink("exec.short")), MUST(rmdir("exec.dir"));
	MUST(unlink("exec.loop1")), MUST(unlink("exec.loop2")), MUST(unlink("exec.dangling"));
}

static void pointers(void)
{
	char *good[] = { "x", NULL }, *bad[] = { "x", nowhere, NULL };
	char *kernel_string[] = { in_kernel, NULL }, *far_string[] = { "x", non_canonical, NULL };
	char *edge = map_before_hole(PAGE) + PAGE;
	char **vector = (char **)(edge - 2 * sizeof(char *));

	VALUE(syscall(SYS_execve, NULL, good, NULL));
	VALUE(syscall(SYS_execve, nowhere, good, NULL));
	VALUE(syscall(SYS_execve, in_kernel, good, NULL));
	VALUE(syscall(SYS_execve, non_canonical, good, NULL));
	VALUE(execve("/proc/self/exe", (char **)nowhere, NULL));
	VALUE(execve("/proc/self/exe", (char **)in_kernel, NULL));
	VALUE(execve("/proc/self/exe", (char **)non_canonical, NULL));
	VALUE(execve("/proc/self/exe", bad, NULL));
	VALUE(execve("/proc/self/exe", kernel_string, NULL));
	VALUE(execve("/proc/self/exe", far_string, NULL));
	VALUE(execve("/proc/self/exe", good, (char **)nowhere));
	VALUE(execve("/proc/self/exe", good, bad));
	vector[0] = vector[1] = "x";
	VALUE_OF("argv runs into a hole", execve("/proc/self/exe", vector, NULL));
	memcpy(edge - 3, "abc", 3);
	VALUE_OF("path runs into a hole", execve(edge - 3, good, NULL));
	good[0] = edge - 3;
	VALUE_OF("argument runs into a hole", execve("/proc/self/exe", good, NULL));
	munmap(edge - PAGE, PAGE);
}

/* MAX_ARG_STRLEN is 32 pages with the NUL. */
static void too_big(void)
{
	enum { LIMIT = 32 * PAGE, MANY = 120 };
	char *text = malloc(LIMIT + 1), *argv[MANY + 1], *envp[] = { NULL, NULL };

	memset(text, 'x', LIMIT);
	text[LIMIT] = '\0';
	argv[0] = text, argv[1] = NULL;
	VALUE_OF("one string too long", execve("/proc/self/exe", argv, NULL));
	argv[0] = "x", envp[0] = text;
	VALUE_OF("one environment string too long", execve("/proc/self/exe", argv, envp));
	text[LIMIT - 1] = '\0';
	argv[0] = "exec_errors", argv[1] = text, argv[2] = NULL;
	report("the longest string", run_args("/proc/self/exe", argv, NULL));
	for (int i = 0; i < MANY; i++)
		argv[i] = text;
	argv[MANY] = NULL;
	VALUE_OF("15 MiB of arguments", execve("/proc/self/exe", argv, NULL));
	free(text);
}

static void busy(void)
{
	struct tiny tiny = tiny_make();
	int fd;

	make_file("busy.tmp", 0755, &tiny, sizeof(tiny));
	fd = MUST(open("busy.tmp", O_WRONLY));
	report("open for writing", run_file("./busy.tmp"));
	close(fd);
	fd = MUST(open("busy.tmp", O_RDWR));
	report("open for both", run_file("./busy.tmp"));
	close(fd);
	fd = MUST(open("busy.tmp", O_RDONLY));
	report("open for reading", run_file("./busy.tmp"));
	close(fd);
	MUST(unlink("busy.tmp"));
	VALUE_OF("open the running program for writing", open("/proc/self/exe", O_WRONLY));
	VALUE_OF("open the running program for both", open("/proc/self/exe", O_RDWR));
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 44;
	paths();
	pointers();
	too_big();
	busy();
	report("and it still works", run_args("/proc/self/exe",
					      (char *[]){ "exec_errors", "child", NULL }, NULL));
	return 0;
}
