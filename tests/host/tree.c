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
 * sources: kernel/mm/tree.c kernel/mm/tree_range.c kernel/mm/tree_gap.c kernel/mm/fault.c
 */
#include "tree_audit.h"

enum { HISTORIES = 120, FAILING_HISTORIES = 120, STEPS = 200 };

enum { MOVE_MAY_FAIL = 0 };

static struct map maps[MAX_MMS];
static u64 next_value, one_seed;

unsigned long strtoul(const char *s, char **end, int base); /* <stdlib.h> has another sigset_t */

/* Building blocks -------------------------------------------------------------------------- */

static struct map *map_of(struct space *space)
{
	return &maps[space - spaces];
}

static struct space *space_start(struct page *root)
{
	for (struct space *space = spaces; space < spaces + MAX_MMS; space++) {
		if (space->live)
			continue;
		memset(space, 0, sizeof *space);
		space->live = true;
		space->mm.root = page_pa(root);
		space->mm.map_hint = MAP_AREA_END;
		return space;
	}
	broken("no room for another address space");
}

static unsigned spaces_live(void)
{
	unsigned n = 0;
	for (unsigned i = 0; i < MAX_MMS; i++)
		n += spaces[i].live;
	return n;
}

static struct space *space_random(void)
{
	struct space *space;
	do
		space = &spaces[rnd(MAX_MMS)];
	while (!space->live);
	return space;
}

/* Its CPU goes on with another tree first, as mm_put asserts. */
static void space_exit(struct space *space)
{
	struct space *acted = acting;
	space->live = false;
	acting = NULL;
	tree_put(pa_page(space->mm.root));
	acting = acted;
}

static struct space *space_new(void)
{
	struct page *root = tree_new();
	assert_non_null(root);
	struct space *space = space_start(root);
	map_init(map_of(space));
	return space;
}

static struct space *space_fork(struct space *parent)
{
	mutex_lock(&parent->mm.lock);
	struct page *root = tree_share(&parent->mm);
	mutex_unlock(&parent->mm.lock);
	if (!root)
		return NULL;
	struct space *child = space_start(root);
	*map_of(child) = *map_of(parent);
	child->mm.map_hint = parent->mm.map_hint;
	return child;
}

static u32 object_new(void)
{
	assert_true(nobjects < MAX_OBJECTS);
	u32 i = nobjects++;
	objects[i] = (struct object){++next_value, page_alloc_zeroed(PAGE_FILE), true};
	frame_set_value(objects[i].page, objects[i].value);
	return i;
}

static void object_let_go(struct object *object)
{
	object->held = false;
	page_put(object->page);
}

/* Steps: each does the same to the tree and to the map -------------------------------------- */

static u64 random_prot(void)
{
	static const u64 prots[] = {0, PTE_READ, PTE_READ | PTE_WRITE, PTE_READ | PTE_WRITE,
				    PTE_READ | PTE_EXEC, PTE_EXEC, PTE_PROT};
	return prots[rnd(ARRAY_SIZE(prots))];
}

static va_t random_page(struct space *space)
{
	const struct map *map = map_of(space);
	if (rnd(4) > 0)
		return sample[rnd(nsamples)];
	const struct run *run = &map->run[rnd(map->nruns)];
	return rnd(2) ? run->start : run->end - PAGE_SIZE;
}

/* A page, an entry of some level, or what lies between two pages. */
static void random_range(struct space *space, va_t *start, va_t *end)
{
	va_t a = random_page(space), b = random_page(space);
	int level = 1 + rnd(5);
	u64 span = level_span(MIN(level, LEVEL_ROOT));
	*start = level > LEVEL_ROOT ? MIN(a, b) : a & ~(span - 1);
	*end = level > LEVEL_ROOT ? MAX(a, b) + PAGE_SIZE : MIN(*start + span, USER_END);
}

static void check_result(s64 result, s64 expected)
{
	if (result != expected)
		broken("answers %ld, should be %ld", result, expected);
}

