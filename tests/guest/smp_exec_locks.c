/*
 * A process with record locks and a second thread execs, while others read its
 * /proc/PID/fd and fdinfo all the time: it keeps its locks and descriptors, and
 * lets go of them when it is waited for. execve(2), fcntl(2), proc(5).
 *
 * Arguments: rounds (30).
 * guest: -c 4 -t 120
 */
#include "check.h"
#include <pthread.h>

enum { READERS = 3 };

static struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

static void *sleeper(void *arg)
{
	pause();
	return arg;
}

/* Holds the lock, over an exec: says so, and waits for the end of the pipe. */
static void hold(int fd, int ready, int end)
{
	pthread_t thread;
	char number[3][12], *args[] = {"self", "hold", number[0], number[1], number[2], NULL};
	MUST(fcntl(fd, F_SETLK, &whole));
	MUST(-pthread_create(&thread, NULL, sleeper, NULL));
	snprintf(number[0], 12, "%d", fd);
	snprintf(number[1], 12, "%d", ready);
	snprintf(number[2], 12, "%d", end);
	execv("/proc/self/exe", args);
}

static int held(char **argv)
{
	char byte;
	MUST(fcntl(atoi(argv[2]), F_GETFD));
	MUST(write(atoi(argv[3]), "r", 1));
	return read(atoi(argv[4]), &byte, 1) != 0;
}

static void reader(volatile pid_t *target)
{
	char path[60], text[200];
	for (;;) {
		DIR *dir;
		snprintf(path, sizeof path, "/proc/%d/fd", *target);
		if ((dir = opendir(path))) {
			while (readdir(dir))
				;
			closedir(dir);
		}
		for (int fd = 0; fd < 4; fd++) {
			snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", *target, fd);
			int info = open(path, O_RDONLY);
			if (info >= 0 && read(info, text, sizeof text) >= 0)
				close(info);
		}
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "hold") == 0)
		return held(argv);
	int rounds = argc > 1 ? atoi(argv[1]) : 30, ready[2], kept = 0, gone = 0, failed = 0, status;
	int fd = MUST(open("locked", O_RDWR | O_CREAT, 0600));
	pid_t readers[READERS];
	char byte;
	volatile pid_t *target = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*target = getpid();
	MUST(pipe(ready));
	for (int i = 0; i < READERS; i++)
		if ((readers[i] = MUST(fork())) == 0)
			reader(target);
	for (int i = 0; i < rounds; i++) {
		int end[2];
		MUST(pipe(end));
		pid_t pid = MUST(fork());
		if (pid == 0) {
			close(end[1]);
			hold(fd, ready[1], end[0]);
			_exit(9);
		}
		*target = pid;
		close(end[0]);
		MUST(read(ready[0], &byte, 1));
		struct flock found = whole;
		MUST(fcntl(fd, F_GETLK, &found));
		kept += found.l_type == F_WRLCK && found.l_pid == pid;
		close(end[1]);
		MUST(waitpid(pid, &status, 0));
		failed += status != 0;
		found = whole;
		MUST(fcntl(fd, F_GETLK, &found));
		gone += found.l_type == F_UNLCK;
	}
	for (int i = 0; i < READERS; i++) {
		kill(readers[i], SIGKILL);
		waitpid(readers[i], NULL, 0);
	}
	VALUE(failed);
	YES_OF("each exec kept the lock", kept == rounds);
	YES_OF("each exit let go of it", gone == rounds);
	OK(unlink("locked"));
	return 0;
}
