/*
 * Bad user pointers to every call on files: null, unmapped, in the kernel,
 * non-canonical, read-only for results, and across the end of a mapping.
 *
 * From the EFAULT of each call's page in section 2.
 */
#include "check.h"

static int file, dir, pipe_fds[2];
static char *edge;		/* the last byte before a hole is edge[-1] */
static char *read_only;

static void each_path(const char *name, long (*call)(char *))
{
	char *const pointers[] = { NULL, nowhere, in_kernel, kernel_text, non_canonical,
				   (char *)-1, (char *)memset(edge - 4, 'x', 4) };
	static const char *const names[] = { "null", "unmapped", "kernel", "kernel text",
					     "non-canonical", "-1", "into a hole" };
	char label[64];

	for (size_t i = 0; i < COUNT(pointers); i++) {
		snprintf(label, sizeof(label), "%s, path %s", name, names[i]);
		VALUE_OF(label, call(pointers[i]));
	}
}

#define PATH(name, ...)                                             \
	static long path_##name(char *path) { return syscall(__VA_ARGS__); }
PATH(open, SYS_open, path, O_RDONLY)
PATH(openat, SYS_openat, AT_FDCWD, path, O_RDONLY)
PATH(creat, SYS_open, path, O_CREAT | O_WRONLY, 0644)
PATH(stat, SYS_stat, path, edge - 1000)
PATH(lstat, SYS_lstat, path, edge - 1000)
PATH(newfstatat, SYS_newfstatat, AT_FDCWD, path, edge - 1000, 0)
PATH(mkdir, SYS_mkdir, path, 0755)
PATH(rmdir, SYS_rmdir, path)
PATH(unlink, SYS_unlink, path)
PATH(chdir, SYS_chdir, path)
PATH(access, SYS_access, path, F_OK)
PATH(truncate, SYS_truncate, path, 0)
PATH(readlink, SYS_readlink, path, edge - 1000, 100)
PATH(rename_old, SYS_rename, path, "efault.other")
PATH(rename_new, SYS_rename, "efault.tmp", path)
PATH(symlink_old, SYS_symlink, path, "efault.other")
PATH(symlink_new, SYS_symlink, "efault.tmp", path)

static void paths(void)
{
#define EACH(name) each_path(#name, path_##name)
	EACH(open), EACH(openat), EACH(creat), EACH(stat), EACH(lstat), EACH(newfstatat);
	EACH(mkdir), EACH(rmdir), EACH(unlink), EACH(chdir), EACH(access), EACH(truncate);
	EACH(readlink), EACH(rename_old), EACH(rename_new), EACH(symlink_old), EACH(symlink_new);
}

static void each_result(const char *name, long (*call)(char *))
{
	char *const pointers[] = { NULL, nowhere, in_kernel, kernel_text, non_canonical,
				   read_only, edge - 1 };
	static const char *const names[] = { "null", "unmapped", "kernel", "kernel text",
					     "non-canonical", "read-only", "into a hole" };
	char label[64];

	for (size_t i = 0; i < COUNT(pointers); i++) {
		MUST(lseek(file, 0, SEEK_SET));
		MUST(lseek(dir, 0, SEEK_SET));
		snprintf(label, sizeof(label), "%s, result %s", name, names[i]);
		VALUE_OF(label, call(pointers[i]));
	}
}

#define RESULT(name, ...)                                           \
	static long result_##name(char *to) { return syscall(__VA_ARGS__); }
RESULT(stat, SYS_stat, "efault.tmp", to)
RESULT(lstat, SYS_lstat, "efault.tmp", to)
RESULT(fstat, SYS_fstat, file, to)
RESULT(newfstatat, SYS_newfstatat, AT_FDCWD, "efault.tmp", to, 0)
RESULT(getcwd, SYS_getcwd, to, 1000)
RESULT(readlink, SYS_readlink, "efault.link", to, 1000)
RESULT(getdents64, SYS_getdents64, dir, to, 4096)
RESULT(pipe, SYS_pipe, to)
RESULT(pipe2, SYS_pipe2, to, O_CLOEXEC)
RESULT(readv, SYS_readv, file, to, 1)
RESULT(writev, SYS_writev, file, to, 1)
RESULT(execve, SYS_execve, "/proc/self/exe", to, NULL)

static void results(void)
{
#undef EACH
#define EACH(name) each_result(#name, result_##name)
	memset(edge - 64, 0, 64);
	EACH(stat), EACH(lstat), EACH(fstat), EACH(newfstatat), EACH(getcwd), EACH(readlink);
	EACH(getdents64), EACH(pipe), EACH(pipe2);
	/* Only these pointers: null with a count of 1 and pages that can be read differ. */
	VALUE(syscall(SYS_poll, nowhere, 1, 0));
	VALUE(syscall(SYS_poll, in_kernel, 1, 0));
	VALUE(syscall(SYS_poll, edge - 4, 1, 0));
	VALUE(syscall(SYS_poll, NULL, 0, 0));
	VALUE(result_readv(nowhere));
	VALUE(result_readv(in_kernel));
	VALUE(result_readv(edge - 8));
	VALUE(result_writev(nowhere));
	VALUE(result_writev(non_canonical));
	VALUE(result_writev(edge - 8));
	VALUE(result_execve(edge - 4));
}

/* Descriptors made for a result that could not be stored are closed again. */
static void no_leak(void)
{
	int before = MUST(dup(0)), after;

	close(before);
	for (int i = 0; i < 10; i++)
		syscall(SYS_pipe, nowhere);
	after = MUST(dup(0));
	close(after);
	YES_OF("pipe with a bad pointer leaks no descriptor", before == after);
}

int main(void)
{
	make_file("efault.tmp", 0644, "0123456789", 10);
	MUST(symlink("a-target-of-some-length", "efault.link"));
	file = MUST(open("efault.tmp", O_RDWR));
	dir = MUST(open(".", O_RDONLY | O_DIRECTORY));
	MUST(pipe(pipe_fds));
	edge = map_before_hole(2 * PAGE) + 2 * PAGE;
	read_only = map_anon(PAGE, PROT_READ);
	paths();
	results();
	no_leak();
	MUST(unlink("efault.tmp"));
	MUST(unlink("efault.link"));
	VALUE_OF("nothing was made", access("efault.other", F_OK));
	return 0;
}
