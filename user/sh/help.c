/*
 * help.c - what there is to type: the builtins of the shell and the demos of the kernel.
 */
#include <string.h>
#include "sh.h"

static const struct {
	const char *name;
	const char *help;
} demos[] = {
	{ "forkdemo", "fork returns twice, and the child is a copy" },
	{ "cow", "copy-on-write: one frame until someone writes" },
	{ "layout", "text, data, heap, mappings and stack of a process" },
	{ "execattr", "what exec keeps of a process, and what it resets" },
	{ "overlay", "the shell of 1969: exec without fork" },
	{ "zombie", "exit status, zombies and wait" },
	{ "orphan", "who is the parent once the parent is gone" },
	{ "vforkdemo", "the child borrows the address space, the parent waits" },
	{ "spawn", "a new program in a new process by one call, and its cost" },
	{ "setup", "what a child does to itself before exec: nice, folder, pipes" },
	{ "lightproc", "small helpers that fork for a large threaded parent" },
	{ "clonedemo", "each flag of clone, set and clear, and what clone refuses" },
	{ "threads", "pthread_create and join by hand: mmap, clone and futex" },
	{ "exitgroup", "exit ends a thread, exit_group and exec a whole process" },
	{ "forkthread", "fork copies only the thread that calls it" },
	{ "deadlock", "a lock held by a thread that is not there" },
	{ "cowstorm", "threads write while another forks: a storm of copies" },
	{ "forkjoin", "one sum split over more processes than processors" },
	{ "fdflags", "a descriptor's flag, its description's flags and offset" },
	{ "cloexec", "a descriptor leaks between open and fcntl, and how not" },
	{ "closefds", "closing all descriptors before exec, and what it costs" },
	{ "crash", "a process that dies of a bug, and how to find it" },
	{ "filelock", "record locks, flock, OFD locks over dup, fork, exec, exit" },
	{ "memcalls", "what is resident after mmap, mprotect, madvise, mlock, brk" },
	{ "sparse", "what page tables cost, and what fork adds to them" },
	{ "regions", "what 30,000 mappings cost, and what fork adds to them" },
};

static void add_entry(struct str *list, const char *name, const char *help)
{
	enum { COLUMN = 27 };
	size_t len = strlen(name);

	str_add(list, "  ");
	str_add(list, name);
	do
		str_put(list, ' ');
	while (++len < COLUMN);
	str_add(list, help);
	str_put(list, '\n');
}

int builtin_help(int argc, char **argv)
{
	struct str list = { 0 };

	(void)argc;
	(void)argv;
	str_add(&list, "Builtins of the shell:\n");
	for (const struct builtin *builtin = builtins; builtin->name; builtin++)
		add_entry(&list, builtin->usage, builtin->help);
	str_add(&list, "Grammar:\n");
	add_entry(&list, "a | b   a && b   a || b", "pipe; b if a succeeds; b if a fails");
	add_entry(&list, "a &   a ; b   ( a )", "in the background; one after the other; in a child");
	add_entry(&list, "< F  > F  >> F  2> F  2>&1", "where input comes from, where output goes");
	add_entry(&list, "if while until for case", "as in any sh; also name() { ... }");
	str_add(&list, "Demos, each a program of its own (-v: raw numbers too):\n");
	for (size_t i = 0; i < sizeof(demos) / sizeof(demos[0]); i++)
		add_entry(&list, demos[i].name, demos[i].help);
	str_add(&list, "Everything else in /bin: `ls /bin`. Most of it is BusyBox.\n");
	return write_all(1, list.text, list.len) < 0;
}
