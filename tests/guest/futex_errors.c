/*
 * What futex(2) refuses, operation by operation: words that are not aligned, not
 * mapped, not in user memory, not readable; the kinds of memory that a shared
 * key can be of; operations that do not exist, and CLOCK_REALTIME where it is
 * not for. PI operations are not tested: Tine has none.
 */
#include "futex.h"

static const struct timespec limit = { 0, 1 };
static uint32_t good[16];

static long call(int op, void *word, void *word2)
{
	switch (op & 127) {
	case FUTEX_WAIT:
		return futex(word, op, 0, &limit, NULL, 0);
	case FUTEX_WAIT_BITSET:
		return futex(word, op, 0, &limit, NULL, ANY);
	case FUTEX_WAKE_BITSET:
		return futex(word, op, 1, NULL, NULL, ANY);
	case FUTEX_CMP_REQUEUE:
		return futex(word, op, 1, val2(1), word2, 0);
	default:
		return futex(word, op, 1, val2(1), word2, 0);
	}
}

static void bad_words(int op)
{
	int two = op >= FUTEX_REQUEUE && op <= FUTEX_WAKE_OP;
	char *hole = map_before_hole(PAGE) + PAGE;
	char *secret = map_anon(PAGE, PROT_NONE), *fixed = map_anon(PAGE, PROT_READ);
	char *code = map_anon(PAGE, RW);
	struct { const char *name; void *word; } bad[] = {
		{ "odd", (char *)good + 1 }, { "half", (char *)good + 2 }, { "NULL", NULL },
		{ "nowhere", nowhere }, { "in a hole", hole }, { "kernel's", in_kernel },
		{ "non-canonical", non_canonical }, { "odd and kernel's", in_kernel + 1 },
		{ "PROT_NONE", secret },
		{ "read-only", fixed }, { "untouched", code },
	};

	for (int private = 0; private < 2; private++)
		for (size_t i = 0; i < COUNT(bad); i++) {
			int whole = op | (private ? PRIVATE : 0);
			char label[80];

			snprintf(label, sizeof(label), "operation %d, %s%s", op, bad[i].name,
				 private ? ", private" : "");
			VALUE_OF(label, call(whole, bad[i].word, good));
			if (!two)
				continue;
			snprintf(label, sizeof(label), "operation %d, second %s%s", op, bad[i].name,
				 private ? ", private" : "");
			VALUE_OF(label, call(whole, good, bad[i].word));
		}
	munmap(secret, PAGE);
	munmap(fixed, PAGE);
	munmap(code, PAGE);
}

static void numbers(void)
{
	VALUE(futex(good, FUTEX_REQUEUE, -1, val2(1), good + 1, 0));
	VALUE(futex(good, FUTEX_REQUEUE, 1, val2(-1), good + 1, 0));
	VALUE(futex(good, FUTEX_CMP_REQUEUE, -1, val2(1), good + 1, 0));
	VALUE(futex(good, FUTEX_CMP_REQUEUE, 1, val2(0x80000000), good + 1, 1));
	VALUE(futex(good, FUTEX_CMP_REQUEUE, INT_MAX, val2(INT_MAX), good + 1, 0));
	VALUE(futex((char *)good + 1, FUTEX_REQUEUE, -1, val2(1), good, 0));
	VALUE(futex((char *)good + 1, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0));
	VALUE(futex((char *)good + 1, FUTEX_WAKE_BITSET, 0, NULL, NULL, 0));
	VALUE(futex(good, FUTEX_WAKE, INT_MIN, NULL, NULL, 0));
	VALUE(futex(good, FUTEX_WAKE_OP, -1, val2(-1), good + 1, 0));
}

static void operations(void)
{
	static const int with_clock[] = { FUTEX_WAKE, FUTEX_REQUEUE, FUTEX_CMP_REQUEUE,
					  FUTEX_WAKE_OP, FUTEX_WAKE_BITSET, FUTEX_WAIT };
	static const int unknown[] = { 2, 14, 20, 127, 512, 1024, -1, INT_MIN };

	for (size_t i = 0; i < COUNT(with_clock); i++) {
		char label[40];

		snprintf(label, sizeof(label), "REALTIME with %d", with_clock[i]);
		VALUE_OF(label, futex(good, with_clock[i] | REALTIME, 1, NULL, good + 1, 1));
		VALUE_OF("private too", futex(good, with_clock[i] | REALTIME | PRIVATE, 1, NULL, good, 1));
	}
	for (size_t i = 0; i < COUNT(unknown); i++) {
		char label[40];

		snprintf(label, sizeof(label), "operation %d", unknown[i]);
		VALUE_OF(label, futex(nowhere + 1, unknown[i], 1, NULL, good, 1));
	}
}

/* A shared key of memory of a file that is private or cannot be written. */
static void file_memory(void)
{
	static const char text[PAGE] = "", name[] = "futex_errors_file";
	int fd;
	char *at;

	make_file(name, 0600, text, PAGE);
	fd = MUST(open(name, O_RDONLY));
	at = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	VALUE_OF("a private file, read-only", call(FUTEX_WAIT, at, NULL));
	VALUE_OF("wake", call(FUTEX_WAKE, at, NULL));
	VALUE_OF("beyond its end", call(FUTEX_WAIT, at + PAGE, NULL));
	VALUE_OF("beyond its end, wake", call(FUTEX_WAKE, at + PAGE, NULL));
	VALUE_OF("beyond its end, private", call(FUTEX_WAIT | PRIVATE, at + PAGE, NULL));
	VALUE_OF("WAKE_OP on it", call(FUTEX_WAKE_OP, good, at));
	munmap(at, 2 * PAGE);
	at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	VALUE_OF("a shared file, read-only", call(FUTEX_WAIT, at, NULL));
	VALUE_OF("WAKE_OP on it", call(FUTEX_WAKE_OP, good, at));
	munmap(at, PAGE);
	at = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	VALUE_OF("a private file", call(FUTEX_WAIT, at, NULL));
	VALUE_OF("WAKE_OP on it", call(FUTEX_WAKE_OP, good, at));
	munmap(at, PAGE);
	close(fd);
	unlink(name);
}

int main(void)
{
	static const int ops[] = { FUTEX_WAIT, FUTEX_WAKE, FUTEX_REQUEUE, FUTEX_CMP_REQUEUE,
				   FUTEX_WAKE_OP, FUTEX_WAIT_BITSET, FUTEX_WAKE_BITSET };

	for (size_t i = 0; i < COUNT(ops); i++)
		bad_words(ops[i]);
	numbers();
	operations();
	file_memory();
	return 0;
}
