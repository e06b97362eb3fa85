/*
 * exec.h: running files in children, and small ELF images made by hand.
 *
 * run_file forks, execs a file and tells how that went: the errno of execve,
 * passed back through a close-on-exec pipe, or the child's end. A `struct
 * tiny` is the smallest useful ELF64 program: it exits with TINY_STATUS.
 *
 * Sources: execve(2), elf(5), System V ABI, chapter 4.
 */
#ifndef EXEC_H
#define EXEC_H

#include "check.h"
#include <elf.h>

enum { TINY_STATUS = 42, TINY_BASE = 0x10000000 };

struct tiny {
	Elf64_Ehdr header;
	Elf64_Phdr segment[2];
	unsigned char code[16];
};

struct outcome {
	int error;		/* of execve, or 0 */
	int status;		/* of the child, if error is 0 */
};

static inline struct outcome run_args(const char *path, char **argv, char **envp)
{
	struct outcome outcome = { 0, 0 };
	int fds[2], error = 0;
	pid_t pid;

	MUST(pipe2(fds, O_CLOEXEC));
	pid = MUST(fork());
	if (pid == 0) {
		execve(path, argv, envp);
		error = errno;
		if (write(fds[1], &error, sizeof(error)) < 0)
			_exit(97);
		_exit(96);
	}
	close(fds[1]);
	if (MUST(read(fds[0], &error, sizeof(error))) == sizeof(error))
		outcome.error = error;
	close(fds[0]);
	MUST(waitpid(pid, &outcome.status, 0));
	return outcome;
}

static inline struct outcome run_file(const char *path)
{
	static char *envp[] = { NULL };
	char *argv[] = { (char *)path, "child", NULL };

	return run_args(path, argv, envp);
}

/* The errno of execve or the child's end, exactly. */
static inline void report(const char *label, struct outcome outcome)
{
	say("%s: %s", label,
	    outcome.error ? errno_text(outcome.error) : status_text(outcome.status));
}

/*
 * For damage that Linux finds after it has given up the old program, where it
 * can only kill: an errno is as good there.
 */
static inline void report_refused(const char *label, struct outcome outcome)
{
	int refused = outcome.error != 0 || WIFSIGNALED(outcome.status);

	say("%s: %s", label, refused ? "refused" : status_text(outcome.status));
}

static inline struct tiny tiny_make(void)
{
	static const unsigned char code[] = {
		0xbf, TINY_STATUS, 0, 0, 0,	/* mov $TINY_STATUS, %edi */
		0xb8, 60, 0, 0, 0,		/* mov $SYS_exit, %eax */
		0x0f, 0x05,			/* syscall */
		0xf4,				/* hlt */
	};
	struct tiny tiny = {
		.header = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_entry = TINY_BASE + offsetof(struct tiny, code),
			.e_phoff = offsetof(struct tiny, segment),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 1,
		},
		.segment = { {
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_X,
			.p_vaddr = TINY_BASE,
			.p_paddr = TINY_BASE,
			.p_filesz = sizeof(struct tiny),
			.p_memsz = sizeof(struct tiny),
			.p_align = PAGE,
		} },
	};

	memcpy(tiny.code, code, sizeof(code));
	return tiny;
}

/* Writes the image to ./tiny.tmp, runs it and removes it. */
static inline struct outcome tiny_run(const struct tiny *tiny, size_t length)
{
	struct outcome outcome;

	make_file("tiny.tmp", 0755, tiny, length);
	outcome = run_file("./tiny.tmp");
	MUST(unlink("tiny.tmp"));
	return outcome;
}

/* A tiny program with some fields changed. */
#define TINY(reporter, label, ...)                               \
	do {                                                     \
		struct tiny tiny = tiny_make();                  \
		Elf64_Ehdr *header = &tiny.header;               \
		Elf64_Phdr *segment = tiny.segment;              \
		(void)header, (void)segment;                     \
		__VA_ARGS__;                                     \
		reporter(label, tiny_run(&tiny, sizeof(tiny)));  \
	} while (0)

#endif
