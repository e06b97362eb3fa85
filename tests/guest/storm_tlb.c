/*
 * Storm: stale translations. One thread changes a mapping while others, each on
 * a CPU of its own, read and write through it. When munmap, mprotect, mremap or
 * madvise has returned, nobody may get at memory the old way, also when its
 * frame has another use by now; when fork has returned, no other thread's write
 * reaches the child.
 *
 * args: 10
 *
 * How: `state` is odd while the page is being changed. A user reads it, touches
 * the page, and reads it again: if it is the same even value, that state held
 * during the touch, and says what must have been found.
 *
 * From munmap(2), mprotect(2), mremap(2), madvise(2), fork(2).
 */
#include "storm.h"

enum { USERS = 3, ROUNDS = 80, FORKS = 20, PAGES = 8, POISON = 0x77 };
enum mapped { GONE, READ_ONLY, WRITABLE, EMPTY, KINDS };

static char *page, *aside;
static atomic_long state; /* step * 16 + kind * 2 + changing; no value comes twice */
static atomic_int stop;
static atomic_long sure[KINDS]; /* touches that were sure of their state */
static __thread sigjmp_buf escape;
static struct { volatile uint64_t word; char gap[PAGE - 8]; } *counted;

enum { STEPS = 8 }; /* of a round */

static long state_of(long step, enum mapped kind)
{
	return step * 16 + kind * 2;
}

static uint64_t content(long round)
{
	return 0x1000000 + (uint64_t)round;
}

static void fault(int number)
{
	siglongjmp(escape, number);
}

/* The first word is the changer's to write; the second is written by users only. */
static void use_page(int writing)
{
	volatile uint64_t *word = (volatile uint64_t *)page;
	long before = atomic_load(&state), after;
	enum mapped kind = before / 2 % 8;
	volatile int got_through = 0;
	volatile uint64_t seen = 0;

	if (sigsetjmp(escape, 1) == 0) {
		if (writing)
			word[1] = 0x2222;
		else
			seen = word[0];
		got_through = 1;
	}
	after = atomic_load(&state);
	if (before != after || before % 2)
		return;
	atomic_fetch_add(&sure[kind], 1);
	CHECK_SAW(got_through == (kind != GONE && !(writing && kind == READ_ONLY)), before);
	if (got_through && !writing)
		CHECK_SAW(seen == (kind == EMPTY ? 0 : content(before / 16 / STEPS)), seen);
}

static void *user(void *number)
{
	pin_to(nth_cpu((int)(long)number));
	for (int turn = 0; !stop; turn++) {
		use_page((long)number % 2);
		spin(5);
		if (turn % 32 == 31) /* for machines with fewer CPUs */
			sched_yield();
	}
	return NULL;
}

/* `kind` holds now. Leave it so until others have had a look, but not for ever. */
static void hold(long round, int step, enum mapped kind)
{
	long now = state_of(round * STEPS + step, kind), until = sure[kind] + 2 * USERS;

	atomic_store(&state, now);
	for (int turn = 0; turn < 40 && sure[kind] < until; turn++) {
		spin(100);
		if (turn % 8 == 7)
			sched_yield();
	}
	atomic_store(&state, now + 1);
}

/* Memory from the allocator now, full of something else: perhaps the frame that was `page`. */
static void reuse_frames(void)
{
	char *other = map_anon(4 * PAGE, PROT_READ | PROT_WRITE);

	memset(other, POISON, 4 * PAGE);
	munmap(other, 4 * PAGE);
	other = map_anon(PAGE, PROT_READ | PROT_WRITE);
	memset(other, POISON, PAGE);
	munmap(other, PAGE);
}

static void map_page(long round)
{
	CHECK(mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) == page);
	*(volatile uint64_t *)page = content(round);
}

static void *changer(void *unused)
{
	unsigned seed = 5;

	pin_to(nth_cpu(USERS));
	for (long round = 1; round <= rounds(ROUNDS); round++) {
		map_page(round);
		hold(round, 1, WRITABLE);
		CHECK(mprotect(page, PAGE, PROT_READ) == 0);
		reuse_frames();
		hold(round, 2, READ_ONLY);
		CHECK(mprotect(page, PAGE, PROT_READ | PROT_WRITE) == 0);
		hold(round, 3, WRITABLE);
		CHECK(madvise(page, PAGE, MADV_DONTNEED) == 0);
		reuse_frames();
		hold(round, 4, EMPTY);
		if (dice(&seed, 2)) {
			CHECK(munmap(page, PAGE) == 0);
		} else {
			CHECK(mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, aside) ==
			      aside);
			memset(aside, POISON, PAGE);
		}
		reuse_frames();
		hold(round, 5, GONE);
	}
	stop = 1;
	return unused;
}

/* Users of the second part count in pages that fork shares with the child. */
static void *count(void *number)
{
	pin_to(nth_cpu((int)(long)number));
	while (!stop) {
		for (int turn = 0; turn < 20; turn++)
			for (int i = 0; i < PAGES; i++)
				counted[i * USERS + (long)number].word++;
		sched_yield();
	}
	return NULL;
}

/* In the child all stands still, whatever the parent's threads write. */
static void stand_still(void)
{
	uint64_t seen[PAGES * USERS];

	for (int i = 0; i < PAGES * USERS; i++)
		seen[i] = counted[i].word;
	for (int turn = 0; turn < 20; turn++) {
		spin(200);
		for (int i = 0; i < PAGES * USERS; i++)
			CHECK_SAW(counted[i].word == seen[i], i);
	}
	for (int i = 0; i < PAGES * USERS; i++)
		counted[i].word = 0; /* must not reach the parent */
	_exit(0);
}

static void *forker(void *unused)
{
	uint64_t before = 0;

	for (long i = 0; i < rounds(FORKS); i++) {
		pid_t pid = MUST(fork());
		int status = -1;

		if (pid == 0)
			stand_still();
		CHECK_SAW(waitpid(pid, &status, 0) == pid && status == 0, status);
		CHECK_SAW(counted[0].word >= before, counted[0].word);
		before = counted[0].word;
	}
	stop = 1;
	return unused;
}

int main(int argc, char **argv)
{
	storm_start(argc, argv);
	signal(SIGSEGV, fault);
	/* Where nothing else will be mapped in its place. */
	page = map_before_hole(PAGE);
	aside = map_before_hole(PAGE);
	state = 1; /* unsure */
	start_threads(0, USERS, user);
	start_threads(USERS, 1, changer);
	join_threads(0, USERS + 1);
	say("# sure: gone %ld, read-only %ld, writable %ld, empty %ld", (long)sure[GONE],
	    (long)sure[READ_ONLY], (long)sure[WRITABLE], (long)sure[EMPTY]);
	say("nobody came through an old translation");
	counted = (void *)map_anon(PAGES * USERS * PAGE, PROT_READ | PROT_WRITE);
	stop = 0;
	start_threads(0, USERS, count);
	start_threads(USERS, 1, forker);
	join_threads(0, USERS + 1);
	say("no child saw the parent's later writes");
	return storm_end();
}
