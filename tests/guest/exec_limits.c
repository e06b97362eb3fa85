/*
 * execve with arguments and environments near and above what Linux takes: E2BIG
 * or success, never anything else, and the caller that was refused goes on.
 *
 * All strings and pointers together have a quarter of RLIMIT_STACK, at least 128
 * KiB and at most 6 MiB; one string has 128 KiB. Close to a limit, where it
 * depends on details, either answer is right, so those cases print only that it
 * was one of the two. From execve(2), "Limits on size of arguments and environment".
 */
#include "check.h"

enum { MOST = 2000, PIECE = 9000, WORKED = 50, TOO_BIG = 51, OTHER = 52, DAMAGED = 53 };

static char *arguments[MOST + 4], *environment[MOST + 4];
static const char SCRIPT[] = "exec_limits_script";
static char self[PATH_MAX];

struct shape {
	const char *label;
	rlim_t stack_bytes;
	size_t argument_bytes, environment_bytes, piece_bytes;
	int either_is_right;
};

/* Strings of `piece` bytes each, the NUL counted, that make `total`. */
static void fill(char **list, size_t total, size_t piece)
{
	int n = 0;

	while (total > 0) {
		size_t bytes = total < piece ? total : piece;

		list[n] = malloc(bytes);
		memset(list[n], 'a' + n % 26, bytes);
		list[n++][bytes - 1] = '\0';
		total -= bytes;
	}
	list[n] = NULL;
}

/* The new program: is what it got what was sent? argv is: self, "check", bytes, ... */
static int check(int argc, char **argv, char **envp)
{
	size_t bytes = 0, all = 0;

	for (int i = 3; i < argc; i++)
		bytes += strlen(argv[i]) + 1;
	for (int i = 0; envp[i]; i++)
		all += strlen(envp[i]) + 1;
	return bytes == strtoul(argv[2], NULL, 10) && all == strtoul(argv[1] + 5, NULL, 10) ?
	       WORKED : DAMAGED;
}

/* The refused caller goes on: its memory and children work as before. */
static int after(int error)
{
	int status = 0;
	pid_t pid;

	free(malloc(100000));
	pid = fork();
	if (pid == 0)
		_exit(3);
	if (pid == -1 || waitpid(pid, &status, 0) != pid || status != 3 << 8)
		return OTHER;
	return error == E2BIG ? TOO_BIG : OTHER;
}

static void run(const struct shape *shape, const char *path)
{
	struct rlimit limit;
	char counts[2][40];

	MUST(getrlimit(RLIMIT_STACK, &limit));
	limit.rlim_cur = shape->stack_bytes;
	MUST(setrlimit(RLIMIT_STACK, &limit));
	snprintf(counts[0], sizeof(counts[0]), "check%zu", shape->environment_bytes);
	snprintf(counts[1], sizeof(counts[1]), "%zu", shape->argument_bytes);
	arguments[0] = self;
	arguments[1] = counts[0];
	arguments[2] = counts[1];
	fill(arguments + 3, shape->argument_bytes, shape->piece_bytes);
	fill(environment, shape->environment_bytes, shape->piece_bytes);
	execve(path, arguments, environment);
	_exit(after(errno));
}

static void try(const struct shape *shape, const char *path)
{
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0)
		run(shape, path);
	MUST(waitpid(pid, &status, 0));
	if (shape->either_is_right)
		YES_OF(shape->label, status == WORKED << 8 || status == TOO_BIG << 8);
	else if (status == WORKED << 8 || status == TOO_BIG << 8)
		say("%s: %s", shape->label, status == WORKED << 8 ? "runs" : "E2BIG");
	else
		say("%s: %s", shape->label, status_text(status));
}

