/*
 * Storm: a file is cut and grows while others use mappings of it, shared and
 * private, on CPUs of their own, map it anew, fork, and copy from it by calls.
 * When ftruncate has returned, nobody gets at what was cut off, and what grows
 * anew is zeros.
 *
 * args: 10
 *
 * How: `state` is odd while the file changes. A user reads it, touches the page,
 * and reads it again: if it is the same even value, that state held meanwhile.
 *
 * From ftruncate(2), mmap(2).
 */
#include "storm.h"

enum { USERS = 4, ROUNDS = 1500, PAGES = 4, RW = PROT_READ | PROT_WRITE };

static struct {
	atomic_long state; /* step * 4 + whole * 2 + changing */
	atomic_int stop;
	atomic_long sure[2];
	atomic_long writing[2 * USERS]; /* what each user is about to write; 0: nothing */
	atomic_long late[PAGES]; /* the state after a write to the page that came too late */
} *common;
static int fd, slot; /* slot: this user's in writing */
static sigjmp_buf escape;

static void fault(int number)
{
	(void)number;
	siglongjmp(escape, 1);
}

/* A writer may be held up before its store, for more than one state: then the word is older than
 * the state that it is found in. The writer sees it afterwards, and says so first of all. */
static int held_up(long word, int page, long state)
{
	for (int i = 0; i < 2 * USERS; i++)
		if (common->writing[i] == word)
			return 1;
	return common->late[page] / 4 >= state / 4;
}

/* The word that a user leaves says in which state it was written. */
static void use(char *p, int page, int shared, int writing)
{
	volatile uint64_t *word = (volatile uint64_t *)(p + page * PAGE);
	long before = atomic_load(&common->state), after;
	volatile int got_through = 0;
	volatile uint64_t seen = 0;

	if (sigsetjmp(escape, 1) == 0) {
		seen = *word;
		if (writing) {
			common->writing[slot] = before;
			*word = before;
		}
		got_through = 1;
	}
	after = atomic_load(&common->state);
	if (before != after && shared)
		common->late[page] = after;
	common->writing[slot] = 0;
	if (before != after || before % 2)
		return;
	CHECK_SAW(got_through == (before / 2 % 2), before);
	if (got_through && shared)
		CHECK_SAW(seen == 0 || (long)seen / 4 == before / 4 ||
				  held_up(seen, page, before), seen);
	common->sure[before / 2 % 2]++;
}

static void user(int me)
{
	unsigned seed = me + 1;
	int shared = me % 2 == 0, status;
	char *p = MAP_FAILED;

	slot = me;
	for (long i = 0; !common->stop; i++) {
		if (p == MAP_FAILED || dice(&seed, 20) == 0) {
			if (p != MAP_FAILED)
				munmap(p, PAGES * PAGE);
			p = mmap(NULL, PAGES * PAGE, RW, shared ? MAP_SHARED : MAP_PRIVATE, fd, 0);
			MUST(p == MAP_FAILED ? -1 : 0);
		}
		use(p, dice(&seed, PAGES), shared, dice(&seed, 2));
		if (dice(&seed, 10) == 0)
			(void)!pread(fd, p + dice(&seed, PAGES) * PAGE + 64, 64, dice(&seed, PAGES) * PAGE);
		if (dice(&seed, 30) == 0) {
			pid_t pid = MUST(fork());

			if (pid == 0) {
				slot = USERS + me;
				for (int k = 0; k < PAGES; k++)
					use(p, k, shared, 1);
				_exit(0);
			}
			MUST(waitpid(pid, &status, 0));
			CHECK_SAW(status == 0, status);
		}
	}
}

static void cutter(void)
{
	long n = rounds(ROUNDS);

	for (long step = 1; step <= n || (common->sure[0] == 0 || common->sure[1] == 0); step++) {
		int whole = step % 2;

		common->state = step * 4 + whole * 2 + 1;
		MUST(ftruncate(fd, whole ? PAGES * PAGE : 0));
		common->state = step * 4 + whole * 2;
		spin(step % 7 * 300);
	}
	common->stop = 1;
}

static void body(int me)
{
	if (me == USERS)
		cutter();
	else
		user(me);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = fault };

	storm_start(argc, argv);
	MUST(sigaction(SIGBUS, &action, NULL));
	common = share(sizeof(*common));
	fd = MUST(open("storm_truncate.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600));
	run_processes(USERS + 1, body);
	YES_OF("cut, and seen", common->sure[0] > 0);
	YES_OF("whole, and seen", common->sure[1] > 0);
	close(fd);
	MUST(unlink("storm_truncate.tmp"));
	return storm_end();
}