static void step_access(struct space *space, enum access access)
{
	va_t va = random_page(space);
	const struct run *run = map_at(map_of(space), va);
	struct run written = *run;
	struct page *page = NULL;
	int expected = run_signal(run, access);
	int result = program_access(space, va, access, &page);
	if (result == SIGKILL && failing.happened)
		return;
	check_result(result, expected);
	if (result || access == ACCESS_FETCH)
		return;
	if (frame_value(page) != run_value(run))
		broken("%#lx reads %lu, should be %lu", va, frame_value(page), run_value(run));
	if (access == ACCESS_READ)
		return;
	frame_set_value(page, ++next_value);
	if (run->shared) {
		objects[run->object].value = next_value;
		return;
	}
	written.kind = RUN_ANON;
	written.value = next_value;
	map_set(map_of(space), va, va + PAGE_SIZE, written);
}

/* exec writes into memory that the program may perhaps only read. */
static void step_mm_write(struct space *space)
{
	u64 value[PAGE_SIZE / 8];
	va_t va = random_page(space);
	struct run written = *map_at(map_of(space), va);
	if (written.kind == RUN_EMPTY || written.kind == RUN_BUS || written.shared)
		return;
	memset(value, 0, sizeof value);
	value[0] = value[511] = ++next_value;
	if (mm_write(&space->mm, va, value, PAGE_SIZE)) {
		assert_true(failing.happened);
		return;
	}
	written.kind = RUN_ANON;
	written.value = next_value;
	map_set(map_of(space), va, va + PAGE_SIZE, written);
}

static struct map changed; /* what the map becomes if the step succeeds */

/* Out of memory half-way: the beginning of the range has changed, no more. */
static void settle(struct space *space, va_t start, va_t end, int error, int expected)
{
	if (failing.happened && error == -ENOMEM) {
		map_adopt_prefix(&space->mm, map_of(space), &changed, start, end);
		return;
	}
	check_result(error, expected);
	*map_of(space) = changed;
}

/* As MAP_FIXED does first. False: it could not. */
static bool unmap(struct space *space, va_t start, va_t end)
{
	changed = *map_of(space);
	map_set(&changed, start, end, run_empty());
	int error = tree_unmap(&space->mm, start, end);
	settle(space, start, end, error, 0);
	return !error;
}

static void step_unmap(struct space *space)
{
	va_t start, end;
	random_range(space, &start, &end);
	unmap(space, start, end);
}

static void step_map(struct space *space)
{
	va_t start, end;
	u64 prot = random_prot();
	random_range(space, &start, &end);
	if (!unmap(space, start, end))
		return;
	int error = tree_reserve(&space->mm, start, end, reserved_entry(prot));
	if (!error)
		map_set(map_of(space), start, end, run_anon(prot));
	else
		check_result(failing.happened ? error : 1, -ENOMEM);
}

static void step_protect(struct space *space)
{
	va_t start, end;
	u64 prot = random_prot();
	random_range(space, &start, &end);
	changed = *map_of(space);
	int expected = map_protect(&changed, start, end, prot);
	settle(space, start, end, tree_protect(&space->mm, start, end, prot), expected);
}

static void step_discard(struct space *space)
{
	va_t start, end;
	random_range(space, &start, &end);
	changed = *map_of(space);
	map_discard(&changed, start, end);
	settle(space, start, end, tree_discard(&space->mm, start, end), 0);
}

static void step_move(struct space *space)
{
	va_t start, end, to = random_page(space);
	random_range(space, &start, &end);
	u64 len_bytes = end - start;
	if (len_bytes > USER_END - to || (to < end && start < to + len_bytes))
		return;
	if (len_bytes > 16 * GIB)
		return; /* could need all frames, to split what it reserves there */
	if (!unmap(space, to, to + len_bytes))
		return;
	if (!MOVE_MAY_FAIL)
		failing.mode = FAIL_NEVER;
	int error = tree_move(&space->mm, start, to, len_bytes);
	if (!error)
		map_move(map_of(space), start, to, len_bytes);
	else
		check_result(failing.happened ? error : 1, -ENOMEM);
}

static u32 random_object(void)
{
	for (int tries = 0; tries < 10 && nobjects > 0; tries++) {
		u32 i = rnd(nobjects);
		if (objects[i].held)
			return i;
	}
	int mode = failing.mode;
	failing.mode = FAIL_NEVER; /* the file had its page before */
	u32 i = object_new();
	failing.mode = mode;
	return i;
}

