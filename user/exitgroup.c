/*
 * exitgroup - exit ends one thread, exit_group the process; exec ends all threads but its caller.
 *
 * The C library's exit, and return from main, call exit_group; pthread_exit ends in exit. Here
 * both are called bare, by one of three threads. Look for: who still answers after each; that
 * the process lives on without its first thread (the leader), which stays as a zombie; which
 * status the parent gets; that after exec there is one thread, and its tid is the pid.
 * To think about: why must the number of the leader stay in use after the leader has gone? Why
 * can exec not let the other threads go on?
 * In the kernel: kernel/proc/exit.c, and where kernel/proc/exec.c waits for other threads.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LEADER, SECOND, THIRD, THREADS, EXECED };

static int failures;
static int order[THREADS][2], answer[2];	/* pipes: to each thread, from all of them */

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
	printf("  %s: %s\n", what, holds ? "yes" : "no");
	failures += !holds;
}

static int status_of(int who)
{
	return 10 + who;
}

static void say_who(char who)
{
	must(write(answer[1], &who, 1), "write");
}

/* A thread of the process under test: does as it is told, a letter at a time. */
static void *obey(void *argument)
{
	int who = (int)(long)argument;
	char letter, answer_text[16];

	while (read(order[who][0], &letter, 1) == 1) {
		switch (letter) {
		case 'a':
			say_who((char)who);
			break;
		case 'x':
			syscall(SYS_exit, status_of(who));
			break;
		case 'g':
			syscall(SYS_exit_group, status_of(who));
			break;
		case 'e':
			snprintf(answer_text, sizeof(answer_text), "%d", answer[1]);
			execl("/proc/self/exe", "exitgroup", "--exec", answer_text, (char *)NULL);
			break;
		}
	}
	_exit(2);
}

static pid_t start(void)
{
	pthread_t thread;
	pid_t pid;

	for (int i = 0; i < THREADS; i++)
		must(pipe(order[i]), "pipe");
	must(pipe(answer), "pipe");
	pid = (pid_t)must(fork(), "fork");
	if (pid == 0) {
		for (long i = SECOND; i < THREADS; i++)
			must(-pthread_create(&thread, NULL, obey, (void *)i), "pthread_create");
		obey((void *)LEADER);
	}
	close(answer[1]);	/* so that we see the end when the last one has gone */
	return pid;
}

static void tell(int who, char letter)
{
	must(write(order[who][1], &letter, 1), "write");
}

static bool hears(int who)
{
	char heard;

	return read(answer[0], &heard, 1) == 1 && heard == who;
}

static bool answers(int who)
{
	tell(who, 'a');
	return hears(who);
}

static bool lives(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == 0;
}

static int end_of(pid_t pid)
{
	int status = -1;

	must(waitpid(pid, &status, 0), "waitpid");
	for (int i = 0; i < THREADS; i++) {
		close(order[i][0]);
		close(order[i][1]);
	}
	close(answer[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int threads_of(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	int count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	folder = opendir(path);
	while (folder && (entry = readdir(folder)))
		count += entry->d_name[0] != '.';
	if (folder)
		closedir(folder);
	return count;
}

/* The letter after the name in /proc/PID/stat: that of the leader. */
static char state_of(pid_t pid)
{
	char path[64], text[512] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file || !fgets(text, sizeof(text), file))
		text[0] = '\0';
	if (file)
		fclose(file);
	return strrchr(text, ')') ? strrchr(text, ')')[2] : 0;
}

/* An exit takes a moment: up to 5 s for that. */
static bool comes_to(pid_t pid, int threads, char leaders_state)
{
	struct timespec moment = { .tv_nsec = 10 * 1000000L };

	for (int i = 0; i < 500; i++) {
		if (threads_of(pid) == threads && state_of(pid) == leaders_state)
			return true;
		nanosleep(&moment, NULL);
	}
	return false;
}

static void show_exit(void)
{
	pid_t pid = start();

	printf("exit by the second of three threads\n");
	tell(SECOND, 'x');
	relation("two are left", comes_to(pid, 2, 'S'));
	relation("the leader answers", answers(LEADER));
	relation("the third answers", answers(THIRD));
	printf("then exit by the leader\n");
	tell(LEADER, 'x');
	relation("it is a zombie, and still listed", comes_to(pid, 2, 'Z'));
	relation("the process lives: wait has nothing to say", lives(pid));
	relation("the third answers", answers(THIRD));
	printf("then exit by the third, the last\n");
	tell(THIRD, 'x');
	relation("the process has ended", end_of(pid) >= 0);	/* before 5.19: leader's status */
}

static void show_exit_group(int who, const char *name)
{
	pid_t pid = start();

	printf("exit_group by the %s of three threads\n", name);
	relation("all answer before", answers(LEADER) && answers(SECOND) && answers(THIRD));
	tell(who, 'g');
	relation("nobody is left", !hears(LEADER));
	relation("the status is from the one that called it", end_of(pid) == status_of(who));
}

static void show_exec(int who, const char *name)
{
	pid_t pid = start();

	printf("exec by the %s of three threads\n", name);
	relation("all answer before", answers(LEADER) && answers(SECOND) && answers(THIRD));
	tell(who, 'e');
	relation("the new program runs", hears(EXECED));
	relation("it has one thread", hears(1));
	relation("the tid of that is the pid", hears(true));
	relation("the pid is still the same", end_of(pid) == status_of(EXECED));
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "--exec") == 0) {
		answer[1] = atoi(argv[2]);
		say_who(EXECED);
		say_who((char)threads_of(getpid()));
		say_who(syscall(SYS_gettid) == getpid());
		return status_of(EXECED);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	show_exit();
	show_exit_group(LEADER, "leader");
	show_exit_group(THIRD, "third");
	show_exec(LEADER, "leader");
	show_exec(THIRD, "third");
	return failures ? 1 : 0;
}
