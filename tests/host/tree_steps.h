/*
 * What the programs of tests/host/tree.c do: each step does the same to the
 * tree and to the plain map, and compares the answers. A step that runs out of
 * memory (failing.happened) leaves both as mm/tree.h says: as they were, or for
 * a range, changed up to somewhere.
 *
 * Steps over ranges are called with mm->lock held, as in mm/map.c.
 */
#ifndef TREE_STEPS_H
#define TREE_STEPS_H

#include "tree_audit.h"

static struct map maps[MAX_MMS];
static u64 next_value;

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

/* The program's stack pointer is at va, which may be anything. */
static struct space *space_fork(struct space *parent, va_t va)
{
	mutex_lock(&parent->mm.lock);
	struct page *root = tree_share(&parent->mm, va);
	mutex_unlock(&parent->mm.lock);
	if (!root)
		return NULL;
	struct space *child = space_start(root);
	*map_of(child) = *map_of(parent);
	child->mm.map_hint = parent->mm.map_hint;
	return child;
}

/* On another CPU: lets go of tables that the one at work has just found shared. */
static void somebody_exits(void)
{
	struct space *other = &spaces[rnd(MAX_MMS)];
	if (other->live && other != acting && rnd(20) == 0)
		space_exit(other);
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
	object->page->kind = PAGE_ANON; /* fs/pages.c, page_release */
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
static void step_own_page(struct space *space)
{
	va_t va = random_page(space);
	struct run written = *map_at(map_of(space), va);
	if (written.kind == RUN_EMPTY || written.kind == RUN_BUS || written.shared)
		return;
	u64 *value = mm_own_page(&space->mm, va);
	if (!value) {
		assert_true(failing.happened);
		return;
	}
	memset(value, 0, PAGE_SIZE);
	value[0] = value[511] = ++next_value;
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

/* As mm/mremap.c does: with both ends split, the unmap at the end needs no memory. */
static int move(struct mm *mm, va_t from, va_t to, u64 len_bytes)
{
	struct path edge;
	int error = tree_own_path(mm, from, &edge);
	if (!error)
		error = tree_own_path(mm, from + len_bytes - PAGE_SIZE, &edge);
	return error ? error : tree_move(mm, from, to, len_bytes);
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
	int error = move(&space->mm, start, to, len_bytes);
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

/* Pages of a file, as enter_some of mm/mapping.c puts them: as many at once as one table takes. */
static int enter_pages(struct mm *mm, va_t va, u64 prot, u64 sharing, struct page **page, u32 n)
{
	while (n > 0) {
		struct path path;
		u32 in_table = TABLE_ENTRIES - level_index(va, LEVEL_LEAF), now = MIN(n, in_table);
		int error = tree_own_path(mm, va, &path);
		if (error)
			return error;
		for (u32 i = 0; i < now; i++)
			page_get(page[i]);
		tree_fill_leaves(&path, page, now, leaf_entry(page[0], prot, sharing));
		va += now * PAGE_SIZE;
		page += now;
		n -= now;
	}
	return 0;
}

/* Some pages of files, and one beyond the end. */
static void step_map_file(struct space *space)
{
	static const u64 sharings[] = {0, PTE_SHARED, PTE_SHARED | PTE_NOWRITE};
	struct page *page[2];
	u64 npages_in = rnd(3), sharing = sharings[rnd(3)], prot = random_prot();
	va_t va = random_page(space), end = va + (npages_in + 1) * PAGE_SIZE;
	struct run run = {.prot = prot, .shared = sharing, .nowrite = sharing & PTE_NOWRITE};
	if (end > USER_END || (run.nowrite && (prot & PTE_WRITE)) || !unmap(space, va, end))
		return;
	changed = *map_of(space);
	for (u64 i = 0; i < npages_in; i++) {
		run.kind = RUN_OBJECT;
		run.object = random_object();
		page[i] = objects[run.object].page;
		map_set(&changed, va + i * PAGE_SIZE, va + (i + 1) * PAGE_SIZE, run);
	}
	int error = enter_pages(&space->mm, va, prot, sharing, page, npages_in);
	run.kind = RUN_BUS;
	map_set(&changed, end - PAGE_SIZE, end, run);
	struct page *nowhere = error ? NULL : mapping_new(NULL, end - PAGE_SIZE, 0);
	if (!error)
		error = !nowhere ? -ENOMEM
				 : tree_reserve(&space->mm, end - PAGE_SIZE, end,
						mapping_reserved(nowhere, prot, sharing));
	if (nowhere)
		page_put(nowhere);
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
	if (spaces_live() < MAX_MMS && !space_fork(space, rnd(4) ? random_page(space) : USER_END))
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

#endif
