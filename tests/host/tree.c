/*
 * The tree (kernel/mm/tree*.c, fault.c) against plain maps, over random
 * histories of programs that write, read, map, unmap, protect, discard and move
 * memory, fork and exit: model/tree_model.py's idea on the kernel's own code.
 *
 * Addresses lie at the first and last places of tables of all four levels, and
 * ranges cover single pages, whole entries of each level, and whatever lies
 * between two of the addresses. After every step each address space must mean
 * what its map says, the invariants must hold (tree_audit.h), and no CPU may
 * remember more than the tables say (tree_machine.h). In some histories the
 * allocator fails now and then.
 *
 *	build/tests/host/tree [SEED]     that one history only, of either kind
 *
 * sources: kernel/mm/tree.c kernel/mm/tree_put.c kernel/mm/tree_range.c kernel/mm/tree_gap.c kernel/mm/fault.c kernel/mm/mapping.c
 */
#include "tree_steps.h"

enum { HISTORIES = 120, FAILING_HISTORIES = 120, STEPS = 200 };

static u64 one_seed;

unsigned long strtoul(const char *s, char **end, int base); /* <stdlib.h> has another sigset_t */

/* Histories ------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*take)(struct space *space);
	unsigned weight;
	bool locked; /* the caller holds mm->lock */
} steps[] = {
	{"write", step_write, 40, false},     {"read", step_read, 12, false},
	{"own_page", step_own_page, 4, true}, {"map", step_map, 16, true},
	{"unmap", step_unmap, 6, true},	      {"protect", step_protect, 8, true},
	{"discard", step_discard, 4, true},   {"move", step_move, 5, true},
	{"map_file", step_map_file, 8, true}, {"gap", step_gap, 4, true},
	{"fork", step_fork, 10, false},	      {"exit", step_exit, 6, false},
	{"close", step_close, 3, false},
};

static unsigned random_step(void)
{
	unsigned total = 0, i = 0;
	for (i = 0; i < ARRAY_SIZE(steps); i++)
		total += steps[i].weight;
	unsigned at = rnd(total);
	for (i = 0; at >= steps[i].weight; i++)
		at -= steps[i].weight;
	return i;
}

/* Two or three places at each level, the first and the last among them. */
static void choose_samples(void)
{
	static const u64 root[] = {0, 255, 254}, below[] = {0, 511, 1};
	unsigned nroot = 2 + rnd(2), n3 = 2 + rnd(2), n2 = 2, n1 = 2 + rnd(2);
	nsamples = 0;
	for (unsigned i = 0; i < nroot * n3 * n2 * n1; i++) {
		va_t va = root[i % nroot] << 39 | below[i / nroot % n3] << 30 |
			  below[i / nroot / n3 % n2] << 21 | below[i / nroot / n3 / n2] << 12;
		if (va < USER_END)
			sample[nsamples++] = va;
	}
}

static void check_everything(bool thorough)
{
	audit();
	for (unsigned i = 0; i < MAX_MMS; i++) {
		if (spaces[i].live && thorough)
			check_map_all(&spaces[i].mm, &maps[i]);
		else if (spaces[i].live)
			check_map(&spaces[i].mm, &maps[i]);
	}
	check_all_cached();
}

static void take_step(bool with_failures)
{
	unsigned which = random_step();
	acting = space_random();
	struct mm *mm = &acting->mm;
	step_name = steps[which].name;
	failing.happened = false;
	if (with_failures) {
		failing.mode = rnd(2) ? FAIL_NEVER : 1 + rnd(3);
		failing.countdown = rnd(6);
	}
	if (steps[which].locked)
		mutex_lock(&mm->lock);
	steps[which].take(acting);
	if (steps[which].locked)
		mutex_unlock(&mm->lock);
	assert_null(mm->lock.owner);
	failing.mode = FAIL_NEVER;
	acting = NULL;
}

static void history(u64 number, bool with_failures)
{
	seed = number;
	step = 0;
	step_name = "start";
	rng_state = (number + 1) * 0x9e3779b97f4a7c15ull;
	next_value = 0;
	nobjects = 0;
	machine_reset();
	choose_samples();
	space_new();
	meanwhile = number % 2 ? somebody_exits : NULL;
	while (step++ < STEPS) {
		take_step(with_failures);
		check_everything(step % 50 == 0);
	}
	step_name = "end";
	meanwhile = NULL;
	for (unsigned i = 0; i < MAX_MMS; i++)
		if (spaces[i].live)
			space_exit(&spaces[i]);
	for (u32 i = 0; i < nobjects; i++)
		if (objects[i].held)
			object_let_go(&objects[i]);
	audit();
	assert_int_equal(nfree, NFRAMES - 2);
}

