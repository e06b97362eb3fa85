/*
 * execve of programs with an interpreter (PT_INTERP), as dynamic ones have:
 * which file starts, what the auxiliary vector tells it, and the errors.
 *
 * The programs are made by hand, so that no shared library is needed; the
 * interpreter that looks at its auxiliary vector is this test itself.
 * From execve(2), elf(5), getauxval(3).
 */
#include "exec.h"
#include <sys/auxv.h>

enum { INTERP_STATUS = 43, NAME_ROOM = 64, ENTRY_OFF = 0x123 };

struct dynamic {
	struct tiny tiny;
	char name[NAME_ROOM];
};

static struct dynamic with_interpreter(const char *name)
{
	struct dynamic dynamic = { .tiny = tiny_make() };
	Elf64_Phdr *load = &dynamic.tiny.segment[0], *interp = &dynamic.tiny.segment[1];

	load->p_filesz = load->p_memsz = sizeof(dynamic);
	dynamic.tiny.header.e_phnum = 2;
	*interp = *load;
	interp->p_type = PT_INTERP;
	interp->p_offset = offsetof(struct dynamic, name);
	interp->p_filesz = interp->p_memsz = strlen(name) + 1;
	strcpy(dynamic.name, name);
	return dynamic;
}

static struct outcome run_dynamic(const struct dynamic *dynamic)
{
	struct outcome outcome;

	make_file("dynamic.tmp", 0755, dynamic, sizeof(*dynamic));
	outcome = run_file("./dynamic.tmp");
	MUST(unlink("dynamic.tmp"));
	return outcome;
}

static void run_with(const char *label, const char *name)
{
	struct dynamic dynamic = with_interpreter(name);

	report(label, run_dynamic(&dynamic));
}

#define CHANGED(label, ...)                                              \
	do {                                                             \
		struct dynamic dynamic = with_interpreter("./interp.tmp"); \
		Elf64_Phdr *interp = &dynamic.tiny.segment[1];           \
		(void)interp;                                            \
		__VA_ARGS__;                                             \
		report(label, run_dynamic(&dynamic));                    \
	} while (0)

/* The program would end with TINY_STATUS, the interpreter with INTERP_STATUS. */
static struct tiny make_interpreter(int type)
{
	struct tiny tiny = tiny_make();

	tiny.code[1] = INTERP_STATUS;
	if (type == ET_DYN) {
		tiny.header.e_type = ET_DYN;
		tiny.header.e_entry -= TINY_BASE;
		tiny.segment[0].p_vaddr = tiny.segment[0].p_paddr = 0;
	} else {
		tiny.header.e_entry += TINY_BASE;
		tiny.segment[0].p_vaddr += TINY_BASE;
	}
	return tiny;
}

static void starts_the_interpreter(void)
{
	struct tiny tiny = make_interpreter(ET_EXEC);
	static const char script[] = "#!./dynamic.tmp\n";
	struct dynamic dynamic = with_interpreter("./interp.tmp");

	make_file("interp.tmp", 0755, &tiny, sizeof(tiny));
	run_with("fixed interpreter", "./interp.tmp");
	tiny.segment[0].p_vaddr = TINY_BASE;
	make_file("interp.tmp", 0755, &tiny, sizeof(tiny));
	make_file("dynamic.tmp", 0755, &dynamic, sizeof(dynamic));
	run_file("./dynamic.tmp"); /* Linux kills it */
	say("fixed interpreter over the program: survived");
	tiny = make_interpreter(ET_DYN);
	make_file("interp.tmp", 0755, &tiny, sizeof(tiny));
	run_with("movable interpreter", "./interp.tmp");
	CHANGED("movable program", dynamic.tiny.header.e_type = ET_DYN,
		dynamic.tiny.segment[0].p_vaddr = 0, dynamic.tiny.header.e_entry -= TINY_BASE);
	CHANGED("the program's own entry does not matter", dynamic.tiny.header.e_entry = 0);

	make_file("dynamic.tmp", 0755, &dynamic, sizeof(dynamic));
	make_file("script.tmp", 0755, script, sizeof(script) - 1);
	report("a script of a program with an interpreter", run_file("./script.tmp"));
	MUST(unlink("script.tmp"));
	MUST(unlink("dynamic.tmp"));

	run_with("interpreter by a link", "/proc/self/cwd/interp.tmp");
	report("the interpreter by itself", run_file("./interp.tmp"));
}

static void bad_names(void)
{
	CHANGED("length 0", interp->p_filesz = 0);
	CHANGED("length 1", interp->p_filesz = 1);
	CHANGED("length over PATH_MAX", interp->p_filesz = 4097);
	CHANGED("no NUL", interp->p_filesz -= 1);
	CHANGED("NUL before the end", interp->p_filesz += 10);
	CHANGED("beyond the file", interp->p_offset = 1 << 20);
	run_with("not there", "./gone.tmp");
	run_with("below a file", "./interp.tmp/x");
	run_with("a directory", "/tmp");
	run_with("a device", "/dev/null");
	run_with("a link to itself", "./loop.tmp");
}

static void bad_files(void)
{
	struct tiny tiny = make_interpreter(ET_DYN);

	MUST(chmod("interp.tmp", 0644));
	run_with("not executable", "./interp.tmp");
	MUST(chmod("interp.tmp", 0755));
	make_file("interp.tmp", 0755, "", 0);
	run_with("empty", "./interp.tmp");
	make_file("interp.tmp", 0755, "#!/bin/sh\n", 10);
	run_with("a short script", "./interp.tmp");
	memcpy(tiny.header.e_ident, "#!/x", 4);
	make_file("interp.tmp", 0755, &tiny, sizeof(tiny));
	run_with("not ELF", "./interp.tmp");
	tiny = make_interpreter(ET_DYN);
	tiny.header.e_machine = EM_386;
	make_file("interp.tmp", 0755, &tiny, sizeof(tiny));
	run_with("of another machine", "./interp.tmp");
	tiny = make_interpreter(ET_DYN);
	tiny.header.e_phentsize = 55;
	make_file("interp.tmp", 0755, &tiny, sizeof(tiny));
	run_with("odd program headers", "./interp.tmp");
	tiny = make_interpreter(ET_DYN);
	tiny.header.e_phnum = 0;
	make_file("interp.tmp", 0755, &tiny, sizeof(tiny));
	run_with("no program headers", "./interp.tmp");
}

/* We run as the interpreter of a program by hand: what are we told of it? */
static int look_at_auxv(void)
{
	say("AT_BASE %#lx", getauxval(AT_BASE));
	say("AT_ENTRY %#lx", getauxval(AT_ENTRY) - TINY_BASE);
	say("AT_PHDR %#lx", getauxval(AT_PHDR) - TINY_BASE);
	say("AT_PHNUM %lu, AT_PHENT %lu", getauxval(AT_PHNUM), getauxval(AT_PHENT));
	say("AT_EXECFN %s", (char *)getauxval(AT_EXECFN));
	return INTERP_STATUS;
}

static void tells_of_the_program(void)
{
	struct dynamic dynamic = with_interpreter("/proc/self/exe");

	dynamic.tiny.header.e_entry = TINY_BASE + ENTRY_OFF;
	report("this test as interpreter", run_dynamic(&dynamic));
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return look_at_auxv();
	MUST(symlink("loop.tmp", "loop.tmp"));
	starts_the_interpreter();
	tells_of_the_program();
	bad_names();
	bad_files();
	MUST(unlink("interp.tmp"));
	MUST(unlink("loop.tmp"));
	return 0;
}
