/*
 * Storm: sharers of the same tables write at once. Parent and children begin
 * together to write into the same spans of 2 MiB, some pages common, some never
 * touched before; each sees its own writes, what it inherited, and zeros. Each
 * child makes children in turn. Shared memory in the middle of it sees all.
 *
 * args: 10
 *
 * From fork(2), mmap(2) (MAP_PRIVATE, MAP_SHARED).
 */
#include "storm.h"

enum { SPANS = 3, PAGES = SPANS * 512, STEP = 37, ROUNDS = 12, CHILDREN = 3, DEPTH = 3,
       COUNTERS = 8 };

static char *memory;
static atomic_long *common; /* lies in the second span, between private pages */
static atomic_int *started;

static volatile uint64_t *word(int page)
{
	return (volatile uint64_t *)(memory + (size_t)page * PAGE) + page % 512;
}

static int is_common(int page)
{
	return page == 600;
}

/* Every STEP-th page from `from` on belongs to a generation; the others stay as they are. */
static void write_all(int from, uint64_t value)
{
	for (int page = from; page < PAGES; page += STEP)
		if (!is_common(page))
			*word(page) = value + (unsigned)page;
}

static void check_all(int from, uint64_t value)
{
	for (int page = from; page < PAGES; page += STEP)
		if (!is_common(page))
			CHECK_SAW(*word(page) == (value ? value + (unsigned)page : 0), *word(page));
}

static void generation(int depth, uint64_t inherited, int number);

/* All members of the family begin when all are there. */
static void family(int depth, uint64_t inherited)
{
	atomic_int *ready = &started[depth];
	uint64_t own = inherited + ((uint64_t)(depth + 1) << 32);
	pid_t pids[CHILDREN];
	int base = atomic_load(ready), status;

	for (int i = 0; i < CHILDREN; i++) {
		pids[i] = MUST(fork());
		if (pids[i] == 0) {
			atomic_fetch_add(ready, 1);
			await(ready, base + CHILDREN + 1);
			generation(depth, inherited, i + 1);
			_exit(0);
		}
	}
	atomic_fetch_add(ready, 1);
	await(ready, base + CHILDREN + 1);
	write_all(depth, own);
	check_all(depth, own);
	for (int i = 0; i < CHILDREN; i++) {
		status = -1;
		CHECK(waitpid(pids[i], &status, 0) == pids[i]);
		CHECK_SAW(status == 0, status);
	}
	check_all(depth, own);
	check_all(depth + 10, 0);
}

/* One child: the words of its depth were the parent's before it wrote; deeper ones are zero. */
static void generation(int depth, uint64_t inherited, int number)
{
	uint64_t own = inherited + ((uint64_t)number << 40) + ((uint64_t)(depth + 1) << 32);

	if (number % 2)
		check_all(depth, 0);
	write_all(depth, own);
	if (number % 2 == 0)
		check_all(depth + 20, 0);
	for (int i = 0; i < COUNTERS; i++)
		atomic_fetch_add(&common[i], 1);
	if (number == 1 && depth + 1 < DEPTH)
		family(depth + 1, own);
	check_all(depth, own);
	check_all(depth + 10, 0);
}

int main(int argc, char **argv)
{
	long n = rounds(ROUNDS), total = n * CHILDREN * DEPTH;

	storm_start(argc, argv);
	n = rounds(ROUNDS), total = n * CHILDREN * DEPTH;
	started = share(PAGE);
	memory = mmap((void *)0x2e0000000000, MIB(2) * SPANS, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	MUST(memory == MAP_FAILED ? -1 : 0);
	common = mmap(memory + 600 * PAGE, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	MUST(common == MAP_FAILED ? -1 : 0);
	for (long i = 0; i < n; i++) {
		memset(started, 0, PAGE);
		if (i % 3 == 2)
			*word(511) = *word(512) = *word(1535) = 0;
		family(0, (uint64_t)(i + 1) << 48);
		/* As new, for the next round. */
		write_all(0, 0);
		for (int page = 0; page < PAGES; page += STEP)
			*word(page) = is_common(page) ? *word(page) : 0;
	}
	for (int i = 0; i < COUNTERS; i++)
		CHECK_SAW(common[i] == total, common[i]);
	say("each sees its own, and all what is shared");
	munmap(memory, MIB(2) * SPANS);
	return storm_end();
}
