/*
 * Storm: fork in one thread while others write, unmap, map, protect, move and
 * drop memory. Each page carries its number and a version in its first and last
 * word. A forked child sees each thread's writes up to one moment: a page is
 * never half of another, never another's, and pages written in turn are at most
 * one version apart. What the child writes, the parent never sees.
 *
 * args: 10
 *
 * From fork(2), munmap(2), mprotect(2), mremap(2), madvise(2), pthreads(7).
 */
#include "storm.h"

enum { WRITERS = 2, CHANGERS = 3, THREADS = WRITERS + CHANGERS, SPANS = 4, PER_SPAN = 3,
       PAGES = SPANS * PER_SPAN, FORKS = 60, HERE = 1, FORKERS = 2 };

struct content {
	uint64_t first, rest[PAGE / 8 - 2], last;
};

/* Each thread has some pages in each span of 2 MiB; those between are never touched. */
static char *memory;
static atomic_int stop;
static sigjmp_buf escape;

static struct content *page_of(int owner, int i)
{
	size_t slot = (size_t)(i % PER_SPAN * THREADS + owner) * 3;

	return (struct content *)(memory + i / PER_SPAN * MIB(2) + slot * PAGE);
}

static uint64_t tag(int owner, int i, uint64_t version)
{
	return (uint64_t)(owner + 1) << 56 | (uint64_t)i << 48 | version;
}

/* Writes all its pages in turn, one version after the other; checks what it wrote before. */
static void *writer(void *number)
{
	int me = (int)(long)number;

	for (uint64_t version = 1; !stop; version++)
		for (int i = 0; i < PAGES; i++) {
			struct content volatile *page = page_of(me, i);
			uint64_t before = version == 1 ? 0 : tag(me, i, version - 1);

			CHECK_SAW(page->first == before, page->first);
			page->first = tag(me, i, version);
			spin(3);
			CHECK_SAW(page->last == before, page->last);
			page->last = tag(me, i, version);
		}
	return NULL;
}

static void map_again(struct content *page)
{
	CHECK(mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) == page);
	CHECK_SAW(page->first == 0 && page->last == 0, page->first);
}

static void change(struct content *page, int owner, int i, unsigned kind)
{
	struct content *aside = (struct content *)((char *)page + PAGE);

	if (kind == 0) {
		CHECK(munmap(page, PAGE) == 0);
		map_again(page);
	} else if (kind == 1) {
		CHECK(mprotect(page, PAGE, PROT_READ) == 0);
		CHECK(page->first == tag(owner, i, HERE));
		CHECK(mprotect(page, PAGE, PROT_READ | PROT_WRITE) == 0);
	} else if (kind == 2) {
		CHECK(mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, aside) == aside);
		CHECK_SAW(aside->first == tag(owner, i, HERE), aside->first);
		CHECK(mremap(aside, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, page) == page);
		CHECK(mmap(aside, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			   0) == aside);
	} else {
		CHECK(madvise(page, PAGE, MADV_DONTNEED) == 0);
		CHECK_SAW(page->first == 0 && page->last == 0, page->first);
	}
}

static void *changer(void *number)
{
	int me = (int)(long)number;
	unsigned seed = (unsigned)me;

	while (!stop) {
		int i = (int)dice(&seed, PAGES);
		struct content *page = page_of(me, i);

		page->first = page->last = tag(me, i, HERE);
		change(page, me, i, dice(&seed, 4));
		CHECK(page->first == 0 || page->first == tag(me, i, HERE));
		CHECK(page->last == 0 || page->last == tag(me, i, HERE));
	}
	return NULL;
}

static void fault(int number)
{
	siglongjmp(escape, number);
}

/* In the child: a changer's page is not there, empty, or the owner's. */
static void check_changed(int owner, int i)
{
	struct content volatile *page = page_of(owner, i);
	uint64_t mine = tag(owner, i, HERE);

	if (sigsetjmp(escape, 1) == 0) {
		CHECK_SAW(page->first == 0 || page->first == mine, page->first);
		CHECK_SAW(page->last == 0 || page->last == mine, page->last);
		page->last = page->first = 0xbad;
	}
}

/* In the child: versions fall by one, once, over the pages of a writer in order. */
static void check_written(int owner)
{
	uint64_t version = page_of(owner, 0)->first & 0xffffffffffff, newest = version;

	for (int i = 0; i < PAGES; i++) {
		struct content volatile *page = page_of(owner, i);
		uint64_t words[2] = { page->first, page->last };

		for (int k = 0; k < 2; k++) {
			if (words[k] != (version ? tag(owner, i, version) : 0))
				version--;
			CHECK_SAW(words[k] == (version ? tag(owner, i, version) : 0), words[k]);
			CHECK_SAW(version == newest || version + 1 == newest, version);
		}
		page->first = page->last = 0xbad;
	}
}

static void child(void)
{
	struct content volatile *page = page_of(0, 0);

	signal(SIGSEGV, fault);
	for (int owner = 0; owner < WRITERS; owner++)
		check_written(owner);
	for (int owner = WRITERS; owner < THREADS; owner++)
		for (int i = 0; i < PAGES; i++)
			check_changed(owner, i);
	CHECK_SAW(page->first == 0xbad && page->last == 0xbad, page->first);
	_exit(0);
}

static void *forker(void *unused)
{
	for (long i = 0; i < rounds(FORKS); i++) {
		int status = -1;
		pid_t pid = MUST(fork());

		if (pid == 0)
			child();
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK_SAW(status == 0, status);
	}
	return unused;
}

int main(int argc, char **argv)
{
	storm_start(argc, argv);
	_Static_assert(sizeof(struct content) == PAGE, "a page");
	memory = map_anon(SPANS * MIB(2), PROT_READ | PROT_WRITE);
	start_threads(0, WRITERS, writer);
	start_threads(WRITERS, CHANGERS, changer);
	start_threads(THREADS, FORKERS, forker);
	join_threads(THREADS, FORKERS);
	stop = 1;
	join_threads(0, THREADS);
	say("each child saw one moment, and the parent none of its writes");
	munmap(memory, SPANS * MIB(2));
	return storm_end();
}
