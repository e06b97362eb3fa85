/*
 * FUTEX_WAKE and the bitsets: how many wake and in which order; that none and
 * fewer than none wake one all the same; that a private and a shared operation
 * on private memory do not meet; bits in common. From futex(2).
 */
#include "futex.h"

static uint32_t word, word2;

static void counts(void)
{
	struct sleeper s[5];
	int sorted = 1;

	for (int i = 0; i < 5; i++)
		start(&s[i], &word, FUTEX_WAIT | PRIVATE, 0, 0, NULL);
	VALUE_OF("wake 2 of 5", futex(&word, FUTEX_WAKE | PRIVATE, 2, NULL, NULL, 0));
	VALUE_OF("returned", settle(s, 5, 2));
	YES_OF("the first two", s[0].done && s[1].done);
	VALUE_OF("wake 0", futex(&word, FUTEX_WAKE | PRIVATE, 0, NULL, NULL, 0));
	VALUE_OF("returned", settle(s, 5, 3));
	VALUE_OF("wake -1", futex(&word, FUTEX_WAKE | PRIVATE, -1, NULL, NULL, 0));
	VALUE_OF("returned", settle(s, 5, 4));
	VALUE_OF("wake all", futex(&word, FUTEX_WAKE | PRIVATE, INT_MAX, NULL, NULL, 0));
	VALUE_OF("returned", settle(s, 5, 5));
	VALUE_OF("wake nobody", futex(&word, FUTEX_WAKE | PRIVATE, INT_MAX, NULL, NULL, 0));
	for (int i = 2; i < 5; i++)
		sorted &= s[i].order == i + 1;
	YES_OF("those woken one by one, in their order", sorted);
	finish(s, 5, &word, NULL);
}

static void kinds(void)
{
	struct sleeper s[2];

	start(&s[0], &word, FUTEX_WAIT, 0, 0, NULL);
	start(&s[1], &word, FUTEX_WAIT | PRIVATE, 0, 0, NULL);
	VALUE_OF("one private, one shared: private wake",
		 futex(&word, FUTEX_WAKE | PRIVATE, INT_MAX, NULL, NULL, 0));
	settle(s, 2, 1);
	YES_OF("the private one", s[1].done && !s[0].done);
	VALUE_OF("another private wake", futex(&word, FUTEX_WAKE | PRIVATE, 9, NULL, NULL, 0));
	VALUE_OF("shared wake of the next word", futex(&word + 1, FUTEX_WAKE, 9, NULL, NULL, 0));
	VALUE_OF("shared wake", futex(&word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0));
	VALUE_OF("returned", settle(s, 2, 2));
	finish(s, 2, &word, NULL);
}

static void bitsets(void)
{
	struct sleeper s[4];

	start(&s[0], &word, FUTEX_WAIT_BITSET | PRIVATE, 0, 1, NULL);
	start(&s[1], &word, FUTEX_WAIT_BITSET | PRIVATE, 0, 6, NULL);
	start(&s[2], &word, FUTEX_WAIT_BITSET | PRIVATE, 0, 0x80000000, NULL);
	start(&s[3], &word, FUTEX_WAIT | PRIVATE, 0, 0, NULL);
	VALUE_OF("no bits", futex(&word, FUTEX_WAKE_BITSET | PRIVATE, 9, NULL, NULL, 0));
	VALUE_OF("bits 3", futex(&word, FUTEX_WAKE_BITSET | PRIVATE, 1, NULL, NULL, 3));
	settle(s, 4, 1);
	YES_OF("the first with one of them", s[0].done && done(s, 4) == 1);
	VALUE_OF("bit 4", futex(&word, FUTEX_WAKE_BITSET | PRIVATE, 9, NULL, NULL, 4));
	settle(s, 4, 3);
	YES_OF("the second, and who waits for any", s[1].done && s[3].done && !s[2].done);
	VALUE_OF("bit 4 again", futex(&word, FUTEX_WAKE_BITSET | PRIVATE, 9, NULL, NULL, 4));
	VALUE_OF("a plain wake", futex(&word, FUTEX_WAKE | PRIVATE, 9, NULL, NULL, 0));
	VALUE_OF("returned", settle(s, 4, 4));
	VALUE_OF("a wait for no bits", futex(&word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0));
	VALUE_OF("the same, another value", futex(&word, FUTEX_WAIT_BITSET, 1, NULL, NULL, 0));
	VALUE_OF("another value", futex(&word, FUTEX_WAIT_BITSET, 1, NULL, NULL, 1));
	VALUE_OF("FUTEX_WAKE looks at no bits", futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0));
	finish(s, 4, &word, &word2);
}

int main(void)
{
	counts();
	kinds();
	bitsets();
	return 0;
}
