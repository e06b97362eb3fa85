/*
 * Storm: exec against what the siblings do. Processes of several threads, each
 * of which execs, exits, ends the group, kills it, forks or spins, at about the
 * same time; some are killed from outside. Each process ends with one of the
 * statuses that were asked for, and nothing of it is left behind: the pipe that
 * all its threads hold is closed. An exec'd program is the only thread.
 *
 * args: 10
 *
 * From execve(2), exit_group(2), _exit(2), kill(2).
 */
#include "storm.h"

enum { DRIVERS = 4, ROUNDS = 45, SIBLINGS = 3, DONE = 7, GROUP = 8, LEFT = 9, BROKEN = 70 };
enum deed { EXEC, EXIT, EXIT_GROUP, KILL_SELF, FORK, SPIN, DEEDS };

static unsigned first_seed;
static char self[PATH_MAX];

static void do_deed(unsigned *seed, enum deed deed)
{
	char *argv[] = { "storm_execexit", "second", "life", NULL }, *envp[] = { NULL };

	spin(dice(seed, 3000));
	switch (deed) {
	case EXEC:
		execve(self, argv, envp);
		_exit(BROKEN + 1); /* nothing is to stop it but the end of the process */
	case EXIT:
		syscall(SYS_exit, LEFT);
		break;
	case EXIT_GROUP:
		_exit(GROUP);
	case KILL_SELF:
		kill(getpid(), SIGKILL);
		break;
	case FORK:
		if (syscall(SYS_fork) == 0)
			syscall(SYS_exit_group, 0);
		break;
	default:
		spin(2000);
	}
}

static void *sibling(void *number)
{
	unsigned seed = first_seed + 1000 * (unsigned)(long)number;

	do_deed(&seed, dice(&seed, DEEDS));
	spin(dice(&seed, 20000));
	_exit(GROUP);
}

static void live(unsigned seed)
{
	first_seed = seed;
	signal(SIGCHLD, SIG_IGN);
	for (long i = 1; i <= SIBLINGS; i++) {
		pthread_t thread;

		/* Linux refuses with EAGAIN while one of them execs. */
		pthread_create(&thread, NULL, sibling, (void *)i);
	}
	do_deed(&seed, dice(&seed, DEEDS));
	sleep_us(dice(&seed, 3000));
	_exit(GROUP);
}

static int status_is_right(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGKILL;
	return WIFEXITED(status) && (WEXITSTATUS(status) == DONE || WEXITSTATUS(status) == GROUP ||
				     WEXITSTATUS(status) == LEFT);
}

static void drive(int number)
{
	unsigned seed = (unsigned)number * 7919 + 1;

	for (long i = 0; i < rounds(ROUNDS); i++) {
		unsigned child_seed = dice(&seed, 1 << 20) + 1;
		int held[2], status = -1;
		pid_t pid;
		char byte;

		MUST(pipe(held));
		pid = MUST(fork());
		if (pid == 0)
			live(child_seed);
		MUST(close(held[1]));
		if (dice(&seed, 3) == 0) {
			spin(dice(&seed, 6000));
			CHECK(kill(pid, SIGKILL) == 0);
		}
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK_SAW(status_is_right(status), status);
		CHECK(read(held[0], &byte, 1) == 0);
		MUST(close(held[0]));
	}
}

/* The new program: one thread, the first one, and no other in /proc. */
static int second_life(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	return syscall(SYS_gettid) == getpid() && n == 1 ? DONE : BROKEN;
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return second_life();
	storm_start(argc, argv);
	MUST(readlink("/proc/self/exe", self, sizeof(self) - 1));
	run_processes(DRIVERS, drive);
	say("every process ended as one of its threads wanted");
	return storm_end();
}
