/*
 * execve: the auxiliary vector of a static program.
 *
 * From getauxval(3), execve(2), System V AMD64 psABI 3.4.3.
 */
#include "exec.h"
#include <sys/auxv.h>

extern char **environ;
extern void _start(void);
extern const Elf64_Ehdr __ehdr_start;

static unsigned long *vector(void)
{
	char **end = environ;

	while (*end)
		end++;
	return (unsigned long *)(end + 1);
}

static int times_present(unsigned long type)
{
	int times = 0;

	for (unsigned long *entry = vector(); entry[0] != AT_NULL; entry += 2)
		times += entry[0] == type;
	return times;
}

static void child(const char *path)
{
	const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
	const Elf64_Phdr *headers = (const Elf64_Phdr *)getauxval(AT_PHDR);
	int nonzero = 0;

	VALUE_OF("AT_PAGESZ", getauxval(AT_PAGESZ));
	VALUE_OF("AT_CLKTCK", getauxval(AT_CLKTCK));
	VALUE_OF("AT_PHENT", getauxval(AT_PHENT));
	YES_OF("AT_PHNUM is e_phnum", getauxval(AT_PHNUM) == __ehdr_start.e_phnum);
	YES_OF("AT_PHDR is where they lie",
	       (char *)headers == (const char *)&__ehdr_start + __ehdr_start.e_phoff);
	YES_OF("AT_ENTRY is _start", getauxval(AT_ENTRY) == (uintptr_t)_start);
	VALUE_OF("AT_BASE", getauxval(AT_BASE));
	VALUE_OF("AT_FLAGS", getauxval(AT_FLAGS));
	YES_OF("AT_UID", getauxval(AT_UID) == getuid());
	YES_OF("AT_EUID", getauxval(AT_EUID) == geteuid());
	YES_OF("AT_GID", getauxval(AT_GID) == getgid());
	YES_OF("AT_EGID", getauxval(AT_EGID) == getegid());
	VALUE_OF("AT_SECURE", getauxval(AT_SECURE));
	YES_OF("AT_EXECFN is the path given", strcmp((char *)getauxval(AT_EXECFN), path) == 0);
	for (int i = 0; random && i < 16; i++)
		nonzero += random[i] != 0;
	YES_OF("AT_RANDOM has random bytes", nonzero > 4);
	YES_OF("AT_RANDOM lies on the stack", (char *)random > (char *)vector());
	for (unsigned long type = 3; type <= 17; type++)
		if (type != AT_NOTELF && type != AT_PLATFORM && type != AT_HWCAP && type != 10)
			say("type %lu is there once: %s", type,
			    times_present(type) == 1 ? "yes" : "no");
}

/* Two runs have different random bytes. */
static uint64_t random_of_run(void)
{
	char *argv[] = { "exec_auxv", "random", NULL }, *envp[] = { NULL };
	int fds[2];
	uint64_t word = 0;
	pid_t pid;

	MUST(pipe2(fds, O_CLOEXEC));
	pid = MUST(fork());
	if (pid == 0) {
		MUST(dup2(fds[1], 50));
		execve("/proc/self/exe", argv, envp);
		_exit(1);
	}
	MUST(read(fds[0], &word, sizeof(word)));
	MUST(waitpid(pid, NULL, 0));
	close(fds[0]), close(fds[1]);
	return word;
}

int main(int argc, char **argv)
{
	char *child_argv[] = { "exec_auxv", "child", NULL }, *envp[] = { NULL };

	if (argc > 1 && strcmp(argv[1], "random") == 0)
		return write(50, (void *)getauxval(AT_RANDOM), 8) == 8 ? 0 : 1;
	if (argc > 1) {
		child("/proc/self/exe");
		return 0;
	}
	report("child", run_args("/proc/self/exe", child_argv, envp));
	YES_OF("random bytes differ from run to run", random_of_run() != random_of_run());
	return 0;
}
