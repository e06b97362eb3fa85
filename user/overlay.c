/*
 * overlay - the shell of 1969, before there was fork.
 *
 * That shell read a line and became the command: exec, and nothing was left of the shell. When
 * the command called exit, the system loaded the shell again for the next line. Linux and Tine
 * end a process at exit, so here a small parent plays the system of 1969: whenever the process
 * on the terminal ends, it starts the shell afresh. The shell itself never forks.
 *
 * Look for: the command has the shell's pid; what the shell forgets with every command (a word
 * it was told, its working directory), and the one thing that is kept, the place in the input:
 * it belongs to the open file. `overlay -i` reads commands from you; then compare with sh, which
 * forks and so stays. In the kernel: kernel/proc/exec.c. With -v: the pids.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_WORDS = 16, LINE_BYTES = 256, END_OF_SESSION = 100 };

static const char script[] =
	"remember apple\n"
	"recall\n"
	"cd /\n"
	"pwd\n"
	"program\n"		/* not known to the shell: it execs it over itself */
	"recall\n"
	"pwd\n"
	"program\n";

static char remembered[LINE_BYTES];	/* the memory of the shell, gone with exec */

static long must(long result, const char *call)
{
	if (result < 0) {
		perror(call);
		exit(2);
	}
	return result;
}

/* Byte by byte: what is read beyond the line would be lost with the shell. */
static bool read_line(char *line)
{
	size_t len = 0;
	char c;

	while (must(read(0, &c, 1), "read") == 1 && c != '\n')
		if (len < LINE_BYTES - 1)
			line[len++] = c;
	line[len] = '\0';
	return len > 0 || c == '\n';
}

/* The shell becomes the command. It comes back here only when there is no such command. */
static void become(char **words)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	must(setenv("OVERLAY_SHELL", pid, 1), "setenv");
	if (strcmp(words[0], "program") == 0)
		execl("/proc/self/exe", "program", "--program", (char *)NULL);
	else
		execvp(words[0], words);
	printf("shell: %s: %s\n", words[0], strerror(errno));
	exit(127);
}

static void run_line(char *line)
{
	char *words[MAX_WORDS + 1] = { 0 };
	char folder[LINE_BYTES];
	int count = 0;

	for (char *word = strtok(line, " \t"); word && count < MAX_WORDS; word = strtok(NULL, " \t"))
		words[count++] = word;
	if (count == 0)
		return;
	if (strcmp(words[0], "remember") == 0 && count == 2) {
		strcpy(remembered, words[1]);
	} else if (strcmp(words[0], "recall") == 0) {
		printf("shell: I remember: %s\n", *remembered ? remembered : "nothing");
	} else if (strcmp(words[0], "cd") == 0 && count == 2) {
		if (chdir(words[1]) < 0)
			printf("shell: cd: %s: %s\n", words[1], strerror(errno));
	} else if (strcmp(words[0], "pwd") == 0) {
		printf("shell: I am in %s\n", getcwd(folder, sizeof(folder)) ? folder : "?");
	} else if (strcmp(words[0], "exit") == 0) {
		exit(END_OF_SESSION);
	} else {
		become(words);
	}
}

static int shell(bool interactive)
{
	char line[LINE_BYTES] = "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;) {
		if (interactive)
			must(write(2, "1969> ", 6), "write");
		if (!read_line(line))
			return END_OF_SESSION;
		if (!interactive)
			printf("> %s\n", line);
		run_line(line);
	}
}

static int program(void)
{
	const char *shell_pid = getenv("OVERLAY_SHELL");
	bool same = shell_pid && atoi(shell_pid) == getpid();

	printf("program: I run in the process that was the shell: %s\n", same ? "yes" : "no");
	return same ? 0 : 1;
}

/* What the system did in 1969 when a program called exit: the shell again. */
static int play_system(bool interactive, bool verbose)
{
	int failures = 0;

	for (;;) {
		pid_t pid = (pid_t)must(fork(), "fork");
		int status;

		if (pid == 0) {
			execl("/proc/self/exe", "overlay", interactive ? "--shell-i" : "--shell",
			      (char *)NULL);
			must(-1, "exec");
		}
		must(waitpid(pid, &status, 0), "waitpid");
		if (verbose)
			printf("# process %d has ended, status %#06x\n", pid, status);
		if (WIFEXITED(status) && WEXITSTATUS(status) == END_OF_SESSION)
			return failures ? 1 : 0;
		if (!interactive)
			printf("system: a program has ended, here is the shell again\n");
		failures += !interactive && status != 0;
	}
}

int main(int argc, char **argv)
{
	bool verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	bool interactive = argc > 1 && strcmp(argv[1], "-i") == 0;
	int ends[2];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && strncmp(argv[1], "--shell", 7) == 0)
		return shell(argv[1][7] != '\0');
	if (argc > 1 && strcmp(argv[1], "--program") == 0)
		return program();
	if (!interactive) {
		must(chdir("/tmp"), "chdir");	/* so that the shell has a place to forget */
		must(pipe(ends), "pipe");
		must(write(ends[1], script, strlen(script)), "write");
		must(dup2(ends[0], 0), "dup2");
		close(ends[0]);
		close(ends[1]);
	}
	return play_system(interactive, verbose);
}