/* One page of a file, as enter_pages of mm/map.c puts it. */
static int enter_page(struct mm *mm, va_t va, u64 prot, u64 sharing, struct page *page)
{
	struct path path;
	int error = tree_own_path(mm, va, &path);
	if (error)
		return error;
	page_get(page);
	tree_set_leaf(&path, leaf_entry(page, prot, sharing & PTE_SHARED) | sharing);
	return 0;
}

/* Some pages of files, and one beyond the end. */
static void step_map_file(struct space *space)
{
	static const u64 sharings[] = {0, PTE_SHARED, PTE_SHARED | PTE_NOWRITE};
	u64 npages_in = rnd(3), sharing = sharings[rnd(3)], prot = random_prot();
	va_t va = random_page(space), end = va + (npages_in + 1) * PAGE_SIZE;
	struct run run = {.prot = prot, .shared = sharing, .nowrite = sharing & PTE_NOWRITE};
	if (end > USER_END || (run.nowrite && (prot & PTE_WRITE)) || !unmap(space, va, end))
		return;
	changed = *map_of(space);
	int error = 0;
	for (u64 i = 0; i < npages_in && !error; i++) {
		run.kind = RUN_OBJECT;
		run.object = random_object();
		error = enter_page(&space->mm, va + i * PAGE_SIZE, prot, sharing,
				   objects[run.object].page);
		map_set(&changed, va + i * PAGE_SIZE, va + (i + 1) * PAGE_SIZE, run);
	}
	run.kind = RUN_BUS;
	map_set(&changed, end - PAGE_SIZE, end, run);
	if (!error)
		error = tree_reserve(&space->mm, end - PAGE_SIZE, end,
				     reserved_entry(prot) | PTE_BUS | sharing);
	if (!error) {
		*map_of(space) = changed;
		return;
	}
	check_result(failing.happened ? error : 1, -ENOMEM);
	check_result(tree_unmap(&space->mm, va, end), 0); /* all of it is ours */
}

static void step_gap(struct space *space)
{
	const struct map *map = map_of(space);
	va_t low, high, used;
	u64 span, len_bytes;
	random_range(space, &low, &high);
	if (tree_last_used(&space->mm, low, high, &used)) {
		if (used >= high || !tree_lookup(&space->mm, used, &span) || used + span <= low ||
		    !map_empty(map, MAX(low, used + span), high))
			broken("last used of %#lx-%#lx is not %#lx", low, high, used);
	} else if (!map_empty(map, low, high)) {
		broken("%#lx-%#lx is said to be empty", low, high);
	}
	random_range(space, &low, &high);
	len_bytes = high - low;
	space->mm.map_hint = rnd(2) ? MAP_AREA_END : MIN(random_page(space), MAP_AREA_END);
	va_t expected = map_gap_below(map, space->mm.map_hint, len_bytes);
	if (!expected)
		expected = map_gap_below(map, MAP_AREA_END, len_bytes);
	va_t gap = tree_find_gap(&space->mm, len_bytes);
	if (gap != expected)
		broken("gap of %#lx bytes below %#lx: %#lx, should be %#lx", len_bytes,
		       space->mm.map_hint, gap, expected);
}

static void step_fork(struct space *space)
{
	if (spaces_live() < MAX_MMS && !space_fork(space))
		assert_true(failing.happened);
}

static void step_exit(struct space *space)
{
	if (spaces_live() > 1)
		space_exit(space);
}

static void step_close(struct space *space)
{
	u32 i = rnd(2) ? nobjects - 1 : rnd(MAX(nobjects, 1u));
	(void)space;
	acting = NULL;
	if (nobjects > 0 && objects[i].held)
		object_let_go(&objects[i]);
}

static void step_write(struct space *space)
{
	step_access(space, ACCESS_WRITE);
}

static void step_read(struct space *space)
{
	step_access(space, rnd(4) ? ACCESS_READ : ACCESS_FETCH);
}

/* Histories ------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*take)(struct space *space);
	unsigned weight;
	bool locked; /* the caller holds mm->lock */
} steps[] = {
	{"write", step_write, 40, false},     {"read", step_read, 12, false},
	{"mm_write", step_mm_write, 4, false}, {"map", step_map, 16, true},
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
	while (step++ < STEPS) {
		take_step(with_failures);
		check_everything(step % 50 == 0);
	}
	step_name = "end";
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

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(histories_hold),
		cmocka_unit_test(histories_hold_when_memory_is_out),
	};

	one_seed = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
