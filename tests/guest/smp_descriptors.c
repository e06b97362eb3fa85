/*
 * Threads open, duplicate, close and use descriptors of one table at once. A
 * descriptor is either valid or EBADF, the table grows meanwhile, fork and
 * /proc/self/fd copy and read it, and at the end only the first ones are left.
 * open(2), dup(2), close(2), fcntl(2), poll(2).
 *
 * Arguments: rounds (300).
 * guest: -c 4 -t 120
 */
#include "check.h"
#include <pthread.h>

enum { THREADS = 6, LOW = 10, HIGH = 40, FAR = 200 };

static int rounds, wrong;

static unsigned pick(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % n;
}

static void check(long result, int allowed, const char *what)
{
	if (result >= 0 || errno == allowed)
		return;
	say("# %s: %s", what, errno_text(errno));
	__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
}

static void list(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	char path[300], target[300];
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
		if (entry->d_name[0] != '.')
			check(readlink(path, target, sizeof target), ENOENT, "readlink");
	}
	/* The others may have closed its descriptor, or put something else there. */
	if (dir)
		closedir(dir);
}

static void copy_table(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		for (int fd = LOW; fd < HIGH; fd++)
			close(fd);
		_exit(0);
	}
	check(waitpid(pid, NULL, 0), 0, "waitpid");
}

static void *storm(void *arg)
{
	unsigned seed = (unsigned)(long)arg * 7919 + 1;
	char byte = 0;
	for (int i = 0; i < rounds; i++) {
		int fd = LOW + pick(&seed, HIGH - LOW), other = LOW + pick(&seed, HIGH - LOW);
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		switch (pick(&seed, 9)) {
		case 0: check(dup2(3 + pick(&seed, 3), fd), EBADF, "dup2"); break;
		case 1: check(dup2(fd, other), EBADF, "dup2"); break;
		case 2: check(close(fd), EBADF, "close"); break;
		case 3: check(write(fd, "x", 1), EBADF, "write"); break;
		case 4: check(pread(3, &byte, 1, 0), 0, "pread"); break;
		case 5: check(fcntl(fd, F_SETFD, FD_CLOEXEC), EBADF, "F_SETFD"); break;
		case 6: check(poll(&poll_fd, 1, 0), 0, "poll"); break;
		case 7: {
			int far = fcntl(3, F_DUPFD, FAR + pick(&seed, 300));
			check(far, 0, "F_DUPFD");
			check(close(far), EBADF, "close");
			break;
		}
		case 8:
			if (i % 8 == 0)
				pick(&seed, 2) ? copy_table() : list();
			break;
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread[THREADS];
	int open_fds = 0;
	rounds = argc > 1 ? atoi(argv[1]) : 300;
	int file = MUST(open("storm-file", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600));
	int null = MUST(open("/dev/null", O_RDWR)), zero = MUST(open("/dev/zero", O_RDWR));
	MUST(fcntl(file, F_DUPFD, 100));
	MUST(dup2(file, 3));
	MUST(dup2(null, 4));
	MUST(dup2(zero, 5));
	for (int fd = 6; fd < 600; fd++)
		close(fd);
	MUST(write(3, "x", 1));
	for (long i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, storm, (void *)i))
			return 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (int fd = LOW; fd < HIGH; fd++)
		close(fd);
	for (int fd = 3; fd < 600; fd++)
		open_fds += fcntl(fd, F_GETFD) >= 0;
	VALUE(wrong);
	VALUE(open_fds);
	OK(unlink("storm-file"));
	return 0;
}
