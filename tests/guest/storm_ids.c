/*
 * Ids, groups, limits, nice values and masks of CPUs, all changed at once by
 * threads of several processes on four CPUs, while others look at them through
 * /proc, signal each other, fork and end. Nothing is expected but that it goes
 * on: the audit afterwards, and memory, are the test.
 *
 * guest: -c 4 -m 512 -t 120
 * native: no
 *
 * From credentials(7), prlimit(2), sched_setaffinity(2), setpriority(2), proc(5).
 */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>

enum { PROCESSES = 4, THREADS = 4, ROUNDS = 1500, MOST_GROUPS = 9000 };

/* What all processes share: who there is, and how far they are. */
static struct shared {
	_Atomic pid_t tid[PROCESSES * THREADS];
	_Atomic long rounds;
} *shared;

static unsigned next(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 8;
}

static void read_file(const char *format, pid_t pid)
{
	char name[64], bytes[512];
	int fd;

	snprintf(name, sizeof(name), format, pid);
	fd = open(name, O_RDONLY);
	if (fd == -1)
		return;
	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	close(fd);
}

static void change_groups(unsigned *seed)
{
	static _Thread_local gid_t list[MOST_GROUPS];
	unsigned count = next(seed) % 3 ? next(seed) % 20 : next(seed) % MOST_GROUPS;

	for (unsigned i = 0; i < count; i++)
		list[i] = next(seed);
	syscall(SYS_setgroups, count, list);
	syscall(SYS_getgroups, MOST_GROUPS, list);
}

static void one_round(unsigned *seed)
{
	pid_t other = shared->tid[next(seed) % (PROCESSES * THREADS)];
	unsigned uid = next(seed) % 3;
	struct rlimit limit = { 0, 0 };
	unsigned long mask = 1 + next(seed) % 15;

	switch (next(seed) % 12) {
	case 0:
		syscall(SYS_setresuid, uid, next(seed) % 3, 0);
		break;
	case 1:
		syscall(SYS_setresuid, -1, 0, -1);
		break;
	case 2:
		change_groups(seed);
		break;
	case 3:
		kill(other, 0);
		syscall(SYS_tkill, other, SIGURG);
		break;
	case 4:
		syscall(SYS_setpriority, PRIO_USER, uid, next(seed) % 5);
		break;
	case 5:
		syscall(SYS_setpriority, PRIO_PROCESS, other, next(seed) % 5);
		break;
	case 6:
	case 7:
		syscall(SYS_sched_setaffinity, other, sizeof(mask), &mask);
		break;
	case 8:
		syscall(SYS_prlimit64, other, RLIMIT_FSIZE, NULL, &limit);
		syscall(SYS_prlimit64, other, RLIMIT_CORE, &limit, NULL);
		break;
	case 9:
		read_file("/proc/%d/status", other);
		read_file("/proc/%d/stat", other);
		break;
	case 10:
		read_file("/proc/stat", 0);
		syscall(SYS_clock_gettime, ~(unsigned)other << 3 | 2, &limit);
		break;
	case 11: {
		pid_t pid = fork();

		if (pid == 0) {
			syscall(SYS_setresuid, uid, uid, uid);
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
	}
	shared->rounds++;
}

static void *worker(void *arg)
{
	unsigned slot = (unsigned long)arg, seed = slot * 7919 + 1;

	shared->tid[slot] = syscall(SYS_gettid);
	for (int i = 0; i < ROUNDS / THREADS; i++)
		one_round(&seed);
	return NULL;
}

static void run(unsigned long process)
{
	pthread_t thread[THREADS];

	for (unsigned long i = 0; i < THREADS; i++)
		MUST(pthread_create(&thread[i], NULL, worker,
				    (void *)(process * THREADS + i)) ? -1 : 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	_exit(0);
}

int main(void)
{
	int status, ended = 0;

	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	MUST(shared == MAP_FAILED ? -1 : 0);
	for (int i = 0; i < PROCESSES * THREADS; i++)
		shared->tid[i] = getpid();
	for (unsigned long i = 0; i < PROCESSES; i++)
		if (MUST(fork()) == 0)
			run(i);
	while (wait(&status) > 0)
		ended += status == 0;
	VALUE_OF("processes that came to their end", ended);
	VALUE_OF("rounds", shared->rounds);
	return 0;
}
