/*
 * FUTEX_WAKE_OP: every operation and every comparison, what it leaves in the
 * word, whom it wakes; on pages that are not there yet, shared by fork, or not
 * writable. From futex(2).
 */
#include "futex.h"

#define ENCODE(op, arg, cmp, cmparg) \
	((uint32_t)(op) << 28 | (uint32_t)(cmp) << 24 | ((arg) & 0xfffu) << 12 | ((cmparg) & 0xfffu))

static const char *const op_names[] = { "set", "add", "or", "andn", "xor" };
static const char *const cmp_names[] = { "==", "!=", "<", "<=", ">", ">=" };

static uint32_t here, there;

static long wake_op(void *one, void *two, uint32_t code)
{
	return futex(one, FUTEX_WAKE_OP | PRIVATE, 1, val2(1), two, code);
}

static void operations(void)
{
	static const uint32_t old[] = { 0, 5, 0xfffffff0 };

	for (int op = 0; op < 5; op++)
		for (size_t i = 0; i < COUNT(old); i++) {
			uint32_t results[3];

			there = old[i];
			wake_op(&here, &there, ENCODE(op, 0x7ff, 0, 0));
			results[0] = there;
			there = old[i];
			wake_op(&here, &there, ENCODE(op, -3, 0, 0));
			results[1] = there;
			there = old[i];
			wake_op(&here, &there, ENCODE(op | 8, 31, 0, 0));
			results[2] = there;
			say("%#x %s 0x7ff, -3, 1 << 31: %#x %#x %#x", old[i], op_names[op],
			    results[0], results[1], results[2]);
		}
	there = 7;
	VALUE_OF("no such operation", wake_op(&here, &there, ENCODE(5, 1, 0, 0)));
	VALUE_OF("nothing has changed", there);
	VALUE_OF("no such comparison", wake_op(&here, &there, ENCODE(1, 1, 6, 0)));
	VALUE_OF("yet it was done", there);
}

/* With a sleeper on the second word: does it wake? */
static void comparisons(void)
{
	static const int values[] = { -5, 0, 5 };

	for (int cmp = 0; cmp < 6; cmp++) {
		char line[128];
		int length = 0;

		for (size_t i = 0; i < COUNT(values); i++) {
			struct sleeper s;
			long woken;

			there = values[i];
			start(&s, &there, FUTEX_WAIT | PRIVATE, there, 0, NULL);
			woken = wake_op(&here, &there, ENCODE(1, 100, cmp, 0));
			length += snprintf(line + length, sizeof(line) - length, " %d:%ld",
					   values[i], woken);
			finish(&s, 1, &there, NULL);
		}
		say("x %s 0:%s", cmp_names[cmp], line);
	}
	there = -2;
	struct sleeper s;
	start(&s, &there, FUTEX_WAIT | PRIVATE, -2, 0, NULL);
	VALUE_OF("a negative argument", wake_op(&here, &there, ENCODE(0, 1, 0, -2)));
	finish(&s, 1, &there, NULL);
}

static void both(void)
{
	struct sleeper a[3], b[3];

	here = there = 0;
	for (int i = 0; i < 3; i++) {
		start(&a[i], &here, FUTEX_WAIT | PRIVATE, 0, 0, NULL);
		start(&b[i], &there, FUTEX_WAIT | PRIVATE, 0, 0, NULL);
	}
	VALUE_OF("false: 2 here only", futex(&here, FUTEX_WAKE_OP | PRIVATE, 2, val2(2), &there,
					     ENCODE(1, 0, 1, 0)));
	VALUE_OF("returned here", settle(a, 3, 2));
	VALUE_OF("returned there", settle(b, 3, 0));
	VALUE_OF("true: 9 here, 2 there", futex(&here, FUTEX_WAKE_OP | PRIVATE, 9, val2(2), &there,
					       ENCODE(1, 0, 0, 0)));
	VALUE_OF("returned here", settle(a, 3, 3));
	VALUE_OF("returned there", settle(b, 3, 2));
	VALUE_OF("the same word twice", futex(&there, FUTEX_WAKE_OP | PRIVATE, 9, val2(9), &there,
					      ENCODE(0, 0, 0, 0)));
	finish(a, 3, &here, &there);
	finish(b, 3, &here, &there);
}

static void pages(void)
{
	char *fresh = map_anon(2 * PAGE, RW), *fixed = map_anon(PAGE, PROT_READ), *shared;
	int status;
	pid_t pid;

	VALUE_OF("a page not yet touched", wake_op(&here, fresh, ENCODE(1, 3, 0, 0)));
	VALUE_OF("holds", *(int *)fresh);
	pid = MUST(fork());
	if (pid == 0) {
		wake_op(&here, fresh, ENCODE(1, 4, 0, 0));
		wake_op(fresh + PAGE, fresh + PAGE, ENCODE(1, 4, 0, 0));
		_exit(*(int *)fresh * 10 + *(int *)(fresh + PAGE));
	}
	MUST(waitpid(pid, &status, 0));
	say("a child's copy (74): %s", status_text(status));
	VALUE_OF("the parent's", *(int *)fresh);
	wake_op(&here, fresh, ENCODE(1, 1, 0, 0));
	VALUE_OF("the parent's, one more", *(int *)fresh);
	VALUE_OF("only readable", wake_op(&here, fixed, ENCODE(1, 1, 0, 0)));
	VALUE_OF("only readable, not private",
		 futex(&here, FUTEX_WAKE_OP, 1, val2(1), fixed, ENCODE(1, 1, 0, 0)));
	VALUE_OF("nowhere", wake_op(&here, nowhere, ENCODE(1, 1, 0, 0)));
	shared = shared_memory(PAGE);
	pid = MUST(fork());
	if (pid == 0) {
		for (int i = 0; i < 1000; i++)
			futex(&here, FUTEX_WAKE_OP, 1, val2(1), shared, ENCODE(1, 1, 0, 0));
		_exit(0);
	}
	for (int i = 0; i < 1000; i++)
		futex(&here, FUTEX_WAKE_OP, 1, val2(1), shared, ENCODE(1, 1, 0, 0));
	MUST(waitpid(pid, NULL, 0));
	VALUE_OF("two processes add to a shared word", *(int *)shared);
	munmap(fresh, 2 * PAGE);
	munmap(fixed, PAGE);
	munmap(shared, PAGE);
}

int main(void)
{
	operations();
	comparisons();
	both();
	pages();
	return 0;
}
