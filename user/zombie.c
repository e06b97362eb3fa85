/*
 * zombie - what a process leaves behind until its parent waits for it.
 *
 * Look for: state Z in /proc/PID/stat of a child that has ended; wait with WNOHANG; the status of
 * an exit, of a death by a signal, of a stop and of a continue; ECHILD when no child is left.
 * In the kernel: kernel/proc/exit.c, kernel/proc/wait.c. With -v: pids and raw statuses.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool verbose;
static int failures;

static long must(long result, const char *call)
{
	if (result < 0) {
		perror(call);
		exit(2);
	}
	return result;
}

static void relation(const char *what, bool holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "no");
	failures += !holds;
}

/* The letter after the name in /proc/PID/stat; 0: there is no such process. */
static char state_of(pid_t pid)
{
	char path[64], text[512] = "";
	char *after_name;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	after_name = strrchr(text, ')');
	return after_name ? after_name[2] : 0;
}

static pid_t start(int exit_status)
{
	pid_t pid = (pid_t)must(fork(), "fork");

	if (pid == 0) {
		while (exit_status < 0)
			pause();
		_exit(exit_status);
	}
	return pid;
}

static int wait_for(pid_t pid, int options)
{
	int status = 0;

	relation("  wait gives its pid", waitpid(pid, &status, options) == pid);
	if (verbose)
		printf("# pid %d, status %#06x\n", pid, status);
	return status;
}

static void show_zombie(void)
{
	pid_t pid = start(7);
	siginfo_t info;
	int status;

	printf("a child that has ended with exit(7)\n");
	must(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), "waitid");	/* looks, leaves it */
	relation("  its state in /proc is Z", state_of(pid) == 'Z');
	relation("  kill still finds it", kill(pid, 0) == 0);
	status = wait_for(pid, 0);
	relation("  its status is exit 7", WIFEXITED(status) && WEXITSTATUS(status) == 7);
	relation("  it is gone from /proc", state_of(pid) == 0);
	relation("  a second wait is ECHILD", waitpid(pid, &status, 0) < 0 && errno == ECHILD);
}

static void show_signals(void)
{
	pid_t pid = start(-1);
	int status;

	printf("a child that lives\n");
	relation("  wait with WNOHANG gives 0", waitpid(pid, &status, WNOHANG) == 0);
	printf("the same child, stopped\n");
	must(kill(pid, SIGSTOP), "kill");
	status = wait_for(pid, WUNTRACED);
	relation("  its status is stopped by SIGSTOP", WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	relation("  its state in /proc is T", state_of(pid) == 'T');
	printf("the same child, continued\n");
	must(kill(pid, SIGCONT), "kill");
	status = wait_for(pid, WCONTINUED);
	relation("  its status is continued", WIFCONTINUED(status));
	printf("the same child, killed\n");
	must(kill(pid, SIGTERM), "kill");
	status = wait_for(pid, 0);
	relation("  its status is killed by SIGTERM", WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

int main(int argc, char **argv)
{
	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	show_zombie();
	show_signals();
	relation("no child is left: wait is ECHILD", wait(NULL) < 0 && errno == ECHILD);
	return failures ? 1 : 0;
}