static const struct shape shapes[] = {
	{ "64 KiB stack, 20 KiB of arguments", KIB(64), KIB(20), 0, PIECE, 0 },
	{ "64 KiB stack, 20 KiB of environment", KIB(64), 0, KIB(20), PIECE, 0 },
	{ "64 KiB stack, 10 and 10 KiB", KIB(64), KIB(10), KIB(10), PIECE, 0 },
	{ "64 KiB stack, 40 KiB of arguments", KIB(64), KIB(40), 0, PIECE, 0 },
	{ "64 KiB stack, 100 KiB", KIB(64), KIB(100), 0, PIECE, 1 },
	{ "64 KiB stack, 108 and 117 thousand", KIB(64), 12 * PIECE, 13 * PIECE, PIECE, 0 },
	{ "64 KiB stack, 127 and 1 KiB", KIB(64), KIB(127), KIB(1), PIECE, 1 },
	{ "64 KiB stack, 64 and 64 KiB", KIB(64), KIB(64), KIB(64), PIECE, 1 },
	{ "64 KiB stack, 300 KiB of arguments", KIB(64), KIB(300), 0, PIECE, 0 },
	{ "64 KiB stack, 300 KiB of environment", KIB(64), 0, KIB(300), PIECE, 0 },
	{ "8 MiB stack, 1.9 MiB", MIB(8), KIB(1900), 0, PIECE, 0 },
	{ "8 MiB stack, 0.9 and 0.9 MiB", MIB(8), KIB(900), KIB(900), PIECE, 0 },
	{ "8 MiB stack, 1.2 and 1.2 MiB", MIB(8), KIB(1200), KIB(1200), PIECE, 0 },
	{ "8 MiB stack, 2.1 MiB", MIB(8), KIB(2100), 0, PIECE, 0 },
	{ "no limit, 5 MiB of arguments", RLIM_INFINITY, MIB(5), 0, PIECE, 0 },
	{ "no limit, 5 MiB of environment", RLIM_INFINITY, 0, MIB(5), 120000, 0 },
	{ "no limit, 5 and 5 MiB", RLIM_INFINITY, MIB(5), MIB(5), 120000, 0 },
	{ "no limit, 3 and 3 MiB", RLIM_INFINITY, MIB(3), MIB(3), PIECE, 0 },
	{ "no limit, 6 MiB and nothing", RLIM_INFINITY, MIB(6), 0, PIECE, 0 },
	{ "no limit, 6 MiB less a little", RLIM_INFINITY, MIB(6) - KIB(40), 0, PIECE, 0 },
	{ "no limit, 7 MiB of environment", RLIM_INFINITY, 0, MIB(7), PIECE, 0 },
	{ "no limit, 12 MiB and 12 MiB", RLIM_INFINITY, MIB(12), MIB(12), PIECE, 0 },
	{ "a string of 128 KiB", MIB(8), KIB(128), 0, KIB(128), 0 },
	{ "a string of 128 KiB and a byte", MIB(8), KIB(128) + 1, 0, KIB(129), 0 },
	{ "a string of 128 KiB in the environment", MIB(8), 0, KIB(128), KIB(128), 0 },
	{ "a longer one", MIB(8), 0, KIB(128) + 1, KIB(129), 0 },
};

/* Arguments that just fit, and a first line that adds a little or nothing. */
static void scripts(void)
{
	static const struct shape fits = { "#!, 20 KiB", KIB(64), KIB(20), 0, PIECE, 0 },
		near = { "#!, 64 KiB stack, 127 KiB", KIB(64), KIB(127), 0, PIECE, 1 },
		both = { "#!, 64 KiB stack, 66 and 66 KiB", KIB(64), KIB(66), KIB(66), PIECE, 0 },
		wide = { "#!, no limit, 5 MiB", RLIM_INFINITY, MIB(5), 0, PIECE, 0 },
		edge = { "#!, no limit, 6 MiB less 16 KiB", RLIM_INFINITY, MIB(6) - KIB(16), 0,
			 PIECE, 1 },
		over = { "#!, no limit, 3 and 3 MiB", RLIM_INFINITY, MIB(3), MIB(3), PIECE, 0 };
	char line[PATH_MAX + 8];
	int n = snprintf(line, sizeof(line), "#!%s script\n", self);

	make_file(SCRIPT, 0755, line, n);
	try(&fits, SCRIPT);
	try(&near, SCRIPT);
	try(&both, SCRIPT);
	try(&wide, SCRIPT);
	try(&edge, SCRIPT);
	try(&over, SCRIPT);
	MUST(unlink(SCRIPT));
}

int main(int argc, char **argv, char **envp)
{
	/* By a script: self, "script", SCRIPT, then what was given after argv[0]. */
	if (argc > 3 && !strcmp(argv[1], "script"))
		return check(argc - 2, argv + 2, envp);
	if (argc > 2 && !strncmp(argv[1], "check", 5))
		return check(argc, argv, envp);
	MUST(readlink("/proc/self/exe", self, sizeof(self) - 1));
	for (size_t i = 0; i < COUNT(shapes); i++)
		try(&shapes[i], self);
	scripts();
	return 0;
}
