/*
 * Storm: locks on files against what other threads do to the descriptors. A
 * record lock that is granted while another thread closes or replaces its
 * descriptor does not stay behind, nor does one that was waited for; locks of
 * descriptions and flock keep threads apart, and go with the last of many
 * copies; close_range with a table of its own leaves the others' locks alone.
 *
 * args: 10
 *
 * From fcntl(2), flock(2), close(2), dup(2), close_range(2).
 */
#include "storm.h"
#include <sys/file.h>

enum { PAIRS = 3, CLOSES = 300, WAITS = 60, COUNTERS = 4, ADDS = 400, COPIES = 200 };

static char names[PAIRS][16];
static int probe[PAIRS];	/* descriptions that stay open */
static atomic_int given[PAIRS], ready[PAIRS], done[PAIRS];

static int op(int fd, int command, int type)
{
	struct flock lock = { .l_type = type, .l_len = 10 };

	return fcntl(fd, command, &lock) == 0 ? 0 : -errno;
}

static int is_locked(int pair)
{
	struct flock lock = { .l_type = F_WRLCK };

	MUST(fcntl(probe[pair], F_OFD_GETLK, &lock));
	return lock.l_type != F_UNLCK;
}

/* The other thread closes (or replaces) what it is given. */
static void *closer(void *argument)
{
	long pair = (long)argument - PAIRS;
	unsigned seed = pair + 7;

	for (int round = 1; round <= rounds(CLOSES); round++) {
		await(&ready[pair], round);
		int fd = given[pair], other = -1;
		spin(dice(&seed, 400));
		if (round % 3 == 0) {
			other = MUST(open("/dev/null", O_RDONLY));
			CHECK(dup2(other, fd) == fd);
			close(other);
		}
		CHECK(close(fd) == 0);
		atomic_store(&done[pair], round);
	}
	return NULL;
}

static void *locker(void *argument)
{
	long pair = (long)argument;
	unsigned seed = pair + 77;

	for (int round = 1; round <= rounds(CLOSES); round++) {
		given[pair] = MUST(open(names[pair], O_RDWR));
		atomic_store(&ready[pair], round);
		spin(dice(&seed, 400));
		int result = op(given[pair], round % 2 ? F_SETLK : F_SETLKW, F_WRLCK);
		CHECK_SAW(result == 0 || result == -EBADF, result);
		await(&done[pair], round);
		CHECK_SAW(!is_locked(pair), round);
	}
	return NULL;
}

static atomic_int waiter_result;

static void *waiter(void *fd)
{
	waiter_result = op((int)(long)fd, F_SETLKW, F_RDLCK);
	return NULL;
}

static void close_under_waiter(void)
{
	pthread_t thread;

	for (int round = 0; round < rounds(WAITS); round++) {
		int fd = MUST(open(names[0], O_RDWR));
		MUST(op(probe[0], F_OFD_SETLK, F_WRLCK));
		MUST(-pthread_create(&thread, NULL, waiter, (void *)(long)fd));
		sleep_us(round % 3 * 500);
		CHECK(close(fd) == 0);
		MUST(op(probe[0], F_OFD_SETLK, F_UNLCK));
		MUST(-pthread_join(thread, NULL));
		CHECK_SAW(waiter_result == -EBADF, waiter_result);
		CHECK_SAW(!is_locked(0), round);
	}
	say("closed under a waiter");
}

static volatile long ranges_sum, flock_sum;

/* Each thread has a description of its own. */
static void *counter(void *argument)
{
	int fd = MUST(open(names[0], O_RDWR)), copy;

	for (int round = 0; round < rounds(ADDS); round++) {
		CHECK(op(fd, F_OFD_SETLKW, F_WRLCK) == 0);
		ranges_sum++;
		CHECK(op(fd, F_OFD_SETLK, F_UNLCK) == 0);
		CHECK(flock(fd, LOCK_EX) == 0);
		flock_sum++;
		CHECK(flock(fd, round % 2 ? LOCK_UN : LOCK_SH) == 0);
		if (round % 16 == 0) { /* the copy keeps it until it goes */
			CHECK(flock(fd, LOCK_EX) == 0);
			copy = MUST(dup(fd));
			flock_sum++;
			close(fd);
			fd = copy;
			flock_sum--;
			CHECK(flock(fd, LOCK_UN) == 0);
		}
	}
	close(fd);
	return argument;
}

/* Children get copies of a table that threads change; and their own by close_range. */
static void *copier(void *argument)
{
	unsigned seed = (long)argument + 1;
	int status;

	for (int round = 0; round < rounds(COPIES); round++) {
		int fd = MUST(open(names[1], O_RDWR));
		CHECK(op(fd, F_OFD_SETLK, F_RDLCK) == 0);
		if (dice(&seed, 20) == 0) {
			pid_t pid = MUST(fork());
			if (pid == 0)
				_exit(syscall(436, 3, ~0u, 2) != 0);
			MUST(waitpid(pid, &status, 0));
			CHECK_SAW(status == 0, status);
		}
		CHECK(is_locked(1));
		CHECK(close(fd) == 0);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	storm_start(argc, argv);
	for (int i = 0; i < PAIRS; i++) {
		snprintf(names[i], sizeof(names[i]), "storm%d.tmp", i);
		probe[i] = MUST(open(names[i], O_RDWR | O_CREAT, 0600));
	}
	start_threads(0, PAIRS, locker);
	start_threads(PAIRS, PAIRS, closer);
	join_threads(0, 2 * PAIRS);
	say("closed under a locker");
	close_under_waiter();
	run_threads(COUNTERS, counter);
	CHECK_SAW(ranges_sum == COUNTERS * rounds(ADDS), ranges_sum);
	CHECK_SAW(flock_sum == COUNTERS * rounds(ADDS), flock_sum);
	CHECK(!is_locked(0));
	say("counted");
	run_threads(3, copier);
	CHECK(!is_locked(1));
	for (int i = 0; i < PAIRS; i++) {
		close(probe[i]);
		MUST(unlink(names[i]));
	}
	return storm_end();
}