static void histories_hold(void **state)
{
	(void)state;
	for (u64 number = 0; number < HISTORIES; number++)
		if (!one_seed || one_seed == number)
			history(number, false);
}

static void histories_hold_when_memory_is_out(void **state)
{
	(void)state;
	for (u64 number = 1000; number < 1000 + FAILING_HISTORIES; number++)
		if (!one_seed || one_seed == number)
			history(number, true);
}

/* What fork and its kin cost, and moves that fail -------------------------------------------- */

static struct space *start_small(void)
{
	seed = next_value = nobjects = step = 0;
	step_name = "small";
	nsamples = 0;
	meanwhile = NULL;
	machine_reset();
	return acting = space_new();
}

static void reserve(struct space *space, va_t start, u64 len_bytes)
{
	mutex_lock(&space->mm.lock);
	assert_int_equal(tree_reserve(&space->mm, start, start + len_bytes,
				      reserved_entry(PTE_READ | PTE_WRITE)), 0);
	mutex_unlock(&space->mm.lock);
	map_set(map_of(space), start, start + len_bytes, run_anon(PTE_READ | PTE_WRITE));
}

static void write_page(struct space *space, va_t va)
{
	struct run run = *map_at(map_of(space), va);
	struct page *page;
	assert_int_equal(program_access(space, va, ACCESS_WRITE, &page), 0);
	frame_set_value(page, run.value = ++next_value);
	map_set(map_of(space), va, va + PAGE_SIZE, run);
}

static u32 frames_used(void)
{
	return NFRAMES - nfree;
}

/* One table for fork, whatever there is; three and a page for the first write after it. */
static void fork_copies_one_table(void **state)
{
	struct space *parent = start_small();
	(void)state;
	reserve(parent, 0x40000000, 100 * GIB);
	for (va_t va = 0x40000000; va < 0x40000000 + 20 * GIB; va += GIB)
		write_page(parent, va);
	u32 before = frames_used();
	struct space *child = space_fork(parent, USER_END);
	assert_int_equal(frames_used(), before + 1);
	write_page(child, 0x40000000);
	assert_int_equal(frames_used(), before + 5);
	write_page(parent, 0x40000000); /* its tables are its own again */
	assert_int_equal(frames_used(), before + 5);
	check_everything(true);
	space_exit(child);
	assert_int_equal(frames_used(), before);
	for (va_t va = 0x40000000; va < 0x40000000 + 20 * GIB; va += GIB)
		write_page(parent, va); /* taken back */
	assert_int_equal(frames_used(), before);
	check_everything(true);
}

/* The page of the stack: both can write it at once, and do not see what the other writes. */
static void fork_gives_the_child_its_stack(void **state)
{
	const va_t stack = 0x40001000, beside = 0x40002000;
	struct space *parent = start_small();
	(void)state;
	reserve(parent, 0x40000000, GIB);
	sample[nsamples++] = stack;
	sample[nsamples++] = beside;
	write_page(parent, stack);
	write_page(parent, beside);
	u32 before = frames_used();
	struct space *child = space_fork(parent, stack + 8);
	assert_int_equal(frames_used(), before + 5);
	check_everything(true);
	struct page *ours = hardware_access(parent, stack, ACCESS_WRITE);
	struct page *theirs = hardware_access(child, stack, ACCESS_WRITE);
	assert_true(ours && theirs && ours != theirs);
	assert_int_equal(frame_value(ours), frame_value(theirs));
	assert_null(hardware_access(parent, beside, ACCESS_WRITE));
	assert_null(hardware_access(child, beside, ACCESS_WRITE));
	write_page(child, beside); /* only the page is still shared */
	assert_int_equal(frames_used(), before + 6);
	check_everything(true);
	struct space *grandchild = space_fork(child, beside);
	space_exit(parent);
	check_everything(true);
	space_exit(grandchild);
	assert_int_equal(frames_used(), before);
	check_everything(true);
}

static void big_reservations_need_few_tables(void **state)
{
	struct space *space = start_small();
	(void)state;
	u32 before = frames_used();
	reserve(space, 0x3ffff000, 100 * GIB);
	assert_in_range(frames_used() - before, 1, 6); /* both ends are split at each level */
	mutex_lock(&space->mm.lock);
	unmap(space, 0x3ffff000, 0x3ffff000 + 100 * GIB);
	mutex_unlock(&space->mm.lock);
	assert_int_equal(frames_used(), before); /* no empty table is left */
	check_everything(true);
}

