/*
 * Storm: holes are punched into a file while others use shared and private
 * mappings of it, on CPUs of their own. However a touch and the punch meet, a
 * shared mapping goes on to be the file: what is written by the one is read by
 * the other. A page that a private mapping has copied stays as it was.
 *
 * args: 10
 *
 * From fallocate(2), FALLOC_FL_PUNCH_HOLE, and mmap(2).
 */
#include "storm.h"

enum { USERS = 3, ROUNDS = 6000, PAGES = 4, SIZE = PAGES * 4096 };

static struct {
	atomic_long state; /* odd while there is a hole being punched */
	atomic_int stop;
	atomic_long sure;
} *common;
static int fd;
static char *shared, *private;

/* Each user has words of its own in every page. */
static void user(int me)
{
	unsigned seed = me + 1;

	for (long i = 1; !common->stop; i++) {
		int page = dice(&seed, PAGES);
		volatile long *word = (volatile long *)(shared + page * PAGE) + me;
		long read = 0, before = common->state;

		*word = i;
		MUST(pread(fd, &read, sizeof(read), page * PAGE + me * sizeof(long)));
		if (before % 2 == 0 && before == common->state) {
			CHECK_SAW(read == i, read);
			common->sure++;
		}
		CHECK(private[page * PAGE] == 'p');
	}
}

static void puncher(void)
{
	long n = rounds(ROUNDS);
	unsigned seed = 77;

	for (long step = 0; step < n || common->sure == 0; step++) {
		int page = dice(&seed, PAGES), count = 1 + dice(&seed, PAGES - page);

		common->state++;
		MUST(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, page * PAGE,
			       count * PAGE));
		common->state++;
		spin(step % 7 * 300);
	}
	common->stop = 1;
}

static void body(int me)
{
	if (me == USERS)
		puncher();
	else
		user(me);
}

int main(int argc, char **argv)
{
	storm_start(argc, argv);
	common = share(sizeof(*common));
	fd = MUST(memfd_create("storm_punch", 0)); /* not every file system of Linux has holes */
	MUST(ftruncate(fd, SIZE));
	shared = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	private = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	MUST(shared == MAP_FAILED || private == MAP_FAILED ? -1 : 0);
	for (int page = 0; page < PAGES; page++)
		private[page * PAGE] = 'p';
	run_processes(USERS + 1, body);
	for (int page = 0; page < PAGES; page++) {
		char byte = 0;

		shared[page * PAGE] = 'a' + page;
		MUST(pread(fd, &byte, 1, page * PAGE));
		VALUE_OF("in the file", byte);
	}
	YES_OF("used between punches", common->sure > 0);
	return storm_end();
}
