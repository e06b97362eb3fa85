/*
 * execve of #! scripts: how the line is read, what the interpreter gets, how
 * deep scripts nest, and the errors.
 *
 * The interpreter is a symbolic link to this program.
 * From execve(2), "Interpreter scripts".
 */
#include "exec.h"
#include <sys/auxv.h>

static void script(const char *label, const char *text, size_t length)
{
	char *argv[] = { "zero", "first", "second", NULL }, *envp[] = { "E=1", NULL };

	make_file("script.tmp", 0755, text, length);
	say("%s", label);
	report("  end", run_args("./script.tmp", argv, envp));
	MUST(unlink("script.tmp"));
}

#define SCRIPT(label, text) script(label, text, sizeof(text) - 1)

static void lines(void)
{
	SCRIPT("plain", "#!./interp\nbody\n");
	SCRIPT("one argument", "#!./interp -x\n");
	SCRIPT("blanks in the argument", "#!./interp -x  y\tz\n");
	SCRIPT("blanks around", "#! \t ./interp \t -x \t \n");
	SCRIPT("no newline at the end", "#!./interp -x");
	SCRIPT("no newline, no argument", "#!./interp");
	SCRIPT("carriage return", "#!./interp -x\r\n");
	SCRIPT("empty line", "#!\nbody\n");
	SCRIPT("blank line", "#!  \t \nbody\n");
	make_file("script.tmp", 0755, "#!", 2);
	report_refused("only the two bytes", run_file("./script.tmp"));
	SCRIPT("a blank before", " #!./interp\n");
	SCRIPT("interpreter is missing", "#!./not-there\n");
	SCRIPT("interpreter is a directory", "#!./\n");
	SCRIPT("interpreter under a file", "#!./script.tmp/x\n");
	SCRIPT("interpreter is the script", "#!./script.tmp\n");
}

/* 256 bytes of the file are looked at. */
static void long_lines(void)
{
	char text[600] = "#!./interp ";

	memset(text + 11, 'a', sizeof(text) - 11);
	text[sizeof(text) - 1] = '\n';
	script("a long argument is cut", text, sizeof(text));
	memcpy(text, "#!./", 4);
	memset(text + 4, 'p', sizeof(text) - 5);
	script("a long interpreter is not", text, sizeof(text));
}

static void modes(void)
{
	make_file("plain.tmp", 0644, "#!./interp\n", 11);
	report("script without x", run_file("./plain.tmp"));
	make_file("script.tmp", 0755, "#!./plain.tmp\n", 14);
	report("interpreter without x", run_file("./script.tmp"));
	make_file("script.tmp", 0111, "#!./interp\n", 11);
	MUST(unlink("plain.tmp"));
	MUST(unlink("script.tmp"));
}

static void nested(void)
{
	char name[32], text[64];

	make_file("nest0.tmp", 0755, "#!./interp deepest\n", 19);
	for (int i = 1; i <= 6; i++) {
		snprintf(name, sizeof(name), "nest%d.tmp", i);
		snprintf(text, sizeof(text), "#!./nest%d.tmp arg%d\n", i - 1, i);
		make_file(name, 0755, text, strlen(text));
	}
	for (int i = 0; i <= 6; i++) {
		snprintf(name, sizeof(name), "./nest%d.tmp", i);
		say("%d scripts deep", i + 1);
		report("  end", run_file(name));
	}
	for (int i = 0; i <= 6; i++) {
		snprintf(name, sizeof(name), "nest%d.tmp", i);
		MUST(unlink(name));
	}
}

int main(int argc, char **argv)
{
	char self[512];
	long length;

	if (argc > 0 && strcmp(argv[0], "./interp") == 0) {
		for (int i = 0; i < argc; i++)
			say("  argv[%d] = \"%.40s\" (%zu)%s", i, argv[i], strlen(argv[i]),
			    strchr(argv[i], '\r') ? " with a carriage return" : "");
		say("  AT_EXECFN = \"%s\"", (char *)getauxval(AT_EXECFN));
		return 7;
	}
	length = MUST(readlink("/proc/self/exe", self, sizeof(self) - 1));
	self[length] = '\0';
	MUST(symlink(self, "interp"));
	lines();
	long_lines();
	modes();
	nested();
	MUST(unlink("interp"));
	return 0;
}