/* The way to the end of mmap's area stays when nothing is there, but no child gets it. */
static void an_empty_way_is_kept_but_not_shared(void **state)
{
	struct space *space = start_small();
	const va_t last = MAP_AREA_END - PAGE_SIZE;
	(void)state;
	u32 before = frames_used();
	for (int i = 0; i < 2; i++) {
		reserve(space, last, PAGE_SIZE);
		write_page(space, last);
		assert_int_equal(frames_used(), before + 4);
		mutex_lock(&space->mm.lock);
		unmap(space, last, MAP_AREA_END);
		mutex_unlock(&space->mm.lock);
		assert_int_equal(frames_used(), before + 3);
	}
	struct space *child = space_fork(space, USER_END);
	assert_int_equal(frames_used(), before + 1);
	space_exit(child);

	/* What was kept is used up by a mapping that needs no leaf table. */
	reserve(space, last, PAGE_SIZE);
	mutex_lock(&space->mm.lock);
	unmap(space, last, MAP_AREA_END);
	mutex_unlock(&space->mm.lock);
	reserve(space, MAP_AREA_END - 4 * MIB, 4 * MIB);
	assert_int_equal(frames_used(), before + 2);
	child = space_fork(space, USER_END);
	assert_int_equal(frames_used(), before + 3);
	check_everything(true);
}

/* Untouched memory, pages and a hole, in part of entries that are not split yet. */
static const struct {
	va_t map, touch[3], from, to;
	u64 map_bytes, len_bytes;
	bool forked;
} moves[] = {
	/* the source begins in the middle of a reserved entry */
	{0x40000000, {0x40200000, 0x40201000, 0x402ff000}, 0x40100000, 0x80000000,
	 4 * MIB, 2 * MIB, false},
	/* and the second table that it needs is not to be had */
	{0x40000000, {0x40200000, 0x40300000, 0x403ff000}, 0x40100000, 0x80180000,
	 8 * MIB, 3 * MIB, false},
	/* it ends there */
	{0x40000000, {0x40000000, 0x40001000, 0x401ff000}, 0x40000000, 0x80000000,
	 4 * MIB, 3 * MIB, false},
	/* a whole leaf table moves into two */
	{0x40000000, {0x40000000, 0x40001000, 0x401ff000}, 0x40000000, 0x80100000,
	 4 * MIB, 2 * MIB, false},
	/* whole upper tables move, to other places in their tables */
	{0x40000000, {0x40000000, 0x40200000, 0x403ff000}, 0x40000000, 0x8000ff000,
	 4 * MIB, 4 * MIB, false},
	{0x40000000, {0x40000000, 0x40200000, 0x403ff000}, 0x40000000, 0x8000ff000,
	 4 * MIB, 4 * MIB, true},
	/* beside what stays */
	{0x40000000, {0x40000000, 0x40001000, 0x40002000}, 0x40001000, 0x405ff000,
	 4 * MIB, 2 * PAGE_SIZE, false},
	{0x40000000, {0x40000000, 0x40001000, 0x40002000}, 0x40001000, 0x405ff000,
	 4 * MIB, 2 * PAGE_SIZE, true},
};

/* The count-th allocation fails, and (mode) others after it. False: none failed. */
static bool move_with_failure(unsigned which, int mode, u64 count)
{
	struct space *space = start_small();
	seed = which * 1000 + mode * 100 + count;
	reserve(space, moves[which].map, moves[which].map_bytes);
	for (int i = 0; i < 3; i++) {
		sample[nsamples++] = moves[which].touch[i];
		sample[nsamples++] = moves[which].touch[i] - moves[which].from + moves[which].to;
		write_page(space, moves[which].touch[i]);
	}
	if (moves[which].forked)
		space_fork(space, USER_END);
	failing.happened = false;
	failing.mode = mode;
	failing.countdown = count;
	rng_state = count + 1;
	mutex_lock(&space->mm.lock);
	int error = move(&space->mm, moves[which].from, moves[which].to, moves[which].len_bytes);
	mutex_unlock(&space->mm.lock);
	failing.mode = FAIL_NEVER;
	if (!error)
		map_move(map_of(space), moves[which].from, moves[which].to, moves[which].len_bytes);
	else
		check_result(failing.happened ? error : 1, -ENOMEM);
	check_everything(true);
	return failing.happened;
}

static void a_failed_move_changes_nothing(void **state)
{
	(void)state;
	for (unsigned which = 0; which < ARRAY_SIZE(moves); which++)
		for (int mode = FAIL_ONCE; mode <= FAIL_AT_RANDOM; mode++)
			for (u64 count = 0; count < 30 && move_with_failure(which, mode, count);)
				count++;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fork_copies_one_table),
		cmocka_unit_test(fork_gives_the_child_its_stack),
		cmocka_unit_test(big_reservations_need_few_tables),
		cmocka_unit_test(an_empty_way_is_kept_but_not_shared),
		cmocka_unit_test(a_failed_move_changes_nothing),
		cmocka_unit_test(histories_hold),
		cmocka_unit_test(histories_hold_when_memory_is_out),
	};

	one_seed = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
