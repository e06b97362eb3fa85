/*
 * What a futex is known by, when memory is copied and shared: private memory
 * that fork makes copy-on-write while somebody sleeps there; shared memory that
 * many forks have; a file, mapped shared, privately and read-only; the word of
 * memory that is moved or let go of. From futex(2), mmap(2).
 */
#include "futex.h"

static long wait_ms(void *word, int flag, long ms)
{
	struct timespec limit = { ms / 1000, ms % 1000 * 1000000 };

	return futex(word, FUTEX_WAIT | flag, *(volatile uint32_t *)word, &limit, NULL, 0);
}

/* fork and writes of both sides change the frame under a sleeper, not the futex. */
static void private_forked(int flag)
{
	volatile uint32_t *word = (volatile uint32_t *)map_anon(PAGE, RW);
	struct sleeper s[2];
	int status;

	start(&s[0], (void *)word, FUTEX_WAIT | flag, 0, 0, NULL);
	pid_t pid = MUST(fork());
	if (pid == 0) {
		word[1] = 7;
		_exit(futex((void *)word, FUTEX_WAKE | flag, 9, NULL, NULL, 0));
	}
	MUST(waitpid(pid, &status, 0));
	say("private memory%s: the child wakes: %s", flag ? "" : ", shared key", status_text(status));
	word[1] = 8; /* copied, or taken back */
	start(&s[1], (void *)word, FUTEX_WAIT | flag, 0, 0, NULL);
	VALUE_OF("the parent wakes both", futex((void *)word, FUTEX_WAKE | flag, 9, NULL, NULL, 0));
	finish(s, 2, (void *)word, NULL);
	munmap((void *)word, PAGE);
}

/* Generations of processes sleep on one word, and write beside it. */
static void shared_forked(void)
{
	volatile uint32_t *words = shared_memory(PAGE);
	int status, woken = 0, right = 0;

	pid_t first = MUST(fork());
	if (first == 0) {
		for (int depth = 1; depth < 4; depth++) {
			pid_t pid = fork();

			if (pid > 0) {
				long r = wait_ms((void *)words, 0, 10000);

				waitpid(pid, &status, 0);
				_exit(r == 0 ? WEXITSTATUS(status) + 1 : 50);
			}
			words[depth] = depth;
		}
		_exit(wait_ms((void *)words, 0, 10000) == 0 ? 1 : 50);
	}
	for (int i = 0; i < 1000 && woken < 4; i++, sleep_ms(10))
		woken += futex((void *)words, FUTEX_WAKE, 9, NULL, NULL, 0);
	MUST(waitpid(first, &status, 0));
	right = WEXITSTATUS(status);
	VALUE_OF("generations woken", right);
	munmap((void *)words, PAGE);
}

/* Sleeps in a child on `word`, wakes here on `other`: how many. */
static long across(void *word, void *other)
{
	int status;
	pid_t pid = MUST(fork());

	if (pid == 0)
		_exit(wait_ms(word, 0, 400) == 0);
	till_asleep(pid, pid);
	long woken = futex(other, FUTEX_WAKE, 9, NULL, NULL, 0);
	MUST(waitpid(pid, &status, 0));
	return woken == WEXITSTATUS(status) ? woken : -2;
}

static void file_views(void)
{
	static const char name[] = "futex_shared_cow_file", bytes[2 * PAGE] = "";
	char *shared, *twice, *fixed, *private_fixed, *copied, *second;
	int fd, readable;

	make_file(name, 0600, bytes, sizeof(bytes));
	fd = MUST(open(name, O_RDWR));
	readable = MUST(open(name, O_RDONLY));
	shared = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	twice = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	fixed = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, readable, 0);
	private_fixed = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, readable, 0);
	copied = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	second = mmap(NULL, PAGE, RW, MAP_SHARED, fd, PAGE);
	VALUE_OF("shared twice", across(shared + 16, twice + 16));
	VALUE_OF("another word", across(shared + 16, twice + 20));
	VALUE_OF("another page", across(shared + 16, twice + PAGE + 16));
	VALUE_OF("the second page by itself", across(shared + PAGE + 16, second + 16));
	VALUE_OF("read-only", across(fixed + 16, shared + 16));
	VALUE_OF("read-only, private", across(private_fixed + 16, shared + 16));
	VALUE_OF("woken through it", across(shared + 16, private_fixed + 16));
	copied[16] = 0;
	VALUE_OF("a private copy", across(copied + 16, shared + 16));
	VALUE_OF("and back", across(shared + 16, copied + 16));
	MUST(munmap(twice, 2 * PAGE));
	close(fd);
	close(readable);
	MUST(unlink(name));
	VALUE_OF("a file that has no name any more", across(shared + PAGE, second));
	munmap(shared, 2 * PAGE);
	munmap(second, PAGE);
	munmap(fixed, PAGE);
	munmap(private_fixed, PAGE);
	munmap(copied, PAGE);
}

/* A sleeper's memory goes; its limit still ends it, and who maps new memory there is no kin. */
static void unmapped(void)
{
	static const struct timespec limit = { 0, 300000000 };
	char *at = shared_memory(PAGE), *again;
	struct sleeper s;

	start(&s, at, FUTEX_WAIT, 0, 0, &limit);
	MUST(munmap(at, PAGE));
	again = mmap(at, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	YES_OF("the same place", again == at);
	VALUE_OF("other shared memory in its place", futex(again, FUTEX_WAKE, 9, NULL, NULL, 0));
	settle(&s, 1, 1);
	say("the sleeper: %s", errno_text(s.error));
	finish(&s, 1, at, NULL);
	munmap(at, PAGE);
	at = map_anon(PAGE, RW);
	start(&s, at, FUTEX_WAIT | PRIVATE, 0, 0, NULL);
	MUST(munmap(at, PAGE));
	VALUE_OF("private: its address still is it", futex(at, FUTEX_WAKE | PRIVATE, 9, NULL, NULL, 0));
	finish(&s, 1, at, NULL);
}

int main(void)
{
	private_forked(PRIVATE);
	private_forked(0);
	shared_forked();
	file_views();
	unmapped();
	return 0;
}
