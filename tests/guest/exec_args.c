/*
 * execve: argv and envp as the new program sees them, and how they lie on its
 * stack.
 *
 * From execve(2), System V AMD64 psABI 3.4.1 (initial stack).
 */
#include "exec.h"

extern char **environ;

static void child(int argc, char **argv)
{
	char **end = environ;

	VALUE_OF("  argc", argc);
	for (int i = 0; i < argc && i < 6; i++)
		say("  argv[%d] = \"%.60s\" (%zu)", i, argv[i], strlen(argv[i]));
	for (int i = 0; environ[i]; i++)
		if (i < 6)
			say("  envp[%d] = \"%.60s\"", i, environ[i]);
	while (*end)
		end++;
	YES_OF("  argv ends with null", argv[argc] == NULL);
	YES_OF("  argc lies before argv", ((long *)argv)[-1] == argc);
	YES_OF("  the stack is aligned to 16", (uintptr_t)(argv - 1) % 16 == 0);
	YES_OF("  envp follows argv", environ == argv + argc + 1);
	YES_OF("  strings lie above the vectors", argc == 0 || (char *)argv[0] > (char *)end);
	if (argc > 1)
		YES_OF("  strings follow one another", argv[1] == argv[0] + strlen(argv[0]) + 1);
	if (argc > 0 && environ[0])
		YES_OF("  environment follows the arguments",
		       environ[0] == argv[argc - 1] + strlen(argv[argc - 1]) + 1);
}

static void run(const char *label, char **argv, char **envp)
{
	say("%s", label);
	report("  end", run_args("/proc/self/exe", argv, envp));
}

static void many(void)
{
	static char *argv[2002], word[8] = "word";

	argv[0] = "exec-args-child";
	for (int i = 1; i < 2001; i++)
		argv[i] = word;
	run("2,000 arguments", argv, (char *[]){ NULL });
}

static void large(void)
{
	static char text[120000];

	memset(text, 'x', sizeof(text) - 1);
	run("large arguments",
	    (char *[]){ "exec-args-child", text, text, "end", NULL },
	    (char *[]){ text, "B=2", NULL });
}

int main(int argc, char **argv)
{
	if (argc == 0 || getenv("CHILD") || strcmp(argv[0], "exec-args-child") == 0 ||
	    argv[0][0] == '\0') {
		child(argc, argv);
		return 40;
	}
	run("two arguments", (char *[]){ "exec-args-child", "one", "two words", NULL },
	    (char *[]){ "A=1", "B=", "C=x=y", NULL });
	run("empty strings", (char *[]){ "exec-args-child", "", "", NULL },
	    (char *[]){ "", "D=4", NULL });
	run("no environment", (char *[]){ "exec-args-child", NULL }, (char *[]){ NULL });
	run("null envp", (char *[]){ "exec-args-child", NULL }, NULL);
	/* Since Linux 5.18 there is always an argv[0]. */
	run("no arguments", (char *[]){ NULL }, (char *[]){ "CHILD=1", NULL });
	run("null argv", NULL, (char *[]){ "CHILD=1", NULL });
	run("alignment, one more", (char *[]){ "exec-args-child", "x", NULL },
	    (char *[]){ "A=1", NULL });
	run("alignment, two more", (char *[]){ "exec-args-child", "x", "y", NULL },
	    (char *[]){ "A=1", NULL });
	many();
	large();
	return 0;
}
